"""What is looked for, and the best schedule that was seen to show it."""

from typing import NamedTuple, Self, TypeAlias

from deadsim.trace.schedule import switches

Path: TypeAlias = tuple[tuple[int, int], ...]
"""Who takes each step, and with which of its results."""


class Goal(NamedTuple):
    """A defect to look for: its type, and what tells it from others that are to be shown too."""

    type: str
    which: tuple[object, ...] = ()


class Shown(NamedTuple):
    """How something was shown; `minimal` if no schedule with fewer context switches shows it."""

    path: Path
    switches: int
    minimal: bool

    @property
    def cost(self) -> tuple[int, int, bool]:
        """Give what is to be as little as can be."""
        return self.switches, len(self.path), not self.minimal

    @classmethod
    def by(cls, path: Path, minimal: bool = False) -> Self:
        """Count the context switches of a path that shows something."""
        return cls(path, switches(thread for thread, _ in path), minimal)


class Shortest(dict[Goal, Shown]):
    """For each goal the best schedule that was noted: the fewest context switches, then steps."""

    def note(self, goal: Goal, path: Path) -> None:
        """Keep a schedule, if it is the best that shows this."""
        self.take(goal, Shown.by(path))

    def take(self, goal: Goal, new: Shown) -> None:
        """Keep what was shown, if by the best schedule; as it is, where that is the same and minimal."""
        best = self.get(goal)
        if best is None or new.cost < best.cost:
            self[goal] = new


def key_of(goal: Goal) -> str:
    """Give the key of the claim that a goal is about."""
    return str(goal.which[0]) if goal.type in ("final", "output") else goal.type


def rank(goal: Goal, shown: Shown) -> tuple[object, ...]:
    """Order defects: deadlocks, races, then others; what takes the fewest context switches first."""
    order = ("deadlock", "race", "livelock", "starvation")
    place = order.index(goal.type) if goal.type in order else len(order)
    return place, shown.switches, len(shown.path), goal.type, repr(goal.which)
