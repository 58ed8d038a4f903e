"""What the steps of a space touch, each worked out once."""

from deadsim.kernel.dependence import Dependence, Footprint, both
from deadsim.kernel.state_query import watched
from deadsim.kernel.system import System
from deadsim.space.packed import Info, Packed, Space


def dependence(system: System) -> Dependence:
    """Say what the steps of a program touch."""
    return Dependence(system.lasting, watched(system.program.invariants))


class Footprints:
    """What the steps of one space touch."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.dependence = space.system.once(dependence)
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
        if found is not None:
            return found
        row = self.space.system.rows.of(thread, self.space.frame(state, thread))
        assert row is not None
        return self.dependence.blocked(row)
