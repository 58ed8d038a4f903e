"""The schedule with the fewest context switches, and among these the fewest steps, that shows something.

A best-first search over (state, last thread); what is found first of a kind is therefore minimal. With an
estimate of what is still to come it goes on where the least is left (A*), and is as exact: Hart, Nilsson,
Raphael: A Formal Basis for the Heuristic Determination of Minimum Cost Paths, 1968.
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


Cost: TypeAlias = tuple[int, int]
"""Context switches, and steps."""


Estimate: TypeAlias = Callable[[int, int], Cost | None]
"""Of a node and who went last: what it takes at the least from there to any goal; None where none is ahead.

With each step it may get less by no more than what the step costs."""


def nothing(node: int, last: int) -> Cost | None:
    """Estimate nothing at all: Dijkstra's search."""
    return 0, 0


class _Best(NamedTuple):
    cost: Cost
    before: tuple[int, int]
    thread: int
    way: int


class Hunt:
    """Looks for goals, until `enough` of them are found or there is nothing more to see.

    With `preemptions`, only along schedules with no more of them, and those with the fewest come first.
    `too_far` says of a number of nodes that were looked at whether it is enough. By an `estimate` those
    come first from which it is not far.
    """

    def __init__(
        self,
        start: int,
        expand: Expand,
        budget: Budget,
        preemptions: int | None = None,
        too_far: Callable[[int], bool] = lambda looked_at: False,
        estimate: Estimate = nothing,
    ) -> None:
        self.estimate = estimate
        self.too_far = too_far
        self.preemptions = preemptions
        self.expand = expand
        self.budget = budget
        self.best: dict[Goal, _Best] = {}
        self.came: dict[tuple[int, int], tuple[tuple[int, int], int]] = {}
        self.costs: dict[tuple[int, int], Cost] = {(start, -1): (0, 0)}
        # What it takes in all at the least, what of that is still to come, and the node.
        ahead = estimate(start, -1)
        self.heap = [] if ahead is None else [(*ahead, *ahead, start, -1)]
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
                switched, steps, _, _, node, last = heappop(heap)
                key = node, last
                if key in done:
                    continue
                done.add(key)
                reached = switched, steps
                switched, steps = costs[key]
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
                        ahead = self.estimate(after, thread)
                        if ahead is not None:
                            in_all = cost[0] + ahead[0], cost[1] + ahead[1]
                            heappush(heap, (*in_all, *ahead, after, thread))
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
