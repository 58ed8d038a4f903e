"""Taking turns."""

from collections.abc import Sequence

from deadsim.strategies.strategy import Chance, Option


class RoundRobin:
    """Pick the first thread after the last mover that can go on, in order of declaration, cyclic."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.last = -1

    def begin(self) -> None:
        self.last = -1
        self.chance.begin()

    def pick(self, options: Sequence[Option]) -> int:
        last = self.last
        for option in options:
            thread = option.thread
            if thread > last:
                self.last = thread
                return thread
        self.last = options[0].thread
        return self.last

    def draw(self, bound: int, places: Sequence[int] | None = None) -> int:
        return self.chance.draw(bound)

    def end(self, outcome: str) -> None:
        pass


class Sequential(RoundRobin):
    """Let a thread run until it blocks or ends; then as round robin."""

    def pick(self, options: Sequence[Option]) -> int:
        if any(option.thread == self.last for option in options):
            return self.last
        return super().pick(options)
