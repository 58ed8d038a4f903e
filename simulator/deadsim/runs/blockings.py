"""Who came to stand before a blocked step, and when: what a schedule alone does not show."""

from typing import NamedTuple

from deadsim.detect.deadlocks.in_modes import asked
from deadsim.detect.deadlocks.situation import target_name
from deadsim.model.place import Place
from deadsim.runs.result import Run


class Blocked(NamedTuple):
    """After this step (-1: from the start) a thread stood before a step that was blocked.

    Of a lock with modes it asked for `mode`.
    """

    step: int
    thread: int
    object: str
    place: Place
    mode: str | None = None


def came_to_block(run: Run, first: int = 0) -> tuple[Blocked, ...]:
    """Find who came to be blocked from step `first` on, and who was from the start.

    Of a run that is not shown as a whole, from the first step on that is.
    """
    system = run.system
    before: frozenset[int] = frozenset()
    found: list[Blocked] = []
    states = run.states[max(0, first - run.first) :]
    for reached in states:
        now = reached.blocked
        if reached.taken > first or not reached.taken:
            for thread in sorted(now - before):
                frame = reached.state.frames[thread]
                place = system.linked[thread].place(frame.position)
                about = target_name(system, thread, frame, reached.state.objects)
                mode = asked(frame.operation)
                found.append(Blocked(reached.taken - 1, thread, about, place, mode))
        before = now
    return tuple(found)
