"""Probabilistic concurrency testing: priorities that change now and then."""

from collections.abc import Sequence

from deadsim.strategies.random_walk import Random
from deadsim.strategies.strategy import Chance, Option


class Pct(Random):
    """Run the thread of highest priority, and lower one at `depth` - 1 steps chosen by chance.

    A bug that needs `depth` ordering constraints shows in a run with a probability of at least
    1 / (threads * length ** (depth - 1)), where `length` is the number of steps. Burckhardt,
    Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of Finding
    Bugs, ASPLOS 2010. A thread that yields gets the lowest priority, and after `length` steps
    threads are picked uniformly, so that one that spins cannot keep the others out.
    """

    def __init__(self, chance: Chance, depth: int, length: int) -> None:
        super().__init__(chance)
        self.depth = depth
        self.length = max(1, length)
        self.priorities: dict[int, float] = {}
        self.changes: dict[int, int] = {}
        self.step = 0
        self.lowest = 0.0

    def begin(self) -> None:
        super().begin()
        self.priorities = {}
        self.step = 0
        self.lowest = 0.0
        points: list[int] = []
        while len(points) < min(self.depth - 1, self.length):
            point = self.chance.draw(self.length)
            if point not in points:
                points.append(point)
        self.changes = {point: rank + 1 for rank, point in enumerate(points)}

    def pick(self, options: Sequence[Option]) -> int:
        step = self.step
        self.step += 1
        if step >= self.length:
            return super().pick(options)
        for option in options:
            if option.thread not in self.priorities:
                # Above every priority that a change point gives.
                self.priorities[option.thread] = self.depth + 1 + self.chance.draw(1 << 40)
        if step in self.changes:
            running = self.highest(options)
            self.priorities[running] = self.changes[step]
        thread = self.highest(options)
        operation = next(option.operation for option in options if option.thread == thread)
        if operation.verb == "yield":
            self.lowest -= 1
            self.priorities[thread] = self.lowest
        return thread

    def highest(self, options: Sequence[Option]) -> int:
        return max(
            options, key=lambda option: (self.priorities[option.thread], -option.thread)
        ).thread
