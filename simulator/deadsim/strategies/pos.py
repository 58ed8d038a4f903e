"""Partial order sampling."""

from collections.abc import Sequence

from deadsim.kernel.dependence import dependent, pending
from deadsim.strategies.random_walk import Random
from deadsim.strategies.strategy import Chance, Option

SCORES = 1 << 40


class Pos(Random):
    """Give each pending step a score by chance, and take the step with the highest.

    Then all that race with it get a new one. Each order of dependent steps has a better chance than in
    a random walk of the same length, whatever the depth of a bug. Yuan, Yang, Gu: Partial Order
    Aware Concurrency Sampling, CAV 2018.
    """

    def __init__(self, chance: Chance) -> None:
        super().__init__(chance)
        self.scores: dict[int, int] = {}

    def begin(self) -> None:
        super().begin()
        self.scores = {}

    def pick(self, options: Sequence[Option]) -> int:
        for option in options:
            if option.thread not in self.scores:
                self.scores[option.thread] = self.chance.draw(SCORES)
        best = max(options, key=lambda option: (self.scores[option.thread], -option.thread))
        taken = pending(best.operation)
        for option in options:
            if option is best or dependent(pending(option.operation), taken):
                del self.scores[option.thread]
        return best.thread
