"""A schedule carried out in memory, by the kernel alone, with the events that real threads would give."""

from collections.abc import Iterable

from deadsim.kernel.effect import completed
from deadsim.kernel.ordering import Stores
from deadsim.kernel.system import State, System
from deadsim.trace.event import Event


def retrace(system: System, path: Iterable[tuple[int, int]]) -> tuple[tuple[Event, ...], State]:
    """Give the events of a schedule, and the state that it leads to.

    A step is a thread and which of its results it has. Every step has to be one that can be taken.
    """
    stores = Stores()
    state = system.initial().state
    events: list[Event] = []
    for step, (thread, way) in enumerate(path):
        frame = state.frames[thread]
        operation = frame.operation
        assert operation is not None
        several = system.ways(state, thread) > 1
        move = system.step(state, thread, way)
        outcome, state = move.outcome, move.state
        results = outcome.results
        event = Event(
            step,
            thread,
            operation.verb,
            None,
            operation.objects,
            system.linked[thread].place(frame.position),
            operation.reads,
            operation.writes,
            operation.gives,
            operation.takes,
            success=outcome.success,
            value=results[0] if results else None,
            choice=way if several else None,
            text=operation.text,
        )
        ended = state.frames[thread].operation is None
        events.append(completed(event, outcome, stores, ended))
    return tuple(events), state
