"""A step that happened."""

from typing import Literal, NamedTuple

from deadsim.model.place import Place
from deadsim.model.values import Value
from deadsim.trace.effect import NOTHING, Effect, Numbers


class Event(NamedTuple):
    """One step: its thread and what it touched by their numbers, steps from 0.

    `ordered_after` are earlier steps that came before it by what it took out of stores; `choice` is
    the result that was taken where there were several; `text` what was printed or named. `within` is the verb
    of a step that could have been several, of which it was this one.
    """

    step: int
    thread: int
    verb: str
    objects: Numbers
    place: Place
    effect: Effect = NOTHING
    ordered_after: Numbers = ()
    value: Value = None
    choice: int | None = None
    text: str | None = None
    within: str | None = None

    @property
    def success(self) -> bool:
        """Tell whether it did what it tried."""
        return self.effect.success

    @property
    def begins(self) -> bool:
        """Tell whether it was the first step of its thread's finalizer."""
        return self.choice is not None and self.choice < 0

    @property
    def phase(self) -> Literal["begin", "end"] | None:
        """Tell which of the two steps of a wait it was."""
        return self.effect.phase
