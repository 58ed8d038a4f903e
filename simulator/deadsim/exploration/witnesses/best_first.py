"""The schedule with the fewest context switches, and among these the fewest steps, that shows something.

A best-first search over (state, last thread); what is found first of a kind is therefore minimal.
Dijkstra: A Note on Two Problems in Connexion with Graphs, 1959.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import NamedTuple, TypeAlias

from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.verdicts.goal import Goal, Path, Shown

Edge: TypeAlias = tuple[int, int, int, tuple[Goal, ...]]
"""A step from a node: the thread, which of its results, the node after it, and what it shows."""


Expand: TypeAlias = Callable[[int, Callable[[], Path]], Sequence[Edge]]
"""Of a node, with a function that gives the way to it: the steps that can be taken from it."""


class _Best(NamedTuple):
    cost: tuple[int, int]
    before: tuple[int, int]
    thread: int
    way: int


class Hunt:
    """Looks for goals, until `enough` of them are found or there is nothing more to see.

    With `preemptions`, only along schedules with no more of them, and those with the fewest come first.
    `too_far` says of a number of nodes that were looked at whether it is enough.
    """

    def __init__(
        self,
        start: int,
        expand: Expand,
        budget: Budget,
        preemptions: int | None = None,
        too_far: Callable[[int], bool] = lambda looked_at: False,
    ) -> None:
        self.too_far = too_far
        self.preemptions = preemptions
        self.expand = expand
        self.budget = budget
        self.best: dict[Goal, _Best] = {}
        self.came: dict[tuple[int, int], tuple[tuple[int, int], int]] = {}
        self.costs: dict[tuple[int, int], tuple[int, int]] = {(start, -1): (0, 0)}
        self.heap: list[tuple[int, int, int, int]] = [(0, 0, start, -1)]
        self.over = False

    def search(self, enough: Callable[[Iterable[Goal]], bool] | None = None) -> dict[Goal, Shown]:
        """Search; `enough` says of the goals that were found for certain whether they suffice.

        When a budget is spent, what was found by then is given: the best of what was seen.
        """
        done: set[tuple[int, int]] = set()
        heap, costs, bound = self.heap, self.costs, self.preemptions
        reached = (0, 0)
        certain = 0
        try:
            while heap:
                switched, steps, node, last = heappop(heap)
                key = node, last
                if key in done:
                    continue
                done.add(key)
                reached = switched, steps
                sure = [goal for goal, best in self.best.items() if best.cost <= reached]
                self.budget.watch()
                if self.too_far(len(done)):
                    break
                if enough is not None and len(sure) != certain and enough(sure):
                    break
                certain = len(sure)
                steps += 1
                edges = self.expand(node, partial(self.way, key))
                free = last
                if bound is not None and all(edge[0] != last for edge in edges):
                    free = -1  # whoever goes on now, it is no preemption
                for thread, way, after, shows in edges:
                    cost = (switched if free in (thread, -1) else switched + 1), steps
                    if bound is not None and cost[0] > bound:
                        continue
                    for goal in shows:
                        best = self.best.get(goal)
                        if best is None or cost < best.cost:
                            self.best[goal] = _Best(cost, key, thread, way)
                    there = after, thread
                    known = costs.get(there)
                    if known is None or cost < known:
                        costs[there] = cost
                        self.came[there] = key, way
                        heappush(heap, (*cost, after, thread))
            else:
                self.over = True
        except Spent:
            pass
        return {
            goal: Shown.by(
                (*self.way(best.before), (best.thread, best.way)),
                bound is None and (self.over or best.cost <= reached),
            )
            for goal, best in self.best.items()
        }

    def way(self, key: tuple[int, int]) -> Path:
        """Give the schedule that leads to a node."""
        path = []
        while key in self.came:
            before, way = self.came[key]
            path.append((key[1], way))
            key = before
        return tuple(reversed(path))
