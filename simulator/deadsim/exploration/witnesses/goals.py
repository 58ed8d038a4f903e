"""What a hunt looks for, and what each step shows of it."""

from collections.abc import Callable, Iterator
from functools import partial

from deadsim.detect.deadlocks.cores import Core
from deadsim.exploration.budget import Budget
from deadsim.exploration.states.fair_cycles import FairCycle
from deadsim.exploration.states.stateful_search import FAILURES, Stateful
from deadsim.exploration.verdicts.goal import Goal, Path
from deadsim.exploration.verdicts.identity import Named, Naming
from deadsim.exploration.verdicts.level import UNKNOWN
from deadsim.exploration.witnesses.best_first import Edge
from deadsim.exploration.witnesses.resting import resting
from deadsim.kernel.failure import Failure
from deadsim.model.claims import FinalClaim, OutputClaim
from deadsim.runs.result import lines
from deadsim.space.access_order import Order
from deadsim.space.packed import Info, Packed
from deadsim.space.playback import retrace
from deadsim.space.signal_history import Pasts
from deadsim.space.state_predicate import Asked
from deadsim.trace.event import Event

MOST_NAMED = 5_000
"""States with a deadlock that are named, before the others are taken for the same kinds."""


NOBODY: frozenset[int] = frozenset()


class Goals:
    """The goals of one scenario, but for races.

    Each deadlock is one, and with `every` each distinct defect; else each type.
    """

    def __init__(self, search: Stateful, naming: Naming, every: bool, budget: Budget) -> None:
        self.search = search
        self.space = search.space
        self.naming = naming
        self.every = every
        self.pasts = Pasts(search.system)
        self.state_mask = (1 << self.space.bits) - 1
        # Where not every state was seen, it is not known who can move in each.
        self.partly = not search.reached.complete
        known = search.known.get("deadlock", UNKNOWN)
        self.looking = "deadlock" in search.asked and (known.some or not known.complete)
        # What happens always is shown by a whole run: in the outcomes, not where it forms.
        self.always = known.found == "always"
        self.settled: dict[Packed, frozenset[int]] = {}
        self.resting = resting(search, naming, budget) if self.looking else {}
        self.live = {
            state
            for part in search.seen
            if "livelock" in search.asked and search.live(part)
            for state in part.nodes
            if not search.asks_fair("livelock")
        }
        self.entries: set[Packed] = set().union(*(one.entries for one in search.fair))
        self.outcomes = {part.nodes[0] for part in search.seen}
        stuck = (part for part in search.seen if self.looking and search.stuck(part))
        self.stuck = {node: search.stuck(part) for part in stuck for node in part.nodes}
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
        self.marked = self.live | self.entries
        if self.outputs:
            self.marked |= self.outcomes
        self.named: dict[tuple[Packed, int], tuple[Named, ...]] = {}
        self.closings: dict[tuple[object, ...], set[Packed]] = {}
        self.all_named = True
        self.hunted = False

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
        before = self.staying(state) if self.looking else NOBODY
        for thread, field, rows in space.tables:
            row = rows.get(state & field) or space.row(state, thread)
            moves = row[1].get(state & row[0])
            if moves is None:
                moves = space.all_moves(state, thread)
            if space.last:
                moves = space.moves(state, thread)
            for way, (delta, fails, info) in enumerate(moves):
                after = state + delta
                if matters:
                    above = self.pasts.after(past, info)
                shows: tuple[Goal, ...] = ()
                ended = not after & space.lasting
                # Who stays where he is stays there for another reason, once a finalizer has begun.
                already = NOBODY if info.begins else before
                forms = self.looking and not self.staying(after) <= already
                if (
                    fails
                    or forms
                    or after in marked
                    or self.holds
                    or (ended and (self.finals or self.outputs))
                ):

                    def path(step: tuple[int, int] = (thread, way)) -> Path:
                        return (*way_to(), step)

                    stood = NOBODY if info.begins else None
                    shows = tuple(self.shown(state, after, info.failures, above, path, stood))
                edges.append((thread, way, after | above << space.bits, shows))
        return edges

    def shown(
        self,
        before: Packed,
        after: Packed,
        failures: tuple[Failure, ...],
        past: int,
        path: Callable[[], Path],
        stood: frozenset[int] | None = None,
    ) -> Iterator[Goal]:
        """List what a step shows; before the start there is no state (-1).

        Who `stood` where he is before is worked out, unless it is given.
        """
        for failure in failures:
            if failure.type in self.failures:
                _, type, message, place = failure
                yield self.naming.goal_of_failure(type, failure.thread, place, message)
        for number, holds in enumerate(self.holds):
            if not holds(after) and (before < 0 or holds(before)):
                yield self.naming.goal_of_invariant(number)
        if self.looking and self.is_new(before, after, stood):
            yield from self.deadlocks(after, past, path)
        if after in self.live and before not in self.live:
            yield Goal("livelock")
        if after in self.entries:
            for one in self.search.fair:
                if after in one.entries:
                    yield self.goal_of(one)
        for claim, holds in self.finals:
            if self.is_false_end(claim, holds, after):
                yield Goal("final", (claim.key,))
        for wanted in self.outputs:
            if self.is_without(wanted, after):
                yield Goal("output", (wanted.key,))

    def goal_of(self, one: FairCycle) -> Goal:
        """Give the goal that a fair endless schedule is."""
        victim = one.question.victim
        return Goal(one.question.type, (victim,) if victim is not None and self.every else ())

    def round_at(self, goal: Goal, state: Packed) -> FairCycle | None:
        """Find the fair endless schedule that a goal is, where one comes into it by a state."""
        for one in self.search.fair:
            if self.goal_of(one) == goal and state in one.entries:
                return one
        return None

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

    def staying(self, state: Packed) -> frozenset[int]:
        """Give the threads that stay where they are in a state, or of what shows deadlocks always those in outcomes."""
        found = self.settled.get(state)
        if found is None:
            found = NOBODY
            if not self.always or self.is_outcome(state):
                found = self.naming.closed(self.space.state(state))
                if found.isdisjoint(self.search.system.lasting):
                    found = NOBODY
            if state in self.resting:
                found |= self.resting[state]
            self.settled[state] = found
        return found

    def is_outcome(self, state: Packed) -> bool:
        """Decide whether nothing can move in a state, or it is never left for others."""
        return state in self.stuck or not self.space.followers(state)

    def is_new(self, before: Packed, after: Packed, stood: frozenset[int] | None = None) -> bool:
        """Decide whether more threads stay where they are after a step; before the start there is no state (-1)."""
        if stood is None:
            stood = NOBODY if before < 0 else self.staying(before)
        return not self.staying(after) <= stood

    def tells(self, type: str) -> bool:
        """Decide whether every state that shows something is told from others, though not all were seen.

        Whether a core is closed a state tells by itself; not who goes round for ever.
        """
        if not self.partly:
            return True
        if type == "deadlock":
            stuck = (part for part in self.search.seen if self.always and self.search.stuck(part))
            return not self.resting and not any(part.movers for part in stuck)
        return type not in ("livelock", "output")

    def places_of_cores(self) -> list[tuple[Packed, int]] | None:
        """Give states, and the threads, as bits, that have to stand there as they do for a core to be closed.

        None where it is not known beforehand which these are.
        """
        if self.resting or self.pasts.semaphores or len(self.stuck) > MOST_NAMED:
            return None
        if self.always:
            return list(self.stuck.items())
        return [
            (state, sum(1 << thread for thread in core.threads))
            for state in self.stuck
            for core in self.name(state, ())
        ]

    def all_cores(self) -> list[Named] | None:
        """List the cores that can close, by the outcomes alone: of their kinds only what the text says.

        A core that is closed stays. None where not all are known.
        """
        if self.search.components is None or not self.looking:
            return None
        if self.resting or self.pasts.semaphores or len(self.stuck) > MOST_NAMED:
            return None
        return [self.naming.named(core) for state in self.stuck for core in self.name(state, ())]

    def more_kinds(self) -> bool:
        """Decide whether there could be kinds of deadlock that no schedule has shown so far."""
        return self.looking

    def deadlocks(self, state: Packed, past: int, path: Callable[[], Path]) -> Iterator[Goal]:
        """Name the deadlocks of a state that was reached by a path."""
        found = self.named.get((state, past))
        if found is None:
            if len(self.named) >= MOST_NAMED:
                self.all_named = False
                return
            events, _ = retrace(self.search.system, path())
            found = self.named[state, past] = tuple(
                self.naming.named(core) for core in self.name(state, events)
            )
        for one in found:
            self.closings.setdefault(one.core, set()).add(state)
            yield self.naming.goal_of(one)

    def name(self, packed: Packed, events: tuple[Event, ...]) -> tuple[Core, ...]:
        """Find the cores of a state."""
        return self.naming.name(self.space.state(packed), events, self.stay_at_all(packed))

    def stay_at_all(self, packed: Packed) -> frozenset[int]:
        """List the threads that stay where they are, daemons too."""
        return self.naming.closed(self.space.state(packed)) | self.resting.get(packed, NOBODY)

    def ways(self, one: Named) -> int:
        """Count in how many other states the same core was seen to close."""
        return max(0, len(self.closings.get(one.core, ())) - 1)


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
