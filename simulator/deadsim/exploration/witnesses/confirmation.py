"""Schedules made into defects: each is replayed on real threads before it is reported."""

from collections.abc import Sequence

from deadsim.engine.moment import Moment
from deadsim.engine.pool import Pool
from deadsim.errors import InternalError
from deadsim.exploration.budget import Budget
from deadsim.exploration.states.stateful_search import Stateful
from deadsim.exploration.verdicts.goal import Goal, Path, Shown
from deadsim.exploration.verdicts.result import Defect
from deadsim.exploration.witnesses.goals import Goals
from deadsim.exploration.witnesses.good_run import Nearest
from deadsim.exploration.witnesses.lasso import once_round
from deadsim.kernel.failure import Failure
from deadsim.kernel.system import State, System, after
from deadsim.model.program import Choice, Plan
from deadsim.runs.judge import broken_claims
from deadsim.runs.result import Run
from deadsim.runs.runner import Runner
from deadsim.runs.watchers import hinted, state_of
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock, Failed, Finding, Livelock, Race


class Confirming:
    """Replays schedules of one scenario on real threads."""

    def __init__(
        self, search: Stateful, goals: Goals, runner: Runner, pool: Pool, budget: Budget
    ) -> None:
        self.search = search
        self.goals = goals
        self.runner = runner
        self.pool = pool
        self.nearest = Nearest(runner, pool, budget)
        ends = (search.space.over(part.nodes[0]) for part in search.components or ())
        self.may_end = search.components is None or any(ends)

    def defect(self, goal: Goal, shown: Shown) -> Defect:
        """Make a defect of what a schedule shows; raises InternalError where it does not."""
        system = self.search.system
        schedule = named(system, shown.path)
        loop: Path = ()
        if goal.type == "livelock":
            loop = self.once_round(shown.path)
        last = _Last()
        run = self.runner.run(
            self.pool,
            Plan(),
            replay=(*schedule, *named(system, loop, shown.path)),
            predict=False,
            max_steps=max(1, len(schedule) + len(loop)),
            watchers=(last,),
            judged_from=len(schedule) + len(loop) - 1,
        )
        finding = self.finding(goal, shown.path, loop, run, last.states)
        if finding is None:
            names = tuple(choice.thread for choice in schedule)
            raise InternalError(f"real threads do not show the {goal.type} that was found", names)
        good = self.nearest.good_run(schedule, shown.path) if self.may_end else None
        return Defect(finding, schedule, shown.switches, shown.minimal, good, run, goal, shown)

    def finding(
        self, goal: Goal, path: Path, loop: Path, run: Run, states: Sequence[State]
    ) -> Finding | None:
        """Find in a replay what it is to show."""
        step = len(path) - 1 if path else None
        match goal.type:
            case "deadlock":
                return self.deadlock(goal, path, run.events[: len(path)], states[len(path)])
            case "livelock":
                return self.livelock(path, loop, states)
            case "race":
                name = self.search.system.world.name(int(str(goal.which[0])))
                races = (f for f in run.defects if isinstance(f, Race) and f.variable == name)
                return next(races, None)
            case "final" | "output":
                # The run has come to an outcome, and cannot know it where others go round for ever.
                system = self.search.system
                broken = broken_claims(system, states[-1], run.outcome, True, step, run.output)
                return next((f for f in broken if f.claim == goal.which[0]), None)
            case _:
                failed = (f for f in run.defects if isinstance(f, Failed) and f.step == step)
                return next((f for f in failed if f.type == goal.type), None)

    def deadlock(
        self, goal: Goal, path: Path, events: tuple[Event, ...], state: State
    ) -> Deadlock | None:
        """Name the deadlock of the state that real threads have reached, if that is the one in memory."""
        goals = self.goals
        packed = goals.space.after(path)
        if not goals.space.is_reached(packed, state):
            return None
        for one in goals.name(packed, events):
            if not goal.which or goals.naming.goal_of(one) == goal:
                return hinted(self.search.system, one)
        return None

    def once_round(self, path: Path) -> Path:
        """Find the way once round the livelock to which a schedule leads."""
        space = self.goals.space
        state = space.after(path)
        parts = self.search.components or ()
        part = next(part for part in parts if self.search.live(part) and state in part.nodes)
        return once_round(space, state, self.search.live(part))

    def livelock(self, path: Path, loop: Path, states: Sequence[State]) -> Livelock | None:
        """Describe who goes round, if the state is the same after once round."""
        if states[len(path)].key() != states[-1].key():
            return None
        program = self.search.program
        moving = {thread for thread, _ in loop}
        names = tuple(program.threads[t].name for t in sorted(moving))
        step = max(0, len(path) - 1)
        return Livelock("proved", step, names, named(self.search.system, loop, path), 2)


class _Last:
    """Keeps the states that an execution passes through."""

    def __init__(self) -> None:
        self.states: list[State] = []

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        self.states.append(state_of(moment))
        return False


def named(system: System, path: Path, before: Path = ()) -> tuple[Choice, ...]:
    """Write a path as a schedule; a result is named where there are several."""
    state = system.initial().state
    choices = []
    for number, (thread, way) in enumerate((*before, *path)):
        results = system.results(state, thread)
        if number >= len(before):
            name = system.program.threads[thread].name
            choices.append(Choice(name, way if len(results) > 1 else None))
        state = after(state, results[way])
    return tuple(choices)
