"""The stateful search: every claim decided over all states of a scenario, or as many as it takes.

Where there are many, a reduced graph is tried, and only where that gets too large itself all states.
Whatever is found comes with a schedule that shows it, if not with the shortest.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Literal, TypeAlias

from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.states import breadth_first
from deadsim.exploration.states.at_hand import (
    MOST_KEPT,
    AtHand,
    is_false_end,
    is_without,
    steps_to,
)
from deadsim.exploration.states.bottom_components import (
    Component,
    aside_of,
    bottom_components,
    edges_of,
)
from deadsim.exploration.states.context_bound import Came, reach_within, way_there
from deadsim.exploration.states.fair_components import Graph as StateGraph
from deadsim.exploration.states.fair_cycles import FairCycle, decide, missed, questions, with_hint
from deadsim.exploration.states.growth import Growth
from deadsim.exploration.states.levels import WATCHED, Reached
from deadsim.exploration.states.mended import reached_without, stuck_somewhere
from deadsim.exploration.states.reduced_graph import Reduced, See, TooMany, seeing, seeing_race
from deadsim.exploration.states.stubborn_sets import Stubborn
from deadsim.exploration.states.way_back import WayBack
from deadsim.exploration.static.analysis import Analysis
from deadsim.exploration.static.symmetry import Symmetry
from deadsim.exploration.verdicts.goal import Path
from deadsim.exploration.verdicts.level import UNKNOWN, Known, never, over
from deadsim.kernel.system import System, finalizers
from deadsim.model.claims import DefectType
from deadsim.runs.result import lines
from deadsim.space.access_order import Order
from deadsim.space.packed import Info, Outgrown, Packed
from deadsim.space.resting_space import space_of
from deadsim.space.state_predicate import Asked

Reduce: TypeAlias = Literal["early", "late", "never"]
"""When a reduced graph is tried: at once, where there are many states, or not at all."""

Graph: TypeAlias = Literal["whole", "reduced"]

MANY = 100_000
"""States, from which on a reduced graph is tried first."""

MANY_ALIKE = 5_000
"""The same where threads do the same, of which a reduced graph leaves out the most."""

AT_ONCE = 1_000
"""Nodes of a reduced graph that is tried before all others, at the least."""

A_PAIR = 4
"""Nodes of it for each pair of threads: so many it has where there are chains of threads that wait for one another."""

DEARER = 4
"""How many times fewer nodes a reduced graph may have at first; each takes as long as a dozen states."""

FAILURES: tuple[DefectType, ...] = ("assertion", "invariant", "misuse", "error", "timeout")


class Stateful:
    """What all states of a scenario say of its claims, by their keys in `known`.

    `asked` are the keys to decide. `components` are the outcomes: ends, halts, and parts that are
    never left again, None where one may be missing; `seen` are those that were found. `racy` are the
    variables that were seen to race, all of them where `known` is complete. `fair` are the fair endless
    schedules that are asked for and exist. `spent` says which budget
    ran out; every schedule of up to `depth` steps was seen. `reduce` says when a reduced graph is tried; `reduced` is it, where it settled the outcomes.
    `at_hand` are schedules that show what was seen, `growth` tells what kept on growing.
    """

    def __init__(
        self,
        system: System,
        asked: Collection[str],
        budget: Budget,
        preemptions: int | None = None,
        reduce: Reduce = "late",
    ) -> None:
        self.system = system
        self.program = system.program
        self.asked = asked
        self.budget = budget
        self.preemptions = preemptions
        self.reduced: Reduced | None = None
        self.analysis = Analysis(system)
        self.impossible = self.analysis.impossible
        self.questions = tuple(q for q in questions(self.program, asked) if self.is_open(q.type))
        # What is left out of a reduced graph may be what makes a schedule fair.
        whole = preemptions is not None or self.questions or finalizers(system)
        self.reduce = "never" if whole else reduce
        self.keep_output = any(claim.key in asked for claim in self.program.claims.output)
        self.alike = () if self.reduce == "never" else self.analysis.alike
        self.space = space_of(system, self.keep_output, self.alike)
        self.reached = Reached(self.space)
        self.depth = 0
        self.components: list[Component] | None = None
        self.seen: list[Component] = []
        self.fair: list[FairCycle] = []
        self.known: dict[str, Known] = {}
        self.racy: frozenset[int] = frozenset()
        self.spent: Spent | None = None
        self.failed: dict[str, int] = {}
        self.trying: Reduced | None = None
        self.at_hand = AtHand()
        self.growth = Growth(self.space)
        budget.noted = self.growth.look

    def decide(self) -> None:
        """Decide what can be decided within the budget."""
        for key, why in self.impossible.items():
            self.known[key] = never(why)
        self.at_hand.note_sights(self.reached, lambda start: ())
        if any(key not in self.known for key in self.asked if key != "race"):
            self.within(self.search)
            self.conclude()
            self.within(self.go_round)
        for type in FAILURES:
            if self.is_open(type) and type in self.reached.shown:
                self.within(partial(self.failing, type))
        if self.is_open("race"):
            self.within(self.races)

    def is_open(self, key: str) -> bool:
        """Decide whether a claim is asked for, and not decided by the text."""
        return key in self.asked and key not in self.impossible

    def within(self, work: Callable[[], None]) -> None:
        """Do some work, and wait for nothing more when a budget is spent."""
        if self.spent is not None:
            return
        while True:
            visited, transitions = self.budget.visited, self.budget.transitions
            try:
                work()
                return
            except Outgrown:
                self.budget.begin_anew(visited, transitions)
                self.widen()
            except Spent as spent:
                self.spent = spent.with_traceback(None)  # which would keep what was visited
                return

    def widen(self) -> None:
        """Give the space more room, and write anew what was found of it so far."""
        to = self.space.widen()
        self.reached = self.reached.moved(to)
        self.seen = [part._replace(nodes=tuple(map(to, part.nodes))) for part in self.seen]
        self.fair = [one.moved(to) for one in self.fair]
        if self.components is not None:
            self.components = self.seen
        if self.reduced is not None:
            self.reduced = self.reduced.moved(Stubborn(self.space), self.symmetry(), to)

    def symmetry(self) -> Symmetry | None:
        """Give what makes states one that differ only in who is where."""
        return Symmetry(self.space, self.alike) if self.alike else None

    def search(self) -> None:
        """Visit every state, and find the outcomes."""
        if self.preemptions is not None:
            self.reached = Reached(self.space, self.reached.shown)
            came: Came = {}
            path = partial(way_there, came)
            try:
                reach_within(self.reached, came, self.preemptions, self.budget)
            finally:
                self.at_hand.note_sights(self.reached, path)
                self.keep(halting(self.reached), path)
            raise Spent(f"no schedule has more than {self.preemptions} preemptions (--preemptions)")
        search = {"whole": self.search_whole, "reduced": self.search_reduced}
        self.attempt("states", lambda how, most: search[how](most))

    def attempt(self, what: str, work: Callable[[Graph, int | None], bool]) -> Graph:
        """Try which graph serves, one after the other, unless it has too many nodes; give the one that does.

        What had too many is not tried again once the space is widened.
        """
        tries = self.tries()
        if self.reduced is not None:
            tries = [("reduced", None)]
        elif self.reduce == "never":
            tries = [("whole", None)]
        for how, most in tries[self.failed.get(what, 0) :]:
            if work(how, most):
                return how
            self.failed[what] = self.failed.get(what, 0) + 1
        raise AssertionError("the last one has no bound")

    def tries(self) -> list[tuple[Graph, int | None]]:
        """List which graph is tried first, up to how many nodes, which one then."""
        part = self.budget.states // 8
        tries: list[tuple[Graph, int | None]] = []
        if self.reduce == "early":
            many = MANY // DEARER if self.alike else AT_ONCE
            tries.append(("reduced", max(many, A_PAIR * len(self.space.threads) ** 2)))
        first, second = min(MANY, part), min(MANY // DEARER, part)
        if self.alike:
            tries.append(("whole", min(MANY_ALIKE, first)))
            tries.append(("reduced", second))
        tries.append(("whole", first))
        if not self.alike:
            tries.append(("reduced", second))
        return [*tries, ("whole", 5 * part), ("reduced", None)]

    def search_whole(self, most: int | None) -> bool:
        """Visit every state, and find the outcomes, unless there are more states than `most`.

        Where some were visited before, it goes on from there.
        """
        if len(self.reached.levels) == 1:
            self.reached = Reached(self.space, self.reached.shown)
        reached = self.reached
        going_on = False
        try:
            breadth_first.search(reached, self.budget, most)
            going_on = not reached.complete
        finally:
            self.depth = max(self.depth, len(reached.levels) - 2)
            self.at_hand.note_sights(reached, self.way_back())
            if not (reached.complete or going_on):
                self.keep(halting(reached), self.way_back())
                del reached.levels[1:]  # nobody asks for some of the states
        if not reached.complete:
            return False
        if "livelock" in self.impossible:
            found = halting(reached)
        else:
            space = self.space
            parts = bottom_components(space.start, edges_of(space), self.budget, aside_of(space))
            found = list(parts)
        self.components = self.seen = found
        return True

    def search_reduced(self, most: int | None) -> bool:
        """Find the outcomes in a reduced graph, unless that has more nodes than `most`."""
        reduced = self.trying = self.graph(self.note, most=most)
        try:
            self.components = self.seen = reduced.components()
            self.reduced = reduced
            self.reached = Reached(self.space, self.reached.shown)
            return True
        except TooMany:
            return False
        finally:
            self.trying = None
            if self.components is None:  # what goes round may ignore somebody who leads out of it
                self.seen = [part for part in reduced.found if not part.movers]
                self.keep(self.seen, reduced.way_to)

    def way_back(self) -> Callable[[Packed], Path]:
        """Give what finds a schedule to a state that was reached."""
        back: list[WayBack] = []  # made when it is needed

        def path(state: Packed) -> Path:
            if not back:
                back.append(WayBack(self.space))
            return back[0].path(self.reached.levels, state)

        return path

    def keep(self, parts: Iterable[Component], path: Callable[[Packed], Path]) -> None:
        """Keep schedules that show what some outcomes mean for the claims."""
        some = self.components is None or self.reduced is not None
        self.at_hand.note_outcomes([*parts], path, self.breaking(), MOST_KEPT if some else 1)

    def breaking(self) -> Iterator[tuple[str, Callable[[Component], bool]]]:
        """Give for deadlock, livelock and each claim on the end or the output which outcomes show or break it."""
        space, claims = self.space, self.program.claims
        if self.is_open("deadlock"):
            yield "deadlock", lambda part: bool(self.stuck(part))
        if self.is_open("livelock"):
            yield "livelock", lambda part: bool(self.live(part))
        for claim in claims.final:
            if claim.level != "possible" and claim.key in self.asked:
                asked = Asked(space, claim.expression)
                yield claim.key, partial(is_false_end, space, asked, claim.level == "never")
        for wanted in claims.output if self.keep_output else ():
            if wanted.level == "always" and wanted.key in self.asked:
                yield wanted.key, partial(is_without, space, wanted)

    def graph(
        self,
        see: See,
        order: Order | None = None,
        most: int | None = None,
        budget: Budget | None = None,
    ) -> Reduced:
        """Begin a reduced graph of the states, or of these with what is known of accesses."""
        return Reduced(
            Stubborn(self.space), budget or self.budget, see, order, most, self.symmetry()
        )

    def note(self, after: Packed, info: Info, raced: frozenset[int]) -> bool:
        """Look at a step of the reduced graph; all are followed."""
        shown: set[DefectType] = {failure.type for failure in info.failures}
        holding = () if "invariant" in self.reached.shown else self.reached.invariants
        if not all(holds(after) for holds in holding):
            shown.add("invariant")
        for type in shown - self.reached.shown:
            assert self.trying is not None
            self.reached.shown.add(type)
            self.at_hand.note(type, self.trying.path_here())
        return False

    def conclude(self) -> None:
        """Say what the outcomes mean for the claims."""
        reached, space = self.reached, self.space
        complete = self.components is not None
        parts = self.components
        if parts is None:
            parts = halting(reached)
            if len(reached.levels) > 1:
                self.keep(parts, self.way_back())
                if not reached.complete:
                    del reached.levels[1:]
            parts = self.seen = [*self.seen, *parts]
        else:
            self.keep(parts, self.way_back() if self.reduced is None else self.reduced.way_to)
        firsts = [part.nodes[0] for part in parts]
        known = self.known
        if self.is_open("deadlock"):
            known["deadlock"] = over((bool(self.stuck(part)) for part in parts), complete)
        if self.is_open("livelock") and not self.asks_fair("livelock"):
            known["livelock"] = over((bool(self.live(part)) for part in parts), complete)
        if complete and space.finalizers:
            self.look_for_mended(parts)
        for type in FAILURES:
            if self.is_open(type):
                some = type in reached.shown
                known[type] = Known(some, complete and not some, complete)
        ends = [state for state in firsts if space.over(state)]
        for claim in self.program.claims.final:
            asked = Asked(space, claim.expression)
            known[claim.key] = over(map(asked, ends), complete)
            if not ends and complete:
                known[claim.key] = Known(claim.level == "always", False, True, "nothing ever ends")
        for wanted in self.program.claims.output if self.keep_output else ():
            printed = (lines(space.value(state, self.system.world.output)) for state in firsts)
            known[wanted.key] = over(map(wanted.is_met, printed), complete)

    def look_for_mended(self, parts: list[Component]) -> None:
        """Find out whether outcomes without a deadlock or livelock all come after one that a finalizer has mended."""
        space, known = self.space, self.known
        live = {node for part in parts if self.live(part) for node in part.nodes}
        for type, shown in (("deadlock", self.stuck), ("livelock", self.live)):
            if type not in known or not (known[type].some and known[type].without):
                continue
            shows: Callable[[Packed], bool] = live.__contains__
            if type == "deadlock":
                shows = stuck_somewhere(space, self.reached.each_level(), self.budget)
            clean = [part for part in parts if not shown(part)]
            without = reached_without(space, clean, shows, self.budget)
            known[type] = known[type]._replace(without=without)

    def stuck(self, part: Component) -> int:
        """Give the threads, no daemons, that can never move again in an outcome, as bits."""
        found = 0
        for thread in self.system.lasting:
            if self.space.running(part.nodes[0], thread) and not part.movers >> thread & 1:
                found |= 1 << thread
        return found

    def live(self, part: Component) -> int:
        """Give the threads, no daemons, that run on for ever in an outcome, as bits."""
        return sum(1 << thread for thread in self.system.lasting if part.movers >> thread & 1)

    def asks_fair(self, type: DefectType) -> bool:
        """Decide whether what is asked of a type of defect is about fair schedules."""
        return any(question.type == type for question in self.questions)

    def go_round(self) -> None:
        """Find the fair endless schedules that are asked for, once all states are known."""
        claims, known = self.program.claims, self.known
        hinting = self.is_open("livelock")
        if not self.reached.complete:
            return
        if self.questions or (hinting and missed(claims, known.get("livelock", UNKNOWN))):
            graph = StateGraph(self.space, self.reached.each_level(), self.budget)
            self.fair = decide(graph, self.questions)
            for type in dict.fromkeys(question.type for question in self.questions):
                some = any(found.question.type == type for found in self.fair)
                known[type] = Known(some, True, True)
            if hinting and missed(claims, known["livelock"]):
                known["livelock"] = with_hint(graph, known["livelock"])

    def failing(self, type: DefectType) -> None:
        """Find out whether an execution can come to its outcome without a failure of this type."""
        self.known[type] = Known(True, False, False)
        shows = self.shows(type)
        without = False
        if not shows(self.space.start, None):
            without = self.ends_without(shows)
        self.known[type] = Known(True, without, without or self.components is not None)

    def ends_without(self, shows: Callable[[Packed, Info | None], bool]) -> bool:
        """Find out whether an execution can come to its outcome without such a step."""
        if self.reduced is not None:
            return bool(self.graph(seeing(shows)).components())
        space = self.space
        edges, aside = edges_of(space, shows), aside_of(space, shows)
        parts = bottom_components(space.start, edges, self.budget, aside)
        return next(parts, None) is not None

    def shows(self, type: DefectType) -> Callable[[Packed, Info | None], bool]:
        """Give what says whether a step (None: the start) shows a type of failure."""
        if type == "invariant":
            invariants = self.reached.invariants
            return lambda after, info: not all(holds(after) for holds in invariants)
        start = self.space.begun.failures

        def fails(after: Packed, info: Info | None) -> bool:
            return any(f.type == type for f in (start if info is None else info.failures))

        return fails

    def races(self) -> None:
        """Find out which variables race, and whether an execution can end without a race."""
        order = Order(self.space, self.analysis.may_race, forget=True)
        follow = {"whole": self.follow_whole, "reduced": self.follow_reduced}
        try:
            how = self.attempt("races", lambda how, most: follow[how](order, most))
        finally:
            self.racy = frozenset(order.raced)
            self.known["race"] = Known(bool(self.racy), False, False)
        without = not self.racy or self.ends_without_race(how)
        self.known["race"] = Known(bool(self.racy), without, True)

    def follow_whole(self, order: Order, most: int | None) -> bool:
        """Follow every step, unless there are more nodes than `most`."""
        came: dict[int, tuple[int, int, int]] = {order.start: (order.start, -1, 0)}
        front = [order.start]
        counted = transitions = 0
        number = 0
        while front and order.variables:
            if most is not None and len(came) > most:
                return False
            node = front.pop()
            for thread, way, after, raced, _ in order.successors(node):
                transitions += 1
                if raced:
                    self.at_hand.note_race(raced, (*steps_to(came, node), (thread, way)))
                if after not in came:
                    came[after] = node, thread, way
                    front.append(after)
            number += 1
            if not number % WATCHED:
                self.budget.count(len(came) - counted, transitions)
                counted, transitions = len(came), 0
        self.budget.count(len(came) - counted, transitions)
        return True

    def follow_reduced(self, order: Order, most: int | None) -> bool:
        """Follow the steps of a reduced graph, unless that has more nodes than `most`."""

        # Once every variable has raced there is nothing more to see.
        def is_over(after: Packed, info: Info, raced: frozenset[int]) -> bool:
            if not self.at_hand.races.keys() >= raced:
                self.at_hand.note_race(raced, graph.path_here())
            return not order.variables

        graph = self.graph(is_over, order, most)
        try:
            graph.components()
        except TooMany:
            return False
        return True

    def ends_without_race(self, how: Graph) -> bool:
        """Find out whether an execution can come to its outcome without a race."""
        order = Order(self.space, self.racy)
        if how == "reduced":
            return bool(self.graph(seeing_race, order).components())

        def edges(node: int) -> tuple[list[tuple[int, int]], bool]:
            steps = [step for step in order.successors(node) if not step[4].begins]
            out = [(thread, after) for thread, _, after, raced, _ in steps if not raced]
            return out, len(out) < len(steps)

        def aside(node: int) -> list[int]:
            steps = (step for step in order.successors(node) if step[4].begins)
            return [after for _, _, after, raced, _ in steps if not raced]

        parts = bottom_components(
            order.start, edges, self.budget, aside if self.space.finalizers else None
        )
        return next(parts, None) is not None

    @property
    def complete(self) -> bool:
        """Decide whether everything that was asked for is known for certain."""
        return all(self.known.get(key, UNKNOWN).complete for key in self.asked)


def halting(reached: Reached) -> list[Component]:
    """Give the states that nothing follows as parts that are never left again."""
    return [Component((state,), 0) for state in (*reached.ends, *reached.halts)]


def keys(system: System) -> tuple[str, ...]:
    """List what can be asked: the types of defects, and each claim on the end and on the output."""
    claims = system.program.claims
    return (*claims.types, *(c.key for c in claims.final), *(c.key for c in claims.output))
