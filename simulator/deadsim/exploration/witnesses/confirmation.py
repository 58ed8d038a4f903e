"""Schedules made into defects: each is replayed on real threads before it is reported."""

from collections.abc import Iterator, Sequence

from deadsim.detect.deadlocks.description import describe_all
from deadsim.detect.holdings import Holdings
from deadsim.engine.moment import Moment
from deadsim.engine.pool import Pool
from deadsim.errors import InternalError
from deadsim.exploration.budget import Budget
from deadsim.exploration.states.stateful_search import Stateful
from deadsim.exploration.verdicts.goal import Goal, Path, Shown
from deadsim.exploration.verdicts.identity import named
from deadsim.exploration.verdicts.result import Defect
from deadsim.exploration.witnesses.goals import Goals
from deadsim.exploration.witnesses.good_run import Nearest
from deadsim.exploration.witnesses.lasso import fairly_round, once_round
from deadsim.kernel.failure import Failure
from deadsim.kernel.system import State, System, after
from deadsim.model.program import Choice, Plan
from deadsim.runs.judge import broken_claims
from deadsim.runs.result import Run
from deadsim.runs.runner import Runner
from deadsim.runs.watchers import hinted, state_of
from deadsim.space.packed import Packed
from deadsim.trace.finding import Deadlock, Failed, Finding, Livelock, Race

ROUNDS = 10
"""How often real threads go round before a livelock or starvation is reported."""

MOST_JUDGED = 5_000
"""Steps of a schedule that are looked at for the first from which on a deadlock could not be avoided."""


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
        schedule = spelled(system, shown.path)
        loop: Path = ()
        if goal.type in ("livelock", "starvation"):
            loop = self.once_round(goal, shown.path)
            if not self.goes_round(shown.path, loop):
                raise self.unconfirmed(goal, schedule)
        last = _Last()
        run = self.runner.run(
            self.pool,
            Plan(),
            replay=(*schedule, *spelled(system, loop, shown.path)),
            predict=False,
            max_steps=max(1, len(schedule) + len(loop)),
            watchers=(last,),
            judged_from=0 if len(schedule) <= MOST_JUDGED else len(schedule) + len(loop) - 1,
        )
        finding = self.finding(goal, shown.path, loop, run, last.states)
        if finding is None:
            raise self.unconfirmed(goal, schedule)
        good = self.nearest.good_run(schedule, shown.path) if self.may_end else None
        return Defect(finding, schedule, shown.switches, shown.minimal, good, run, goal, shown)

    def unconfirmed(self, goal: Goal, schedule: tuple[Choice, ...]) -> InternalError:
        """Say that a schedule does not show what it was to show."""
        names = tuple(choice.thread for choice in schedule)
        return InternalError(f"real threads do not show the {goal.type} that was found", names)

    def finding(
        self, goal: Goal, path: Path, loop: Path, run: Run, states: Sequence[State]
    ) -> Finding | None:
        """Find in a replay what it is to show."""
        step = len(path) - 1 if path else None
        match goal.type:
            case "deadlock":
                return self.deadlock(goal, path, run, states[len(path)])
            case "livelock" | "starvation":
                return self.livelock(goal, path, loop, run)
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

    def deadlock(self, goal: Goal, path: Path, run: Run, state: State) -> Deadlock | None:
        """Give the deadlock that real threads have shown, if the state they reached is the one in memory."""
        goals = self.goals
        packed = goals.space.after(path)
        if not goals.space.is_reached(packed, state):
            return None
        covered = self.search.components is not None
        for one in (*run.deadlocks, *self.described(path, run, packed, state)):
            if not goal.which or goals.naming.goal_of(named(one)) == goal:
                ways = goals.ways(named(one)) if goals.hunted else None
                proved = one.proof == "relaxed" and covered
                return hinted(
                    self.search.system,
                    one._replace(
                        proof="proved" if covered else one.proof,
                        covered=proved,
                        settled=one.settled or covered,
                        ways=ways,
                    ),
                )
        return None

    def described(self, path: Path, run: Run, packed: Packed, state: State) -> Iterator[Deadlock]:
        """Describe the deadlocks of a state of which the run itself could not be sure."""
        events = run.events[: len(path)]
        threads = self.goals.stay_at_all(packed)
        if threads:
            judge, held = self.runner.judge, Holdings(events)
            yield from describe_all(judge, state, events, held, threads, False)

    def once_round(self, goal: Goal, path: Path) -> Path:
        """Find the way once round the livelock or starvation to which a schedule leads."""
        space = self.goals.space
        state = space.after(path)
        fair = self.goals.round_at(goal, state)
        if fair is not None:
            return fairly_round(space, fair, state)
        parts = self.search.components or ()
        part = next(part for part in parts if self.search.live(part) and state in part.nodes)
        return once_round(space, state, self.search.live(part))

    def goes_round(self, path: Path, loop: Path) -> bool:
        """Let real threads go round some times; decide whether the state is the same after each."""
        system, last = self.search.system, _Last()
        self.runner.run(
            self.pool,
            Plan(),
            replay=(*spelled(system, path), *spelled(system, loop, path) * ROUNDS),
            predict=False,
            max_steps=len(path) + len(loop) * ROUNDS,
            watchers=(last,),
        )
        first = last.states[len(path)]
        after = last.states[len(path) :: len(loop)]
        return (
            self.goals.space.is_reached(self.goals.space.after(path), first)
            and len(after) == ROUNDS + 1
            and all(state.key() == first.key() for state in after)
        )

    def livelock(self, goal: Goal, path: Path, loop: Path, run: Run) -> Livelock:
        """Describe who goes round, and who is starved by it."""
        system = self.search.system
        moving = {thread for thread, _ in loop}
        found = Livelock(
            "proved",
            len(path) - 1 if path else None,
            system.world.names(sorted(moving)),
            spelled(system, loop, path),
            2,
        )
        fair = self.goals.round_at(goal, self.goals.space.after(path))
        if fair is None:
            return found
        found = found._replace(fair=fair.question.fair)
        victim = fair.question.victim
        if victim is None:
            return found
        standing = run.situation.threads[victim]
        return found._replace(type="starvation", victim=standing.thread, wait=standing.wait)


class _Last:
    """Keeps the states that an execution passes through."""

    def __init__(self) -> None:
        self.states: list[State] = []

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        self.states.append(state_of(moment))
        return False


def spelled(system: System, path: Path, before: Path = ()) -> tuple[Choice, ...]:
    """Write a path as a schedule; a result is named where there are several."""
    state = system.initial().state
    choices = []
    for number, (thread, way) in enumerate((*before, *path)):
        results = system.results(state, thread)
        if number >= len(before):
            name = system.program.threads[thread].name
            choices.append(Choice(name, results[way].choice[1]))
        state = after(state, results[way])
    return tuple(choices)
