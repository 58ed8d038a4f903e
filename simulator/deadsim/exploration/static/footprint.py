"""Which steps depend on one another: their order can make a difference.

Two steps of different threads do if they touch the same object, unless both only read a variable; a
thread is an object (its start, its end, a join), and so is the printed output. A step that ends a
thread which is no daemon may end the program: it depends on every step of a daemon. Where there are
invariants, all that change what these look at depend on one another.
"""

from typing import NamedTuple

from deadsim.kernel.programs.rows import touched
from deadsim.space.packed import Info, Packed, Space


class Footprint(NamedTuple):
    """What a step touches: objects as bits, those that it only reads apart."""

    reads: int
    changes: int
    ends: bool  # a thread that is no daemon
    daemon: bool


def dependent(one: Footprint, other: Footprint) -> bool:
    """Decide whether the order of two steps of different threads can make a difference."""
    return bool(
        one.changes & (other.changes | other.reads)
        or one.reads & other.changes
        or (one.ends and other.daemon)
        or (other.ends and one.daemon)
    )


def both(one: Footprint, other: Footprint) -> Footprint:
    """Give what two steps touch together."""
    return Footprint(
        one.reads | other.reads,
        one.changes | other.changes,
        one.ends or other.ends,
        one.daemon or other.daemon,
    )


class Footprints:
    """What the steps of one program touch."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.lasting = space.lasting_threads
        self.looked_at = sum(1 << number for number in space.looked_at)
        self.invariants = 1 << space.size  # stands for all of them
        self.known: dict[int, Footprint] = {}

    def of(self, info: Info) -> Footprint:
        """Give what a step touched."""
        found = self.known.get(info.number)
        if found is None:
            row, effect = info.result.row, info.result.effect
            touches = effect.takes if info.result.outcome.block is not None else row.touches
            read = set(effect.reads).difference(effect.writes)
            changed = tuple(number for number in touches if number not in read)
            made = self.make(row.thread, touches, changed, effect.ends)
            found = self.known[info.number] = made
        return found

    def make(
        self, thread: int, objects: tuple[int, ...], changed: tuple[int, ...], ended: bool
    ) -> Footprint:
        """Put together what a step touches, and what of that it does not only read."""
        reads = changes = 0
        for number in objects:
            reads |= 1 << number
        for number in changed:
            changes |= 1 << number
        if ended:
            changes |= 1 << thread
        if changes & self.looked_at:
            changes |= self.invariants
        lasting = thread in self.lasting
        return Footprint(reads & ~changes, changes, ended and lasting, not lasting)

    def next(self, state: Packed, thread: int) -> Footprint:
        """Give what the next step of a thread would touch now, with any of its results."""
        found: Footprint | None = None
        for _, _, info in self.space.moves(state, thread):
            one = self.of(info)
            found = one if found is None else both(found, one)
        if found is not None:
            return found
        objects = touched(self.space.pending(state, thread))  # it is blocked
        return self.make(thread, objects, objects, False)
