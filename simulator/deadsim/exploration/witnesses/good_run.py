"""The nearest good run: where one other choice would have led to a good end."""

from collections.abc import Iterator

from deadsim.engine.pool import Pool
from deadsim.exploration.budget import Budget
from deadsim.exploration.verdicts.goal import Path
from deadsim.model.program import Choice, Plan
from deadsim.runs.runner import Runner
from deadsim.space.rehearsal import rehearse
from deadsim.strategies.script import Script
from deadsim.strategies.strategy import Chance

ALL_STEPS = 50_000
"""Steps that are taken on the look-out for good runs, for all defects of one scenario."""

MOST_STEPS = 3_000
"""Steps of one of them; the clock of a run moves on after a thousand at the latest."""


class Nearest:
    """Looks for runs of one scenario that end well, as long as the budget lasts."""

    def __init__(self, runner: Runner, pool: Pool, budget: Budget) -> None:
        self.budget = budget
        self.runner = runner
        self.pool = pool
        self.left = ALL_STEPS

    def good_run(self, schedule: tuple[Choice, ...], path: Path) -> tuple[Choice, ...] | None:
        """Find the last place of a schedule at which another choice leads to a good end, by round robin
        from there; give the schedule up to that choice.
        """
        for step in range(len(path) - 1, -1, -1):
            for choice in self.others(path, step):
                if self.left <= 0 or self.budget.is_spent:
                    return None
                names = (*schedule[:step], choice)
                if self.seems_good(names) and self.is_good(names):
                    return names
        return None

    def others(self, path: Path, step: int) -> Iterator[Choice]:
        """List the other choices that a step of a path has."""
        system = self.runner.system
        state = system.initial().state
        for thread, way in path[:step]:
            state = system.step(state, thread, way).state
        for thread in system.enabled(state):
            for way, result in enumerate(system.results(state, thread)):
                if (thread, way) != path[step]:
                    yield Choice(system.program.threads[thread].name, result.choice[1])

    def seems_good(self, names: tuple[Choice, ...]) -> bool:
        """Try a schedule in memory, and then round robin: decide whether it ends and nothing fails."""
        system = self.runner.system
        script = Script(self.runner.numbers(names), Chance(0), self.runner.patient)
        seen = set()
        for thread, move in rehearse(system, script, min(MOST_STEPS, self.left)):
            self.left -= 1
            if move.failures or self.budget.is_spent:
                return False
            state = move.state
            if system.over(state.objects):
                return True
            timed = any(
                one.operation and one.operation.duration is not None for one in state.frames
            )
            if not (script.going or timed):  # else only the clock may have moved
                here = state.key(), thread
                if here in seen:
                    return False
                seen.add(here)
        return False

    def is_good(self, names: tuple[Choice, ...]) -> bool:
        """Decide whether real threads come to an end by it, without a defect."""
        run = self.runner.run(self.pool, Plan(), replay=names, predict=False, max_steps=MOST_STEPS)
        return run.outcome == "completed" and not run.defects
