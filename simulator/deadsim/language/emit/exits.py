"""What is open where a step stands, and so must be left in order: `with`s, loops, procedures."""

from deadsim.model.expressions import Target
from deadsim.model.place import Place


class OpenWith:
    """A `with` that is open: what leaving it releases, and the stretches where that has begun."""

    def __init__(
        self, target: Target, place: Place, first: int, flags: tuple[str, ...] = ()
    ) -> None:
        self.target = target
        self.flags = flags
        self.place = place
        self.first = first
        self.holes: list[tuple[int, int]] = []

    def covered(self, last: int) -> list[tuple[int, int]]:
        """Give the stretches in which a failure releases it."""
        stretches: list[tuple[int, int]] = []
        first = self.first
        for begin, end in self.holes:
            stretches.append((first, begin))
            first = end
        stretches.append((first, last))
        return [(begin, end) for begin, end in stretches if begin < end]


class OpenLoop:
    """A loop that is open: where `continue` goes, and the jumps of its `break`s."""

    def __init__(self, top: int) -> None:
        self.top = top
        self.breaks: list[int] = []


class OpenCall:
    """A procedure (or with no name a thread) that is open, and the jumps of its `return`s."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.returns: list[int] = []
