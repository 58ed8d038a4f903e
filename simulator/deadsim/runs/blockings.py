"""Who came to stand before a blocked step, and when: what a schedule alone does not show."""

from typing import NamedTuple

from deadsim.detect.deadlocks.situation import target_name
from deadsim.model.place import Place
from deadsim.runs.playback import states
from deadsim.runs.result import Run


class Blocked(NamedTuple):
    """After this step (-1: from the start) a thread stood before a step that was blocked."""

    step: int
    thread: int
    object: str
    place: Place


def came_to_block(run: Run, first: int = 0) -> tuple[Blocked, ...]:
    """Find who came to be blocked from step `first` on, and who was from the start."""
    system = run.system
    before: set[int] = set()
    found: list[Blocked] = []
    for step, (state, _) in enumerate(states(system, run), -1):
        if step < first - 1:
            continue
        now = {
            thread
            for thread, frame in enumerate(state.frames)
            if frame.operation is not None and not frame.operation.ways(state.objects, thread)
        }
        if step >= first or step == -1:
            for thread in sorted(now - before):
                frame = state.frames[thread]
                place = system.linked[thread].place(frame.position)
                found.append(
                    Blocked(step, thread, target_name(system, thread, frame, state.objects), place)
                )
        before = now
    return tuple(found)
