"""Who is stuck because of a deadlock, without being a part of its core, and who is not.

A thread is stuck because of a core if it waits for it, or if it can never end, or never move, and could if
the core's threads went on. Where what may follow is too much to look at, relaxed progress is asked: what
it says that nobody can do, nobody can.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from deadsim.detect.stuck.coarse_progress import Coarse, Flows
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.kernel.primitives.thread import ENDED, RUNNING
from deadsim.kernel.system import State, System, after

MOST_STATES = 2_000
"""States that are looked at for who can still move; where there are more, not all is known."""

MOST_STEPS = 5_000
"""Steps of one run, where there are more states, in which threads may come to move and to end."""


class Bystanders(NamedTuple):
    """The unfinished threads that are not in a core.

    Those that are `stuck` can never end, or move, because of it; those `waiting` never move either; those `moving`
    can take a step; of the rest it is not known (`unknown`).
    """

    stuck: tuple[int, ...]
    waiting: tuple[int, ...]
    moving: tuple[int, ...]
    unknown: tuple[int, ...]


class Continuations(NamedTuple):
    """Who takes a step in what may follow a state, and who ends; `complete` if nobody else does."""

    movers: frozenset[int]
    ended: frozenset[int]
    complete: bool


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
        return Bystanders((), (), (), ())
    after = continuations(system, state)
    stays, ends = set(settled), after.ended
    if after.complete:
        stays.update(t for t in rest if t not in after.movers)
    else:
        now = judge.whole(state)
        stays |= now.stuck
        ends |= now.ended - now.stuck
    freed = Coarse(system, system.once(Flows), state, core).progress()
    because: list[int] = []
    for thread in rest:
        held_up = thread not in ends and thread in freed.ended
        if thread in behind or held_up or (thread in stays and thread not in freed.stuck):
            because.append(thread)
    others = [t for t in rest if t not in because]
    moving = [t for t in others if t in after.movers]
    return Bystanders(
        tuple(because),
        tuple(t for t in others if t in stays),
        tuple(moving),
        tuple(t for t in others if t not in stays and t not in moving),
    )


def continuations(system: System, state: State) -> Continuations:
    """Look at all that may follow a state; where that is too much, at one run in which threads take turns."""
    seen = {state.key()}
    front = [state]
    movers: set[int] = set()
    ended = {t for t in range(len(state.frames)) if state.objects[t] == ENDED}
    while front and len(seen) <= MOST_STATES:
        here = front.pop()
        for thread in system.enabled(here):
            movers.add(thread)
            for result in system.results(here, thread):
                there = after(here, result)
                key = there.key()
                if key not in seen:
                    seen.add(key)
                    front.append(there)
                    ended.update(t for t in range(len(there.frames)) if there.objects[t] == ENDED)
    complete = not front
    if not complete:
        for there in in_turns(system, state, movers):
            ended.update(t for t in range(len(there.frames)) if there.objects[t] == ENDED)
    return Continuations(frozenset(movers), frozenset(ended), complete)


def in_turns(system: System, state: State, movers: set[int]) -> Iterator[State]:
    """Let all threads take steps in turn, and note who does."""
    threads = range(len(state.frames))
    for number in range(MOST_STEPS):
        enabled = system.enabled(state)
        if not enabled:
            return
        thread = min(enabled, key=lambda one: (one - number) % len(threads))
        movers.add(thread)
        state = system.step(state, thread).state
        yield state
