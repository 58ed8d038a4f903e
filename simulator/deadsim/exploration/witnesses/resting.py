"""Deadlocks that rest on a livelock: a thread is stuck for ever, and whoever could help it goes round for ever."""

from deadsim.detect.stuck.judge import StuckJudge
from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.states.bottom_components import Component, who_can_move
from deadsim.exploration.states.stateful_search import Stateful
from deadsim.exploration.verdicts.identity import Naming
from deadsim.kernel.dependence import each_bit
from deadsim.space.packed import Packed, Space


def resting(search: Stateful, naming: Naming, budget: Budget) -> dict[Packed, frozenset[int]]:
    """Find the states in which threads are stuck of which no continuation closes a core.

    Where not every state was seen, or there is no time for it, only those that are never left again.
    """
    space = search.space
    found: dict[Packed, frozenset[int]] = {}
    for part in search.seen:
        rests = in_outcome(search, naming, part)
        for node in part.nodes if rests else ():
            found[node] = rests
    if found and search.reached.complete:
        try:
            levels = [*search.reached.each_level()]
            movers = who_can_move(space, levels, budget)
            return found | without_close(space, naming, movers, search.system.lasting, budget)
        except Spent:
            pass
    return found


def in_outcome(search: Stateful, naming: Naming, part: Component) -> frozenset[int]:
    """Give the threads that are stuck in an outcome, and rest on one that goes round in it."""
    stuck = frozenset(bit.bit_length() - 1 for bit in each_bit(search.stuck(part)))
    if not stuck or not part.movers:
        return frozenset()
    return stuck - naming.closed(search.space.state(part.nodes[0]))


def without_close(
    space: Space,
    naming: Naming,
    movers: dict[Packed, int],
    lasting: frozenset[int],
    budget: Budget,
) -> dict[Packed, frozenset[int]]:
    """Find for each state the threads that are stuck in it and are never in a closed core."""
    closes: dict[Packed, frozenset[int]] = {}
    stuck: dict[Packed, frozenset[int]] = {}
    for state, moving in movers.items():
        who = frozenset(t for t in lasting if space.running(state, t) and not moving >> t & 1)
        if who and not space.over(state):
            stuck[state] = who
            closes[state] = naming.closed(space.state(state)) & who
    changed = True
    while changed:
        changed = False
        budget.watch()
        for state, known in closes.items():
            after = known.union(*(closes[one] for _, one in space.followers(state)))
            if after != known:
                closes[state] = after
                changed = True
    rests = {state: who - closes[state] for state, who in stuck.items() if who - closes[state]}
    # A run is to see it at the same step, which knows it by relaxed progress.
    judge = space.system.once(StuckJudge)
    return {
        state: seen
        for state, who in rests.items()
        if (seen := who & judge.whole(space.state(state)).stuck)
    }
