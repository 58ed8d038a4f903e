"""Schedules by a seed."""

from collections.abc import Sequence

from deadsim.strategies.strategy import Chance, Option


class Random:
    """Pick any thread that can go on, each as likely."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance

    def begin(self) -> None:
        self.chance.begin()

    def pick(self, options: Sequence[Option]) -> int:
        count = len(options)
        return options[self.chance.draw(count) if count > 1 else 0].thread

    def draw(self, bound: int, places: Sequence[int] | None = None) -> int:
        return self.chance.draw(bound)

    def end(self, outcome: str) -> None:
        pass
