"""Schedules at hand: of all that a search has seen, one that shows it, if not the shortest."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from deadsim.exploration.states.bottom_components import Component
from deadsim.exploration.states.levels import Reached
from deadsim.exploration.verdicts.goal import Path
from deadsim.model.claims import OutputClaim
from deadsim.runs.result import lines
from deadsim.space.packed import Packed, Space
from deadsim.space.state_predicate import Asked

MOST_KEPT = 20
"""Deadlocks of which a schedule is kept."""


class AtHand:
    """Has for each key in `paths` schedules that show the defect or break the claim; in `races` one for
    each variable that races.
    """

    def __init__(self) -> None:
        self.paths: dict[str, list[Path]] = {}
        self.races: dict[int, Path] = {}

    def note(self, key: str, path: Path) -> None:
        """Keep one schedule, where there is none."""
        self.paths.setdefault(key, [path])

    def note_race(self, raced: Iterable[int], path: Path) -> None:
        """Keep a schedule that shows races."""
        for variable in raced:
            self.races.setdefault(variable, path)

    def note_sights(self, reached: Reached, path: Callable[[Packed], Path]) -> None:
        """Keep schedules that show the failures that were seen."""
        for type, (state, step) in reached.sights.items():
            self.note(type, (*path(state), *(() if step is None else (step,))))
        reached.sights.clear()

    def note_outcomes(
        self,
        parts: Sequence[Component],
        path: Callable[[Packed], Path],
        breaking: Iterable[tuple[str, Callable[[Component], bool]]],
        most: int,
    ) -> None:
        """Keep schedules that lead to outcomes by which something is shown or broken, of deadlocks several."""
        for key, breaks in breaking:
            kept = self.paths.get(key, [])
            room = (most if key == "deadlock" else 1) - len(kept)
            for part in parts if room > 0 else ():
                if breaks(part):
                    kept.append(path(part.nodes[0]))
                    room -= 1
                    if not room:
                        break
            if kept:
                self.paths[key] = [*dict.fromkeys(kept)]


def steps_to(came: Mapping[int, tuple[int, int, int]], node: int) -> Path:
    """Give the steps by which a node was come to."""
    path: list[tuple[int, int]] = []
    before, thread, way = came[node]
    while thread >= 0:
        path.append((thread, way))
        before, thread, way = came[before]
    return tuple(reversed(path))


def is_false_end(space: Space, asked: Asked, value: bool, part: Component) -> bool:
    """Decide whether the program has ended with the value that a claim excludes."""
    return space.over(part.nodes[0]) and asked(part.nodes[0]) == value


def is_without(space: Space, wanted: OutputClaim, part: Component) -> bool:
    """Decide whether an outcome is without a line that is claimed."""
    return not wanted.is_met(lines(space.value(part.nodes[0], space.system.world.output)))
