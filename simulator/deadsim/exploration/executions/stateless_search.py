"""The stateless search: every claim decided over one execution of each class.

Each is carried out on real threads, or in memory by the kernel alone.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Sequence

from deadsim.detect.deadlocks.cores import Core
from deadsim.detect.order.races import RaceDetector
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.engine.pool import Pool
from deadsim.engine.scheduler import execute
from deadsim.errors import InternalError
from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.executions.optimal_dpor import MOST_STEPS, Classes, Execution
from deadsim.exploration.static.analysis import Analysis
from deadsim.exploration.verdicts.goal import Goal, Path, Shortest, key_of
from deadsim.exploration.verdicts.identity import Naming
from deadsim.exploration.verdicts.level import UNKNOWN, Known, never, over
from deadsim.kernel.scenario_source import ScenarioSource
from deadsim.kernel.system import System
from deadsim.model.claims import DEFECT_TYPES
from deadsim.runs.result import lines
from deadsim.runs.watchers import state_of
from deadsim.space.packed import Outgrown, Space
from deadsim.space.playback import retrace
from deadsim.space.resting_space import space_of
from deadsim.space.state_predicate import Asked
from deadsim.strategies.script import Script
from deadsim.strategies.strategy import Chance
from deadsim.trace.event import Event

Events = Callable[[], tuple[Event, ...]]
"""Gives the events of an execution, which are made when they are asked for."""

Carry = Callable[[Space, Execution], Events]
"""Carries an execution out."""


class Stateless:
    """What one execution of each class says of the claims, by their keys in `known`.

    `best` has for each defect the schedule with the fewest context switches among those that were
    carried out; `racy` are the variables that race.
    """

    def __init__(
        self, system: System, asked: Collection[str], budget: Budget, carry: Carry, naming: Naming
    ) -> None:
        self.system = system
        self.program = system.program
        self.asked = asked
        self.budget = budget
        self.carry = carry
        self.naming = naming
        self.impossible = Analysis(system).impossible
        self.known: dict[str, Known] = {}
        self.spent: Spent | None = None
        output = any(claim.key in asked for claim in self.program.claims.output)
        self.space = space_of(system, output)
        self.begin()

    def begin(self) -> None:
        """Begin, or begin anew."""
        self.executions = 0
        self.values: dict[str, set[bool]] = {key: set() for key in self.asked}
        self.best = Shortest()
        self.racy: set[int] = set()
        self.whole = True
        self.mended = False  # whether a finalizer has let somebody go on who was stuck
        claims = self.program.claims
        self.finals = [(c, Asked(self.space, c.expression)) for c in claims.final]
        self.invariants = [Asked(self.space, i.expression) for i in self.program.invariants]

    def decide(self) -> None:
        """Decide what can be decided within the budget."""
        while True:
            try:
                for execution in Classes(self.space, self.budget):
                    self.executions += 1
                    self.judge(execution)
                    if not self.whole and self.budget.steps is None:
                        break  # there may be no end to them, and nothing will be decided
                break
            except Outgrown:
                self.space.widen()
                self.begin()
            except Spent as spent:
                self.spent = spent
                break
        # Where finalizers may begin, some classes of executions are not gone through.
        complete = self.whole and self.spent is None and not self.space.finalizers
        if not self.whole and self.spent is None:
            self.spent = self.budget.too_deep(self.budget.steps or MOST_STEPS)
        for key in self.asked:
            self.known[key] = over(self.values[key], complete)
            if key == "deadlock" and self.mended and not self.known[key].without:
                self.known[key] = self.known[key]._replace(complete=False)
            if key in self.impossible:
                self.known[key] = never(self.impossible[key])
        for claim, _ in self.finals:
            if claim.key in self.asked and complete and not self.values[claim.key]:
                self.known[claim.key] = Known(
                    claim.level == "always", False, True, "nothing ever ends"
                )

    @property
    def complete(self) -> bool:
        """Decide whether everything that was asked for is known for certain."""
        return all(self.known.get(key, UNKNOWN).complete for key in self.asked)

    def judge(self, execution: Execution) -> None:
        """Take in one execution."""
        path, space = execution.path, self.space
        end = execution.states[-1]
        self.whole = self.whole and execution.whole
        events = self.carry(space, execution)
        shown: set[str] = set()
        failures = [(0, f) for f in space.begun.failures]
        for number, info in enumerate(execution.infos, 1):
            failures += [(number, f) for f in info.failures]
        for number, failure in failures:
            shown.add(failure.type)
            thread, type, message, place = failure
            self.note(self.naming.goal_of_failure(type, thread, place, message), path[:number])
        for which, holds in enumerate(self.invariants):
            broken = (n for n, state in enumerate(execution.states) if not holds(state))
            first = next(broken, None)
            if first is not None:
                shown.add("invariant")
                self.note(self.naming.goal_of_invariant(which), path[:first])
        if self.races(events, path):
            shown.add("race")
        if execution.whole and not space.over(end):
            if any(space.running(end, thread) for thread in self.system.lasting):
                shown.add("deadlock")
                self.note_deadlocks(execution, events)
        if self.space.finalizers and "deadlock" not in shown and self.was_stuck(execution):
            shown.add("deadlock")
            self.mended = True
        for key in (*DEFECT_TYPES, "timeout"):
            if key in self.values and (execution.whole or key in shown):
                self.values[key].add(key in shown)
        if execution.whole:
            self.judge_end(end, path)

    def was_stuck(self, execution: Execution) -> bool:
        """Decide whether somebody was stuck until a finalizer began: it did not have to.

        In another execution of the same class it may have begun before.
        """
        judge = self.system.once(StuckJudge)
        befores = (info.before for info in execution.infos if info.begins)
        for state in befores:
            found = judge.stuck(state)
            if found is not None and not found.stuck.isdisjoint(self.system.lasting):
                return True
        return False

    def note(self, goal: Goal, path: Path) -> None:
        """Keep a schedule, if it shows something that is asked for, and is the best that does."""
        if key_of(goal) in self.values:
            self.best.note(goal, path)

    def note_deadlocks(self, execution: Execution, events: Events) -> None:
        """Name the deadlocks in which an execution has ended, each by the steps that closed its core."""
        space, states = self.space, execution.states
        end = space.state(states[-1])
        stuck = [thread for thread in space.threads if space.running(states[-1], thread)]
        for core in self.naming.name(end, events(), stuck):
            steps = first_closed(self.naming, space, states, core)
            for one in self.naming.at(space.state(states[steps]), events()[:steps], core):
                self.note(self.naming.goal_of(one), execution.path[:steps])

    def judge_end(self, end: int, path: Path) -> None:
        """Hold the end of a whole execution against the claims about it."""
        if self.space.over(end):
            for claim, holds in self.finals:
                if claim.key in self.values:
                    value = holds(end)
                    self.values[claim.key].add(value)
                    if claim.level != "possible" and value == (claim.level == "never"):
                        self.note(Goal("final", (claim.key,)), path)
        for wanted in self.program.claims.output:
            if wanted.key in self.values:
                value = wanted.is_met(lines(self.space.value(end, self.system.world.output)))
                self.values[wanted.key].add(value)
                if wanted.level == "always" and not value:
                    self.note(Goal("output", (wanted.key,)), path)

    def races(self, events: Events, path: Path) -> bool:
        """Look for races in one execution."""
        if "race" not in self.asked or "race" in self.impossible:
            return False
        detector = RaceDetector()
        for event in events():
            detector.after(event.step, event.thread, event.effect)
        for variable, pair in detector.found.items():
            self.racy.add(variable)
            self.note(Goal("race", (variable,)), path[: pair.second + 1])
        return bool(detector.found)


def first_closed(naming: Naming, space: Space, states: Sequence[int], core: Core) -> int:
    """Count the steps after which a core was closed, and no daemon's alone: so it is after all later ones."""
    lasting = naming.system.lasting.intersection((*core.threads, *core.behind))

    def is_closed(packed: int) -> bool:
        closed = naming.closed(space.state(packed))
        return closed.issuperset(core.threads) and not closed.isdisjoint(lasting)

    if space.finalizers:  # by which it may have been open again
        first = len(states)
        while first and is_closed(states[first - 1]):
            first -= 1
        return first
    return bisect_left(states, True, key=is_closed)


def in_memory(system: System) -> Carry:
    """Carry executions out by the kernel alone."""
    return lambda space, execution: lambda: retrace(system, execution.path)[0]


def on_threads(system: System, pool: Pool) -> Carry:
    """Carry executions out on real threads; each step has to do there what the kernel says."""

    source = ScenarioSource(system)

    def carry(space: Space, execution: Execution) -> Events:
        script = Script([info.result.choice for info in execution.infos], Chance(0))
        done = execute(source, script, pool, max_steps=max(1, len(execution.path)))
        if not space.is_reached(execution.states[-1], state_of(done.moment)):
            names = tuple(system.program.threads[thread].name for thread, _ in execution.path)
            raise InternalError("real threads end otherwise than the kernel", names)
        return lambda: done.events

    return carry
