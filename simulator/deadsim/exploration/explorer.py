"""Decide every claim of a scenario over all schedules, and show each defect by its shortest schedule."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Literal, NamedTuple

from deadsim.engine.interrupts import Interrupt
from deadsim.engine.pool import Pool
from deadsim.exploration.budget import MEMORY, SECONDS, STATES, Budget, Spent
from deadsim.exploration.executions.sample import Sampled
from deadsim.exploration.executions.stateless_search import Carry, Stateless, in_memory, on_threads
from deadsim.exploration.states.stateful_search import Reduce, Stateful, keys
from deadsim.exploration.states.unreached import unreached
from deadsim.exploration.verdicts.goal import Goal, Shown, key_of, rank
from deadsim.exploration.verdicts.identity import Named, Naming
from deadsim.exploration.verdicts.judgement import judged, of_nobody
from deadsim.exploration.verdicts.level import UNKNOWN, Known
from deadsim.exploration.verdicts.result import Defect, Example, Exploration, Judged, Limit
from deadsim.exploration.witnesses.witness import Showing
from deadsim.model.program import Limits, Program
from deadsim.runs.runner import Runner

FEW = 30_000
"""States that are looked at for a shorter schedule, though a reduced search has decided already.

Divided by the number of threads, which is about how much longer each takes.
"""

SEARCHING, GOING_ON = 0.7, 0.9
"""How much of the time has gone when states are given up, and when executions are: each leaves the rest to those after it."""

AT_LEAST = 2.0
"""Seconds that executions are gone through, where states were too many."""

DRAWN = 100
"""Schedules that are drawn at random, where states were too many."""


class Request(NamedTuple):
    """What is asked of an exploration: the claims to decide (None: all), budgets, how to go about it.

    With `every` each distinct defect is shown, not one of each kind; with `engine` threads each
    execution is carried out on real threads; with `preemptions` no schedule has more of them; with `sample`
    some schedules are drawn instead of covering all. Reduction "none" looks at every state. With `canary`
    defects are planted once the claims hold (`canary.plant`), and so many `examples` are added.
    """

    claims: frozenset[str] | None = None
    limits: Limits = Limits()
    every: bool = False
    engine: Literal["memory", "threads"] = "memory"
    preemptions: int | None = None
    sample: str | None = None
    reduction: Literal["auto", "none"] = "auto"
    canary: bool = False
    examples: int = 0


EVERYTHING = Request()


def explore(
    program: Program,
    pool: Pool,
    request: Request = EVERYTHING,
    interrupt: Interrupt | None = None,
    look: Callable[[Budget], None] | None = None,
    tell: Callable[[Exploration], None] | None = None,
) -> Exploration:
    """Decide the claims of a scenario over all schedules; `look` is called now and then with the budget.

    `tell` is called as soon as the verdict stands, with a schedule at hand that real threads have replayed
    where there is one; shorter ones are looked for after that.
    """
    return _Explorer(program, pool, request, interrupt, look, tell).explore()


class _Explorer:
    def __init__(
        self,
        program: Program,
        pool: Pool,
        request: Request,
        interrupt: Interrupt | None,
        look: Callable[[Budget], None] | None,
        tell: Callable[[Exploration], None] | None,
    ) -> None:
        self.tell = tell
        self.decided_in: float | None = None
        self.program = program
        self.pool = pool
        self.request = request
        self.runner = Runner(program)
        system = self.runner.system
        self.asked = [
            key
            for key in keys(system)
            if request.claims is None
            or key in request.claims
            or key.split(".")[0] in request.claims
        ]
        own, scenario = request.limits, program.limits
        seconds = scenario.seconds if own.seconds is None else own.seconds
        self.budget = Budget(
            own.states or scenario.states or STATES,
            SECONDS if seconds is None else seconds,
            own.memory or scenario.memory or MEMORY,
            own.steps or scenario.steps,
            own.executions or scenario.executions,
            interrupt,
        )
        self.budget.look = look
        # Deadlocks alone need no other state; else the shortest schedules are found among all states.
        reduce: Reduce = "early" if self.asked == ["deadlock"] and not request.every else "late"
        if request.reduction == "none" or request.engine == "threads":
            reduce = "never"
        alone = request.engine == "threads" or request.preemptions is not None
        budget = self.budget.part((GOING_ON if alone else SEARCHING) * self.budget.seconds)
        self.search = Stateful(system, self.asked, budget, request.preemptions, reduce)
        self.executions: Stateless | Sampled | None = None
        self.drawn: Sampled | None = None
        self.naming = Naming(system, request.every)

    def explore(self) -> Exploration:
        search = self.search
        if self.request.sample is not None:
            self.executions = self.sampled(self.request.sample, self.budget)
        elif self.request.engine == "threads":
            self.go_through(on_threads(search.system, self.pool), SEARCHING * self.budget.seconds)
            assert self.executions is not None
            shown = any(known.some for known in self.executions.known.values())
            if shown or not self.executions.complete:
                search.decide()  # for the shortest schedules, and for runs without an end
        else:
            search.decide()
            bounded = self.request.preemptions is not None
            if search.spent is not None and not search.spent.interrupted and not bounded:
                self.drawn = self.drawn_at_random()
                # Not longer than it has taken so far: it is a second try.
                self.go_through(in_memory(search.system), self.budget.elapsed() + AT_LEAST)
            elif search.reduce == "early":
                self.note_verdict()
                self.look_for_shorter()
        self.never_reached = unreached(self.search)
        self.note_verdict()
        made = [tried for tried in (self.drawn, self.executions) if tried is not None]
        every = self.request.every
        showing = Showing(
            self.search, made, self.known(), self.naming, self.budget, every, self.begun
        )
        defects = showing.defects(self.runner, self.pool)
        self.note_verdict(showing.hunted)
        return self.result(defects, showing.hunted, showing.cores)

    def begun(self, shown: Mapping[Goal, Shown], confirm: Callable[[Goal], Defect]) -> None:
        """Tell the verdict, if it stands, with one of the schedules that show why."""
        self.note_verdict()
        if self.tell is None or self.decided_in is None:
            return
        refuted = {claim.key for claim in self.judged() if claim.holds is False}
        goals = [goal for goal, _ in sorted(shown.items(), key=lambda one: rank(*one))]
        first = next((goal for goal in goals if key_of(goal) in refuted or not refuted), None)
        self.tell(self.result(() if first is None else (confirm(first),)))

    def note_verdict(self, hunted: bool = False) -> None:
        """Note the time, if the verdict stands from now on."""
        if self.decided_in is None:
            holds = [claim.holds for claim in self.judged(hunted) if claim.asked]
            if False in holds or None not in holds:
                self.decided_in = self.budget.elapsed()

    def judged(
        self, hunted: bool = False, cores: Collection[Named] | None = None
    ) -> tuple[Judged, ...]:
        """Hold the claims against what is known."""
        names = frozenset(self.runner.world.name(number) for number in self.racy())
        known, seen = self.known(), self.naming.seen
        return tuple(judged(self.program, self.asked, known, names, seen, hunted, cores))

    def result(
        self,
        defects: tuple[Defect, ...],
        hunted: bool = False,
        cores: Collection[Named] | None = None,
    ) -> Exploration:
        """Put together what is known."""
        known = self.known()
        complete = all(known.get(key, UNKNOWN).complete for key in self.asked)
        by_executions = self.executions is not None and (
            self.request.engine == "threads" or self.request.sample or self.executions.complete
        )
        states, transitions = self.search.budget.counted
        claims: Iterable[Judged] = self.judged(hunted, cores)
        if self.search.system.is_idle() and not defects:
            claims = of_nobody(claims)
        return Exploration(
            program=self.program,
            engine="threads" if self.request.sample else self.request.engine,
            claims=tuple(claims),
            complete=complete,
            interrupted=self.budget.interrupt is not None and self.budget.interrupt.asked,
            executions=self.executions.executions if self.executions and by_executions else None,
            states=None if by_executions else states,
            transitions=None if by_executions else transitions,
            seconds=self.budget.elapsed(),
            decided_in=self.decided_in,
            reduction=self.reduction(bool(by_executions)),
            covered=None if complete else self.covered(),
            grows=() if complete else self.search.growth.found(),
            limit=None if complete else self.limit(),
            defects=defects,
            example=Example(self.program, self.runner.system),
            unreached=self.never_reached,
        )

    def look_for_shorter(self) -> None:
        """Look at all states too where they are few, for the shortest schedule of a deadlock."""
        reduced, search = self.search.reduced, self.search
        if reduced is None or not search.known["deadlock"].some:
            return
        few = self.budget.part(states=FEW // len(search.system.linked))
        few.hunting = True
        whole = Stateful(search.system, self.asked, few)
        whole.decide()
        if whole.complete:
            whole.budget = search.budget  # what was counted is what it took to decide
            self.search = whole

    def go_through(self, carry: Carry, seconds: float) -> None:
        """Carry out one execution of each class, within some time."""
        left = GOING_ON * self.budget.seconds - self.budget.elapsed()
        budget = self.budget.part(min(seconds, left))
        self.executions = Stateless(self.search.system, self.asked, budget, carry, self.naming)
        self.executions.decide()

    def drawn_at_random(self) -> Sampled:
        """Draw some schedules where states were too many: a defect that shows often shows at once."""
        left = GOING_ON * self.budget.seconds - self.budget.elapsed()
        return self.sampled("random", self.budget.part(min(AT_LEAST, left / 2), executions=DRAWN))

    def sampled(self, strategy: str, budget: Budget) -> Sampled:
        """Draw schedules, within a budget."""
        impossible = {str(key): why for key, why in self.search.impossible.items()}
        runner, pool = self.runner, self.pool
        sampled = Sampled(runner, pool, self.asked, budget, strategy, self.naming, impossible)
        sampled.decide()
        return sampled

    def searches(self) -> list[Stateful | Stateless | Sampled]:
        """List the searches that were made."""
        made = (self.executions, self.drawn, self.search)
        return [search for search in made if search is not None]

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
        if self.search.reduced is None:
            return "none"
        return "stubborn+symmetry" if self.search.alike else "stubborn"

    def covered(self) -> str:
        """Say what was covered when a budget was spent."""
        parts = []
        depth = self.search.depth
        states = self.search.budget.counted[0]
        if depth > 0:
            steps = "the first step" if depth == 1 else f"the first {depth:,} steps"
            parts.append(f"all that can happen in {steps} ({states:,} states)")
        elif states and self.executions is None:
            parts.append(f"{states:,} states")
        if self.executions is not None and self.request.sample:
            parts.append(counted(self.executions.executions, "schedule"))
        elif self.executions is not None and self.executions.executions > 1:
            runs = counted(self.executions.executions, "whole run")
            parts.append(f"{runs} that differ in more than the order of independent steps")
        if self.drawn is not None and self.drawn.executions:
            parts.append(f"{counted(self.drawn.executions, 'schedule')} drawn at random")
        return "; ".join([*parts, *dict.fromkeys(one.reason for one in self.spent())])

    def spent(self) -> list[Spent]:
        """List why searches were given up; of a second try it does not matter."""
        searches = [self.search] if self.search.spent else self.searches()
        return [search.spent for search in searches if search.spent]

    def limit(self) -> Limit | None:
        """Give the budget that was spent."""
        first = next((one for one in self.spent() if one.option), None)
        return None if first is None else Limit(first.option, first.amount)


def counted(number: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
