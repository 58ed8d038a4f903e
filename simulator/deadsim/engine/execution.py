"""What one execution did."""

from collections.abc import Callable
from functools import cached_property
from typing import Literal, TypeAlias

from deadsim.engine.moment import Moment
from deadsim.trace.event import Event

Ending: TypeAlias = Literal["completed", "stuck", "stopped", "budget", "interrupted"]


class Execution:
    """What one execution did: how it ended, and who took each step with which result.

    `moment` is how it stood at its end. The events are made when they are asked for.
    """

    def __init__(
        self,
        ending: Ending,
        choices: tuple[tuple[int, int | None], ...],
        moment: Moment,
        events: Callable[[], tuple[Event, ...]],
    ) -> None:
        self.ending: Ending = ending
        self.choices = choices
        self.moment = moment
        self._events = events

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Give what happened, step by step."""
        return self._events()
