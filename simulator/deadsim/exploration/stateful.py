"""The stateful search: every claim decided over all states of a scenario."""

from collections.abc import Callable, Collection

from deadsim.engine.memory import Info, Outgrown, Packed, Space
from deadsim.exploration import beforehand
from deadsim.exploration.asked import Asked
from deadsim.exploration.bounded import reach_within
from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.level import UNKNOWN, Known, never, over
from deadsim.exploration.order import Order
from deadsim.exploration.outcomes import Component, bottom_components, edges_of
from deadsim.exploration.reach import WATCHED, Reached
from deadsim.exploration.stubborn import Reduced
from deadsim.kernel.system import System
from deadsim.model.claims import DEFECT_TYPES, DefectType
from deadsim.runs.result import lines

FAILURES: tuple[DefectType, ...] = ("assertion", "invariant", "misuse", "error")


class Stateful:
    """What all states of a scenario say of its claims, by their keys in `known`.

    `asked` are the keys to decide. `components` are the outcomes: ends, halts, and parts that are
    never left again. `racy` are the variables that were seen to race, all of them where `known` is
    complete. `spent` says which budget ran out.
    """

    def __init__(
        self,
        system: System,
        asked: Collection[str],
        budget: Budget,
        preemptions: int | None = None,
        reduce: bool = False,
    ) -> None:
        self.system = system
        self.program = system.program
        self.asked = asked
        self.budget = budget
        self.preemptions = preemptions
        self.reduce = reduce
        self.reduced: Reduced | None = None
        self.impossible = beforehand.impossible(system)
        self.keep_output = any(claim.key in asked for claim in self.program.claims.output)
        self.space = Space(system, self.keep_output)
        self.reached = Reached(self.space)
        self.components: list[Component] | None = None
        self.known: dict[str, Known] = {}
        self.racy: frozenset[int] = frozenset()
        self.spent: Spent | None = None

    def decide(self) -> None:
        """Decide what can be decided within the budget."""
        for key, why in self.impossible.items():
            self.known[key] = never(why)
        if self.reduce:
            self.within(self.search_reduced)
        elif any(key not in self.known for key in self.asked if key != "race"):
            self.within(self.search)
            self.conclude()
        for type in FAILURES:
            if self.is_open(type) and type in self.reached.shown:
                self.within(lambda type=type: self.failing(type))  # type: ignore[misc]
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
                self.budget.visited, self.budget.transitions = visited, transitions
                self.space.widen()
            except Spent as spent:
                self.spent = spent
                return

    def search(self) -> None:
        """Visit every state, and find the outcomes."""
        if self.preemptions is not None:
            self.reached = reach_within(self.space, self.preemptions, self.budget)
            raise Spent(f"no schedule has more than {self.preemptions} preemptions (--preemptions)")
        self.reached = Reached(self.space)
        self.reached.search(self.budget)
        if "livelock" in self.impossible:
            found = [Component((state,), 0) for state in (*self.reached.ends, *self.reached.halts)]
        else:
            found = list(bottom_components(self.space.start, edges_of(self.space), self.budget))
        self.components = found

    def search_reduced(self) -> None:
        """Decide deadlocks alone, in fewer states."""
        self.reduced = Reduced(self.space, self.budget)
        try:
            self.components = self.reduced.components()
        except Spent:
            halts = [part for part in self.reduced.found if not part.movers]
            self.components = [part for part in halts if self.stuck(part)]
            self.known["deadlock"] = Known(bool(self.components), False, False)
            self.budget.visited += len(self.reduced.last)
            raise
        self.known["deadlock"] = over((bool(self.stuck(p)) for p in self.components), True)

    def conclude(self) -> None:
        """Say what the outcomes mean for the claims."""
        reached, space = self.reached, self.space
        complete = self.components is not None
        parts = self.components or [Component((s,), 0) for s in (*reached.ends, *reached.halts)]
        firsts = [part.nodes[0] for part in parts]
        known = self.known
        if self.is_open("deadlock"):
            known["deadlock"] = over((bool(self.stuck(part)) for part in parts), complete)
        if self.is_open("livelock"):
            known["livelock"] = over((bool(self.live(part)) for part in parts), complete)
        for type in FAILURES:
            if self.is_open(type):
                known[type] = Known(type in reached.shown, False, complete)
        ends = [state for state in firsts if space.over(state)]
        for claim in self.program.claims.final:
            asked = Asked(space, claim.expression)
            known[claim.key] = over(map(asked, ends), complete)
            if not ends and complete:
                known[claim.key] = Known(claim.level == "always", False, True, "nothing ever ends")
        for wanted in self.program.claims.output if self.keep_output else ():
            exact = wanted.level == "exactly"
            printed = (lines(space.value(state, self.program.output)) for state in firsts)
            values = (p == [*wanted.lines] if exact else wanted.lines[0] in p for p in printed)
            known[wanted.key] = over(values, complete)

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

    def failing(self, type: DefectType) -> None:
        """Find out whether an execution can come to its outcome without a failure of this type."""
        self.known[type] = Known(True, False, False)
        shows = self.shows(type)
        without = False
        if not shows(self.space.start, None):
            edges = edges_of(self.space, shows)
            parts = bottom_components(self.space.start, edges, self.budget)
            without = next(parts, None) is not None
        self.known[type] = Known(True, without, without or self.components is not None)

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
        variables = beforehand.may_race(self.system)
        order = Order(self.space, variables, forget=True)
        seen = {order.start}
        front = [order.start]
        try:
            while front and order.variables:
                node = front.pop()
                transitions = 0
                for _, _, after, _, _ in order.successors(node):
                    transitions += 1
                    if after not in seen:
                        seen.add(after)
                        front.append(after)
                        if not len(seen) % WATCHED:
                            self.budget.count(WATCHED)
                self.budget.transitions += transitions
            self.budget.count(len(seen) % WATCHED)
        finally:
            self.racy = frozenset(order.raced)
            self.known["race"] = Known(bool(self.racy), False, False)
        without = True
        if self.racy:
            without = self.ends_without_race()
        self.known["race"] = Known(bool(self.racy), without, True)

    def ends_without_race(self) -> bool:
        """Find out whether an execution can come to its outcome without a race."""
        order = Order(self.space, self.racy)

        def edges(node: int) -> tuple[list[tuple[int, int]], bool]:
            out: list[tuple[int, int]] = []
            more = False
            for thread, _, after, raced, _ in order.successors(node):
                if raced:
                    more = True
                else:
                    out.append((thread, after))
            return out, more

        parts = bottom_components(order.start, edges, self.budget)
        return next(parts, None) is not None

    @property
    def complete(self) -> bool:
        """Decide whether everything that was asked for is known for certain."""
        return all(self.known.get(key, UNKNOWN).complete for key in self.asked)


def keys(system: System) -> tuple[str, ...]:
    """List what can be asked: the types of defects, and each claim on the end and on the output."""
    claims = system.program.claims
    return (*DEFECT_TYPES, *(c.key for c in claims.final), *(c.key for c in claims.output))
