"""What an event says of a step beyond what its operation says."""

from deadsim.kernel.operation import Outcome
from deadsim.kernel.ordering import Stores
from deadsim.kernel.programs.atomic import Block
from deadsim.trace.event import Event


def is_plain(outcome: Outcome) -> bool:
    """Decide whether a step did all that its operation says, and nothing else."""
    return (
        outcome.success
        and outcome.block is None
        and outcome.ordering is None
        and outcome.phase is None
    )


def completed(event: Event, outcome: Outcome, stores: Stores, ended: bool) -> Event:
    """Say how a step was ordered, and in which phase; the last one of a thread gives what a join takes."""
    block: Block | None = outcome.block
    if block is not None:
        touched = tuple(dict.fromkeys(block.reads + block.writes))
        event = event._replace(
            objects=touched, reads=block.reads, writes=block.writes, gives=touched, takes=touched
        )
    elif outcome.ordering is not None:
        gives, takes, marks = outcome.ordering
        event = event._replace(
            phase=outcome.phase,
            gives=gives,
            takes=takes,
            ordered_after=stores.follow(event.step, marks),
            is_source=any(mark.puts for mark in marks),
        )
    elif not outcome.success:
        event = event._replace(gives=(), takes=(), phase=outcome.phase)
    elif outcome.phase is not None:
        event = event._replace(phase=outcome.phase)
    return event._replace(gives=(*event.gives, event.thread)) if ended else event
