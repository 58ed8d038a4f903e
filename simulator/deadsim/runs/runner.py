"""Carry a scenario out once, on real threads, with all judges looking on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deadsim.detect.deadlocks.situation import target_name
from deadsim.detect.holdings import Holdings
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.engine.execution import Execution
from deadsim.engine.interrupts import Interrupt
from deadsim.engine.moment import Moment, Watcher
from deadsim.engine.pool import Pool
from deadsim.engine.scheduler import execute
from deadsim.errors import ReplayDiverged, UsageError
from deadsim.kernel.abstract.local import PrintForm
from deadsim.kernel.failure import Failure
from deadsim.kernel.primitives.thread import ENDED, NEW
from deadsim.kernel.programs.linked import Stop
from deadsim.kernel.row import may_begin
from deadsim.kernel.scenario_source import ScenarioSource
from deadsim.kernel.system import State, System
from deadsim.model.program import RUN_STEPS, Choice, Plan, Program
from deadsim.runs.judge import broken_claims, judge
from deadsim.runs.result import Outcome, Run
from deadsim.runs.watchers import (
    MORE,
    DeadlockWatch,
    FailureWatch,
    From,
    LivelockWatch,
    OutputWatch,
    RaceWatch,
    hinted,
    state_of,
)
from deadsim.strategies import registry
from deadsim.strategies.clock import Clock
from deadsim.strategies.registry import Needs
from deadsim.strategies.script import Script, Unfit
from deadsim.strategies.strategy import Chance, Strategy
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock, Finding
from deadsim.trace.schedule import word

if TYPE_CHECKING:
    from deadsim.detect.locks.prediction import Circle

MOST_PREDICTED = 5_000  # steps of a run that is searched for deadlocks of other schedules
MEASURED = 10_000  # steps of a run that is measured for the strategies that want one


class Runner:
    """Runs one scenario, once or many times; what is worked out about it is kept in between."""

    def __init__(self, program: Program, system: System | None = None) -> None:
        self.program = program
        self.system = system or System(program)
        self.world = self.system.world
        self.source = ScenarioSource(self.system)
        self.judge = StuckJudge(self.system)
        self.names = {self.world.name(number): number for number in self.world.threads}
        self.prints = prints(self.system)
        self.patient = program.timeouts == "last"
        self._measured: list[tuple[int, tuple[int, ...]]] | None = None

    def run(
        self,
        pool: Pool,
        plan: Plan,
        *,
        max_steps: int | None = None,
        keep_going: bool = False,
        replay: Sequence[Choice] | None = None,
        interrupt: Interrupt | None = None,
        watchers: Sequence[Watcher] = (),
        predict: bool = True,
        judged_from: int = 0,
    ) -> Run:
        """Run once, by `plan`, or with `replay` by the names of a schedule.

        With `predict`, look for deadlocks that a run without one could have had; with `judged_from`, for
        its own only after that step.

        Raises ReplayDiverged where a script or schedule does not fit.
        """
        chance = Chance(plan.seed or 0)
        script: Script | None = None
        names = plan.script if replay is None else tuple(replay)
        if names is not None:
            script = Script(self.numbers(names), chance, self.patient)
        strategy = script or self.strategy(plan, chance)
        asked = max_steps or self.program.limits.steps
        budget = asked or RUN_STEPS
        deadlocks = DeadlockWatch(
            self.judge, lambda: not keep_going and (script is None or not script.going)
        )
        looking: Watcher = From(judged_from, deadlocks) if judged_from > 0 else deadlocks
        races = RaceWatch()
        named_last = None if replay is None or not replay else len(replay) - 1
        livelocks = LivelockWatch(self.system, ends=asked is None, last=named_last)
        failures = FailureWatch(self.system)
        printed = OutputWatch(self.world, self.prints)
        last = LastState()
        try:
            execution = execute(
                self.source,
                strategy,
                pool,
                (last, failures, *printed.watching, races, livelocks, looking, *watchers),
                budget,
                interrupt,
            )
        except Unfit as unfit:
            raise self.diverged(unfit, last) from None
        if script is not None and script.going and execution.ending in ("completed", "stuck"):
            raise self.left_over(script, execution, last)
        suspicions: tuple[Finding, ...] = (*livelocks.suspicions(execution.choices),)
        found: tuple[Finding, ...] = deadlocks.found(lambda: execution.events)
        replays: dict[tuple[Choice, ...], Run] = {}
        if predict and not found and len(execution.choices) <= MOST_PREDICTED:
            predicted, suspected = self.predicted(pool, plan, execution, replays)
            found += predicted
            suspicions += suspected
        command = "run" if replay is None else "replay"
        how = plan.strategy if script is None else "script"
        return self.result(
            execution,
            "replay" if command == "replay" else "run",
            "replay" if command == "replay" else how,
            chance.seed if chance.used else None,
            (*found, *races.races(self.world, lambda: execution.events), *failures.found),
            suspicions,
            deadlocks,
            livelocks.ended_at,
            failures.failed,
            printed,
            replays,
        )

    def predicted(
        self,
        pool: Pool,
        plan: Plan,
        execution: Execution,
        replays: dict[tuple[Choice, ...], Run],
    ) -> tuple[tuple[Deadlock, ...], tuple[Deadlock, ...]]:
        """Find deadlocks of other schedules: those that a replay shows (it is kept), and those suspected."""
        from deadsim.detect.locks.prediction import (  # not where a run deadlocked
            find_circles,
            suspicion,
        )

        found: list[Deadlock] = []
        suspected: list[Deadlock] = []
        events = execution.events
        held = Holdings(events)
        for circle in find_circles(self.world, events, held):
            if any(self.gives_up(events[acquire.step]) for acquire in circle.acquires):
                continue  # who only tries is held up by nobody for good
            shown = self.certified(pool, plan, circle, execution.choices, replays)
            if shown is None:
                suspected.append(suspicion(self.world, events, held, circle))
            elif shown not in found:
                found.append(shown)
        return (
            tuple(hinted(self.system, one) for one in found),
            tuple(hinted(self.system, one) for one in suspected),
        )

    def gives_up(self, event: Event) -> bool:
        """Decide whether a step was one that does not wait for good."""
        linked = self.system.linked[event.thread]
        return any(
            isinstance(entry, Stop)
            and entry.form is not None
            and entry.form.gives_up
            and linked.place(position) == event.place
            for position, entry in enumerate(linked.entries)
            if isinstance(entry, Stop) and entry.kind == "step"
        )

    def certified(
        self,
        pool: Pool,
        plan: Plan,
        circle: "Circle",
        choices: Sequence[tuple[int, int | None]],
        replays: dict[tuple[Choice, ...], Run],
    ) -> Deadlock | None:
        """Replay a predicted schedule on real threads; give the deadlock that it shows, if it does."""
        if circle.schedule is None:
            return None
        names = tuple(
            Choice(self.world.name(choices[step][0]), choices[step][1]) for step in circle.schedule
        )
        try:
            run = self.run(pool, plan, replay=names, predict=False, max_steps=len(names))
        except ReplayDiverged:
            return None
        threads = {self.world.name(acquire.thread) for acquire in circle.acquires}
        for deadlock in run.deadlocks:
            if threads <= {*deadlock.threads, *deadlock.also_stuck}:
                replays[names] = run
                return deadlock._replace(schedule=names)
        return None

    def result(
        self,
        execution: Execution,
        command: str,
        strategy: str,
        seed: int | None,
        found: tuple[Finding, ...],
        suspicions: tuple[Finding, ...],
        deadlocks: DeadlockWatch,
        went_round: int | None,
        failed: set[int],
        printed: OutputWatch,
        replays: dict[tuple[Choice, ...], Run],
    ) -> Run:
        program, state = self.program, state_of(execution.moment)
        outcome: Outcome = "stuck" if execution.ending == "stopped" else execution.ending
        if went_round is not None:
            outcome = "budget"
        able = frozenset(row.thread for row in execution.moment.enabled)
        nobody = execution.moment.over or not able
        ended = execution.ending == "completed" or (outcome == "stuck" and nobody)
        step = len(execution.choices) - 1 if execution.choices else None
        broken = broken_claims(self.system, state, outcome, ended, step, printed.text)
        defects = (*_by_step(found), *broken)
        verdict, reasons = judge(program, outcome, ended, defects, len(execution.choices))
        if went_round is not None:
            steps = f"{went_round + 1:,} steps, {MORE} times as many more as it took to suspect a livelock"
            reasons += (f"ended after {steps} (--max-steps {RUN_STEPS} goes on)",)
        objects = state.objects
        return Run(
            program=program,
            system=self.system,
            command="replay" if command == "replay" else "run",
            strategy=strategy,
            seed=seed,
            outcome=outcome,
            verdict=verdict,
            reasons=reasons,
            schedule=self.named(execution.choices),
            defects=defects,
            suspicions=suspicions,
            leaks=tuple(deadlocks.leaks),
            variables={
                declared.name: objects[number]
                for number, declared in self.world.shared()
                if self.world.kind(number) == "variable"
            },
            output=printed.text,
            ended=ended,
            failed=frozenset(failed),
            able=able,
            replays=replays,
            last=state,
        )

    def named(self, choices: Sequence[tuple[int, int | None]]) -> tuple[Choice, ...]:
        """Write who took each step by name; steps that are alike are one choice."""
        known = {choice: Choice(self.world.name(choice[0]), choice[1]) for choice in set(choices)}
        return tuple([known[choice] for choice in choices])

    def strategy(self, plan: Plan, chance: Chance) -> Strategy:
        """Make the strategy that a plan names, behind a clock."""
        made = registry.strategy(plan.strategy, Needs(chance, plan.depth, self.measured))
        return Clock(made, self.patient)

    def measured(self) -> list[tuple[int, tuple[int, ...]]]:
        """Measure a run: who took each step, and what it touched; one thread after the other, in memory."""
        if self._measured is None:
            self._measured = []
            state = self.system.initial().state
            last = -1
            while len(self._measured) < MEASURED and (enabled := self.system.enabled(state)):
                if last not in enabled:
                    last = next((thread for thread in enabled if thread > last), enabled[0])
                operation = state.frames[last].operation
                assert operation is not None
                self._measured.append((last, operation.objects))
                state = self.system.follow(state, last, None).state
        return self._measured

    def numbers(self, names: Sequence[Choice]) -> tuple[tuple[int, int | None], ...]:
        """Find the threads that a schedule names."""
        unknown = next((choice.thread for choice in names if choice.thread not in self.names), None)
        if unknown is not None:
            known = ", ".join(list(self.names)[:8])
            raise UsageError(f"the schedule names '{unknown}'; the scenario's threads are {known}")
        return tuple((self.names[thread], result) for thread, result in names)

    def diverged(self, unfit: Unfit, last: "LastState") -> ReplayDiverged:
        """Say what a schedule wanted at a step, and what was there."""
        name = self.world.name(unfit.thread)
        if unfit.result is not None and unfit.result < 0:
            expected = word(Choice(name, unfit.result))
            return ReplayDiverged(
                unfit.step, expected, self.why_no_beginning(unfit.thread, last.state)
            )
        if unfit.bound is not None:
            expected = f"{name}#{unfit.result}"
            several = f"{unfit.bound} results, from #0" if unfit.bound > 1 else "one result alone"
            if unfit.places is not None:
                several = " and ".join(f"#{place}" for place in unfit.places) + " alone"
            return ReplayDiverged(unfit.step, expected, f"that step has {several}")
        return ReplayDiverged(unfit.step, name, self.why_not(unfit.thread, last.state))

    def why_no_beginning(self, thread: int, state: State | None) -> str:
        """Say why a thread's finalizer cannot begin, or not with the result that is named."""
        assert state is not None
        name, finalizer = self.world.name(thread), self.system.linked[thread].code.finalizer
        frame = state.frames[thread]
        if finalizer is None:
            return f"{name} has no finalizer ('anywhere')"
        if state.objects[thread] == NEW or frame.operation is None:
            return self.why_not(thread, state)
        if may_begin(self.system.rows.of(thread, frame)):
            return "its first step has no such result"
        left = frame.slots[finalizer.left]
        return f"{name}'s finalizer runs" if left else f"{name}'s finalizer has begun already"

    def why_not(self, thread: int, state: State | None) -> str:
        assert state is not None
        name = self.world.name(thread)
        if state.objects[thread] == NEW:
            return f"{name} has not been started"
        frame = state.frames[thread]
        if state.objects[thread] == ENDED or frame.operation is None:
            return f"{name} has ended"
        line = self.system.linked[thread].place(frame.position).line
        about = target_name(self.system, thread, frame, state.objects)
        if thread in self.system.before_time(state):
            return (
                f"{name} waits in '{frame.operation.verb}' of {about} (line {line}): its time does not "
                "run out while another thread can go on (timeouts: last)"
            )
        return f"{name} is blocked in '{frame.operation.verb}' of {about} (line {line})"

    def left_over(self, script: Script, execution: Execution, last: "LastState") -> ReplayDiverged:
        """Say that a schedule goes on where the program does not."""
        thread = script.choices[script.step][0]
        name = self.world.name(thread)
        if execution.ending == "completed":
            return ReplayDiverged(script.step, name, "the program has ended")
        return ReplayDiverged(script.step, name, self.why_not(thread, last.state))


def prints(system: System) -> bool:
    """Decide whether a step of a program may print."""
    entries = (entry for linked in system.linked for entry in linked.entries)
    return any(isinstance(one, Stop) and isinstance(one.form, PrintForm) for one in entries)


class LastState:
    """Keeps the state that an execution has reached."""

    def __init__(self) -> None:
        self.moment: Moment | None = None

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        self.moment = moment
        return False

    @property
    def state(self) -> State | None:
        """Give the state that was reached last."""
        return None if self.moment is None else state_of(self.moment)


def _by_step(found: tuple[Finding, ...]) -> list[Finding]:
    return sorted(found, key=lambda finding: -1 if finding.step is None else finding.step)
