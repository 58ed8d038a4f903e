"""A run's schedule followed once more, in memory: its states, and where everything stood in each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from deadsim.detect.deadlocks.situation import Situation, situation
from deadsim.detect.holdings import Holdings
from deadsim.kernel.failure import Failure
from deadsim.kernel.system import State, System
from deadsim.model.program import Choice
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock

MOST_STEPS = 5_000
"""Steps of a run of which all are shown."""

LAST_STEPS = 2_000
"""How many of a longer one are shown: its last ones."""


@dataclass(frozen=True)
class Reached:
    """A state after `taken` steps, and the threads that have failed by then."""

    system: System
    taken: int
    state: State
    failed: frozenset[int]

    @cached_property
    def able(self) -> frozenset[int]:
        """Find the threads whose next step is not blocked; worked out once, for all who ask."""
        objects, frames = self.state
        return frozenset(
            thread
            for thread, frame in enumerate(frames)
            if frame.operation is not None and frame.operation.ways(objects, thread)
        )

    @property
    def enabled(self) -> tuple[int, ...]:
        """List the threads that can take the next step: nobody, once the program has ended."""
        return () if self.system.over(self.state.objects) else tuple(sorted(self.able))

    @property
    def blocked(self) -> frozenset[int]:
        """List the threads that stand before a step that they cannot take."""
        frames = enumerate(self.state.frames)
        return frozenset(t for t, frame in frames if frame.operation is not None) - self.able


class Moment(NamedTuple):
    """After `taken` steps: how every thread stood, who could take the next step, and the shared objects."""

    taken: int
    situation: Situation
    enabled: tuple[int, ...]
    state: State


def first_shown(steps: int) -> int:
    """Give the first step of a run that is shown."""
    return max(0, steps - LAST_STEPS) if steps > MOST_STEPS else 0


def follow(system: System, schedule: Iterable[Choice], first: int) -> Iterator[Reached]:
    """Give the states of a run: that before step `first`, and that after each step from there on."""
    numbers = {system.world.name(number): number for number in system.world.threads}
    at = system.initial()
    failed = who_failed(at.failures)
    if not first:
        yield Reached(system, 0, at.state, failed)
    for taken, choice in enumerate(schedule, 1):
        at = system.follow(at.state, numbers[choice.thread], choice.result)
        if at.failures:
            failed |= who_failed(at.failures)
        if taken >= first:
            yield Reached(system, taken, at.state, failed)


def who_failed(failures: Iterable[Failure]) -> frozenset[int]:
    """Give the threads that have failed; one whose time runs out goes on."""
    return frozenset(failure.thread for failure in failures if failure.type != "timeout")


def describe(
    states: Iterable[Reached], events: Sequence[Event], found: Sequence[Deadlock]
) -> Iterator[Moment]:
    """Describe each of some states that follow one another, given all steps of the run and its deadlocks."""
    held = Holdings()
    for reached in states:
        while held.steps < reached.taken:
            held.after(events[held.steps])
        stand = (one for one in found if (-1 if one.step is None else one.step) < reached.taken)
        standing = situation(
            reached.system, reached.state, held, reached.failed, reached.able, stand
        )
        yield Moment(reached.taken, standing, reached.enabled, reached.state)
