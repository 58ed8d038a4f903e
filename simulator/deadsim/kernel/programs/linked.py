"""A thread's code as a list with an entry for each instruction.

Local work is a function from the slots to the number of the next instruction, and a step is a `Stop`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from deadsim.kernel.abstract.form import Form
from deadsim.kernel.failure import Pending
from deadsim.kernel.operation import Operation
from deadsim.model.instructions import Code
from deadsim.model.place import Place

Slots: TypeAlias = list[Any]


class Stop:
    """An instruction at which local work ends: a step, or the end of something."""

    __slots__ = ("build", "form", "into", "kind", "numbers", "operation", "parts", "slot", "whole")

    def __init__(
        self,
        kind: Literal["step", "atomic", "atomic-end", "resume", "end"],
        form: Form | None = None,
        numbers: Sequence[int] = (),
        whole: bool = False,
        build: Callable[[Slots], Operation] | None = None,
        operation: Operation | None = None,
        into: tuple[int | None, ...] = (),
        slot: int | None = None,
        parts: "tuple[Stop, ...]" = (),
    ) -> None:
        self.kind = kind
        self.form = form
        self.numbers = numbers  # what it may be about: one of them, or of threads all at once
        self.whole = whole
        self.build = build
        self.operation = operation  # made once, where nothing has to be worked out
        self.into = into
        self.slot = slot  # where a failure is that is handed on
        self.parts = parts  # of several steps in one

    @property
    def each(self) -> "tuple[Stop, ...]":
        """List what the step may be: its parts, or itself."""
        return self.parts or (self,)

    def failure(self, slots: Slots, position: int) -> Pending:
        """Give the failure that is handed on from here; all is known of one that no slot keeps."""
        if self.slot is None:
            return Pending("error", "", None, position, shown=True)
        pending: Pending = slots[self.slot]
        return pending


Entry: TypeAlias = "Stop | Callable[[Slots], int]"


class Linked(NamedTuple):
    """A thread's code, ready to be walked.

    A thread without locals goes the same way each time it passes a step; `known` keeps that way.
    `dead` are for each place the slots whose values nobody reads any more.
    """

    thread: int
    code: Code
    entries: tuple[Entry, ...]
    known: dict[tuple[int, bool | str], Any]
    dead: tuple[tuple[int, ...], ...]

    def interrupted(self, position: int) -> Place | None:
        """Give where the thread stood when its finalizer began, of an instruction of that; None of any other."""
        step = self.code.interrupted_at(position)
        return None if step is None else self.place(step)

    def place(self, position: int) -> Place:
        """Give the place of an instruction in the file."""
        return self.code.instructions[position].place


def store(into: tuple[int | None, ...], results: tuple[Any, ...], slots: Slots) -> None:
    for slot, value in zip(into, results, strict=False):
        if slot is not None:
            slots[slot] = value
