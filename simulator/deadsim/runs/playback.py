"""A run's schedule followed once more, in memory: its states, and where everything stood in each."""

from collections.abc import Iterator
from typing import NamedTuple

from deadsim.detect.deadlocks.situation import Situation, situation
from deadsim.detect.holdings import Holdings
from deadsim.kernel.failure import Failure
from deadsim.kernel.system import State, System
from deadsim.runs.result import Run


class Reached(NamedTuple):
    """A state, and which threads failed with the step that led to it."""

    state: State
    failures: tuple[Failure, ...]


class Moment(NamedTuple):
    """After `taken` steps: how every thread stood, who could take the next step, and the shared objects."""

    taken: int
    situation: Situation
    enabled: tuple[int, ...]
    state: State


def states(system: System, run: Run) -> Iterator[Reached]:
    """Give the states of a run: the first one, and that after each step."""
    numbers = {run.world.name(number): number for number in run.world.threads}
    at = system.initial()
    yield Reached(at.state, at.failures)
    for choice in run.schedule:
        at = system.step(at.state, numbers[choice.thread], choice.result or 0)
        yield Reached(at.state, at.failures)


def moments(run: Run, first: int = 0) -> Iterator[Moment]:
    """Describe a run before each of its steps from step `first` on, and at its end."""
    system = run.system
    holders = Holdings()
    failed: set[int] = set()
    for taken, (state, failures) in enumerate(states(system, run)):
        failed.update(failure.thread for failure in failures)
        if taken:
            holders.after(run.events[taken - 1])
        if taken < first:
            continue
        shown = (
            found
            for found in (*run.deadlocks, *run.leaks)
            if found.schedule is None and (-1 if found.step is None else found.step) < taken
        )
        standing = situation(system, state, holders, failed, shown)
        yield Moment(taken, standing, tuple(system.enabled(state)), state)
