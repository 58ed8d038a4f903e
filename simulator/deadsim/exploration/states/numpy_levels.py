"""Many states at once, with numpy: a level of the search is an array, and so is what follows it.

For spaces of which no more than 64 bits change. What a group of threads can do next is looked up by the bits that
decide it, taken together as the index of a table.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deadsim.exploration.budget import Budget
from deadsim.exploration.states.levels import Quick, Reached
from deadsim.exploration.states.numpy_layout import Layout, Level, States, gathered, runs_of
from deadsim.space.packed import Packed

MOST_BITS = 20  # of the index of a table
ROOM = 64  # rows of a table to begin with
AT_ONCE = 1 << 17  # states that are followed before the budget is looked at
WATCHED = 256  # steps that are asked of the kernel between two looks at it

NONE: States = np.empty(0, np.uint64)


class MoreBits(Exception):
    """Bits have changed that never did before."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        super().__init__(bits)


def go_on(reached: Reached, quick: list[Quick], budget: Budget, most: int | None) -> bool:
    """Go on with a search that has come to its last level, with the same results as without numpy.

    False where the states do not fit; then nothing has changed.
    """
    start = reached.space.start
    changing = 0
    for level in reached.levels:
        if isinstance(level, Level):
            changing |= level.layout.changing
            continue
        for state in level:
            changing |= state ^ start
    before = Mark.of(reached, budget)
    while changing.bit_count() <= 64:
        vectors = Vectors(reached, quick, budget, Layout(start, changing))
        try:
            vectors.search(most)
            return True
        except MoreBits as more:
            changing = grown(changing | more.bits, more.bits, reached.space.masks)
            vectors.mark.back(reached, budget)
    before.back(reached, budget)
    return False


class Mark(NamedTuple):
    """How far a search had come, to which it can go back."""

    levels: int
    ends: int
    halts: int
    transitions: int
    counts: tuple[int, int]

    @classmethod
    def of(cls, reached: Reached, budget: Budget) -> "Mark":
        """Note how far it has come."""
        lengths = len(reached.levels), len(reached.ends), len(reached.halts)
        return cls(*lengths, reached.transitions, (budget.visited, budget.transitions))

    def back(self, reached: Reached, budget: Budget) -> None:
        """Go back to there."""
        del reached.levels[self.levels :], reached.ends[self.ends :], reached.halts[self.halts :]
        reached.transitions = self.transitions
        budget.begin_anew(*self.counts)


def grown(changing: int, bits: int, fields: list[int]) -> int:
    """Add two more bits of each field that has grown, where there is room: it may grow again soon."""
    more = changing
    for field in fields:
        if field & bits:
            for _ in range(2):
                free = field & ~more
                more |= free & -free
    return more if more.bit_count() <= 64 else changing


class Vectors:
    """A search that goes on from the levels of another."""

    def __init__(
        self, reached: Reached, quick: list[Quick], budget: Budget, layout: Layout
    ) -> None:
        self.reached, self.budget, self.layout = reached, budget, layout
        self.seen = Seen()
        for level in reached.levels:
            if isinstance(level, Level):
                self.front = layout.moved(level)
            else:
                self.front = np.sort(layout.all_short(list(level)))
            self.seen.add(self.front)
        self.mark = Mark.of(reached, budget)
        self.tables = [Table(one, layout, budget) for one in quick]
        self.unasked = [Table(one, layout, budget) for one in reached.unasked]
        self.late = [Table(one, layout, budget) for one in reached.late]
        self.begins = [Table(one, layout, budget) for one in reached.begins]
        lasting = reached.space.lasting
        self.never_over = bool(layout.fixed & lasting)
        self.lasting = np.uint64(layout.short(lasting))

    def search(self, most: int | None) -> None:
        """Visit every state, but no more levels once there are `most` of them."""
        reached, budget, seen = self.reached, self.budget, self.seen
        while len(self.front) and (most is None or seen.count <= most):
            self.mark = Mark.of(reached, budget)
            budget.depth = len(reached.levels)
            following = NONE
            for begin in range(0, len(self.front), AT_ONCE):
                after = distinct(self.steps(self.front[begin : begin + AT_ONCE]))
                after = seen.without(after)
                following = (
                    distinct(np.concatenate((following, after))) if len(following) else after
                )
                budget.watch()
                if budget.visited + len(following) > budget.states:
                    budget.count(len(following))
            seen.add(following)
            reached.levels.append(Level(self.layout, following))
            self.judge(following)
            budget.count(len(following))
            if (
                budget.steps is not None
                and len(reached.levels) > budget.steps + 1
                and len(following)
            ):
                raise budget.too_deep(budget.steps)
            self.front = following

    def steps(self, states: States) -> States:
        """Give all that follows some states, and note those that nothing follows."""
        reached = self.reached
        if not self.never_over:
            over = (states & self.lasting) == 0
            reached.ends.extend(self.layout.packed(states[over]))
            states = states[~over]
        moved = np.zeros(len(states), bool)
        found = []
        for table in self.tables:
            for able, deltas in table.moves(states):
                found.append(states[able] + deltas)
                moved |= able
        still = states[~moved]
        for tables, there in ((self.unasked, states), (self.late, still)):
            for table in tables:
                for able, deltas in table.moves(there):
                    found.append(there[able] + deltas)
        for table in (*self.unasked, *self.late):
            still = still[table.counts[table.find(still)] == 0]
        reached.halts.extend(self.layout.packed(still))
        for table in self.begins:
            for able, deltas in table.moves(states):
                found.append(states[able] + deltas)
        after = np.concatenate(found) if found else NONE
        reached.transitions += len(after)
        self.budget.transitions += len(after)
        return after

    def judge(self, states: States) -> None:
        """Look at the invariants, once for each value of what they look at."""
        for holds in self.reached.invariants:
            mask = np.uint64(self.layout.short(holds.mask))
            _, firsts = np.unique(states & mask, return_index=True)
            self.reached.judge_one(holds, self.layout.packed(states[firsts]))


class Seen:
    """The states that were visited, as sorted arrays of which each is much larger than the next."""

    def __init__(self) -> None:
        self.runs: list[States] = []
        self.count = 0

    def add(self, states: States) -> None:
        """Add states, sorted, none of which is there."""
        self.count += len(states)
        self.runs.append(states)
        while len(self.runs) > 1 and len(self.runs[-2]) < 4 * len(self.runs[-1]):
            last = self.runs.pop()
            self.runs[-1] = np.sort(np.concatenate((self.runs[-1], last)), kind="stable")

    def without(self, states: States) -> States:
        """Leave out those that are there."""
        for run in self.runs:
            if len(run) and len(states):
                at = np.searchsorted(run, states)
                at[at == len(run)] = 0
                states = states[run[at] != states]
        return states


class Table:
    """What some threads can do next, for each value of the bits that decide it."""

    def __init__(self, quick: Quick, layout: Layout, budget: Budget) -> None:
        self.quick = quick
        self.layout = layout
        self.budget = budget
        self.begin()

    def begin(self) -> None:
        """Begin with an empty table."""
        self.mask = self.quick.mask
        mask = self.short = self.layout.short(self.mask)
        self.runs = list(runs_of(mask))
        self.direct = mask.bit_count() <= MOST_BITS
        size = 1 << mask.bit_count() if self.direct else 0
        self.rows: NDArray[np.int32] = np.full(size, -1, np.int32)
        self.by_bits: dict[int, int] = {}
        # Of each row: how many moves there are, and what they add. There is room for more rows.
        self.count = 0
        self.counts = np.zeros(ROOM, np.int64)
        self.deltas: NDArray[np.uint64] = np.zeros((ROOM, 1), np.uint64)

    def moves(self, states: States) -> Iterator[tuple[NDArray[np.bool_], States]]:
        """Give what the threads can add to which of some states."""
        rows = self.find(states)
        counts = self.counts[rows]
        for number in range(self.deltas.shape[1]):
            able = counts > number
            yield able, self.deltas[rows[able], number]

    def find(self, states: States) -> NDArray[Any]:
        """Find the row of each state."""
        while True:
            index = self.index(states)
            if self.direct:
                rows: NDArray[Any] = self.rows[index]
                missing = rows < 0
                if not missing.any():
                    return rows
                places, firsts = np.unique(index[missing], return_index=True)
                self.learn(places.tolist(), states[missing][firsts])
            else:
                bits, firsts, back = np.unique(index, return_index=True, return_inverse=True)
                known = bits.tolist()
                new = [number for number, one in enumerate(known) if one not in self.by_bits]
                if self.learn([known[n] for n in new], states[firsts[new]]):
                    return np.array([self.by_bits[one] for one in known], np.int64)[back]

    def learn(self, places: list[int], samples: States) -> bool:
        """Add rows, with one state for each; not all where more bits turn out to decide."""
        counts: list[int] = []
        following: list[Packed] = []
        changed = 0
        for number, state in enumerate(self.layout.packed(samples)):
            if not number % WATCHED:
                self.budget.watch()
            deltas = self.quick.deltas(state)
            if self.quick.mask != self.mask:
                self.begin()
                return False
            counts.append(len(deltas))
            for delta in deltas:
                following.append(state + delta)
                changed |= state + delta ^ state
        if changed & ~self.layout.changing:
            raise MoreBits(changed & ~self.layout.changing)
        self.add(places, samples, counts, self.layout.all_short(following))
        return True

    def add(self, places: list[int], samples: States, counts: list[int], following: States) -> None:
        """Add a row for each place: what follows the sample of each. The arrays grow by doubling."""
        many = np.array(counts, np.int64)
        first, last = self.count, self.count + len(counts)
        room, widest = self.deltas.shape
        more = max(room, last - room) if last > room else 0
        wider = max(0, max(counts, default=0) - widest)
        if more or wider:
            self.counts = np.pad(self.counts, (0, more))
            self.deltas = np.pad(self.deltas, ((0, more), (0, wider)))
        if self.direct:
            self.rows[places] = np.arange(first, last)
        else:
            self.by_bits.update(zip(places, range(first, last), strict=True))
        self.counts[first:last] = many
        rows = np.repeat(np.arange(len(counts)), many)
        columns = np.arange(len(following)) - np.repeat(np.cumsum(many) - many, many)
        self.deltas[first + rows, columns] = following - samples[rows]
        self.count = last

    def index(self, states: States) -> NDArray[Any]:
        """Take the bits that decide together; as they stand where they are too many for a table."""
        if not self.direct:
            return states & np.uint64(self.short)
        return gathered(states, self.runs).astype(np.int64)


def distinct(states: States) -> States:
    """Give each state once, sorted; `states` is sorted in place."""
    states.sort()
    if len(states) < 2:
        return states
    return states[np.concatenate(([True], states[1:] != states[:-1]))]
