"""The informed search for shortest schedules: it finds what a search without an estimate finds."""

from pathlib import Path

import pytest

import deadsim
from deadsim.exploration.budget import Budget
from deadsim.exploration.states.stateful_search import Stateful, keys
from deadsim.exploration.verdicts.goal import Goal
from deadsim.exploration.verdicts.identity import Naming
from deadsim.exploration.witnesses import witness
from deadsim.exploration.witnesses.best_first import Cost, Estimate, Hunt, nothing
from deadsim.exploration.witnesses.goals import Goals
from deadsim.exploration.witnesses.witness import Showing
from deadsim.kernel.system import System
from deadsim.model.program import Program
from portion import few_and_all
from programs import scenario

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"
MOST_STATES = 3_000


class Case:
    """A program of which every state was visited, and what a search for shortest schedules looks for."""

    def __init__(self, program: Program) -> None:
        system = System(program)
        self.search = Stateful(system, keys(system), Budget(MOST_STATES), reduce="never")
        self.search.decide()
        self.naming = Naming(system, False)
        known = self.search.known
        self.showing = Showing(self.search, (), known, self.naming, Budget(), False)

    def goals(self) -> Goals:
        return Goals(self.search, self.naming, False, Budget())

    def hunted(self, estimate: Estimate, goals: Goals) -> tuple[Hunt, dict[Goal, Cost]]:
        hunt = Hunt(goals.start, goals.expand, Budget(), estimate=estimate)
        found = hunt.search()
        assert hunt.over
        return hunt, {goal: (one.switches, len(one.path)) for goal, one in found.items()}


def estimate_of(case: Case, goals: Goals) -> Estimate:
    return case.showing.estimate(goals, case.showing.wanted(goals))


def by_type(found: dict[Goal, Cost]) -> dict[tuple[object, ...], Cost]:
    """Give the least cost of each type of defect, and of each claim."""
    least: dict[tuple[object, ...], Cost] = {}
    for goal, cost in sorted(found.items(), key=lambda one: one[1]):
        of = (goal.type, goal.which if goal.type in ("final", "output") else ())
        least.setdefault(of, cost)
    return least


@pytest.mark.parametrize("count", few_and_all(150, 1_500))
def test_the_estimate_changes_no_cost(count: int) -> None:
    informed = fewer = more = 0
    for seed in range(count):
        case = Case(deadsim.loads(scenario(seed)).program)
        if not case.search.complete:
            continue
        goals = case.goals()
        plain, wanted = case.hunted(nothing, goals)
        goals = case.goals()
        estimate = estimate_of(case, goals)
        if estimate is nothing or not wanted:
            continue
        hunt, found = case.hunted(estimate, goals)
        types = case.showing.wanted(goals)
        least = {of: cost for of, cost in by_type(wanted).items() if of[0] in types}
        assert {of: cost for of, cost in by_type(found).items() if of[0] in types} == least, seed
        informed += 1
        fewer += len(hunt.costs) < len(plain.costs)
        more += len(hunt.costs) > len(plain.costs)
    assert informed > count / 8
    assert fewer > informed / 6
    assert not more


@pytest.mark.parametrize("count", few_and_all(60, 500))
def test_the_estimate_is_never_more_than_what_is_left(count: int) -> None:
    """Along each shortest schedule, from each node on."""
    looked_at = 0
    for seed in range(count):
        case = Case(deadsim.loads(scenario(seed)).program)
        if not case.search.complete:
            continue
        goals = case.goals()
        estimate = estimate_of(case, goals)
        if estimate is nothing:
            continue
        types = case.showing.wanted(goals)
        space = case.search.space
        for goal, one in Hunt(goals.start, goals.expand, Budget()).search().items():
            if goal.type not in types:
                continue
            state, last, switches = space.start, -1, 0
            for number, (thread, way) in enumerate(one.path):
                least = estimate(state, last)
                assert least is not None, seed
                assert least <= (one.switches - switches, len(one.path) - number), seed
                switches += last not in (-1, thread)
                state += space.moves(state, thread)[way][0]
                last = thread
                looked_at += 1
    assert looked_at > count


def test_a_circle_of_philosophers_is_gone_straight_to(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {}

    class Counting(Hunt):
        def search(self, *given: object, **named: object) -> object:  # type: ignore[override]
            found = super().search(*given, **named)  # type: ignore[arg-type]
            sizes[len(sizes) + 4] = len(self.costs)
            return found

    monkeypatch.setattr(witness, "Hunt", Counting)
    for n in (4, 5, 6):
        found = deadsim.explore(deadsim.load(SCENARIOS / "dining.yaml", n=n), claims=["deadlock"])
        shown = found.defects[0]
        assert (shown.switches, len(shown.schedule)) == (n - 1, 2 * n)
    assert all(size < 10 * n * n for n, size in sizes.items())
