"""What is open where a step stands, and so must be left in order: `with`s, `try`s, loops, procedures."""

from collections.abc import Sequence
from typing import TypeAlias

from deadsim.language.reading.document import Node
from deadsim.model.expressions import Target
from deadsim.model.place import Place


class Guarded:
    """Steps of which failures are dealt with, but for the stretches in which they are left already."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.holes: list[tuple[int, int]] = []

    def covered(self, last: int) -> list[tuple[int, int]]:
        """Give the stretches in which a failure is dealt with."""
        stretches: list[tuple[int, int]] = []
        first = self.first
        for begin, end in self.holes:
            stretches.append((first, begin))
            first = end
        stretches.append((first, last))
        return [(begin, end) for begin, end in stretches if begin < end]


class OpenWith(Guarded):
    """A `with` that is open: what leaving it releases, and in which mode."""

    def __init__(
        self, target: Target, place: Place, first: int, flags: tuple[str, ...] = ()
    ) -> None:
        super().__init__(first)
        self.target = target
        self.flags = flags
        self.place = place


class Catching(Guarded):
    """Steps out of which a failure need not end the thread."""


class OpenTry(Catching):
    """The steps of a `try` that has branches."""


class OpenFinally(Catching):
    """A `try` with its branches: leaving it does the steps of its `finally`."""

    def __init__(self, steps: Node, first: int) -> None:
        super().__init__(first)
        self.steps = steps


class OpenExcept:
    """A branch of an `except`: it begins at `origin`, and `slot` keeps what it deals with."""

    def __init__(self, origin: int, slot: int) -> None:
        self.origin = origin
        self.slot = slot


class OpenLoop:
    """A loop that is open: where `continue` goes, and the jumps of its `break`s."""

    def __init__(self, top: int) -> None:
        self.top = top
        self.breaks: list[int] = []


class OpenCall:
    """A procedure (or with no name a thread) that is open, and the jumps of its `return`s."""

    def __init__(self, name: str, frame: bool = False) -> None:
        self.name = name
        self.frame = frame  # whether it stands once, for calls from wherever
        self.returns: list[int] = []


def may_be_caught(exits: "Sequence[Exit]") -> bool:
    """Decide whether a failure need not end the thread where these are open."""
    return any(
        isinstance(exit, Catching) or (isinstance(exit, OpenCall) and exit.frame) for exit in exits
    )


Exit: TypeAlias = Guarded | OpenExcept | OpenLoop | OpenCall
