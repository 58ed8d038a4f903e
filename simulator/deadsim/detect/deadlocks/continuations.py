"""What may follow a state, where that is little enough to be looked at: who moves, who ends, whether a core closes."""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from deadsim.detect.stuck.closure import Closure
from deadsim.kernel.primitives.thread import ENDED
from deadsim.kernel.row import own
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


FEW_STATES = 100
"""States that are looked at for whether the program may still end."""


def may_end(system: System, state: State) -> bool:
    """Decide whether a program may still come to its end; where that is too much to look at, it may."""
    for here in following(system, state, FEW_STATES, begins=True):
        if here is None or system.over(here.objects):
            return True
    return False


def unavoidable_from(system: System, path: Sequence[tuple[int, int | None]]) -> int | None:
    """Find the first step of a schedule after which the program cannot end any more, as far as that is little to look at.

    -1 is the start; None where it may still end after the last step.
    """
    states = [system.initial().state]
    for thread, way in path:
        states.append(system.follow(states[-1], thread, way).state)
    # What may follow only gets less.
    first = bisect_left(states, True, key=lambda state: not may_end(system, state))
    return first - 1 if first < len(states) else None


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


def following(
    system: System, state: State, most: int = MOST_STATES, begins: bool = False
) -> Iterator[State | None]:
    """Give a state and all that may follow it; None at the end where there are too many.

    Without what follows when a finalizer `begins`, which never has to, unless it is asked for.
    """
    seen = {state.key()}
    front = [state]
    while front:
        here = front.pop()
        yield here
        threads = range(len(here.frames)) if begins else system.enabled(here)
        for thread in () if system.over(here.objects) else threads:
            results = system.results(here, thread)
            for result in results if begins else own(results):
                there = after(here, result)
                key = there.key()
                if key not in seen:
                    seen.add(key)
                    front.append(there)
        if len(seen) > most:
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
        state = system.follow(state, thread, None).state
        yield state
