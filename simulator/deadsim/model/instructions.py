"""What a thread's body is compiled to: a flat list of instructions with jumps.

A `Step` is what the scheduler sees; everything else is local work, done together with the step
before it. A failure inside a `with` goes to its handler, which releases and hands the failure on; so
does that of a `finally`, and that of an `except` keeps it.
"""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.model.expressions import Expression, Target
from deadsim.model.failures import EVERY, FATAL
from deadsim.model.place import Place
from deadsim.model.values import Slot

LEAVING = "leaving"
"""The flag of a release that a failure goes through on its way out."""

IN_MODE = "mode:"
"""What the flag begins with that names the mode of a lock."""


class Let(NamedTuple):
    """Give a slot a value."""

    slot: int
    value: Expression
    place: Place


class Forget(NamedTuple):
    """Take the values of some slots away: a procedure begins with locals of its own."""

    slots: tuple[int, ...]
    place: Place


class Jump(NamedTuple):
    """Go on elsewhere."""

    target: int
    place: Place


class Branch(NamedTuple):
    """Go on with the next instruction if the test is true, else at `otherwise`."""

    test: Expression
    otherwise: int
    place: Place


class Fail(NamedTuple):
    """Fail: by a failed assertion, or by a `raise` with the class that it names, if any."""

    type: Literal["assertion", "misuse", "error"]
    message: Expression
    class_name: str | None
    place: Place


class Resume(NamedTuple):
    """At the end of a handler, or for a `raise` alone in it: hand on the failure that led into it.

    `origin` is where that handler begins, `slot` what keeps the failure; None where nobody can
    catch it any more.
    """

    origin: int
    slot: int | None
    place: Place


class Enter(NamedTuple):
    """Open a call of a procedure that may come to itself: its slots begin anew, with what is `given`.

    It fails where `most` calls are open already.
    """

    unit: int
    given: tuple[tuple[int, Expression], ...]
    most: int
    place: Place


class Return(NamedTuple):
    """Leave such a procedure: its slots have the values again that they had before the call."""

    unit: int
    place: Place


class Step(NamedTuple):
    """One indivisible step of the thread.

    `target` is the object it is about (or a whole array of threads) and `operands` what else it
    needs, worked out when the thread comes to stand before it; `flags` are the words that choose
    its form; `into` are the slots for its results, None for one that nobody wants. A `select` is about
    nothing itself: it is one of its `parts`, whose results are its second and third; the first one says which,
    by its place in the list, where what is taken when none of them can be has the place `otherwise`.
    """

    verb: str
    target: Target | None
    operands: tuple[Expression, ...]
    flags: tuple[str, ...]
    into: tuple[int | None, ...]
    place: Place
    parts: tuple["Step", ...] = ()
    otherwise: int | None = None

    @property
    def each(self) -> tuple["Step", ...]:
        """List what the step may be: its parts, or itself."""
        return self.parts or (self,)


LEAVES = "leaves"
"""The flag of what leaves a step that is half done."""


class Atomic(NamedTuple):
    """The instructions up to `end` are one step, reads and writes among them included."""

    end: int
    place: Place


class AtomicEnd(NamedTuple):
    """Where an atomic block ends."""

    place: Place


class End(NamedTuple):
    """The thread's end."""

    place: Place


Instruction: TypeAlias = (
    Let | Forget | Jump | Branch | Fail | Resume | Enter | Return | Step | Atomic | AtomicEnd | End
)


class Handler(NamedTuple):
    """A failure at an instruction in `first <= number < last` goes on at `target`.

    `slot` keeps the failure meanwhile; None where nobody can catch it any more. `catches` is the class
    that an `except` names (or any that can be caught); None of a `with` or a `finally`, through which every
    failure goes. What is `final` may drop it.
    """

    first: int
    last: int
    target: int
    slot: int | None = None
    catches: str | None = None
    final: bool = False

    def takes(self, class_name: str | None) -> bool:
        """Decide whether a failure of this class goes here."""
        if self.catches is None:
            return True
        return class_name != FATAL and self.catches in (EVERY, class_name)


class Unit(NamedTuple):
    """A procedure that may come to itself: its first instruction, its last one, and its own slots."""

    name: str
    entry: int
    last: int
    slots: tuple[int, ...]


class Finalizer(NamedTuple):
    """What may begin wherever its thread stands: `begins` has for the number of a step where it is laid out.

    Slot `left` counts how often it may still begin, slot `half` tells whether the step before which it
    began is half done.
    """

    begins: dict[int, int]
    left: int
    half: int
    place: Place


class Code(NamedTuple):
    """A thread's body: it begins with instruction 0 and with `initial` in its slots.

    The first handler that covers an instruction is the innermost one. Where there are `units` the slot
    `stack` has their open calls.
    """

    instructions: tuple[Instruction, ...]
    initial: tuple[Slot, ...]
    handlers: tuple[Handler, ...]
    units: tuple[Unit, ...] = ()
    stack: int | None = None
    finalizer: Finalizer | None = None

    def interrupted_at(self, position: int) -> int | None:
        """Give the step before which the finalizer has begun that has this instruction; None of any other."""
        begins = {} if self.finalizer is None else self.finalizer.begins
        return next((step for step, first in begins.items() if first <= position < step), None)

    def begun_at(self, position: int) -> int | None:
        """Give where the finalizer is laid out that may begin before a step; None where none may."""
        return None if self.finalizer is None else self.finalizer.begins.get(position)
