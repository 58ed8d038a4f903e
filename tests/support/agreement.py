"""Every way of deciding against a plain exhaustive search, over random programs.

`python tests/support/agreement.py --programs 20000 --first 0 --two-workers 300` goes through many of them.
"""

import argparse
import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

import deadsim
import oracle
from deadsim.api.worker_processes import Task, explore_each, joined, split
from deadsim.engine.pool import Pool
from deadsim.exploration.budget import Budget
from deadsim.exploration.executions.stateless_search import Stateless, in_memory, on_threads
from deadsim.exploration.explorer import Request, explore
from deadsim.exploration.states.stateful_search import Stateful, keys
from deadsim.exploration.verdicts.identity import Naming
from deadsim.model.program import Program
from deadsim.runs.runner import Runner
from deadsim.runs.watchers import core_of
from programs import scenario

MOST_STATES = 5_000
MOST_EXECUTIONS = 300  # of those in memory; on real threads a tenth


class Disagreement(AssertionError):
    """Two ways of deciding come to different results."""


def agree(seed: int, pool: Pool) -> Counter[str]:
    """Decide one program in every way, and count which could; raises Disagreement."""
    program = deadsim.loads(scenario(seed)).program
    decided: Counter[str] = Counter()
    try:
        wanted = oracle.explore(program, MOST_STATES, kinds=True)
    except oracle.TooManyStates:
        return decided
    decided["exhaustive search"] += 1
    all_states(seed, program, pool, wanted)
    decided["all states"] += 1
    for way, search in searches(program, pool):
        search.decide()
        if search.complete:
            decided[way] += 1
            levels = {key: search.known[key].found for key in wanted.levels}
            same(seed, way, levels, wanted.levels)
            racy = {search.system.world.name(variable) for variable in search.racy}
            same(seed, way, racy, wanted.racy)
    return decided


def all_states(seed: int, program: Program, pool: Pool, wanted: oracle.Found) -> None:
    """Explore as a user would; that a defect is real, its replay has shown."""
    result = explore(program, pool, Request(every=True))
    same(seed, "complete", result.complete, True)
    found = {claim.key: claim.found for claim in result.claims}
    same(seed, "all states", {key: found[key] for key in wanted.levels}, wanted.levels)
    racy = {one.finding.variable for one in result.defects if one.finding.type == "race"}
    same(seed, "races shown", racy, wanted.racy)
    # What ends in one core is one report, whatever its history makes of its kind.
    cores = {(one.threads, one.objects) for one in result.deadlocks}
    shown = {(one.kind, shape(one.objects)) for one in result.deadlocks}
    wanting = {
        (kind, shape(objects))
        for kind, threads, objects in wanted.deadlocks
        if (threads, objects) not in cores
    }
    begins = any(thread.code.finalizer for thread in program.threads)
    # What happens always is named where an execution ends; a finalizer may have made it another one before.
    if not (begins and wanted.levels["deadlock"] == "always"):
        same(seed, "deadlocks not shown", wanting - shown, set())
    places = {core_of(one) for one in result.deadlocks}
    same(seed, "cores shown twice", len(places), len(result.deadlocks))
    # Where finalizers make states many, shorter schedules are not looked for in all of them.
    minimal = begins or all(defect.minimal for defect in result.defects)
    same(seed, "minimal", minimal, True)


def shape(objects: Iterable[str]) -> tuple[str, ...]:
    """Give names without their indices, in order."""
    return tuple(sorted({name.split("[")[0] for name in objects}))


def searches(program: Program, pool: Pool) -> Iterator[tuple[str, Stateful | Stateless]]:
    """Give the other ways of deciding."""
    runner = Runner(program)
    system, naming = runner.system, Naming(runner.system, True)
    asked = keys(system)
    yield "reduced graph", Stateful(system, asked, Budget(MOST_STATES, seconds=5), reduce="early")
    few = Budget(seconds=5, executions=MOST_EXECUTIONS)
    yield "executions in memory", Stateless(system, asked, few, in_memory(system), naming)
    few = Budget(seconds=5, executions=MOST_EXECUTIONS // 10)
    yield "executions on threads", Stateless(system, asked, few, on_threads(system, pool), naming)


def same(seed: int, what: str, found: object, wanted: object) -> None:
    """Hold one result against another."""
    if found != wanted:
        raise Disagreement(f"seed {seed}, {what}: {found} where {wanted} is right")


def two_workers(seeds: Iterable[int]) -> int:
    """Explore programs with one worker and with two; all but counts and times is the same."""
    request = Request(every=True)
    tasks: dict[int, Task] = {}
    for seed in seeds:
        program = deadsim.loads(scenario(seed)).program
        with contextlib.suppress(oracle.TooManyStates):
            oracle.explore(program, MOST_STATES)
            tasks[seed] = Task(program, request)
    parts = {seed: split(task, 2) for seed, task in tasks.items()}
    results = explore_each([part for one in parts.values() for part in one], 2)
    for seed, one in parts.items():
        task = tasks[seed]
        both = joined([next(results) for _ in one])
        with Pool() as pool:
            alone = deadsim.Exploration(explore(task.program, pool, task.request))
        same(seed, "two workers", without_counts(both), without_counts(alone))
    return len(tasks)


def without_counts(result: deadsim.Exploration) -> str:
    """Give the JSON of an exploration without counts and times."""
    report = json.loads(result.to_json())
    for key in ("seconds", "decided_in", "states", "transitions", "executions"):
        report.pop(key)
    return json.dumps(report)


def agree_on_all(seeds: Iterable[int]) -> tuple[Counter[str], list[str]]:
    """Decide some programs in every way; give how many each could, and the disagreements."""
    decided: Counter[str] = Counter()
    wrong: list[str] = []
    with Pool() as pool:
        for seed in seeds:
            try:
                decided += agree(seed, pool)
            except (Disagreement, deadsim.InternalError) as error:
                wrong.append(f"seed {seed}: {error}")
    return decided, wrong


def main() -> None:
    """Go through many programs, with two processes, and say how many each way could decide."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("--programs", type=int, default=20_000)
    options.add_argument("--first", type=int, default=0, help="the first seed")
    options.add_argument(
        "--two-workers", type=int, default=300, help="programs with --workers 2 too"
    )
    given = options.parse_args()
    first, end = given.first, given.first + given.programs
    parts = [range(begin, min(begin + 250, end)) for begin in range(first, end, 250)]
    decided: Counter[str] = Counter()
    with ProcessPoolExecutor(2) as pool:
        for part, (more, wrong) in zip(parts, pool.map(agree_on_all, parts), strict=True):
            decided += more
            for line in wrong:
                print(line, flush=True)
            print(f"to seed {part[-1]:,}: {dict(decided)}", flush=True)
    compared = two_workers(range(first, first + given.two_workers))
    print(f"{compared} programs with two workers as with one")


if __name__ == "__main__":
    main()
