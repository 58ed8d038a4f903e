"""Examples: a few whole runs that are far apart, each replayed on real threads."""

from collections.abc import Callable

from deadsim.engine.interrupts import Interrupt
from deadsim.engine.pool import Pool
from deadsim.exploration.budget import MEMORY, SECONDS, STATES, Budget
from deadsim.exploration.executions.far_apart import Candidate, gather, pick
from deadsim.exploration.explorer import Request
from deadsim.exploration.verdicts.result import ExampleRun, Examples, Exploration
from deadsim.exploration.witnesses.confirmation import spelled
from deadsim.model.program import Plan
from deadsim.runs.runner import Runner


def with_examples(
    found: Exploration,
    pool: Pool,
    request: Request,
    interrupt: Interrupt | None = None,
    look: Callable[[Budget], None] | None = None,
) -> Exploration:
    """Add some runs to what was explored, within what that has left of the seconds."""
    own, scenario = request.limits, found.program.limits
    budget = Budget(
        own.states or scenario.states or STATES,
        (own.seconds or scenario.seconds or SECONDS) - found.seconds,
        own.memory or scenario.memory or MEMORY,
        own.steps or scenario.steps,
        interrupt=interrupt,
    )
    budget.look = look
    runner = Runner(found.program)
    gathered = gather(runner.system, budget)
    runs = []
    for one in pick(gathered.candidates, request.examples):
        if interrupt is not None and interrupt.asked:
            break
        runs.append(carried_out(runner, pool, one))
    return found._replace(
        examples=Examples(tuple(runs), len(gathered.candidates), gathered.every),
        interrupted=found.interrupted or (interrupt is not None and interrupt.asked),
    )


def carried_out(runner: Runner, pool: Pool, one: Candidate) -> ExampleRun:
    """Let real threads follow a schedule to its end, after which nothing can follow, and say what it comes to."""
    schedule = spelled(runner.system, one.path)
    run = runner.run(pool, Plan(), replay=schedule, predict=False, max_steps=len(schedule) + 1)
    types = dict.fromkeys(defect.type for defect in run.defects)
    return ExampleRun(schedule, ", ".join(types) or "ends well")
