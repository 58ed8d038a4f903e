"""Each defect that was found, by the schedule with the fewest context switches that can be had."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from deadsim.engine.pool import Pool
from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.executions.sample import Sampled
from deadsim.exploration.executions.stateless_search import Stateless, first_closed, in_memory
from deadsim.exploration.states.reduced_graph import Reduced, seeing, seeing_race
from deadsim.exploration.states.stateful_search import Stateful
from deadsim.exploration.verdicts.goal import Goal, Path, Shortest, Shown, key_of, rank
from deadsim.exploration.verdicts.identity import Named, Naming
from deadsim.exploration.verdicts.judgement import has_match
from deadsim.exploration.verdicts.level import UNKNOWN, Known
from deadsim.exploration.verdicts.result import Defect
from deadsim.exploration.witnesses.best_first import Estimate, Hunt, nothing
from deadsim.exploration.witnesses.confirmation import Confirming
from deadsim.exploration.witnesses.goals import Goals, Races
from deadsim.exploration.witnesses.place_distance import PlaceDistance
from deadsim.exploration.witnesses.selection import reported
from deadsim.exploration.witnesses.shrinking import shorten
from deadsim.runs.runner import Runner
from deadsim.space.access_order import Order
from deadsim.space.packed import Outgrown, Packed
from deadsim.space.playback import retrace

MOST_SHOWN = 20
"""Deadlocks of a reduced search that are shown."""

AT_LEAST = 20_000
"""Steps of a search for shorter schedules where few states were visited; else no more than those."""

DEARER = 5
"""How many times as long a step of it takes as a state of the search that has decided."""

NAMING = 100
"""Steps for which a deadlock counts that is given a name."""

Begun: TypeAlias = Callable[[Mapping[Goal, Shown], Callable[[Goal], Defect]], None]
"""Is given the schedules at hand, before shorter ones are looked for, and what replays one on real threads."""


class Showing:
    """Shows what the searches have found; `hunted` says that every deadlock was seen, `cores` are else all that can close.

    `begun` is called once there are schedules at hand.
    """

    def __init__(
        self,
        search: Stateful,
        executions: Iterable[Stateless | Sampled],
        known: Mapping[str, Known],
        naming: Naming,
        budget: Budget,
        every: bool,
        begun: Begun = lambda shown, confirm: None,
    ) -> None:
        self.begun = begun
        self.search, self.executions, self.known = search, executions, known
        self.naming, self.every = naming, every
        self.preemptions = search.preemptions
        self.budget = budget.part()
        self.budget.hunting = True
        self.most = max(AT_LEAST, search.budget.counted[0] // DEARER)
        self.hunted = False
        self.cores: list[Named] | None = None
        self.at_hand: set[Goal] = set()
        self.widened = False  # then the steps that were met are forgotten
        self.shown = Shortest()

    def defects(self, runner: Runner, pool: Pool) -> tuple[Defect, ...]:
        """Show every defect, each replayed on real threads; when the budget is spent, one of each claim."""
        for executions in self.executions:
            self.take_over(executions)
        self.shorten()
        while True:
            try:
                goals = Goals(self.search, self.naming, self.every, self.budget)
                self.take_at_hand(goals)
                self.begin(goals, runner, pool)
                self.look_for(goals)
                break
            except Outgrown:
                self.search.widen()
                self.widened = True
        if self.is_one_missing() and not self.hunted:
            self.cores = goals.all_cores()
        confirming = Confirming(self.search, goals, runner, pool, self.budget)
        self.select()
        found: dict[str, Defect] = {}
        defects = []
        for goal, shown in sorted(self.shown.items(), key=lambda one: rank(*one)):
            claim = key_of(goal)
            if claim not in found or not self.budget.is_spent:
                found[claim] = confirming.defect(goal, shown)
                defects.append(found[claim])
        return tuple(defects)

    def begin(self, goals: Goals, runner: Runner, pool: Pool) -> None:
        """Tell what is at hand; not once more where the space had to be widened since."""
        if not self.widened:
            confirming = Confirming(self.search, goals, runner, pool, self.budget.part(0))
            self.begun(self.shown, lambda goal: confirming.defect(goal, self.shown[goal]))

    def take_at_hand(self, goals: Goals) -> None:
        """Take the schedules by which the search has seen what it found."""
        search = self.search
        for key, paths in search.at_hand.paths.items():
            for number, path in enumerate(paths if search.is_open(key) else ()):
                if number and self.budget.is_spent:
                    break
                if key == "deadlock":
                    self.note_closings(path, goals)
                for goal in self.goals_of(key, path, goals):
                    if goal not in self.shown:
                        self.at_hand.add(goal)
                    self.shown.note(goal, path)
        for one in search.fair:  # the fewest steps; to be bettered by fewer context switches
            self.shown.note(goals.goal_of(one), one.path)
        for variable, path in search.at_hand.races.items():
            self.shown.note(Goal("race", (variable,)), path)

    def goals_of(self, key: str, path: Path, goals: Goals) -> Iterator[Goal]:
        """Give the goals that a schedule shows of what was found."""
        space, naming = self.search.space, self.naming
        match key:
            case "deadlock":
                return
            case "livelock":
                yield Goal("livelock")
            case "invariant":
                broken = (not holds(space.after(path)) for holds in self.search.reached.invariants)
                yield naming.goal_of_invariant(list(broken).index(True))
            case "assertion" | "misuse" | "error" | "timeout":
                failures = space.begun.failures
                if path:
                    thread, way = path[-1]
                    failures = space.moves(space.after(path[:-1]), thread)[way][2].failures
                failed = next(failure for failure in failures if failure.type == key)
                yield naming.goal_of_failure(key, failed.thread, failed.place, failed.message)
            case _:
                yield Goal(key.split(".")[0], (key,))

    def select(self) -> None:
        """Keep what is to be reported."""
        claim = self.search.program.claims.kinds.get("deadlock")
        self.shown = reported(self.shown, claim, self.every)

    def look_for(self, goals: Goals) -> None:
        """Look for the best schedule of each goal."""
        search = self.search
        wanted = self.wanted(goals)
        if search.components is None:
            self.shorten()
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
            part = self.budget.part(states=self.most)
            carry = in_memory(search.system)
            shorten(Stateless(search.system, search.asked, part, carry, self.naming), self.shown)
            for goal in [goal for goal in self.shown if key_of(goal) not in search.asked]:
                del self.shown[goal]  # seen on the way

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
            return "deadlock" not in wanted or goals.partly or not goals.more_kinds()

        def too_far(looked_at: int) -> bool:
            # More kinds are worth as many steps as it took to decide; one that is claimed is worth more.
            steps = looked_at + NAMING * len(goals.named)
            return steps > self.most and not ("deadlock" in wanted and self.is_one_missing())

        estimate = self.estimate(goals, wanted)
        hunt = Hunt(goals.start, goals.expand, self.budget, self.preemptions, too_far, estimate)
        found = hunt.search(enough)
        if not goals.partly:  # then they are shown where they form, and not where they end
            for goal in self.at_hand - found.keys() - at_start.keys():
                if key_of(goal) in {key_of(one) for one in found}:
                    del self.shown[goal]
        for goal, shown in found.items():
            if goal not in at_start:
                minimal = shown.minimal and goals.tells(goal.type)
                self.shown.take(goal, shown._replace(minimal=minimal))
        every = hunt.over or not goals.more_kinds()
        self.hunted = not goals.partly and goals.all_named and goals.pasts.exact and every
        goals.hunted = self.hunted

    def estimate(self, goals: Goals, wanted: set[str]) -> Estimate:
        """Give how far it is at the least to what is wanted, where all outcomes are known."""
        search, space = self.search, self.search.space
        known = search.components is not None and self.preemptions is None and not self.widened
        if not known or "invariant" in wanted or (goals.partly and search.alike):
            return nothing
        states: list[tuple[Packed, int]] = []
        everybody = (1 << len(space.threads)) - 1
        if "deadlock" in wanted:
            cores = goals.places_of_cores()
            if cores is None:
                return nothing
            states += cores
        if "livelock" in wanted:
            states += [(state, everybody) for state in goals.live]
        if search.fair:
            states += [(state, everybody) for state in goals.entries]
        for goal, shows in goals.sights() if wanted & {"final", "output"} else ():
            if goal.type in ("final", "output"):
                states += [(s, everybody) for s in goals.outcomes if shows(s, None)]
        failing = wanted & {"assertion", "misuse", "error", "timeout"}
        try:
            distance = PlaceDistance(space, states, failing, self.budget)
        except Spent:
            return nothing
        mask = goals.state_mask
        return lambda node, last: distance(node & mask, last)

    def is_one_missing(self) -> bool:
        """Decide whether a deadlock is claimed as none was that has been seen."""
        claim = self.search.program.claims.kinds.get("deadlock")
        return claim is not None and not has_match(claim, self.naming.seen)

    def hunt_races(self) -> None:
        """Look for the shortest schedules of the races."""
        search = self.search
        races = Races(search)
        hunt = Hunt(
            races.start, races.expand, self.budget, self.preemptions, lambda n: n > self.most
        )
        found = hunt.search(lambda sure: len(list(sure)) == len(search.racy))
        for goal, shown in found.items():
            self.shown.take(goal, shown)

    def show_reduced(self, reduced: Reduced, goals: Goals, wanted: set[str]) -> None:
        """Look for shorter ways in the reduced graph than those by which it was gone through first."""
        part = self.budget.part(states=self.most)
        minimal = {goal for goal, shown in self.shown.items() if shown.minimal}
        types = {goal.type for goal in minimal}
        try:
            if "deadlock" in wanted:
                self.show_deadlocks(reduced, goals, part)
            for goal, shows in goals.sights():
                if goal.type in wanted - types:
                    self.show_first(goal, self.search.graph(seeing(shows), budget=part))
            for variable in self.search.racy:
                goal = Goal("race", (variable,))
                if goal not in minimal:
                    order = Order(self.search.space, (variable,))
                    self.show_first(goal, self.search.graph(seeing_race, order, budget=part))
        except Spent:
            pass
        self.shorten()

    def show_first(self, goal: Goal, graph: Reduced) -> None:
        """Show a defect by the first step of a reduced graph that is not to be followed."""
        path = graph.find()
        if path is not None:
            self.shown.note(goal, path)

    def show_deadlocks(self, reduced: Reduced, goals: Goals, budget: Budget) -> None:
        """Show the deadlocks in which the reduced graph ends."""
        stuck = [part.nodes[0] for part in self.search.seen if self.search.stuck(part)]
        for path in reduced.find_each(stuck[:MOST_SHOWN], budget):
            # Where threads stand for one another, what is come to need not be that very state.
            self.note_closings(path, goals)

    def note_closings(self, path: Path, goals: Goals) -> None:
        """Note the deadlocks in which a schedule ends: each by the steps that close its core, or where it always
        happens by all of them.
        """
        space = self.search.space
        states = [space.start]
        for thread, way in path:
            states.append(states[-1] + space.moves(states[-1], thread)[way][0])
        events, _ = retrace(self.search.system, path)
        for core in goals.name(states[-1], events):
            steps = first_closed(self.naming, space, states, core)
            steps = min(steps, len(path))  # what rests on a livelock never closes
            resting = goals.resting.get(states[steps], frozenset())
            for one in self.naming.at(space.state(states[steps]), events[:steps], core, resting):
                self.shown.note(self.naming.goal_of(one), path if goals.always else path[:steps])

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
