"""Some schedules instead of all: one seed after another, on real threads.

What is shown is shown; that nothing was is no proof. What each way of sampling can promise of a
single run, the registry of strategies says.
"""

from collections.abc import Collection

from deadsim.engine.pool import Pool
from deadsim.exploration.budget import Budget, Spent, Stop
from deadsim.exploration.verdicts.goal import Goal, Path, Shortest
from deadsim.exploration.verdicts.identity import Naming, named
from deadsim.exploration.verdicts.level import Known, never
from deadsim.kernel.state_query import state_evaluator, true
from deadsim.model.claims import DEFECT_TYPES
from deadsim.model.program import Choice, Plan
from deadsim.runs.result import Run
from deadsim.runs.runner import Runner
from deadsim.strategies.registry import STRATEGIES
from deadsim.trace.finding import ClaimBroken, Deadlock, Failed, Finding, Race

RUNS = 1_000
"""How many schedules are sampled, where nothing else is asked for."""

LONGEST = 5_000
"""Steps of a run, where nothing else is asked for: one that goes round for ever shows no more."""


class Sampled:
    """What some runs say of the claims, by their keys in `known`; the same shape as a search."""

    complete = False

    def __init__(
        self,
        runner: Runner,
        pool: Pool,
        asked: Collection[str],
        budget: Budget,
        strategy: str,
        naming: Naming,
        impossible: dict[str, str],
    ) -> None:
        self.runner, self.pool, self.budget = runner, pool, budget
        self.asked, self.strategy, self.naming = asked, strategy, naming
        self.impossible = impossible
        self.program = runner.program
        self.known: dict[str, Known] = {}
        self.values: dict[str, set[bool]] = {key: set() for key in asked}
        self.best = Shortest()
        self.racy: set[int] = set()
        self.executions = 0
        self.spent: Spent | None = None
        world = runner.world
        self.numbers = {world.name(number): number for number in range(len(world))}

    def decide(self) -> None:
        """Run one seed after another, within the budget."""
        try:
            for seed in range(self.budget.executions or RUNS):
                self.budget.watch()
                run = self.runner.run(
                    self.pool,
                    Plan(self.strategy, seed),
                    max_steps=self.budget.steps or LONGEST,
                    interrupt=Stop(self.budget),
                    predict=False,
                )
                if run.outcome == "interrupted":
                    self.budget.watch()
                self.executions += 1
                self.budget.done = self.executions
                self.judge(run)
        except Spent as spent:
            self.spent = spent
        else:
            promise = STRATEGIES[self.strategy].promise
            self.spent = Spent(f"sampled by {self.strategy}: {promise}")
        for key in self.asked:
            seen = self.values[key]
            self.known[key] = Known(True in seen, False in seen, False)
            if key in self.impossible:
                self.known[key] = never(self.impossible[key])

    def judge(self, run: Run) -> None:
        """Take in one run."""
        shown: set[str] = {found.type for found in run.defects}
        for type in (*DEFECT_TYPES, "timeout"):
            # A deadlock of some threads ends the run, but the others could have gone on.
            if type in self.values and (type in shown or (run.ended and type != "livelock")):
                self.values[type].add(type in shown)
        for found in run.defects:
            self.note(found, run)
        if run.outcome == "completed":
            for claim in self.program.claims.final:
                if claim.key in self.values:
                    value = true(
                        state_evaluator(self.runner.world, claim.expression), run.state.objects
                    )
                    self.values[claim.key].add(value)
        for wanted in self.program.claims.output if run.ended else ():
            if wanted.key in self.values:
                self.values[wanted.key].add(wanted.is_met(run.output_lines))

    def note(self, found: Finding, run: Run) -> None:
        """Keep the schedule that shows a defect with the fewest context switches."""
        goal = Goal(found.type)
        if isinstance(found, Deadlock):
            goal = self.naming.goal_of(named(found))
        elif isinstance(found, Race):
            number = self.numbers[found.variable]
            self.racy.add(number)
            goal = Goal("race", (number,))
        elif isinstance(found, ClaimBroken):
            goal = Goal(found.type, (found.claim,))
        elif isinstance(found, Failed):
            goal = self.goal_of(found)
        if (found.claim if isinstance(found, ClaimBroken) else found.type) not in self.asked:
            return
        whole = isinstance(found, ClaimBroken)
        steps = len(run.schedule) if whole else 0 if found.step is None else found.step + 1
        self.best.note(goal, self.path(run.schedule[:steps]))

    def goal_of(self, found: Failed) -> Goal:
        """Give the goal that a failure is."""
        if found.type == "invariant":
            places = [invariant.place for invariant in self.program.invariants]
            return self.naming.goal_of_invariant(places.index(found.place))
        assert found.thread is not None
        thread = self.runner.names[found.thread]
        return self.naming.goal_of_failure(found.type, thread, found.place, found.message)

    def path(self, schedule: tuple[Choice, ...]) -> Path:
        """Give a schedule by numbers."""
        numbers = self.runner.numbers(schedule)
        return self.runner.system.path_of(numbers)
