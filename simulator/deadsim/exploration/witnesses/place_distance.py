"""How far a state is from what is looked for, at the least: for a search that goes where it gets nearer.

Each thread has to come from the place where it stands to one where it stands in what is looked for, by
steps of its own, and has to have a turn for that. Whatever else may be in its way is left out, so that
it is never farther than this says. Hart, Nilsson, Raphael: A Formal Basis for the Heuristic
Determination of Minimum Cost Paths, 1968.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from deadsim.exploration.budget import Budget
from deadsim.kernel.programs.walk import NOWHERE
from deadsim.kernel.row import Row
from deadsim.space.packed import Packed, Space

WATCHED = 256

MOST_KINDS = 16
"""Sets of threads whose places are told apart."""

Cost: TypeAlias = tuple[int, int]
"""Context switches, and steps."""

Steps: TypeAlias = dict[int, int]
"""Of a thread's place, by its bits: how many own steps it is from where it has to come."""


class Wanted(NamedTuple):
    """Threads that have to come to some places, each with its field; `more` steps are taken there."""

    fields: tuple[tuple[int, int, Steps], ...]
    more: int


class PlaceDistance:
    """Says of the states of a space how far they are from some of them, or from a step that fails.

    `states` are given with the threads, as bits, that have to stand there as they do in that state; steps
    fail with one of the types in `failing`. Of steps, those that the space knows: all of them, once every
    state was visited.
    """

    def __init__(
        self,
        space: Space,
        states: Iterable[tuple[Packed, int]],
        failing: Collection[str],
        budget: Budget,
    ) -> None:
        self.space = space
        self.budget = budget
        self.nowhere = [
            space.placed(len(space.objects) + thread, NOWHERE) for thread in space.threads
        ]
        self.before: list[dict[int, set[int]]] = [{} for _ in space.threads]
        self.first: list[set[int]] = [set() for _ in space.threads]
        self.fails: list[set[int]] = [set() for _ in space.threads]
        self.learn(failing)
        self.wanted = [self.all_of(threads, places) for threads, places in self.kinds(states)]
        for thread, places in enumerate(self.fails):
            if places:
                field = thread, space.fields[thread], self.steps(thread, places)
                self.wanted.append(Wanted((field,), 1))

    def learn(self, failing: Collection[str]) -> None:
        """Note which place of a thread may follow which, where it begins, and where it may fail."""
        space = self.space
        known: list[dict[Row | None, int]] = [{} for _ in space.threads]

        def bits(thread: int, row: Row | None) -> int:
            found = known[thread].get(row)
            if found is None:
                frame = NOWHERE if row is None else row.frame
                found = space.placed(len(space.objects) + thread, frame)
                known[thread][row] = found
            return found

        met = 0
        for thread, _, rows in space.tables:
            before = self.before[thread]
            for place, (_, by_bits) in rows.items():
                for moves in by_bits.values():
                    met += 1
                    if not met % WATCHED:
                        self.budget.watch()
                    for _, fails, info in moves:
                        before.setdefault(bits(thread, info.result.next), set()).add(place)
                        for other, row in info.result.started:
                            self.first[other].add(bits(other, row))
                        if fails and any(failure.type in failing for failure in info.failures):
                            self.fails[thread].add(place)

    def kinds(
        self, states: Iterable[tuple[Packed, int]]
    ) -> list[tuple[int, Mapping[int, set[int]]]]:
        """Put together states in which the same threads have to stand somewhere: these, and where."""
        found: dict[int, dict[int, set[int]]] = {}
        for number, (state, threads) in enumerate(states):
            if not number % WATCHED:
                self.budget.watch()
            places = found.setdefault(threads, {})
            for thread, field in enumerate(self.space.fields):
                if threads >> thread & 1:
                    places.setdefault(thread, set()).add(state & field)
        if len(found) <= MOST_KINDS:
            return list(found.items())
        all_of_them = -1
        together: dict[int, set[int]] = {}
        for threads, places in found.items():
            all_of_them &= threads
            for thread, there in places.items():
                together.setdefault(thread, set()).update(there)
        return [(all_of_them, together)]

    def all_of(self, threads: int, places: Mapping[int, set[int]]) -> Wanted:
        """Say how far it is to where some threads all stand."""
        return Wanted(
            tuple(
                (thread, field, self.steps(thread, places[thread]))
                for thread, field in enumerate(self.space.fields)
                if threads >> thread & 1
            ),
            0,
        )

    def steps(self, thread: int, places: Collection[int]) -> Steps:
        """Count for each place of a thread the own steps to one of these, backwards.

        Who has not begun and who has ended are at the same place: there it is the least of both.
        """
        found = dict.fromkeys(places, 0)
        front = deque(sorted(places))
        nowhere, first = self.nowhere[thread], self.first[thread]
        while front:
            place = front.popleft()
            away = found[place]
            if place in first and nowhere not in found:
                found[nowhere] = away
                front.appendleft(nowhere)
            for before in self.before[thread].get(place, ()):
                if before not in found:
                    found[before] = away + 1
                    front.append(before)
        return found

    def __call__(self, state: Packed, last: int) -> Cost | None:
        """Give the context switches and steps that it takes at the least, once `last` has moved (-1: nobody).

        None where it can never be come to.
        """
        best: Cost | None = None
        for fields, more in self.wanted:
            turns = steps = 0
            for thread, field, away in fields:
                count = away.get(state & field)
                if count is None:
                    break
                count += more
                if count:
                    steps += count
                    if thread != last:
                        turns += 1
            else:
                if last < 0 and turns:
                    turns -= 1  # the first turn of all is no switch
                if best is None or (turns, steps) < best:
                    best = turns, steps
        return best
