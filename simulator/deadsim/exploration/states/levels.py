"""The states that were reached, level by level, and the steps of threads looked up together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from deadsim.kernel.operation import By
from deadsim.kernel.programs.linked import Stop
from deadsim.kernel.system import is_timed
from deadsim.model.claims import DefectType
from deadsim.model.place import Place
from deadsim.space.packed import Packed, Space
from deadsim.space.state_predicate import Asked

WATCHED = 256  # states between two looks at the budget
MOST_KNOWN = 100_000  # entries of a quick table
MOST_BITS = 18  # that decide the steps of threads which are looked up together
MOST_CHANGING = 13  # the same, of those bits that were seen to change


class Sight(NamedTuple):
    """Where a failure shows: in a state, or by a step from it (a thread, and which of its results)."""

    state: Packed
    step: tuple[int, int] | None = None


class Reached:
    """The states by their distance from the start, and what was seen on the way.

    `ends` are those in which the program has ended, `halts` those in which nothing can move though
    it has not; `shown` are the types of failures and broken invariants, those included that are known
    to begin with, `sights` is where each of the others shows first, and `failed` has the places. `complete` says that nothing is
    missing; until then what stands in `quick` serves to go on. Where time runs out only at rest, those are
    the steps that threads are let take; `unasked` has those of who wakes unasked, `late` those by which
    time runs out. In `begins` are the steps by which finalizers begin: what they alone lead on from is a halt.
    """

    def __init__(self, space: Space, shown: Iterable[DefectType] = ()) -> None:
        self.space = space
        self.levels: list[Any] = [[space.start]]  # lists, or numpy's arrays
        self.transitions = 0
        self.ends: list[Packed] = []
        self.halts: list[Packed] = []
        self.shown: set[DefectType] = {*shown, *(failure.type for failure in space.begun.failures)}
        self.sights: dict[DefectType, Sight] = {
            type: Sight(space.start) for type in self.shown.difference(shown)
        }
        self.failed: set[Place] = {failure.place for failure in space.begun.failures}
        self.quick: list[Quick] = []
        self.unasked, self.late = at_rest(self) if space.last else ([], [])
        self.begins = [Quick(self, (thread,), "anywhere") for thread in space.finalizers]
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
        found.failed = self.failed
        found.sights = {t: Sight(to(state), step) for t, (state, step) in self.sights.items()}
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
            self.judge_one(holds, states)

    def judge_one(self, holds: Asked, states: list[Packed]) -> None:
        """Look at one of the invariants."""
        if not all(map(holds, states)):
            broken = next(state for state in states if not holds(state))
            self.see("invariant", Sight(broken))

    def see(self, type: DefectType, sight: Sight) -> None:
        """Note where a type of failure shows, if it is the first of it."""
        if type not in self.shown:
            self.shown.add(type)
            self.sights[type] = sight


class Quick:
    """The steps of some threads, by all bits that any of them was seen to depend on at once.

    One look-up takes the place of two for each of them, as long as there are not too many values. Where
    time runs out only at rest, or finalizers may begin, these are the steps that are made `by` what that says.
    """

    def __init__(self, reached: Reached, threads: tuple[int, ...], by: By | None = None) -> None:
        self.reached = reached
        self.by = by
        self.space = reached.space
        self.takes: tuple[By | None, ...] | None = None  # all there are
        if self.space.last or by is not None:
            self.takes = (by,)
        elif self.space.finalizers:
            self.takes = None, "time", "nobody"
        self.threads = threads
        self.mask = 0
        self.known: dict[int, tuple[int, ...]] = {}

    def find(self, state: Packed) -> tuple[int, ...]:
        """Find what their next steps can add to a state, and note how they fail."""
        needs = 0
        deltas: list[int] = []
        takes = self.takes
        for thread in self.threads:
            field = self.space.fields[thread]
            moves = self.space.all_moves(state, thread)
            for way, (delta, fails, info) in self.space.numbered(moves):
                if takes is not None and info.result.outcome.by not in takes:
                    continue
                deltas.append(delta)
                for failure in info.failures if fails else ():
                    self.reached.failed.add(failure.place)
                    self.reached.see(failure.type, Sight(state, (thread, way)))
            needs |= field | self.space.rows[thread][state & field][0]
        if needs & ~self.mask or len(self.known) >= MOST_KNOWN:
            self.mask |= needs
            self.known.clear()
        found = self.known[state & self.mask] = tuple(deltas)
        return found

    def deltas(self, state: Packed) -> tuple[int, ...]:
        """Give what their next steps can add to a state."""
        found = self.known.get(state & self.mask)
        return self.find(state) if found is None else found


def at_rest(reached: Reached) -> tuple[list[Quick], list[Quick]]:
    """Give the steps of those who wake unasked, and those by which time runs out, a thread each."""
    unasked: list[Quick] = []
    late: list[Quick] = []
    for thread, linked in enumerate(reached.space.system.linked):
        stops = [entry for entry in linked.entries if isinstance(entry, Stop)]
        if any(one.form is not None and one.form.wakes_unasked(one.numbers) for one in stops):
            unasked.append(Quick(reached, (thread,), "nobody"))
        if is_timed(linked):
            late.append(Quick(reached, (thread,), "time"))
    return unasked, late


def groups(reached: Reached, single: list[Quick]) -> list[Quick]:
    """Put neighbouring threads together, as long as few bits decide what they can do, or few of those have changed."""
    found: list[Quick] = []
    changing = 0
    for level in reached.each_level():
        for state in level:
            changing |= state ^ reached.space.start
    for one in single:
        mask = found[-1].mask | one.mask if found else 0
        if found and (
            mask.bit_count() <= MOST_BITS or (mask & changing).bit_count() <= MOST_CHANGING
        ):
            before = found.pop()
            both = Quick(reached, before.threads + one.threads)
            both.mask = before.mask | one.mask
            found.append(both)
        else:
            found.append(one)
    return found
