"""A schedule carried out in memory, by the kernel alone, with the events that real threads would give."""

from collections.abc import Iterable

from deadsim.kernel.log import events_of
from deadsim.kernel.system import State, System, after
from deadsim.trace.event import Event


def retrace(system: System, path: Iterable[tuple[int, int]]) -> tuple[tuple[Event, ...], State]:
    """Give the events of a schedule, and the state that it leads to.

    A step is a thread and which of its results it has. Every step has to be one that can be taken.
    """
    state = system.initial().state
    results = []
    for thread, way in path:
        result = system.results(state, thread)[way]
        results.append(result)
        state = after(state, result)
    return tuple(events_of(results)), state
