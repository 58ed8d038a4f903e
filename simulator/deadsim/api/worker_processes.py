"""Explorations in several processes: of several scenarios, or of the claims of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from deadsim.api.all_schedules import Exploration, explore_with
from deadsim.api.scenario import Scenario
from deadsim.engine.interrupts import noted
from deadsim.exploration.budget import Budget
from deadsim.exploration.explorer import Request
from deadsim.exploration.verdicts import result
from deadsim.exploration.verdicts.goal import rank
from deadsim.kernel.system import System
from deadsim.model.claims import DEFECT_TYPES
from deadsim.model.program import Program


class Task(NamedTuple):
    """A scenario to explore, and how; it may be done in another process."""

    program: Program
    request: Request


def explore_each(
    tasks: Iterable[Task],
    workers: int = 1,
    look: Callable[[Budget], None] | None = None,
    tell: Callable[[result.Exploration], None] | None = None,
) -> Iterator[Exploration]:
    """Explore scenarios in their order, with several processes where more than one worker is asked for.

    What is found does not depend on how many there are. `tell` is called with each verdict as soon as it
    stands, where there is one process.
    """
    if workers <= 1:
        for task in tasks:
            yield Exploration(explore_with(Scenario(task.program), task.request, look, tell))
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Begun anew, not forked: a fork would copy a process with threads.
    context = get_context("spawn")
    turn = context.Value("i", 0)
    with (
        noted(),
        ProcessPoolExecutor(workers, context, initializer=_take_turns, initargs=(turn,)) as pool,
    ):
        for done in [pool.submit(_explore_task, task) for task in tasks]:
            yield Exploration(done.result())


def _take_turns(turn: Any) -> None:
    """Give each worker a processor of its own, as long as there are enough."""
    import os

    if hasattr(os, "sched_setaffinity"):
        with turn.get_lock():
            number, turn.value = turn.value, turn.value + 1
        available = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {available[number % len(available)]})


def _explore_task(task: Task) -> result.Exploration:
    return explore_with(Scenario(task.program), task.request)


def split(task: Task, workers: int) -> list[Task]:
    """Split one exploration by its claims: races have a search of their own."""
    program, request = task
    wanted = request.claims
    rest = frozenset(
        key
        for key in (*program.claims.types, "final", "output")
        if key != "race" and (wanted is None or key in wanted)
    ) | frozenset(wanted or ()).difference(DEFECT_TYPES)
    races = wanted is None or "race" in wanted
    # Deadlocks alone would be looked for otherwise than beside races; canaries want all claims at once.
    alone = request.sample is not None or request.canary
    if workers <= 1 or not races or rest <= {"deadlock"} or alone:
        return [task]
    if System(program).is_idle():  # that nobody does anything shows something together only
        return [task]
    return [
        Task(program, request._replace(claims=rest)),
        Task(program, request._replace(claims=frozenset(("race",)), examples=0)),
    ]


def joined(parts: Sequence[Exploration]) -> Exploration:
    """Put together what was found of the claims of one scenario in several searches."""
    if len(parts) == 1:
        return parts[0]
    found = [part.result for part in parts]
    claims = tuple(
        next((judged for judged in same if judged.asked), same[0])
        for same in zip(*(one.claims for one in found), strict=True)
    )
    covered = [one.covered for one in found if one.covered is not None]
    return Exploration(
        found[0]._replace(
            claims=claims,
            complete=all(one.complete for one in found),
            interrupted=any(one.interrupted for one in found),
            executions=total(one.executions for one in found),
            states=total(one.states for one in found),
            transitions=total(one.transitions for one in found),
            seconds=max(one.seconds for one in found),
            decided_in=latest(one.decided_in for one in found),
            covered="; ".join(dict.fromkeys(covered)) or None,
            grows=tuple(dict.fromkeys(growing for one in found for growing in one.grows)),
            limit=next((one.limit for one in found if one.limit is not None), None),
            defects=tuple(
                sorted(
                    (d for one in found for d in one.defects), key=lambda d: rank(d.goal, d.shown)
                )
            ),
        )
    )


def latest(times: Iterable[float | None]) -> float | None:
    """Give when all of them were there; None where one never was."""
    known = list(times)
    return None if None in known else max(time for time in known if time is not None)


def total(counts: Iterable[int | None]) -> int | None:
    """Add up what was counted; None where nothing was."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
