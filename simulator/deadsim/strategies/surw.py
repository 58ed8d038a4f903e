"""Selectively uniform random walk."""

from collections.abc import Iterable, Mapping, Sequence

from deadsim.strategies.random_walk import Random
from deadsim.strategies.strategy import Chance, Option


def touches(measured: Iterable[tuple[int, tuple[int, ...]]]) -> dict[int, dict[int, int]]:
    """Count of each object how often each thread touched it in a run that was measured."""
    counts: dict[int, dict[int, int]] = {}
    for thread, objects in measured:
        for number in objects:
            by = counts.setdefault(number, {})
            by[thread] = by.get(thread, 0) + 1
    return counts


class Surw(Random):
    """Sample the orders of the steps on one object uniformly; each run takes another object.

    `counts` has of each object how often each thread touched it in a run that was measured. Every
    schedule keeps a chance. Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency
    Testing, ASPLOS 2025.
    """

    def __init__(self, chance: Chance, counts: Mapping[int, Mapping[int, int]]) -> None:
        super().__init__(chance)
        self.counts = {number: by for number, by in counts.items() if len(by) > 1}
        self.interesting = -1
        self.left: dict[int, int] = {}
        self.held: set[int] = set()
        self.intended: int | None = None

    def begin(self) -> None:
        super().begin()
        objects = sorted(self.counts)
        self.interesting = objects[self.chance.draw(len(objects))] if objects else -1
        self.left = dict(self.counts.get(self.interesting, {}))
        self.held = set()
        self.intended = None

    def pick(self, options: Sequence[Option]) -> int:
        while True:
            if self.intended is None:
                self.intended = self.intend()
            free = [option for option in options if option.thread not in self.held]
            if not free:
                self.held.clear()
                self.intended = None
                free = list(options)
                chosen = free[self.chance.draw(len(free))]
                return self.taken(chosen)
            chosen = free[self.chance.draw(len(free))] if len(free) > 1 else free[0]
            if self.interesting in chosen.operation.objects and chosen.thread != self.intended:
                self.held.add(chosen.thread)
                continue
            return self.taken(chosen)

    def intend(self) -> int | None:
        """Draw whose step on the object comes next, by how many each has left."""
        total = sum(self.left.values())
        if not total:
            return None
        drawn = self.chance.draw(total)
        for thread, count in sorted(self.left.items()):
            if drawn < count:
                return thread
            drawn -= count
        return None

    def taken(self, chosen: Option) -> int:
        """Note that a step is taken."""
        thread = chosen.thread
        if self.interesting in chosen.operation.objects:
            self.left[thread] = max(0, self.left.get(thread, 0) - 1)
            self.held.clear()
            self.intended = None
        return thread
