"""Events from a log of what happened: made afterwards, when somebody asks."""

from collections.abc import Iterable, Iterator

from deadsim.kernel.ordering import Stores
from deadsim.kernel.row import Result
from deadsim.trace.event import Event


def events_of(results: Iterable[Result]) -> Iterator[Event]:
    """Give the events of an execution, from the results of its steps in their order."""
    stores = Stores()
    for step, result in enumerate(results):
        yield event_of(step, result, stores)


def event_of(step: int, result: Result, stores: Stores) -> Event:
    """Give the event of one step; `stores` have followed all steps before it."""
    row, outcome, effect = result.row, result.outcome, result.effect
    operation, values, place = row.operation, outcome.results, row.place
    if outcome.taken is not None:
        operation, alone, place = outcome.taken
        values = alone.results
    objects = operation.objects
    if outcome.block is not None:
        objects = outcome.block.touched  # what the block has touched, of all that it might
    return Event(
        step,
        row.thread,
        operation.verb,
        objects,
        place,
        effect,
        stores.follow(step, effect.marks) if effect.marks else (),
        values[0] if values else None,
        result.choice[1],
        operation.text,
        row.operation.verb if outcome.taken is not None else None,
    )
