"""Who is stuck because of a deadlock, without being a part of its core, and who is not.

A thread is stuck because of a core if it waits for it, or if it can never end, or never move, and could if
the core's threads went on. Where what may follow is too much to look at, relaxed progress is asked: what
it says that nobody can do, nobody can.
"""

from collections.abc import Collection
from typing import NamedTuple

from deadsim.detect.deadlocks.continuations import continuations
from deadsim.detect.deadlocks.cores import Core
from deadsim.detect.stuck.coarse_progress import Coarse, Flows
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.kernel.primitives.thread import RUNNING
from deadsim.kernel.system import State


class Bystanders(NamedTuple):
    """The unfinished threads that are not in a core.

    Those that are `stuck` can never end, or move, because of it; those `waiting` never move either; those `moving`
    can take a step; of the rest it is not known (`unknown`).
    """

    stuck: tuple[int, ...]
    waiting: tuple[int, ...]
    moving: tuple[int, ...]
    unknown: tuple[int, ...]


def bystanders(
    judge: StuckJudge,
    state: State,
    core: Core,
    settled: Collection[int],
    members: Collection[int],
) -> Bystanders:
    """Tell the other threads of a state apart; those in `settled` stay where they are, `members` have cores of their own."""
    system = judge.system
    rest = [t for t, status in enumerate(state.objects[: len(state.frames)]) if status == RUNNING]
    rest = [t for t in rest if t not in core.threads]
    if not rest:
        return Bystanders((), (), (), ())
    after = continuations(system, state)
    stays, ends = set(settled), after.ended
    if after.complete:
        stays.update(t for t in rest if t not in after.movers)
    else:
        now = judge.whole(state)
        stays |= now.stuck
        ends |= now.ended - now.stuck
    freed = Coarse(system, system.once(Flows), state, core.threads).progress()
    because: list[int] = []
    for thread in rest:
        held_up = thread not in ends and thread in freed.ended
        if thread in core.rests_on or thread in members:
            continue
        if thread in core.behind or held_up or (thread in stays and thread not in freed.stuck):
            because.append(thread)
    others = [t for t in rest if t not in because]
    moving = [t for t in others if t in after.movers]
    return Bystanders(
        tuple(because),
        tuple(t for t in others if t in stays),
        tuple(moving),
        tuple(t for t in others if t not in stays and t not in moving),
    )
