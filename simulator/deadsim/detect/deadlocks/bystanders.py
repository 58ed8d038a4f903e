"""Who is stuck because of a deadlock, without being a part of its core, and who is not.

A thread is stuck because of a core if it can never end, or never move, and could if the core's threads
went on. Both are asked of relaxed progress: what it says that nobody can do, nobody can.
"""

from collections.abc import Collection
from typing import NamedTuple

from deadsim.detect.stuck.coarse_progress import Coarse, Flows
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.kernel.primitives.thread import ENDED, RUNNING
from deadsim.kernel.system import State, System

ROUNDS = 50
"""Steps of each thread, in which it may come to its end."""


class Bystanders(NamedTuple):
    """The unfinished threads that are not in a core: stuck because of it, waiting as well, or still able to move."""

    stuck: tuple[int, ...]
    waiting: tuple[int, ...]
    moving: tuple[int, ...]


def bystanders(
    judge: StuckJudge,
    state: State,
    core: Collection[int],
    behind: Collection[int],
    settled: Collection[int],
) -> Bystanders:
    """Tell the other threads of a state apart; those in `settled` stay where they are, those `behind` wait for the core."""
    system = judge.system
    rest = [t for t, status in enumerate(state.objects[: len(state.frames)]) if status == RUNNING]
    rest = [t for t in rest if t not in core]
    if not rest:
        return Bystanders((), (), ())
    now = judge.whole(state)
    freed = Coarse(system, system.once(Flows), state, core).progress()
    ends = now.ended | ended_by_a_run(system, state)
    because: list[int] = []
    for thread in rest:
        held_up = thread not in ends and thread in freed.ended
        stays = thread in settled or thread in now.stuck
        if thread in behind or held_up or (stays and thread not in freed.stuck):
            because.append(thread)
    others = [t for t in rest if t not in because]
    return Bystanders(
        tuple(because),
        tuple(t for t in others if t in settled),
        tuple(t for t in others if t not in settled),
    )


def ended_by_a_run(system: System, state: State) -> set[int]:
    """Find threads that can end, by letting all take steps in turn.

    Relaxed progress promises nothing of a step that may be a misuse, though that may be how a thread ends.
    """
    threads = range(len(state.frames))
    for number in range(ROUNDS * len(threads)):
        enabled = system.enabled(state)
        if not enabled:
            break
        thread = min(enabled, key=lambda one: (one - number) % len(threads))
        state = system.step(state, thread).state
    return {thread for thread in threads if state.objects[thread] == ENDED}
