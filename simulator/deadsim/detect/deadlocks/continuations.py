"""What may follow a state, where that is little enough to be looked at: who moves, who ends, whether a core closes."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from deadsim.detect.stuck.closure import Closure
from deadsim.kernel.primitives.thread import ENDED
from deadsim.kernel.system import State, System, after

MOST_STATES = 2_000
"""States that are looked at for who can still move; where there are more, not all is known."""

MOST_STEPS = 5_000
"""Steps of one run, where there are more states, in which threads may come to move and to end."""


class Continuations(NamedTuple):
    """Who takes a step in what may follow a state, and who ends; `complete` if nobody else does."""

    movers: frozenset[int]
    ended: frozenset[int]
    complete: bool


def never_closed(system: System, state: State, threads: Collection[int]) -> frozenset[int]:
    """Give those threads that are in no closed core, whatever follows; nobody where that is too much to look at."""
    closure = system.once(Closure)
    never = set(threads)
    for here in following(system, state):
        if here is None:
            return frozenset()
        blocked = [
            t
            for t, frame in enumerate(here.frames)
            if frame.operation is not None and not frame.operation.ways(here.objects, t)
        ]
        if not never.isdisjoint(blocked):
            never -= closure.of(here, blocked)
            if not never:
                break
    return frozenset(never)


def following(system: System, state: State) -> Iterator[State | None]:
    """Give a state and all that may follow it; None at the end where there are too many."""
    seen = {state.key()}
    front = [state]
    while front:
        here = front.pop()
        yield here
        for thread in system.enabled(here):
            for result in system.results(here, thread):
                there = after(here, result)
                key = there.key()
                if key not in seen:
                    seen.add(key)
                    front.append(there)
        if len(seen) > MOST_STATES:
            yield None
            return


def continuations(system: System, state: State) -> Continuations:
    """Look at all that may follow a state; where that is too much, at one run in which threads take turns."""
    movers: set[int] = set()
    ended: set[int] = set()
    complete = True
    for here in following(system, state):
        if here is None:
            complete = False
            break
        movers.update(system.enabled(here))
        ended.update(t for t in range(len(here.frames)) if here.objects[t] == ENDED)
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
