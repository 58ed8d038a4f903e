"""A schedule made shorter: a thread has its next turn sooner, or later, or goes without it.

For what was found by executions, of which nobody knows whether they are the shortest. After Jagannath,
Gligoric, Jin, Luo, Rosu, Marinov: Improved Multithreaded Unit Testing, ESEC/FSE 2011, and the schedule
simplification of dejafu.
"""

from collections.abc import Iterator
from itertools import groupby

from deadsim.exploration.budget import Spent
from deadsim.exploration.executions.optimal_dpor import MOST_STEPS, Execution
from deadsim.exploration.executions.stateless_search import Stateless
from deadsim.exploration.verdicts.goal import Goal, Path, Shortest
from deadsim.space.packed import Info, Outgrown, Space


def shorten(judging: Stateless, best: Shortest) -> None:
    """Look for schedules with fewer context switches that show the same, until none is near or the budget is spent."""
    while True:
        judging.best = best
        try:
            for goal in list(best):
                while improved(judging, goal):
                    pass
            return
        except Outgrown:
            judging.space.widen()
            judging.begin()
        except Spent:
            return


def improved(judging: Stateless, goal: Goal) -> bool:
    """Try the schedules near the best that shows something; stop at one that is better."""
    before = judging.best[goal]
    for turns in nearby(before.path):
        judging.budget.watch()
        tried = carried_out(judging.space, turns, len(before.path) + MOST_STEPS)
        judging.budget.count(len(tried.path))
        judging.judge(tried)
        if judging.best[goal] != before:
            return True
    return False


def nearby(path: Path) -> Iterator[Path]:
    """Move each turn of a thread up to its last one, or that down to it; or leave it out."""
    turns = [tuple(steps) for _, steps in groupby(path, key=lambda choice: choice[0])]
    for number, turn in enumerate(turns):
        thread = turn[0][0]
        rest = turns[:number] + turns[number + 1 :]
        last = next((n for n in range(number - 1, -1, -1) if turns[n][0][0] == thread), None)
        if last is not None:
            yield joined([*turns[: last + 1], turn, *rest[last + 1 :]])
            yield joined([*turns[:last], *turns[last + 1 : number], turns[last], *turns[number:]])
        yield joined(rest)


def joined(turns: list[Path]) -> Path:
    """Put turns one after the other."""
    return tuple(choice for turn in turns for choice in turn)


def carried_out(space: Space, wanted: Path, longest: int) -> Execution:
    """Carry out a schedule without what cannot be, and go on with as few context switches as can be."""
    state = space.start
    path: list[tuple[int, int]] = []
    infos: list[Info] = []
    states = [state]
    coming = iter(wanted)
    last = -1
    while not space.over(state) and len(path) < longest:
        choice = next(coming, None)
        if choice is None:
            own = [step[:2] for step in space.successors(state) if not step[3].begins]
            if not own:
                break
            choice = next((one for one in own if one[0] == last), own[0])
        thread, way = choice
        move = dict(space.numbered(space.moves(state, thread))).get(way)
        if move is None:
            continue
        delta, _, info = move
        state += delta
        path.append(choice)
        infos.append(info)
        states.append(state)
        last = thread
    whole = space.over(state) or not space.followers(state)
    return Execution(tuple(path), tuple(infos), tuple(states), whole)
