"""What a hunt looks for, and what each step shows of it."""

from collections.abc import Callable, Iterator
from functools import partial

from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.states.bottom_components import who_can_move
from deadsim.exploration.states.stateful_search import FAILURES, Stateful
from deadsim.exploration.verdicts.goal import Goal, Path
from deadsim.exploration.verdicts.identity import Naming
from deadsim.exploration.verdicts.level import UNKNOWN
from deadsim.exploration.witnesses.best_first import Edge
from deadsim.kernel.failure import Failure
from deadsim.model.claims import FinalClaim, OutputClaim
from deadsim.runs.result import lines
from deadsim.space.access_order import Order
from deadsim.space.packed import Info, Packed
from deadsim.space.playback import retrace
from deadsim.space.signal_history import Pasts
from deadsim.space.state_predicate import Asked
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock

MOST_NAMED = 5_000
"""States with a deadlock that are named, before the others are taken for the same kinds."""


class Goals:
    """The goals of one scenario, but for races.

    With `every` each distinct defect is a goal of its own, else each type and each kind of deadlock.
    """

    def __init__(self, search: Stateful, naming: Naming, every: bool, budget: Budget) -> None:
        self.search = search
        self.space = search.space
        self.naming = naming
        self.every = every
        self.pasts = Pasts(search.system)
        self.state_mask = (1 << self.space.bits) - 1
        # Where it is not known of every state who can move, those that are come to are looked at.
        self.partly = not search.reached.complete
        self.movers: dict[Packed, int] = {}
        if "deadlock" in search.asked and search.known.get("deadlock", UNKNOWN).some:
            self.movers = dict.fromkeys(search.reached.halts, 0)
            if not self.partly:
                try:
                    self.movers = who_can_move(self.space, search.reached.each_level(), budget)
                except Spent:
                    self.partly = True
        self.dead = self.where_deadlocks_are()
        self.unnamed = set(self.dead)
        if not self.partly:
            self.unnamed = self.where_deadlocks_form()
        self.live = {
            state
            for part in search.seen
            if "livelock" in search.asked and search.live(part)
            for state in part.nodes
        }
        self.outcomes = {part.nodes[0] for part in search.seen}
        self.finals = [
            (claim, Asked(self.space, claim.expression))
            for claim in search.program.claims.final
            if claim.key in search.asked and claim.level != "possible"
        ]
        self.outputs = [
            claim
            for claim in search.program.claims.output
            if claim.key in search.asked and claim.level == "always"
        ]
        self.failures = [type for type in FAILURES if search.is_open(type)]
        self.holds = search.reached.invariants if "invariant" in self.failures else []
        self.marked = self.unnamed | self.live
        if self.outputs:
            self.marked |= self.outcomes
        self.named: dict[tuple[Packed, int], tuple[Deadlock, ...]] = {}
        self.all_named = True

    @property
    def start(self) -> int:
        """Give the node to begin with."""
        return self.space.start

    def at_start(self) -> tuple[Goal, ...]:
        """List what the start of the program shows by itself."""
        return tuple(self.shown(-1, self.start, self.space.begun.failures, 0, lambda: ()))

    def expand(self, node: int, way_to: Callable[[], Path]) -> list[Edge]:
        """List the steps from a node, and what they show."""
        space, marked, matters = self.space, self.marked, self.pasts.matters
        state, past = node & self.state_mask, node >> space.bits
        edges: list[Edge] = []
        if not state & space.lasting:
            return edges
        above = 0
        looking = self.partly and "deadlock" in self.search.asked
        for thread, field, rows in space.tables:
            row = rows.get(state & field) or space.row(state, thread)
            moves = row[1].get(state & row[0])
            if moves is None:
                moves = space.moves(state, thread)
            for way, (delta, fails, info) in enumerate(moves):
                after = state + delta
                if matters:
                    above = self.pasts.after(past, info)
                if looking and after not in self.dead:
                    self.look_at(after)
                shows: tuple[Goal, ...] = ()
                ended = not after & space.lasting
                if (
                    fails
                    or after in marked
                    or self.holds
                    or (ended and (self.finals or self.outputs))
                ):

                    def path(step: tuple[int, int] = (thread, way)) -> Path:
                        return (*way_to(), step)

                    shows = tuple(self.shown(state, after, info.failures, above, path))
                edges.append((thread, way, after | above << space.bits, shows))
        return edges

    def shown(
        self,
        before: Packed,
        after: Packed,
        failures: tuple[Failure, ...],
        past: int,
        path: Callable[[], Path],
    ) -> Iterator[Goal]:
        """List what a step shows; before the start there is no state (-1)."""
        for failure in failures:
            if failure.type in self.failures:
                _, type, message, place = failure
                yield self.naming.goal_of_failure(type, failure.thread, place, message)
        for number, holds in enumerate(self.holds):
            if not holds(after) and (before < 0 or holds(before)):
                yield self.naming.goal_of_invariant(number)
        if self.dead.get(after, 0) & ~self.dead.get(before, 0):
            yield from self.deadlocks(after, past, path)
        if after in self.live and before not in self.live:
            yield Goal("livelock")
        for claim, holds in self.finals:
            if self.is_false_end(claim, holds, after):
                yield Goal("final", (claim.key,))
        for wanted in self.outputs:
            if self.is_without(wanted, after):
                yield Goal("output", (wanted.key,))

    def sights(self) -> Iterator[tuple[Goal, Callable[[Packed, Info | None], bool]]]:
        """Give for each goal but deadlocks and races what says whether a step shows it."""
        for type in self.failures:
            yield Goal(type), self.search.shows(type)
        yield Goal("livelock"), lambda after, info: after in self.live
        for claim, holds in self.finals:
            yield Goal("final", (claim.key,)), partial(self.is_false_end, claim, holds)
        for wanted in self.outputs:
            yield Goal("output", (wanted.key,)), partial(self.is_without, wanted)

    def is_false_end(
        self, claim: FinalClaim, holds: Asked, state: Packed, info: object = None
    ) -> bool:
        """Decide whether the program has ended otherwise than a claim says."""
        return self.space.over(state) and holds(state) == (claim.level == "never")

    def is_without(self, wanted: OutputClaim, state: Packed, info: object = None) -> bool:
        """Decide whether a state is an outcome without a line that is claimed."""
        output = self.search.system.world.output
        halts = self.partly and not self.space.followers(state)
        return (halts or state in self.outcomes) and not wanted.is_met(
            lines(self.space.value(state, output))
        )

    def where_deadlocks_are(self) -> dict[Packed, int]:
        """Find the states in which threads, no daemons, can never take another step: these, as bits."""
        found: dict[Packed, int] = {}
        for state, movers in self.movers.items():
            stuck = self.bits_of_stuck(state, movers)
            if stuck:
                found[state] = stuck
        for part in self.search.seen if self.partly else ():
            stuck = self.search.stuck(part)
            for node in part.nodes if stuck else ():
                found[node] = stuck
                self.movers[node] = part.movers
        return found

    def bits_of_stuck(self, state: Packed, movers: int) -> int:
        """Give the threads, no daemons, that are not done and not among those who can still move."""
        stuck = 0
        for thread in self.search.system.lasting:
            if state >> self.space.shifts[thread] & 1 and not movers >> thread & 1:
                stuck |= 1 << thread
        return stuck

    def look_at(self, state: Packed) -> None:
        """Note who is stuck in a state, as far as relaxed progress tells."""
        space, judge = self.space, self.naming.judge
        self.dead[state] = 0
        lasting = self.search.system.lasting
        if not any(space.running(state, t) and not space.moves(state, t) for t in lasting):
            return
        judge.begin()
        progress = judge.stuck(space.state(state))
        for thread in progress.stuck.intersection(lasting) if progress else ():
            self.dead[state] |= 1 << thread
        if self.dead[state]:
            self.marked.add(state)

    def where_deadlocks_form(self) -> set[Packed]:
        """Find the states with which a thread gets stuck for ever."""
        found: set[Packed] = set()
        if self.space.start in self.dead:
            found.add(self.space.start)
        for state in self.movers:
            before = self.dead.get(state, 0)
            for _, after in self.space.followers(state) if self.dead else ():
                if after in self.dead and self.dead[after] & ~before:
                    found.add(after)
        return found

    def more_kinds(self) -> bool:
        """Decide whether there could be kinds of deadlock that no schedule has shown so far.

        Where the past matters, one state may be a deadlock of several kinds.
        """
        return self.pasts.matters or bool(self.unnamed)

    def deadlocks(self, state: Packed, past: int, path: Callable[[], Path]) -> Iterator[Goal]:
        """Name the deadlocks of a state that was reached by a path."""
        found = self.named.get((state, past))
        if found is None:
            if len(self.named) >= MOST_NAMED:
                self.all_named = False
                return
            events, _ = retrace(self.search.system, path())
            found = self.named[state, past] = self.name(state, events)
            self.unnamed.discard(state)
        for one in found:
            yield self.naming.goal_of(one)

    def name(self, packed: Packed, events: tuple[Event, ...]) -> tuple[Deadlock, ...]:
        """Describe the deadlocks of a state."""
        return self.naming.name(self.space.state(packed), events, self.stuck_at_all(packed))

    def stuck_at_all(self, packed: Packed) -> frozenset[int]:
        """List the threads that can never take another step, daemons too, as far as is known."""
        movers = self.movers.get(packed)
        if movers is None:
            movers = -1 if self.space.followers(packed) else 0
        return frozenset(
            thread
            for thread in self.space.threads
            if not movers >> thread & 1 and self.space.running(packed, thread)
        )


class Races:
    """The races of one scenario as goals: a variable each."""

    def __init__(self, search: Stateful) -> None:
        self.order = Order(search.space, search.racy)
        self.start = self.order.start

    def expand(self, node: int, way_to: Callable[[], Path]) -> list[Edge]:
        """List the steps from a node, and which races they show."""
        return [
            (thread, way, after, tuple(Goal("race", (variable,)) for variable in sorted(raced)))
            for thread, way, after, raced, _ in self.order.successors(node)
        ]
