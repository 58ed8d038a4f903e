"""Some executions that are far apart: each differs as much as can be from those that were picked before it.

How far two are apart is how they end first, then how many of the orders in which two threads used one object
they do not have in common. Two equivalent executions have all of them in common.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.executions.optimal_dpor import MOST_STEPS, Classes, Execution
from deadsim.exploration.static.footprint import Footprints
from deadsim.exploration.verdicts.goal import Path
from deadsim.kernel.dependence import INVARIANTS, each_bit
from deadsim.kernel.system import System
from deadsim.model.objects import Variable
from deadsim.space.packed import Info, Outgrown, Packed, Space
from deadsim.space.resting_space import space_of
from deadsim.strategies.strategy import Chance

MOST_CLASSES = 300
"""Executions that are gone through, no two of one class."""

DRAWN = 100
"""Executions that are drawn at random where there are more classes: those all begin in much the same way."""


Turn: TypeAlias = tuple[int, int]
"""A thread, and which of its steps."""


class Candidate(NamedTuple):
    """A whole execution: how it ends, what the variables are then, and who used what after whom."""

    path: Path
    ending: tuple[bool, tuple[int, ...], frozenset[tuple[int, str]]]
    values: tuple[str, ...]
    orders: frozenset[Any]

    def distance(self, other: "Candidate") -> float:
        """Say how far it is from another one: 0 where the two are equivalent, at most 3."""
        both = len(self.orders | other.orders)
        apart = len(self.orders ^ other.orders) / both if both else 0.0
        return apart + (self.ending != other.ending) + (self.values != other.values)


class Gathered(NamedTuple):
    """Executions of different classes, and whether there are no more."""

    candidates: list[Candidate]
    every: bool


def gather(system: System, budget: Budget) -> Gathered:
    """Go through whole executions, one of each class, until there are many or the budget is spent."""
    space = space_of(system)
    while True:
        try:
            return _gather(space, budget)
        except Outgrown:
            space.widen()


def pick(candidates: list[Candidate], count: int) -> list[Candidate]:
    """Pick some, each as far as can be from all before it; the first of those where several are."""
    picked = candidates[:1]
    nearest = [one.distance(candidates[0]) for one in candidates]
    while len(picked) < min(count, len(candidates)):
        farthest = max(range(len(candidates)), key=nearest.__getitem__)
        picked.append(candidates[farthest])
        nearest = [
            min(before, one.distance(candidates[farthest]))
            for before, one in zip(nearest, candidates, strict=True)
        ]
    return picked


def _gather(space: Space, budget: Budget) -> Gathered:
    found: dict[Any, Candidate] = {}
    every = False
    classes = iter(Classes(space, budget))
    try:
        whole = note(space, found, islice(classes, MOST_CLASSES))
        # Where finalizers may begin, some classes are not gone through.
        every = next(classes, None) is None and whole and not space.finalizers
        if not every:
            note(space, found, draw(space, budget))
    except Spent as spent:
        # Where some have no end, those that have one are found by chance.
        if not spent.interrupted:
            try:
                note(space, found, draw(space, budget))
            except Spent:
                pass
    return Gathered(list(found.values()), every)


def note(space: Space, found: dict[Any, Candidate], executions: Iterable[Execution]) -> bool:
    """Keep whole executions of which no equivalent one was seen; tell whether all were whole."""
    whole = True
    for execution in executions:
        whole = whole and execution.whole
        if execution.whole:
            one = candidate(space, execution)
            found.setdefault(one.orders, one)
    return whole


def draw(space: Space, budget: Budget) -> Iterator[Execution]:
    """Draw executions at random, by the same numbers each time."""
    chance = Chance(0)
    for _ in range(DRAWN):
        budget.watch()
        states = [space.start]
        path: list[tuple[int, int]] = []
        infos: list[Info] = []
        while len(path) < (budget.steps or MOST_STEPS):
            ways = [*space.successors(states[-1])]
            if not ways:
                yield Execution(tuple(path), tuple(infos), tuple(states), True)
                break
            threads = [*dict.fromkeys(thread for thread, _, _, _ in ways)]
            who = threads[chance.draw(len(threads))]
            mine = [way for way in ways if way[0] == who]
            thread, way, after, info = mine[chance.draw(len(mine))]
            path.append((thread, way))
            infos.append(info)
            states.append(after)


def candidate(space: Space, execution: Execution) -> Candidate:
    """Say of an execution what it is compared by."""
    end = execution.states[-1]
    over = space.over(end)
    stuck = () if over else tuple(t for t in space.threads if space.running(end, t))
    failures = [*space.begun.failures, *(f for info in execution.infos for f in info.failures)]
    shown = frozenset((failure.thread, failure.type) for failure in failures)
    return Candidate(
        execution.path,
        (over, stuck, shown),
        values(space, end),
        frozenset(orders(Footprints(space), execution.infos)),
    )


def values(space: Space, end: Packed) -> tuple[str, ...]:
    """Give the values of the variables at the end."""
    first = len(space.threads) + 1
    declared = enumerate(space.system.program.objects, first)
    return tuple(repr(space.value(end, n)) for n, one in declared if isinstance(one, Variable))


def orders(footprints: Footprints, infos: Iterable[Info]) -> Iterator[Any]:
    """List for each object which use of it came after which, and which results were had.

    Reads of one variable have no order among them. That invariants look at two objects orders nothing here.
    """
    turns: Counter[int] = Counter()
    last: dict[int, Turn] = {}
    since: dict[int, list[Turn]] = {}
    for info in infos:
        thread, way = info.result.choice
        mine = thread, turns[thread]
        turns[thread] += 1
        if way is not None:
            yield "way", mine, way
        footprint = footprints.of(info)
        for one in each_bit(footprint.reads):
            yield one, last.get(one), mine
            since.setdefault(one, []).append(mine)
        for one in each_bit(footprint.changes & ~INVARIANTS):
            for before in (last.get(one), *since.pop(one, ())):
                yield one, before, mine
            last[one] = mine
