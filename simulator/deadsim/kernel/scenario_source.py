"""A scenario as a source of steps."""

from collections.abc import Iterable, Iterator
from typing import Any

from deadsim.kernel.row import Result, Row, chosen
from deadsim.kernel.source import Announce, Beginning
from deadsim.kernel.system import System, finalizers
from deadsim.kernel.world import World


class ScenarioSource:
    """Threads that walk the rows of a scenario's table."""

    tabular = True

    def __init__(self, system: System) -> None:
        self.system = system
        self.rows = system.rows
        self.results = system.rows.results
        self.last = system.last
        self.begins = bool(finalizers(system))
        start = system.initial()
        self.objects = start.state.objects
        self.failures = start.failures
        self.standing = tuple(
            (thread, row)
            for thread, frame in enumerate(start.state.frames)
            if (row := system.rows.of(thread, frame)) is not None
        )
        self.first: dict[int, Row | None] = dict(self.standing)

    def begin(self, world: World | None = None) -> Beginning:
        """Give the beginning: the world of the scenario, which never grows."""
        return Beginning(self.system.world, list(self.objects), self.standing, self.failures)

    def perform(self, thread: int, announce: Announce) -> None:
        """Walk a thread's rows."""
        row = self.first.get(thread) or self.rows.begin(thread)[0]
        while row is not None:
            row = announce(row).next

    def again(self, choices: Iterable[tuple[int, int | None]]) -> Iterator[Result]:
        """Give what happened in each step of a schedule."""
        objects: list[Any] = list(self.objects)
        rows: dict[int, Row | None] = dict(self.standing)
        for thread, way in choices:
            row = rows[thread]
            assert row is not None
            result = chosen(self.results(row, objects), way)
            for number, value in result.changes:
                objects[number] = value
            rows[thread] = result.next
            rows.update(result.started)
            yield result
