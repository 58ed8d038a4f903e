"""The operations half of the kernel: what one step does to the objects that threads share.

The objects' state is a tuple with an entry for each, by number; each primitive's file says what its
entry looks like. An operation knows objects and threads by number, and no program.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

from deadsim.model.values import Value

Objects: TypeAlias = tuple[Any, ...]
Channel: TypeAlias = int  # what happens-before flows through: the number of an object


class Outcome(NamedTuple):
    """What a step did.

    `results` are for whoever asked; `success` is false of a try that failed; `misuse` is what the
    thread did wrong, with {} for the object whose number follows (then nothing changed); `started`
    are threads that now begin; `block` is what a
    block of instructions that was one step did.
    """

    objects: Objects
    results: tuple[Value, ...] = ()
    success: bool = True
    misuse: tuple[str, int] | None = None
    started: tuple[int, ...] = ()
    block: Any = None


class Operation(ABC):
    """What a thread is about to do: one indivisible step.

    `objects` are those it touches, the one it is about first. `reads` and `writes` are shared
    variables; `gives` and `takes` are the channels by which happens-before leaves and enters the
    thread with this step. `duration` is how long the step takes to fall due, in virtual seconds.
    """

    verb: str = ""
    phase: Literal["begin", "end"] | None = None
    objects: tuple[int, ...] = ()
    reads: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    gives: tuple[Channel, ...] = ()
    takes: tuple[Channel, ...] = ()
    duration: int | None = None
    text: str | None = None  # what it prints, or what a named step is called
    scratch: Any = None  # what an engine has worked out about it, once
    can_block: ClassVar[bool] = False  # whether `ways` can be 0
    can_choose: ClassVar[bool] = False  # whether it can be more than 1

    def ways(self, objects: Objects, thread: int) -> int:
        """Count the results that the step can have now; 0 while it is blocked."""
        return 1

    @abstractmethod
    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        """Take the step; only called while `ways` is more than `way`."""

    def awaits(self, objects: Objects, thread: int) -> tuple[int, ...]:
        """Give the threads any of which might let this blocked step go on."""
        return ()


class Facts:
    """What relaxed progress has found to be provided: nothing is ever taken away from it."""

    __slots__ = ("ended", "free", "new", "started", "starters", "values", "version")

    def __init__(
        self, free: set[int], new: frozenset[int], started: set[int], ended: set[int]
    ) -> None:
        self.free = free  # locks that somebody could take
        self.new = new  # threads that have not begun now
        self.started = started  # threads that have begun, or could
        self.ended = ended  # threads that have ended, or could
        self.starters: dict[int, set[int]] = {}  # thread → who could start it
        self.values: dict[int, dict[object, Value]] = {}  # variable → values it could have
        self.version = 0

    def provide(self, where: set[int], what: int) -> None:
        """Add one fact."""
        if what not in where:
            where.add(what)
            self.version += 1

    def store(self, variable: int, value: Value) -> None:
        """Add a value that a variable could have; 1 and True are told apart."""
        known = self.values.setdefault(variable, {})
        key = repr(value)
        if key not in known:
            known[key] = value
            self.version += 1


Held: TypeAlias = dict[int, int]
"""What a thread holds, in relaxed progress: lock → how often; and ~t → 1 if it has started t."""

Sure: TypeAlias = Literal["no", "maybe", "yes"]


class Reach(NamedTuple):
    """The objects that a step may be about: all of them at once, or one of them."""

    numbers: Sequence[int]
    every: bool


class Form(ABC):
    """How one verb works on one kind of object: it makes the operation, and relaxes it.

    The relaxed half is for deciding who is stuck (`detect.stuck`): it sees the step before its
    index was worked out, and must never deny what some real execution allows.
    """

    can_block = False
    varies = False  # whether `results` may grow with what is provided

    @abstractmethod
    def operation(
        self, objects: tuple[int, ...], operands: tuple[Value, ...], flags: tuple[str, ...]
    ) -> Operation:
        """Make the operation; raises `Failing` where an operand is not what it must be."""

    def may_pass(self, thread: int, reach: Reach, facts: Facts, held: Held) -> bool:
        """Decide whether the thread could take the step, given what could be provided."""
        return True

    def misuses(self, thread: int, reach: Reach, facts: Facts, held: Held, exact: bool) -> Sure:
        """Decide whether the step is a misuse; `exact` says that the thread holds `held` and no more."""
        return "no"

    def relax(self, thread: int, reach: Reach, facts: Facts, held: Held) -> None:
        """Provide what the step provides, and note in `held` what the thread holds after it."""

    def provides(self, operation: Operation, facts: Facts) -> None:
        """Provide what only the operation itself knows, such as the value of a write."""

    def results(self, operation: Operation, facts: Facts) -> Sequence[tuple[Value, ...]]:
        """List the results that the step could have."""
        return ((True,),)

    def frees(self, reach: Reach) -> Sequence[int]:
        """Give the locks that this step lets go, whatever else is the case."""
        return ()


def replaced(objects: Objects, number: int, value: Any) -> Objects:
    """Give the state with one entry replaced."""
    return objects[:number] + (value,) + objects[number + 1 :]  # noqa: RUF005  # half the time
