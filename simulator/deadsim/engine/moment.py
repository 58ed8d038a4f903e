"""What can be seen of an execution between two steps."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from deadsim.kernel.failure import Failure
from deadsim.kernel.row import Result, Row
from deadsim.kernel.world import World
from deadsim.trace.event import Event


class Moment:
    """An execution as it stands after a step, or (`step` -1, without a `result`) at its start.

    `objects` is the state of all objects by number; `rows` has for each number of a thread the step
    that it stands before (None: it has ended, or not begun); `enabled` are those of them that can be
    taken, in order, `blocked` the others; `events` gives what has happened. It is the same object throughout an
    execution: what is to be kept of it has to be copied.
    """

    __slots__ = (
        "blocked",
        "enabled",
        "events",
        "objects",
        "over",
        "result",
        "rows",
        "standing",
        "step",
        "world",
    )

    def __init__(self, world: World, objects: list[Any]) -> None:
        self.world = world
        self.objects = objects
        self.rows: list[Row | None] = [None] * len(world)
        self.enabled: Sequence[Row] = ()
        self.blocked: Sequence[Row] = ()
        self.step = -1
        self.result: Result | None = None
        self.over = False
        self.events: Callable[[], Sequence[Event]] = tuple

    @property
    def threads(self) -> list[int]:
        """List the numbers of the threads."""
        return self.world.threads


class Watcher(Protocol):
    """Looks on, and may stop the execution."""

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        """See how it stands after a step, and who failed with it; true stops the execution."""
        ...
