"""What a thread's body is compiled to: a flat list of instructions with jumps.

A `Step` is what the scheduler sees; everything else is local work, done together with the step
before it. A failure inside a `with` goes to its handler, which releases and hands the failure on.
"""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.model.expressions import Expression, Target
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
    """End the thread with a failed assertion or an error."""

    type: Literal["assertion", "error"]
    message: Expression
    place: Place


class Resume(NamedTuple):
    """At the end of a handler: hand on the failure that led into it."""

    place: Place


class Step(NamedTuple):
    """One indivisible step of the thread.

    `target` is the object it is about (or a whole array of threads) and `operands` what else it
    needs, worked out when the thread comes to stand before it; `flags` are the words that choose
    its form; `into` are the slots for its results, None for one that nobody wants.
    """

    verb: str
    target: Target | None
    operands: tuple[Expression, ...]
    flags: tuple[str, ...]
    into: tuple[int | None, ...]
    place: Place


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
    Let | Forget | Jump | Branch | Fail | Resume | Step | Atomic | AtomicEnd | End
)


class Handler(NamedTuple):
    """A failure at an instruction in `first <= number < last` goes on at `target`."""

    first: int
    last: int
    target: int


class Code(NamedTuple):
    """A thread's body: it begins with instruction 0 and with `initial` in its slots.

    The first handler that covers an instruction is the innermost one.
    """

    instructions: tuple[Instruction, ...]
    initial: tuple[Slot, ...]
    handlers: tuple[Handler, ...]
