"""Once round a livelock: the schedule by which it comes back to where it was."""

from collections import deque

from deadsim.exploration.verdicts.goal import Path
from deadsim.space.packed import Packed, Space


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
