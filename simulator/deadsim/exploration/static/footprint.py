"""What the steps of a space touch, each worked out once."""

from deadsim.kernel.dependence import Footprint, both
from deadsim.space.packed import Info, Packed, Space


class Footprints:
    """What the steps of one space touch."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.dependence = space.dependence
        self.known: dict[int, Footprint] = {}

    def of(self, info: Info) -> Footprint:
        """Give what a step touched."""
        found = self.known.get(info.number)
        if found is None:
            found = self.known[info.number] = self.dependence.of(info.result)
        return found

    def next(self, state: Packed, thread: int) -> Footprint:
        """Give what the next step of a thread would touch now, with any of its results."""
        found: Footprint | None = None
        for _, _, info in self.space.moves(state, thread):
            one = self.of(info)
            found = one if found is None else both(found, one)
        if found is not None and self.space.can_move(state, thread):
            return found
        row = self.space.standing(state, thread)
        assert row is not None
        blocked = self.dependence.blocked(row)
        return blocked if found is None else both(found, blocked)
