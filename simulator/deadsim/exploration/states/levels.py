"""The states that were reached, level by level, and the steps of threads looked up together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from deadsim.model.claims import DefectType
from deadsim.space.packed import Packed, Space
from deadsim.space.state_predicate import Asked

WATCHED = 4_096  # states between two looks at the budget
MOST_KNOWN = 100_000  # entries of a quick table
MOST_BITS = 18  # that decide the steps of threads which are looked up together


class Reached:
    """The states by their distance from the start, and what was seen on the way.

    `ends` are those in which the program has ended, `halts` those in which nothing can move though
    it has not; `shown` are the types of failures and broken invariants, those included that are known
    to begin with. `complete` says that nothing is missing.
    """

    def __init__(self, space: Space, shown: Iterable[DefectType] = ()) -> None:
        self.space = space
        self.levels: list[Any] = [[space.start]]  # lists, or numpy's arrays
        self.transitions = 0
        self.ends: list[Packed] = []
        self.halts: list[Packed] = []
        self.shown: set[DefectType] = {*shown, *(failure.type for failure in space.begun.failures)}
        self.complete = False
        self.invariants = [Asked(space, i.expression) for i in space.system.program.invariants]
        self.judge(self.levels[0])

    def each_level(self) -> Iterator[list[Packed]]:
        """Give the levels as lists, those of numpy too."""
        for level in self.levels:
            yield list(level)

    def moved(self, to: Callable[[Packed], Packed]) -> Reached:
        """Give what was found of a space, once that is widened; of the states only the last."""
        found = Reached(self.space, self.shown)
        found.ends, found.halts = [*map(to, self.ends)], [*map(to, self.halts)]
        return found

    @property
    def states(self) -> int:
        """Count the states."""
        return sum(len(level) for level in self.levels)

    def judge(self, states: list[Packed]) -> None:
        """Look at the invariants."""
        if "invariant" in self.shown:
            return
        for holds in self.invariants:
            if not all(map(holds, states)):
                self.shown.add("invariant")


class Quick:
    """The steps of some threads, by all bits that any of them was seen to depend on at once.

    One look-up takes the place of two for each of them, as long as there are not too many values.
    """

    def __init__(self, reached: Reached, threads: tuple[int, ...]) -> None:
        self.reached = reached
        self.space = reached.space
        self.threads = threads
        self.mask = 0
        self.known: dict[int, tuple[int, ...]] = {}

    def find(self, state: Packed) -> tuple[int, ...]:
        """Find what their next steps can add to a state, and note how they fail."""
        needs = 0
        deltas: list[int] = []
        for thread in self.threads:
            field = self.space.fields[thread]
            for delta, fails, info in self.space.moves(state, thread):
                deltas.append(delta)
                if fails:
                    self.reached.shown.update(failure.type for failure in info.failures)
            needs |= field | self.space.rows[thread][state & field][0]
        if needs & ~self.mask or len(self.known) >= MOST_KNOWN:
            self.mask |= needs
            self.known.clear()
        found = self.known[state & self.mask] = tuple(deltas)
        return found


def groups(reached: Reached, single: list[Quick]) -> list[Quick]:
    """Put neighbouring threads together, as long as few bits decide what they can do."""
    found: list[Quick] = []
    for one in single:
        if found and (found[-1].mask | one.mask).bit_count() <= MOST_BITS:
            before = found.pop()
            both = Quick(reached, before.threads + one.threads)
            both.mask = before.mask | one.mask
            found.append(both)
        else:
            found.append(one)
    return found
