"""Every state that can be reached, breadth first."""

from deadsim.engine.memory import Packed, Space
from deadsim.exploration.asked import Asked
from deadsim.exploration.budget import Budget
from deadsim.model.claims import DefectType

WATCHED = 4_096  # states between two looks at the budget


class Reached:
    """The states by their distance from the start, and what was seen on the way.

    `ends` are those in which the program has ended, `halts` those in which nothing can move though
    it has not; `shown` are the types of failures and broken invariants. `complete` says that nothing
    is missing.
    """

    def __init__(self, space: Space) -> None:
        self.space = space
        self.levels: list[list[Packed]] = [[space.start]]
        self.transitions = 0
        self.ends: list[Packed] = []
        self.halts: list[Packed] = []
        self.shown: set[DefectType] = {failure.type for failure in space.begun.failures}
        self.complete = False
        self.invariants = [Asked(space, i.expression) for i in space.system.program.invariants]
        self.judge(self.levels[0])

    @property
    def states(self) -> int:
        """Count the states."""
        return sum(len(level) for level in self.levels)

    def judge(self, states: list[Packed]) -> None:
        """Look at the invariants."""
        if "invariant" in self.shown:
            return
        for holds in self.invariants:
            if not all(map(holds, states)):
                self.shown.add("invariant")

    def search(self, budget: Budget) -> None:
        """Visit every state; raises Spent, and Outgrown where the space has to be widened."""
        space = self.space
        levels, ends, halts = self.levels, self.ends, self.halts
        seen = {space.start}
        transitions = 0
        tables = space.tables
        lasting = space.lasting
        budget.count(1)
        while levels[-1]:
            following: list[Packed] = []
            counted = taken = 0
            levels.append(following)
            for number, state in enumerate(levels[-2]):
                if not number % WATCHED and number:
                    self.transitions += transitions - taken
                    budget.count(len(following) - counted, transitions - taken)
                    counted, taken = len(following), transitions
                if not state & lasting:
                    ends.append(state)
                    continue
                before = transitions
                for thread, field, rows in tables:
                    row = rows.get(state & field) or space.row(state, thread)
                    moves = row[1].get(state & row[0])
                    if moves is None:
                        moves = space.moves(state, thread)
                    for delta, fails, info in moves:
                        transitions += 1
                        after = state + delta
                        if fails:
                            self.shown.update(failure.type for failure in info.failures)
                        if after not in seen:
                            seen.add(after)
                            following.append(after)
                if transitions == before:
                    halts.append(state)
            self.transitions += transitions - taken
            self.judge(following)
            budget.count(len(following) - counted, transitions - taken)
            transitions = 0
            if budget.steps is not None and len(levels) > budget.steps + 1 and following:
                raise budget.too_deep(budget.steps)
        levels.pop()
        self.complete = True
