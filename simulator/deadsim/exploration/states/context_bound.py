"""Every state that a schedule with few preemptions can reach.

A preemption is a switch away from a thread that could have gone on; all others are free. Few of them
show most defects. Musuvathi, Qadeer: Iterative Context Bounding for Systematic Testing of
Multithreaded Programs, PLDI 2007; over (state, last thread), so that nothing is looked at twice.
"""

from deadsim.exploration.budget import Budget
from deadsim.exploration.states.levels import WATCHED, Reached, Sight
from deadsim.exploration.verdicts.goal import Path
from deadsim.space.packed import Packed

Came = dict[tuple[Packed, int], tuple[tuple[Packed, int], int]]
"""Of a state and who went last: where from, and with which result."""


def reach_within(found: Reached, came: Came, preemptions: int, budget: Budget) -> None:
    """Visit every state that needs no more preemptions; raises Spent and Outgrown."""
    space = found.space
    fewest = {(space.start, -1): 0}
    seen = {space.start}
    front = [(space.start, -1)]
    budget.count(1)
    looked = 0
    for count in range(preemptions + 1):
        later: list[tuple[Packed, int]] = []
        todo = front
        while todo:
            state, last = todo.pop()
            looked += 1
            if not looked % WATCHED:
                budget.watch()
            if fewest[state, last] < count:
                continue
            moves = list(space.successors(state))
            found.transitions += len(moves)
            if all(info.begins for _, _, _, info in moves):
                (found.ends if space.over(state) else found.halts).append(state)
            could_go_on = any(thread == last and not info.begins for thread, _, _, info in moves)
            new: list[Packed] = []
            for thread, way, after, info in moves:
                costs = count + (could_go_on and thread != last)
                there = after, thread
                if costs > preemptions or fewest.get(there, preemptions + 1) <= costs:
                    continue
                fewest[there] = costs
                came[there] = (state, last), way
                for failure in info.failures:
                    found.see(failure.type, Sight(state, (thread, way)))
                (todo if costs == count else later).append(there)
                if after not in seen:
                    seen.add(after)
                    new.append(after)
                    if not len(seen) % WATCHED:
                        budget.count(WATCHED)
            found.judge(new)
            found.levels[0].extend(new)
        front = later
    budget.count(len(seen) % WATCHED)
    found.ends[:] = dict.fromkeys(found.ends)
    found.halts[:] = dict.fromkeys(found.halts)


def way_there(came: Came, to: Packed) -> Path:
    """Give a schedule to a state that was reached."""
    here = next((key for key in came if key[0] == to), (to, -1))
    path: list[tuple[int, int]] = []
    while here in came:
        before, way = came[here]
        path.append((here[1], way))
        here = before
    return tuple(reversed(path))
