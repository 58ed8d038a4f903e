"""The operations half of the kernel: what one step does to the objects that threads share.

The objects' state is a tuple with an entry for each, by number; each primitive's file says what its
entry looks like. An operation knows objects and threads by number, and no program.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from deadsim.kernel.ordering import Ordering
from deadsim.model.failures import FailureClass
from deadsim.model.place import Place
from deadsim.model.values import Value
from deadsim.trace.effect import Channel, Numbers

Objects: TypeAlias = tuple[Any, ...]
View: TypeAlias = Sequence[Any]  # the same, to be looked at only
Phase: TypeAlias = Literal["begin", "end"] | None

By: TypeAlias = Literal["time", "nobody", "anywhere"]
"""Why a thread goes on whom nobody let go on: its time has run out, it woke unasked, or its finalizer begins."""

Fact: TypeAlias = tuple[Hashable, ...]
"""Something that is so, or could come to be so: ("free", lock), ("set", event)."""

Stock: TypeAlias = tuple[str, int]
"""Something that is counted: ("permits", semaphore), ("items", queue)."""


class Needs(NamedTuple):
    """What a blocked step waits for.

    Where there are `owners`, each of them has to provide one of the facts, and nobody else can.
    Else it takes one of the facts, or `amount` times what is counted, from whomever, who must
    provide `also` as well; `keeper` is who has it, where anybody may give it back. A circle
    that `closes` by one of those facts lets it go on too.
    """

    facts: tuple[Fact, ...]
    amount: int = 1
    owners: tuple[int, ...] | None = None
    also: tuple[Fact, ...] = ()
    closes: tuple[Fact, ...] = ()
    keeper: int | None = None


class Wrong(NamedTuple):
    """What a thread did wrong: {} in the sentence stands for the name of an object.

    `type` is as what it counts that nobody catches, `class_name` what `except` catches it by; `raises` says that the
    real object is asked too, and has to raise it.
    """

    sentence: str
    number: int
    type: Literal["misuse", "error"] = "misuse"
    class_name: FailureClass = "Misuse"
    raises: bool = False


class Taken(NamedTuple):
    """Which of the steps that it could be a step was, the outcome of that one alone, and where it stands."""

    operation: "Operation"
    outcome: "Outcome"
    place: Place


class Outcome(NamedTuple):
    """What a step did.

    `results` are for whoever asked; `success` is false of a try that failed; after something
    `wrong` the thread fails; `started` are threads that now begin; `block` is what a block of
    instructions that was one step did. A thread that `stays` stands before the same operation
    again, of which this was a part: `phase` says which. `ordering` takes the place of the
    operation's own channels. `notified` are the threads that it took off a condition's waiters. `by` is
    set of a waiter that goes on though nobody let it. Of several steps in one, `taken` is the one that it was.
    What is `freed` takes the place of what the operation releases.
    """

    objects: Objects
    results: tuple[Value, ...] = ()
    success: bool = True
    wrong: Wrong | None = None
    started: tuple[int, ...] = ()
    block: Any = None
    stays: bool = False
    phase: Phase = None
    ordering: Ordering | None = None
    notified: Numbers = ()
    by: By | None = None
    taken: Taken | None = None
    freed: Numbers | None = None


class Operation(ABC):
    """What a thread is about to do: one indivisible step, or with `stays` several in turn.

    `objects` are those it touches, the one it is about first; those of them that it only `looks` at it
    leaves as they are, and they are no variables. Others that decide how it goes, or that it changes on
    its way, it `sees`. `reads` and `writes` are shared variables; `gives` and `takes` are the channels by
    which happens-before leaves and enters the
    thread with this step. What it `acquires`, `releases`, `parks`, `signals`, `clears` and `joins` if it
    is done is said in `trace.effect`. `duration` is how long it takes to fall due, in virtual seconds, and
    `continues` says that this time has begun with the thread's last step that had one.
    """

    verb: str = ""
    objects: tuple[int, ...] = ()
    looks: tuple[int, ...] = ()
    sees: tuple[int, ...] = ()
    reads: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    gives: tuple[Channel, ...] = ()
    takes: tuple[Channel, ...] = ()
    acquires: Numbers = ()
    releases: Numbers = ()
    parks: Numbers = ()
    signals: Numbers = ()
    clears: Numbers = ()
    joins: Numbers = ()
    duration: int | None = None
    continues: bool = False
    text: str | None = None  # what it prints, or what a named step is called
    can_block: bool = False  # whether `ways` can be 0
    can_choose: bool = False  # whether it can be more than 1
    names_places: bool = False  # whether its results are called by `place`, not counted
    may_be_late: bool = False  # whether its time may run out where it could go on otherwise too

    def ways(self, objects: View, thread: int) -> int:
        """Count the results that the step can have now; 0 while it is blocked."""
        return 1

    def place(self, objects: View, thread: int, way: int) -> int | None:
        """Give what a schedule calls a result by; asked where it `names_places`."""
        return way

    def ready(self, objects: View, thread: int) -> bool:
        """Decide whether the step can be taken before its time is up; asked where it has a duration."""
        return False

    @abstractmethod
    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        """Take the step; only called while `ways` is more than `way`."""

    def is_half_done(self, objects: View, thread: int) -> bool:
        """Decide whether a step that is several in turn has begun and not ended."""
        return False

    def left(self, objects: Objects, thread: int) -> Outcome:
        """Leave a step that is half done, with nothing gained; only called where it is, and can be left."""
        raise AssertionError(f"'{self.verb}' is never half done")

    def about(self, objects: Objects, thread: int) -> int:
        """Give the number of the object that this blocked step waits for."""
        return self.objects[0]

    def needs(self, objects: Objects, thread: int) -> Needs:
        """Say what this step waits for; only asked while it is blocked."""
        raise AssertionError(f"'{self.verb}' never blocks")

    def each_need(self, objects: Objects, thread: int) -> tuple[Needs, ...]:
        """Say what this step waits for, any one of which lets it go on; only asked while it is blocked."""
        return (self.needs(objects, thread),)


class Attempt(Operation):
    """A step that does not wait: it fails where it cannot be taken, at once or after some time."""

    def __init__(
        self, wanted: Operation, duration: int | None, failed: tuple[Value, ...] = (False,)
    ) -> None:
        self.wanted = wanted
        self.duration = duration
        self.failed = failed
        self.verb = wanted.verb
        self.objects = wanted.objects
        self.sees = wanted.sees
        self.text = wanted.text
        self.gives = wanted.gives
        self.takes = wanted.takes
        self.acquires = wanted.acquires
        self.joins = wanted.joins

    def ready(self, objects: View, thread: int) -> bool:
        return self.wanted.ways(objects, thread) > 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        if self.wanted.ways(objects, thread):
            return self.wanted.apply(objects, thread, way)
        by: By | None = None if self.duration is None else "time"
        return Outcome(objects, self.failed, success=False, by=by)

    def about(self, objects: Objects, thread: int) -> int:
        return self.wanted.about(objects, thread)

    def needs(self, objects: Objects, thread: int) -> Needs:
        """Say what is waited for by a thread whose time never runs out, as others go on for ever."""
        return self.wanted.needs(objects, thread)


def replaced(objects: Objects, number: int, value: Any) -> Objects:
    """Give the state with one entry replaced."""
    return objects[:number] + (value,) + objects[number + 1 :]  # noqa: RUF005  # half the time


def wanted(operation: Operation | None) -> Operation | None:
    """Give what an attempt attempts, or the operation itself."""
    return operation.wanted if isinstance(operation, Attempt) else operation
