"""What a step did, from its operation and its outcome: said once, for engine, explorer and judges."""

from deadsim.kernel.operation import Operation, Outcome
from deadsim.trace.effect import Effect, Mark


def effect_of(operation: Operation, outcome: Outcome, thread: int, ends: bool) -> Effect:
    """Say what a thread's step did; one that `ends` its thread gives what a join takes.

    A step that failed, be it a try or a misuse, orders nothing and has done nothing.
    """
    if outcome.taken is not None:
        operation = outcome.taken.operation
    success, phase, block = outcome.success, outcome.phase, outcome.block
    last = (thread,) if ends else ()
    if block is not None:
        touched = tuple(dict.fromkeys(block.reads + block.writes))
        gives, takes = (*touched, *last), (*touched, *block.hears)
        return Effect(block.reads, block.writes, gives, takes, (), success, phase, ends=ends)
    gives, takes = operation.gives, operation.takes
    marks: tuple[Mark, ...] = ()
    if outcome.ordering is not None:
        gives, takes, marks = outcome.ordering
    elif not success:
        gives = takes = ()
    begins = phase == "begin"
    done = success and not begins
    freed = outcome.freed
    if freed is None:
        freed = operation.releases if done else ()
    return Effect(
        operation.reads,
        operation.writes,
        (*gives, *last),
        takes,
        marks,
        success,
        phase,
        operation.acquires if done else (),
        freed,
        operation.parks if begins else (),
        operation.parks if phase == "end" and takes else (),
        operation.signals if success else (),
        operation.clears if success else (),
        outcome.started,
        operation.joins if done else (),
        ends,
        outcome.notified,
    )
