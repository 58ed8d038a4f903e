"""Every state that can be reached, breadth first."""

from deadsim.exploration.budget import Budget
from deadsim.exploration.states.levels import WATCHED, Quick, Reached, groups
from deadsim.space.packed import Packed

ENOUGH = 30_000  # states, from which on numpy pays
ALONE = 2_000  # states, before it is known which bits these are


def search(reached: Reached, budget: Budget, most: int | None = None) -> None:
    """Visit every state, but no more levels once there are `most` of them; called again, it goes on.

    Raises Spent, and Outgrown where the space has to be widened.
    """
    space = reached.space
    levels, ends, halts = reached.levels, reached.ends, reached.halts
    grouped, tried = bool(reached.quick), False
    quick = reached.quick or [Quick(reached, (thread,)) for thread in space.threads]
    if len(levels) == 1:
        budget.count(1)
    if not all(isinstance(level, list) for level in levels):
        tried = True
        if go_on_with_numpy(reached, quick, budget, most):
            return
    seen: set[Packed] = set().union(*levels)
    lasting = space.lasting
    unasked, late, begins = reached.unasked, reached.late, reached.begins
    while levels[-1]:
        if most is not None and len(seen) > most:
            return
        if grouped and not tried and len(seen) > ENOUGH:
            tried = True
            if go_on_with_numpy(reached, quick, budget, most):
                return
        budget.depth = len(levels)
        following: list[Packed] = []
        counted = transitions = 0
        levels.append(following)
        if not grouped and len(seen) > ALONE:
            quick = reached.quick = groups(reached, quick)
            grouped = True
        # Of each group of threads: the bits that decide its steps, and what they are for their values.
        tables = [(one.mask, one.known, one) for one in quick]
        for number, state in enumerate(levels[-2]):
            if not number % WATCHED and number:
                reached.transitions += transitions
                budget.count(len(following) - counted, transitions)
                counted, transitions = len(following), 0
            if not state & lasting:
                ends.append(state)
                continue
            before = transitions
            for mask, known, one in tables:
                deltas = known.get(state & mask)
                if deltas is None:
                    deltas = one.find(state)
                    if one.mask != mask:
                        tables = [(other.mask, other.known, other) for other in quick]
                for delta in deltas:
                    transitions += 1
                    after = state + delta
                    if after not in seen:
                        seen.add(after)
                        following.append(after)
            if late:
                for one in unasked if transitions > before else unasked + late:
                    for delta in one.deltas(state):
                        transitions += 1
                        after = state + delta
                        if after not in seen:
                            seen.add(after)
                            following.append(after)
            if transitions == before:
                halts.append(state)
            for one in begins:
                for delta in one.deltas(state):
                    transitions += 1
                    after = state + delta
                    if after not in seen:
                        seen.add(after)
                        following.append(after)
        reached.transitions += transitions
        reached.judge(following)
        budget.count(len(following) - counted, transitions)
        if budget.steps is not None and len(levels) > budget.steps + 1 and following:
            raise budget.too_deep(budget.steps)
    levels.pop()
    reached.complete = True


def go_on_with_numpy(
    reached: Reached, quick: list[Quick], budget: Budget, most: int | None
) -> bool:
    """Go on with many states at once, if numpy is there and states are small enough."""
    try:
        from deadsim.exploration.states.numpy_levels import go_on
    except ImportError:
        return False
    if not go_on(reached, quick, budget, most):
        return False
    if not len(reached.levels[-1]):
        reached.levels.pop()
        reached.complete = True
    return True
