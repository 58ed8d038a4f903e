"""Each defect that was found, by the schedule with the fewest context switches that can be had."""

from collections.abc import Iterable, Mapping

from deadsim.engine.pool import Pool
from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.executions.sample import Sampled
from deadsim.exploration.executions.stateless_search import Stateless, first_closed, in_memory
from deadsim.exploration.states.reduced_graph import Reduced, seeing, seeing_race
from deadsim.exploration.states.stateful_search import Stateful
from deadsim.exploration.verdicts.goal import Goal, Shortest, Shown, rank
from deadsim.exploration.verdicts.identity import Naming
from deadsim.exploration.verdicts.judgement import has_match
from deadsim.exploration.verdicts.level import UNKNOWN, Known
from deadsim.exploration.verdicts.result import Defect
from deadsim.exploration.witnesses.best_first import Hunt
from deadsim.exploration.witnesses.confirmation import Confirming
from deadsim.exploration.witnesses.goals import Goals, Races
from deadsim.exploration.witnesses.selection import reported
from deadsim.exploration.witnesses.shrinking import shorten
from deadsim.runs.runner import Runner
from deadsim.space.access_order import Order
from deadsim.space.packed import Outgrown
from deadsim.space.playback import retrace

MOST_SHOWN = 20
"""Deadlocks of a reduced search that are shown."""

BY_OUTCOME = ("deadlock", "livelock", "output")
"""Of these it is not known in which states they show, where not every state was seen."""

SECONDS = 5.0
"""How long shorter schedules are looked for, at the least and where states are too many."""


class Showing:
    """Shows what the searches have found; `hunted` says that every deadlock was seen."""

    def __init__(
        self,
        search: Stateful,
        executions: Iterable[Stateless | Sampled],
        known: Mapping[str, Known],
        naming: Naming,
        budget: Budget,
        every: bool,
    ) -> None:
        self.search, self.executions, self.known = search, executions, known
        self.naming, self.every = naming, every
        self.preemptions = search.preemptions
        partly = not search.reached.complete or search.spent is not None
        seconds = SECONDS if partly else max(SECONDS, budget.seconds)
        self.budget = Budget(budget.states, seconds, budget.memory + 512)
        self.budget.look = budget.look
        self.budget.hunting = True
        interrupted = search.spent is not None and search.spent.interrupted
        self.budget.interrupt = None if interrupted else budget.interrupt
        self.hunted = False
        self.shown = Shortest()

    def defects(self, runner: Runner, pool: Pool) -> tuple[Defect, ...]:
        """Show every defect, each replayed on real threads."""
        for executions in self.executions:
            self.take_over(executions)
        self.shorten()
        while True:
            try:
                goals = Goals(self.search, self.naming, self.every, self.budget)
                self.look_for(goals)
                break
            except Outgrown:
                self.search.widen()
        confirming = Confirming(self.search, goals, runner, pool)
        self.select()
        ordered = sorted(self.shown.items(), key=lambda one: rank(*one))
        return tuple(confirming.defect(goal, shown) for goal, shown in ordered)

    def select(self) -> None:
        """Keep what is to be reported."""
        claim = self.search.program.claims.kinds.get("deadlock")
        self.shown = reported(self.shown, claim, self.every)

    def look_for(self, goals: Goals) -> None:
        """Look for the best schedule of each goal."""
        search = self.search
        if goals.partly:
            self.budget.seconds = max(self.budget.seconds, self.budget.elapsed() + SECONDS)
        wanted = self.wanted(goals)
        for one in search.fair:  # the fewest steps; to be bettered by fewer context switches
            self.shown.note(goals.goal_of(one), one.path)
        if search.reduce != "early" or search.reduced is None:
            self.hunt(goals, wanted)
        if search.racy:
            self.hunt_races()
        if search.reduced is not None:
            self.show_reduced(search.reduced, goals, wanted)

    def take_over(self, executions: Stateless | Sampled) -> None:
        """Take what executions have shown of which not everything is known otherwise."""
        search = self.search
        types = {
            key for key, known in search.known.items() if known.some and search.reached.complete
        }
        for goal, shown in executions.best.items():
            if goal.type not in types:
                self.shown.take(goal, shown)

    def shorten(self) -> None:
        """Look for shorter schedules near those that show something so far."""
        search = self.search
        self.select()
        if self.shown and self.preemptions is None:
            carry = in_memory(search.system)
            shorten(
                Stateless(search.system, search.asked, self.budget, carry, self.naming), self.shown
            )

    def hunt(self, goals: Goals, wanted: set[str]) -> None:
        """Look for the shortest schedules of all that was found, but for races."""
        if not wanted:
            return
        at_start = dict.fromkeys(goals.at_start(), Shown((), 0, True))
        self.shown.update(at_start)
        rest = wanted if self.every else wanted - {goal.type for goal in at_start}
        if not rest and "deadlock" not in wanted:
            return

        def enough(sure: Iterable[Goal]) -> bool:
            if self.every or not {goal.type for goal in sure} >= wanted:
                return False
            if "deadlock" not in wanted or goals.partly or not goals.more_kinds():
                return True
            # More kinds are worth some time, but for one that is claimed.
            return self.budget.elapsed() > SECONDS and not self.is_one_missing()

        hunt = Hunt(goals.start, goals.expand, self.budget, self.preemptions)
        for goal, shown in hunt.search(enough).items():
            if goal not in at_start:
                minimal = shown.minimal and not (goals.partly and goal.type in BY_OUTCOME)
                self.shown.take(goal, shown._replace(minimal=minimal))
        every = hunt.over or not goals.more_kinds()
        self.hunted = not goals.partly and goals.all_named and goals.pasts.exact and every
        goals.hunted = self.hunted

    def is_one_missing(self) -> bool:
        """Decide whether a deadlock is claimed as none was that has been seen."""
        claim = self.search.program.claims.kinds.get("deadlock")
        return claim is not None and not has_match(claim, self.naming.seen)

    def hunt_races(self) -> None:
        """Look for the shortest schedules of the races."""
        search = self.search
        races = Races(search)
        hunt = Hunt(races.start, races.expand, self.budget, self.preemptions)
        found = hunt.search(lambda sure: len(list(sure)) == len(search.racy))
        for goal, shown in found.items():
            self.shown.take(goal, shown)

    def show_reduced(self, reduced: Reduced, goals: Goals, wanted: set[str]) -> None:
        """Show by the ways of the reduced graph what has not been shown otherwise."""
        known = set(self.shown)
        self.budget.seconds = self.budget.elapsed() + SECONDS
        try:
            self.show_deadlocks(reduced, goals)
            types = {goal.type for goal in known}
            for goal, shows in goals.sights():
                if goal.type in wanted - types:
                    self.show_first(goal, self.search.graph(seeing(shows), budget=self.budget))
            for variable in self.search.racy:
                goal = Goal("race", (variable,))
                if goal not in known:
                    order = Order(self.search.space, (variable,))
                    graph = self.search.graph(seeing_race, order, budget=self.budget)
                    self.show_first(goal, graph)
        except Spent:
            pass
        if self.search.reduce != "early":
            self.shorten()

    def show_first(self, goal: Goal, graph: Reduced) -> None:
        """Show a defect by the first step of a reduced graph that is not to be followed."""
        path = graph.find()
        if path is not None:
            self.shown.note(goal, path)

    def show_deadlocks(self, reduced: Reduced, goals: Goals) -> None:
        """Show the deadlocks in which the reduced graph ends."""
        stuck = [part for part in self.search.seen if self.search.stuck(part)]
        for part in stuck[:MOST_SHOWN]:
            path = reduced.find(part.nodes[0])
            assert path is not None
            # Where threads stand for one another, what is come to need not be that very state.
            events, _ = retrace(self.search.system, path)
            space = self.search.space
            states = [space.start]
            for thread, way in path:
                states.append(states[-1] + space.moves(states[-1], thread)[way][0])
            for core in goals.name(states[-1], events):
                steps = first_closed(self.naming, space, states, core.threads)
                self.shown.note(self.naming.goal_of(self.naming.named(core)), path[:steps])

    def wanted(self, goals: Goals) -> set[str]:
        """List the types of defects that were found, but for races."""
        known = self.known
        asked = self.search.program.claims.types
        types: set[str] = {t for t in asked if t != "race" and t in known and known[t].some}
        if any(
            known.get(claim.key, UNKNOWN).holds(claim.level) is False for claim, _ in goals.finals
        ):
            types.add("final")
        if any(known.get(claim.key, UNKNOWN).holds("always") is False for claim in goals.outputs):
            types.add("output")
        return types
