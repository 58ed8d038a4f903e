"""What a finalizer mends has been shown all the same: whether an outcome can be come to without it.

Who is stuck stays so, and who goes round for ever does, unless a finalizer begins. So where there are finalizers an
outcome without a deadlock may come after one.
"""

from collections.abc import Callable, Iterable

from deadsim.exploration.budget import Budget
from deadsim.exploration.states.bottom_components import Component, who_can_move
from deadsim.exploration.states.levels import WATCHED
from deadsim.space.packed import Packed, Space


def stuck_somewhere(
    space: Space, levels: Iterable[list[Packed]], budget: Budget
) -> Callable[[Packed], bool]:
    """Give what says of a state whether a thread that is no daemon is stuck in it."""
    movers = who_can_move(space, levels, budget)
    lasting = space.system.lasting

    def is_stuck(state: Packed) -> bool:
        moving = movers[state]
        return not space.over(state) and any(
            space.running(state, thread) and not moving >> thread & 1 for thread in lasting
        )

    return is_stuck


def reached_without(
    space: Space, parts: Iterable[Component], shows: Callable[[Packed], bool], budget: Budget
) -> bool:
    """Decide whether one of some outcomes can be come to by states alone that do not show something."""
    goals = {node for part in parts for node in part.nodes}
    if shows(space.start):
        return False
    seen = {space.start}
    front = [space.start]
    while front:
        state = front.pop()
        if state in goals:
            return True
        for _, after in (*space.followers(state), *space.asides(state)):
            if after not in seen and not shows(after):
                seen.add(after)
                front.append(after)
                if not len(seen) % WATCHED:
                    budget.watch()
    return False
