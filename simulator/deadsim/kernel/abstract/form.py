"""What a step needs and provides, for deciding who is stuck (`detect.stuck.judge`).

Relaxed progress lets every thread run on and takes nothing away that was once provided. A form says
in which ways a step may be passed, given what could be provided; it must never deny what some real
execution allows.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from typing import ClassVar, Literal, NamedTuple, Protocol, TypeAlias

from deadsim.kernel.expressions.operators import amount
from deadsim.kernel.operation import Fact, Operation, Stock
from deadsim.model.objects import SharedObject
from deadsim.model.values import Value
from deadsim.trace.effect import Numbers

ENDLESS = 1_000_000_000
"""An amount without limit."""

MOST_COUNTED = 8
"""How far a thread's own use of what is counted is followed."""

Held: TypeAlias = dict[Hashable, int]
"""What a thread has: a lock → how often, a stock → how much more of it was used than provided."""


class Facts:
    """What relaxed progress has found to be provided."""

    def __init__(self, new: frozenset[int]) -> None:
        self.new = new  # threads that have not begun now
        self.known: set[Fact] = set()
        self.stock: dict[Stock, int] = {}  # what there is now
        self.supply: dict[Stock, dict[int, dict[Hashable, int]]] = {}  # by thread and place
        self.totals: dict[Stock, dict[int, int]] = {}  # by thread
        self.values: dict[int, dict[str, Value]] = {}  # object → values that it could give
        self.version = 0

    def provide(self, fact: Fact) -> None:
        """Add one fact."""
        if fact not in self.known:
            self.known.add(fact)
            self.version += 1

    def store(self, number: int, value: Value) -> None:
        """Add a value that a variable or queue could give; 1 and True are told apart."""
        known = self.values.setdefault(number, {})
        key = repr(value)
        if key not in known:
            known[key] = value
            self.version += 1

    def add(self, stock: Stock, thread: int, place: Hashable, amount: int) -> bool:
        """Note how much a thread could provide at one place of its program; tell if it is news."""
        by_thread = self.supply.setdefault(stock, {})
        places = by_thread.setdefault(thread, {})
        if places.get(place, 0) >= amount:
            return False
        places[place] = amount
        return True

    def total(self, stock: Stock, thread: int, amount: int) -> None:
        """Note how much a thread could provide in all."""
        totals = self.totals.setdefault(stock, {})
        if amount > totals.get(thread, 0):
            totals[thread] = amount
            self.version += 1


class Approach(NamedTuple):
    """A thread comes to stand before a step that is about these objects.

    `held` is what it has then; `operation` is None where only the place in the program is known, and
    `held` what it has at the least. `wanted` says whether anybody wants the results.
    """

    thread: int
    numbers: Sequence[int]
    operation: Operation | None
    facts: Facts
    held: Held
    wanted: bool = True

    @property
    def number(self) -> int:
        """Give the number of the one object that the step is about."""
        return self.numbers[0]

    def available(self, stock: Stock) -> int:
        """Count how much there could be for the thread."""
        facts = self.facts
        total = facts.stock.get(stock, 0)
        for thread, many in facts.totals.get(stock, {}).items():
            if thread != self.thread or self.operation is None:
                total += many
        return total - self.held.get(stock, 0)


class Passage(NamedTuple):
    """One way in which a step may be passed: what the thread has then, and what it provides.

    It `stays` before the same step where that is one of several in turn, and goes on at the handler
    if it `fails`. Its results are `unknown` where there are more than can be listed.
    """

    held: Held
    results: tuple[Value, ...] = ()
    facts: tuple[Fact, ...] = ()
    supplies: tuple[tuple[Stock, int], ...] = ()
    values: tuple[tuple[int, Value], ...] = ()
    stays: bool = False
    fails: bool = False
    unknown: bool = False


Results: TypeAlias = Literal["integers", "stored", "operands", "values"]
"""What a step can give: small integers (booleans are), what its object has, its operands, or anything."""


class Declared(Protocol):
    """Gives the declaration of an object by its number."""

    def __getitem__(self, number: int) -> SharedObject: ...


class Form(ABC):
    """How one verb works on one kind of object: it makes the operation, and relaxes it."""

    can_block = False
    in_stages = False  # whether the step is several in turn, so that it may block after the first
    varies = False  # whether `passages` may grow with what is provided, though there were some
    gives_up = False  # whether it does not wait for good
    safe = False  # whether it is never a misuse or an error, once its operands are worked out
    results: ClassVar[Results] = "values"
    output: int | None = None  # the printed output, where it prints
    deed: str | None = None  # what one does who helps by it, where that is not what is waited for

    def __init__(self, declared: Declared, flags: tuple[str, ...]) -> None:
        self.declared = declared
        self.flags = flags

    @property
    def counts(self) -> bool:
        """Tell whether an operand has to be an amount, so that it may fail by it."""
        return not {"timed", "untimed", "count"}.isdisjoint(self.flags)

    def duration(self, operands: Sequence[Value]) -> int | None:
        """Give the time after which the step gives up, its last operand; None where it never does.

        An "untimed" one has it too, and waits for as long as it takes.
        """
        if "timed" not in self.flags and "untimed" not in self.flags:
            return None
        given = amount(operands[-1], "a timeout", 0)
        return given if "timed" in self.flags else None

    def wakes_unasked(self, numbers: Sequence[int]) -> bool:
        """Decide whether a thread that waits may go on though nobody lets it."""
        return False

    @abstractmethod
    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        """Make the operation; raises `Failing` where an operand is not what it must be."""

    def passages(self, a: Approach) -> Iterable[Passage]:
        """List the ways in which the step may be passed."""
        return (Passage(a.held, (True,)),)

    def arrives(self, numbers: Sequence[int], thread: int) -> Sequence[Fact]:
        """List what is so as soon as a thread stands before the step, whether or not it can be taken."""
        return ()

    def wants(self, number: int) -> Sequence[Fact]:
        """List what lets the step go on where it blocks, other than an owner: facts and stocks."""
        return ()

    def certain(self, number: int) -> Sequence[Fact]:
        """List what the step provides for certain, if it is taken: facts and stocks."""
        return ()

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        """Decide whether the step may be a misuse or an error, while the thread holds at least this."""
        return False

    def is_safe(self, numbers: Sequence[int], held: frozenset[int]) -> bool:
        """Decide whether the step surely is no misuse and no error, while the thread holds this.

        Nothing is promised of a form that does not say so.
        """
        return self.safe

    def reads(self, number: int) -> Numbers:
        """List the shared variables that the step reads."""
        return ()

    def writes(self, number: int) -> Numbers:
        """List the shared variables that the step writes."""
        return ()

    def looks(self, number: int) -> Numbers:
        """List what the step asks, and leaves as it is."""
        return ()

    def acquires(self, number: int) -> Numbers:
        """List what the thread has one more of, once the step is done."""
        return ()

    def releases(self, number: int) -> Numbers:
        """List what the thread has one less of, once the step is done."""
        return ()

    def parks(self, number: int) -> Numbers:
        """List what the thread sets aside while it waits."""
        return ()

    def keeps(self, number: int, held: frozenset[int]) -> frozenset[int]:
        """Give what the thread certainly holds after the step."""
        return held

    def undoes(self, number: int) -> Sequence[Fact]:
        """List what is not certain to come later, if the step is taken, though a later one gives it."""
        return ()

    def possible(self, number: int) -> Sequence[Fact]:
        """List what the step may provide, if it is taken: facts and stocks."""
        return self.certain(number)


def more(held: Held, key: Hashable, amount: int = 1) -> Held:
    """Give what a thread has with more of one thing: less if the amount is negative.

    Beyond `MOST_COUNTED` what it used counts as less than it was, and what it provided as endless.
    """
    after = dict(held)
    total = after.get(key, 0) + amount
    if total > MOST_COUNTED and isinstance(key, tuple):
        total = MOST_COUNTED
    elif total < -MOST_COUNTED:
        total = -ENDLESS
    if total:
        after[key] = total
    else:
        after.pop(key, None)
    return after


def without(held: Held, *keys: Hashable) -> Held:
    """Give what a thread has without some things."""
    return {key: amount for key, amount in held.items() if key not in keys}
