"""Decide every claim of a scenario over all schedules, and show each defect by its shortest schedule."""

from collections.abc import Callable, Collection, Iterable
from typing import Literal, NamedTuple

from deadsim.engine.interrupts import Interrupt
from deadsim.engine.pool import Pool
from deadsim.engine.retrace import retrace
from deadsim.exploration import stubborn
from deadsim.exploration.budget import MEMORY, SECONDS, STATES, Budget, Spent
from deadsim.exploration.claims import judged
from deadsim.exploration.defects import Confirming
from deadsim.exploration.goals import Goals, Races
from deadsim.exploration.hunt import Goal, Hunt, Shown
from deadsim.exploration.level import UNKNOWN, Known
from deadsim.exploration.naming import Naming
from deadsim.exploration.result import Defect, Exploration
from deadsim.exploration.sampled import Sampled
from deadsim.exploration.stateful import Stateful, keys
from deadsim.exploration.stateless import Carry, Stateless, in_memory, on_threads
from deadsim.exploration.stubborn import Reduced
from deadsim.model.claims import DEFECT_TYPES
from deadsim.model.program import Limits, Program, StrategyName
from deadsim.runs.once import Runner
from deadsim.trace.schedule import switches as switches_in

FEW = 30_000
"""States that are looked at for a shorter schedule, though a reduced search has decided already.

Divided by the number of threads, which is about how much longer each takes.
"""

AT_LEAST = 2.0
"""Seconds that executions are gone through, where states were too many."""

MOST_SHOWN = 20
"""Deadlocks of a reduced search that are shown."""


class Request(NamedTuple):
    """What is asked of an exploration: the claims to decide (None: all), budgets, how to go about it.

    With `every` each distinct defect is shown, not one of each kind; with `engine` threads each
    execution is carried out on real threads; with `preemptions` no schedule has more of them; with `sample`
    some schedules are drawn instead of covering all. Reduction "none" looks at every state.
    """

    claims: frozenset[str] | None = None
    limits: Limits = Limits()
    every: bool = False
    engine: Literal["memory", "threads"] = "memory"
    preemptions: int | None = None
    sample: StrategyName | None = None
    reduction: Literal["auto", "none"] = "auto"


EVERYTHING = Request()


def explore(
    program: Program,
    pool: Pool,
    request: Request = EVERYTHING,
    interrupt: Interrupt | None = None,
    look: Callable[[Budget], None] | None = None,
) -> Exploration:
    """Decide the claims of a scenario over all schedules; `look` is called now and then with the budget."""
    explorer = _Explorer(program, pool, request, interrupt)
    explorer.budget.look = look
    return explorer.explore()


class _Explorer:
    def __init__(
        self, program: Program, pool: Pool, request: Request, interrupt: Interrupt | None
    ) -> None:
        self.program = program
        self.pool = pool
        self.request = request
        self.runner = Runner(program)
        system = self.runner.system
        self.asked = [
            key
            for key in keys(system)
            if request.claims is None or key in request.claims or key.split(".")[0] in request.claims
        ]
        own, scenario = request.limits, program.limits
        self.budget = Budget(
            own.states or scenario.states or STATES,
            own.seconds or scenario.seconds or SECONDS,
            own.memory or scenario.memory or MEMORY,
            own.steps or scenario.steps,
            own.executions or scenario.executions,
            interrupt,
        )
        reduce = (
            self.asked == ["deadlock"]
            and request[2:] == EVERYTHING[2:]  # nothing else is asked for
            and stubborn.applies(system)
        )
        self.search = Stateful(system, self.asked, self.budget, request.preemptions, reduce)
        self.executions: Stateless | Sampled | None = None
        self.goals: Goals | None = None
        self.reduce = reduce
        self.naming = Naming(self.runner.judge, request.every)
        self.hunted = False  # whether every deadlock was seen

    def explore(self) -> Exploration:
        search = self.search
        if self.request.sample is not None:
            self.executions = self.sampled(self.request.sample)
            self.executions.decide()
        elif self.request.engine == "threads":
            self.go_through(on_threads(search.system, self.pool))
            assert self.executions is not None
            shown = any(known.some for known in self.executions.known.values())
            if shown or not self.executions.complete:
                search.decide()  # for the shortest schedules, and for runs without an end
        elif search.reduce:
            search.decide()
            self.look_for_shorter()
        else:
            search.decide()
            bounded = self.request.preemptions is not None
            if search.spent is not None and not search.spent.interrupted and not bounded:
                # Not longer than it has taken so far: it is a second try.
                seconds = self.budget.seconds
                self.budget.seconds = min(seconds, 2 * self.budget.elapsed() + AT_LEAST)
                self.go_through(in_memory(search.system))
                self.budget.seconds = seconds
        defects = self.defects()
        known = self.known()
        complete = all(known.get(key, UNKNOWN).complete for key in self.asked)
        names = frozenset(str(self.program.object_name(number)) for number in self.racy())
        by_executions = self.executions is not None and (
            self.request.engine == "threads" or self.request.sample or self.executions.complete
        )
        return Exploration(
            program=self.program,
            engine="threads" if self.request.sample else self.request.engine,
            claims=judged(self.program, self.asked, known, names, self.naming.seen, self.hunted),
            complete=complete,
            interrupted=self.budget.interrupt is not None and self.budget.interrupt.asked,
            executions=self.executions.executions if self.executions and by_executions else None,
            states=None if by_executions else self.budget.visited,
            transitions=None if by_executions else self.budget.transitions,
            seconds=self.budget.elapsed(),
            reduction=self.reduction(bool(by_executions)),
            covered=None if complete else self.covered(),
            defects=defects,
        )

    def look_for_shorter(self) -> None:
        """Look at all states too where they are few, for the shortest schedule of a deadlock."""
        reduced, search = self.search.reduced, self.search
        if reduced is None or not search.known["deadlock"].some:
            return
        few = Budget(FEW // len(search.system.linked), self.budget.seconds, self.budget.memory)
        few.interrupt, few.look = self.budget.interrupt, self.budget.look
        whole = Stateful(search.system, self.asked, few)
        whole.decide()
        if whole.complete:
            self.search = whole

    def go_through(self, carry: Carry) -> None:
        """Carry out one execution of each class, within what is left of the time."""
        budget = self.budget
        self.executions = Stateless(self.search.system, self.asked, budget, carry, self.naming)
        self.executions.decide()

    def sampled(self, strategy: StrategyName) -> Sampled:
        """Draw schedules, within the budget."""
        impossible = {str(key): why for key, why in self.search.impossible.items()}
        return Sampled(
            self.runner, self.pool, self.asked, self.budget, strategy, self.naming, impossible
        )

    def searches(self) -> list[Stateful | Stateless | Sampled]:
        """List the searches that were made."""
        made: list[Stateful | Stateless | Sampled] = [self.search]
        return made if self.executions is None else [self.executions, *made]

    def known(self) -> dict[str, Known]:
        """Put together what the searches have found."""
        found: dict[str, Known] = {}
        for search in self.searches():
            for key, known in search.known.items():
                before = found.get(key, UNKNOWN)
                if not before.complete:
                    some, without = known.some or before.some, known.without or before.without
                    found[key] = known._replace(some=some, without=without)
        return found

    def racy(self) -> set[int]:
        """List the variables that were seen to race."""
        return {variable for search in self.searches() for variable in search.racy}

    def reduction(self, by_executions: bool) -> str:
        """Name what made the search smaller."""
        if by_executions:
            return "none" if self.request.sample else "optimal-dpor"
        return "stubborn" if self.reduce else "none"

    def covered(self) -> str:
        """Say what was covered when a budget was spent."""
        parts = []
        depth = len(self.search.reached.levels) - 2
        if depth > 0:
            parts.append(f"{self.budget.visited:,} states, every schedule of up to {depth:,} steps")
        if self.executions is not None:
            classes = "" if self.request.sample else ", no two of one class"
            parts.append(f"{self.executions.executions:,} executions{classes}")
        # Of a second try it does not matter why it was given up.
        searches = [self.search] if self.search.spent else self.searches()
        reasons = [search.spent.reason for search in searches if search.spent]
        return "; ".join([*parts, *dict.fromkeys(reasons)])

    def defects(self) -> tuple[Defect, ...]:
        """Show each defect that was found by a schedule."""
        shown: list[tuple[Goal, Shown]] = []
        search = self.search
        limit = max(10.0, self.budget.seconds) if search.spent else self.budget.seconds
        budget = Budget(self.budget.states, limit, self.budget.memory + 512)
        budget.look = self.budget.look
        budget.interrupt = None if search.spent and search.spent.interrupted else self.budget.interrupt
        try:
            goals = self.goals = Goals(search, self.naming, self.request.every, budget)
        except Spent:
            return ()
        wanted = self.wanted() if search.reduced is None else set()
        if wanted:
            at_start = goals.at_start()
            shown += [(goal, Shown((), 0, True)) for goal in dict.fromkeys(at_start)]
            hunt = Hunt(goals.start, goals.expand, budget, self.request.preemptions)
            rest = wanted - {goal.type for goal in at_start} if not self.request.every else wanted
            if rest or "deadlock" in wanted:
                found = hunt.search(lambda sure: self.enough(sure, wanted))
                shown += [(g, s) for g, s in found.items() if g not in at_start]
            every = hunt.over or not goals.more_kinds()
            self.hunted = search.reached.complete and goals.all_named and every
        if search.racy:
            races = Races(search, self.request.every)
            hunt = Hunt(races.start, races.expand, budget, self.request.preemptions)
            found = hunt.search(lambda sure: len(list(sure)) == len(search.racy))
            shown += found.items()
        if search.reduced is not None and search.components is not None:
            shown += self.reduced_deadlocks(search.reduced, goals)
        if self.executions is not None:
            seen = {goal.type for goal, _ in shown}
            shown += [one for one in self.executions.best.items() if one[0].type not in seen]
        confirming = Confirming(search, goals, self.runner, self.pool)
        return tuple(
            confirming.defect(goal, one) for goal, one in sorted(shown, key=lambda s: rank(*s))
        )

    def reduced_deadlocks(self, reduced: Reduced, goals: Goals) -> list[tuple[Goal, Shown]]:
        """Show the deadlocks of the reduced graph, by the shortest ways in it."""
        found: dict[Goal, Shown] = {}
        for part in self.search.components or ():
            if self.search.stuck(part) and len(found) < MOST_SHOWN:
                path = reduced.path(part.nodes[0])
                events, _ = retrace(self.search.system, path)
                for one in goals.name(part.nodes[0], events):
                    switches = switches_in(str(thread) for thread, _ in path)
                    found.setdefault(self.naming.goal_of(one), Shown(path, switches, False))
        return list(found.items())

    def wanted(self) -> set[str]:
        """List the types of defects that were found, but for races."""
        known, goals = self.search.known, self.goals
        assert goals is not None
        types: set[str] = {t for t in DEFECT_TYPES if t != "race" and t in known and known[t].some}
        if any(known.get(claim.key, UNKNOWN).holds(claim.level) is False for claim, _ in goals.finals):
            types.add("final")
        if any(known.get(claim.key, UNKNOWN).holds("always") is False for claim in goals.outputs):
            types.add("output")
        return types

    def enough(self, sure: Iterable[Goal], wanted: Collection[str]) -> bool:
        """Decide whether what was found for certain is all there is to show."""
        assert self.goals is not None
        if self.request.every or ("deadlock" in wanted and self.goals.more_kinds()):
            return False
        types = {goal.type for goal in sure}
        return types >= set(wanted)


def rank(goal: Goal, shown: Shown) -> tuple[object, ...]:
    """Order defects: deadlocks, races, then others; what takes the fewest context switches first."""
    order = ("deadlock", "race", "livelock")
    place = order.index(goal.type) if goal.type in order else len(order)
    return place, shown.switches, len(shown.path), goal.type, repr(goal.which)
