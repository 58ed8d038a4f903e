"""Once round a livelock: the schedule by which it comes back to where it was."""

from collections import deque
from collections.abc import Iterator
from typing import TypeAlias

from deadsim.exploration.states.fair_cycles import FairCycle
from deadsim.exploration.verdicts.goal import Path
from deadsim.space.packed import Packed, Space

MOST = 200_000
"""Of the ways round that are fair a shortest one is looked for, as long as so many suffice."""

Need: TypeAlias = tuple[Packed, int, int]
"""A state on the way round, and what is kept of the way to it.

For weak fairness: who has moved or could not, as bits, and whether a thread that is no daemon has moved.
For strong fairness: who has moved, and who could.
"""


def once_round(space: Space, start: Packed, movers: int) -> Path:
    """Find a shortest schedule from a state back to it, with a step of one of these threads (bits).

    There has to be one, as there is in a part of the states that is never left again.
    """
    came: dict[tuple[Packed, bool], tuple[tuple[Packed, bool], int, int]] = {}
    front = deque([(start, False)])
    goal = (start, True)
    while goal not in came:
        here = front.popleft()
        state, moved = here
        for thread, way, after, _ in space.successors(state):
            there = after, moved or bool(movers >> thread & 1)
            if there not in came and there != (start, False):
                came[there] = here, thread, way
                front.append(there)
    path: list[tuple[int, int]] = []
    here = goal
    while here != (start, False):
        here, thread, way = came[here]
        path.append((thread, way))
    return tuple(reversed(path))


def fairly_round(space: Space, cycle: FairCycle, start: Packed) -> Path:
    """Find a schedule from a state of a fair part of the states back to it that is fair when it is repeated.

    A shortest one, if it is found before long.
    """
    part = next(part for part in cycle.parts if start in part)
    way = _Round(space, cycle, part)
    return way.shortest(start) or way.by_stages(start)


class _Round:
    """Goes round a part of the states, and keeps what fairness asks for on the way."""

    def __init__(self, space: Space, cycle: FairCycle, part: frozenset[Packed]) -> None:
        self.space, self.part = space, part
        self.victim = cycle.question.victim
        self.weak = cycle.question.fair == "weak"
        self.all = (1 << len(space.threads)) - 1
        self.lasting = sum(1 << thread for thread in space.system.lasting)

    def steps(self, state: Packed) -> Iterator[tuple[int, int, Packed]]:
        """List the steps that stay: who takes it, with which result, the state after it."""
        for thread, way, after, _ in self.space.successors(state):
            if thread != self.victim and after in self.part:
                yield thread, way, after

    def able(self, state: Packed) -> int:
        """Give who can move in a state, as bits."""
        can_move = self.space.can_move
        return sum(1 << thread for thread in self.space.threads if can_move(state, thread))

    def begin(self, state: Packed) -> Need:
        """Give what is kept before the first step."""
        able = self.able(state)
        return (state, self.all & ~able, 0) if self.weak else (state, 0, able)

    def after(self, before: Need, thread: int, state: Packed) -> Need:
        """Give what is kept after a step."""
        _, one, other = before
        able = self.able(state)
        if self.weak:
            return state, one | 1 << thread | self.all & ~able, other | self.lasting >> thread & 1
        return state, one | 1 << thread, other | able

    def is_fair(self, need: Need) -> bool:
        """Decide whether nobody is left out, and of a livelock that it is one."""
        _, one, other = need
        if self.weak:
            return one == self.all and bool(other or self.victim is not None)
        return not other & ~one and bool(one & self.lasting or self.victim is not None)

    def shortest(self, start: Packed) -> Path:
        """Try ways round, the shorter ones first; empty where too many are none."""
        first = self.begin(start)
        came: dict[Need, tuple[Need, int, int]] = {}
        front = deque([first])
        while front and len(came) < MOST:
            here = front.popleft()
            for thread, way, state in self.steps(here[0]):
                there = self.after(here, thread, state)
                if state == start and self.is_fair(there):
                    path = [(thread, way)]
                    while here != first:
                        here, thread, way = came[here]
                        path.append((thread, way))
                    return tuple(reversed(path))
                if there not in came and there != first:
                    came[there] = here, thread, way
                    front.append(there)
        return ()

    def by_stages(self, start: Packed) -> Path:
        """Go to the nearest place that adds to what is kept, again and again, and back."""
        path: list[tuple[int, int]] = []
        here = self.begin(start)
        if not self.weak:  # each who can move somewhere in it moves in it
            everybody = 0
            for state in self.part:
                everybody |= self.able(state)
            here = (start, 0, everybody)
        while not self.is_fair(here):
            here = self.walk(here, None, path)
        if here[0] != start or not path:
            self.walk(here, start, path)
        return tuple(path)

    def walk(self, here: Need, to: Packed | None, path: list[tuple[int, int]]) -> Need:
        """Take the fewest steps to a state, or (None) to where more is kept."""
        came: dict[Packed, tuple[Packed, int, int]] = {}
        front = deque([here[0]])
        while True:
            state = front.popleft()
            for thread, way, after in self.steps(state):
                there = self.after(here, thread, after)
                if after == to if to is not None else there[1:] != here[1:]:
                    last = [(thread, way)]
                    while state != here[0]:
                        state, thread, way = came[state]
                        last.append((thread, way))
                    path += reversed(last)
                    return there
                if after not in came and after != here[0]:
                    came[after] = state, thread, way
                    front.append(after)
