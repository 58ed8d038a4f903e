"""Whose finalizer could let a stuck thread go on: it may begin, and never has to."""

from collections.abc import Iterable

from deadsim.detect.deadlocks.wakers import Halt
from deadsim.kernel.programs.finalizer import begun
from deadsim.kernel.programs.linked import Stop
from deadsim.kernel.system import State, System, finalizers


def could_help(system: System, state: State, halts: Iterable[Halt]) -> tuple[int, ...]:
    """List the threads whose finalizer may still begin, and could provide what one of these waits for."""
    wanted = [(halt.facts, halt.owners) for halt in halts]
    return tuple(
        thread
        for thread in finalizers(system)
        if any(
            (owners is None or thread in owners) and may_provide(system, state, thread, set(facts))
            for facts, owners in wanted
        )
    )


def may_provide(system: System, state: State, thread: int, facts: set[object]) -> bool:
    """Decide by its text whether a finalizer may provide one of these, begun where its thread stands."""
    frame, linked = state.frames[thread], system.linked[thread]
    first = linked.code.begun_at(frame.position)
    if first is None or begun(linked, frame, False) is None:
        return False
    for entry in linked.entries[first : frame.position]:
        if isinstance(entry, Stop) and entry.form is not None:
            for number in entry.numbers:
                given = {*entry.form.possible(number), *entry.form.certain(number)}
                if not given.isdisjoint(facts):
                    return True
    return False
