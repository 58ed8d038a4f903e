"""Every budget is kept in every phase, and what was found by then is reported with a schedule."""

import json
from pathlib import Path

import pytest

import deadsim
from commands import deadsim as deadsim_command
from deadsim.engine.interrupts import Interrupt
from deadsim.engine.pool import Pool
from deadsim.exploration import budget as budgets
from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.explorer import Request, explore
from deadsim.exploration.states.stateful_search import Stateful, keys
from deadsim.exploration.verdicts.result import Exploration
from deadsim.exploration.witnesses import witness
from deadsim.kernel.system import System
from deadsim.model.program import Limits, Program
from portion import few_and_all, one_in
from programs import scenario

GALLERY = sorted((Path(__file__).parent.parent.parent / "scenarios").rglob("*.yaml"))

SMALL = (
    Limits(states=3),
    Limits(states=12, executions=2),
    Limits(states=60, executions=20),
    Limits(states=400, executions=1),
    Limits(seconds=1e-9),
)

AFTERWARDS = 400
"""Looks at a budget that is spent, by all phases together: each stops at its first."""


class Time:
    """A clock that comes to its end after so many looks."""

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.count = 0

    def __call__(self) -> float:
        self.count += 1
        return 0.0 if self.count <= self.looks else 1e6


def without_claims_on_kinds(program: Program) -> Program:
    """Claim of every type of defect that there is none."""
    return program._replace(claims=program.claims._replace(kinds={}))


def shown_types(result: Exploration) -> set[str]:
    return {
        str(one.goal.which[0]) if one.goal.type in ("final", "output") else one.goal.type
        for one in result.defects
    }


def lacking(result: Exploration) -> list[str]:
    """List the claims that are refuted by something, of which no schedule is there.

    What is said to be always there is also refuted by a run without it, before anything of it was seen.
    """
    return [
        claim.key
        for claim in result.claims
        if claim.holds is False
        and claim.found != "never"
        and not (claim.found == "unknown" and claim.expected.level == "always")
        and not claim.key.startswith(("final.possible", "output.possible", "output.exactly"))
        and claim.key not in shown_types(result)
    ]


def test_a_part_of_a_budget_is_never_more_than_what_is_left() -> None:
    now = 0.0
    whole = Budget(seconds=10, clock=lambda: now)
    now = 4.0
    assert whole.part(100).until == 10
    assert whole.part(2).until == 6
    assert whole.part(2).part(5).until == 6
    now = 6.5
    whole.part(2).watch()
    with pytest.raises(Spent, match="10 seconds"):
        whole.part(-1).watch()


def test_what_is_counted_anew_stays_counted() -> None:
    budget = Budget()
    budget.count(288_000, 500_000)
    budget.begin_anew(0, 0)
    budget.count(1)
    assert budget.visited == 1
    assert budget.counted == (288_000, 500_000)
    budget.count(300_000, 600_000)
    assert budget.counted == (300_001, 600_000)


def test_a_part_of_a_part_stops_with_the_whole() -> None:
    interrupt = Interrupt()
    part = Budget(interrupt=interrupt).part(5).part(3)
    part.watch()
    interrupt.asked = True
    assert part.is_spent
    with pytest.raises(Spent) as spent:
        part.count(1)
    assert spent.value.interrupted


@pytest.mark.parametrize("looks", [1, 3, 10, 40, 200])
@pytest.mark.parametrize("path", one_in(4, GALLERY), ids=lambda path: path.stem)
def test_no_phase_goes_on_once_the_time_is_up(
    monkeypatch: pytest.MonkeyPatch, path: Path, looks: int
) -> None:
    time = Time(looks)
    monkeypatch.setattr(budgets, "monotonic", time)
    with Pool() as pool:
        explore(deadsim.load(path).program, pool, Request(limits=Limits(seconds=100)))
    assert time.count - looks < AFTERWARDS


@pytest.mark.parametrize("limits", SMALL, ids=str)
@pytest.mark.parametrize("path", one_in(4, GALLERY), ids=lambda path: path.stem)
def test_a_refuted_claim_has_a_schedule(path: Path, limits: Limits) -> None:
    program = without_claims_on_kinds(deadsim.load(path).program)
    with Pool() as pool:
        for claims in (None, frozenset({"deadlock"})):
            assert lacking(explore(program, pool, Request(claims, limits))) == []


@pytest.mark.parametrize("count", few_and_all(40, 250))
@pytest.mark.parametrize("limits", SMALL, ids=str)
def test_a_refuted_claim_of_a_random_program_has_a_schedule(limits: Limits, count: int) -> None:
    refuted = 0
    with Pool() as pool:
        for seed in range(count):
            program = deadsim.loads(scenario(seed)).program
            result = explore(program, pool, Request(limits=limits))
            assert lacking(result) == [], seed
            refuted += result.verdict == "refuted"
    assert refuted or limits.seconds or limits.states == 3


@pytest.mark.parametrize("how", ["preemptions", "threads", "sample", "none"])
def test_a_refuted_claim_has_a_schedule_however_it_was_searched_for(how: str) -> None:
    limits = Limits(states=20, executions=2)
    requests = {
        "preemptions": Request(limits=limits, preemptions=1),
        "threads": Request(limits=limits, engine="threads"),
        "sample": Request(limits=limits, sample="random"),
        "none": Request(limits=limits, reduction="none", every=True),
    }
    with Pool() as pool:
        for seed in range(30):
            program = deadsim.loads(scenario(seed)).program
            assert lacking(explore(program, pool, requests[how])) == [], seed


SERVER = """
locks: [m]
queues: {q: {maxsize: 2}}
variables: {served: 0}
threads:
  client[2]: [{forever: [{put: q, value: 1}]}]
  server:
    locals: {x: 0}
    do: [{forever: [{get: q, into: x}, {with: m, do: [{add: served}]}]}]
"""


@pytest.mark.parametrize("states", [1, 300, 2_000, 5_000])
def test_an_interrupted_search_reports_all_that_it_has_counted(states: int) -> None:
    interrupt = Interrupt()
    shown = 0

    def look(budget: Budget) -> None:
        nonlocal shown
        shown = max(shown, budget.counted[0])
        interrupt.asked = shown >= states

    with Pool() as pool:
        program = deadsim.loads(SERVER).program
        result = explore(program, pool, Request(), interrupt, look)
    assert result.interrupted
    assert result.states is not None
    assert result.states >= shown >= states


def test_what_grows_and_begins_anew_is_counted_on() -> None:
    interrupt = Interrupt()
    anew = 0

    def look(budget: Budget) -> None:
        nonlocal anew
        if budget.visited < budget.counted[0]:  # a wider space is gone through from its start
            anew = budget.counted[0]
            interrupt.asked = anew > 1_000

    with Pool() as pool:
        result = explore(deadsim.loads(SERVER).program, pool, Request(), interrupt, look)
    assert result.interrupted
    assert result.states is not None
    assert result.states >= anew > 1_000


def test_a_search_that_is_over_holds_on_to_no_states() -> None:
    system = System(deadsim.loads(SERVER).program)
    search = Stateful(system, keys(system), Budget(states=2_000), reduce="never")
    search.decide()
    assert search.spent is not None
    assert search.spent.__traceback__ is None
    assert len(search.reached.levels) == 1


def test_undecided_says_what_grows_and_what_to_try() -> None:
    result = deadsim.explore(deadsim.loads(SERVER), claims=["deadlock"], max_states=5_000)
    found = json.loads(result.to_json())
    assert found["verdict"] == "undecided"
    (growing,) = found["grows"]
    assert growing["object"] == "served"
    assert growing["from"] == 0
    assert growing["to"] > 300
    report = result.report()
    assert f"served grows, as far as was looked: 0 to {growing['to']:,}" in report
    assert "covered: all that can happen in the first" in report
    assert 1 <= len(found["try"]) <= 3
    assert found["try"][0].startswith("a bound for served")
    assert "--max-states 50000" in found["try"][-1]


@pytest.mark.parametrize("states", [400, 3_000])
@pytest.mark.parametrize("path", one_in(6, GALLERY), ids=lambda path: path.stem)
def test_nothing_is_said_to_grow_that_has_an_end(path: Path, states: int) -> None:
    """Of what ships nothing counts on for ever."""
    limits = Limits(states=states, executions=2)
    with Pool() as pool:
        result = explore(deadsim.load(path).program, pool, Request(limits=limits))
    assert result.grows == ()


GROWING = {
    "queues: [q]\nthreads:\n  a: [{forever: [{put: q, value: 1}]}]\n": "q",
    "semaphores: {s: 0}\nthreads:\n  a: [{forever: [{release: s}]}]\n": "s",
    "variables: {x: 0}\nthreads:\n  a: [{forever: [{add: x, value: -1}]}]\n": "x",
    "threads:\n  a:\n    locals: {n: 0}\n"
    "    do: [{forever: [{let: {n: n + 1}}, {yield: }]}]\n": "n of a",
}


@pytest.mark.parametrize("text", GROWING)
def test_queues_permits_and_locals_grow_too(text: str) -> None:
    system = System(deadsim.loads(text).program)
    search = Stateful(system, keys(system), Budget(states=1_000), reduce="never")
    search.decide()
    assert search.spent is not None
    assert GROWING[text] in [growing.object for growing in search.growth.found()]


def test_what_is_decided_tries_nothing() -> None:
    found = json.loads(deadsim.explore(deadsim.load("dining")).to_json())
    assert found["grows"] == []
    assert found["try"] == []


def test_some_schedules_that_decide_nothing_say_to_try_all() -> None:
    scenario = deadsim.load("dining_ordered")
    found = json.loads(deadsim.explore(scenario, sample="random", max_executions=3).to_json())
    assert found["verdict"] == "undecided"
    assert found["try"][0] == "deadsim explore dining_ordered"
    found = json.loads(deadsim.explore(scenario, preemptions=0).to_json())
    assert found["try"][0] == "deadsim explore dining_ordered"


def test_a_smaller_param_is_tried() -> None:
    text = SERVER.replace("locks:", "params: {n: 3, k: 5}\nlocks:").replace(
        "client[2]", "'client[n]'"
    )
    scenario = deadsim.loads(text)
    found = deadsim.explore(scenario, claims=["deadlock"], max_states=5_000)
    assert "deadsim explore FILE -p k=4" in json.loads(found.to_json())["try"]


def test_what_nobody_asked_for_is_not_shown() -> None:
    with Pool() as pool:
        for seed in range(40):
            program = deadsim.loads(scenario(seed)).program
            for limits in (Limits(states=5_000), Limits(states=200, executions=3)):
                result = explore(program, pool, Request(frozenset({"race"}), limits))
                assert shown_types(result) <= {"race"}, seed


def test_the_verdict_is_told_once_with_a_schedule_before_the_shortest_is_looked_for() -> None:
    for seed in range(40):
        told: list[Exploration] = []
        program = deadsim.loads(scenario(seed)).program
        with Pool() as pool:
            result = explore(program, pool, Request(limits=Limits(states=5_000)), tell=told.append)
        if result.decided_in is None:
            assert result.verdict == "undecided"
            assert told == []
            continue
        assert 0 <= result.decided_in <= result.seconds
        assert len(told) <= 1
        for early in told:
            assert early.verdict == result.verdict, seed
            assert early.decided_in == result.decided_in
            assert len(early.defects) <= 1
            for defect in early.defects:
                assert defect.run.schedule[: len(defect.schedule)] == defect.schedule
            refuted = {claim.key for claim in early.claims if claim.holds is False}
            if refuted & shown_types(result):
                assert shown_types(early) <= refuted


def test_a_verdict_is_said_at_once_where_the_rest_takes_a_while() -> None:
    from deadsim.report.progress import A_MOMENT, Early

    said: list[object] = []
    now = 0.0
    budget = Budget(clock=lambda: now)
    with Pool() as pool:
        result = explore(deadsim.load("dining").program, pool)
    early = Early(said.append, None)
    early.tell(result._replace(seconds=A_MOMENT / 2))
    early.look(budget)
    assert said == []
    now = A_MOMENT
    early.look(budget)
    early.look(budget)
    assert len(said) == 1
    early.tell(result._replace(seconds=A_MOMENT))
    assert len(said) == 2


def test_what_is_said_at_once_has_the_verdict_and_the_way_to_it() -> None:
    from deadsim.report.exploration import at_once

    with Pool() as pool:
        result = explore(deadsim.load("two_locks").program, pool)
    lines = at_once(result)
    assert lines[0].startswith("verdict:  as expected, after ")
    assert lines[1].startswith("DEADLOCK after 2 steps")
    assert lines[2] == "schedule: left right (1 context switch, the fewest)"


INPUTS = Path(__file__).parent.parent.parent / "benchmarks" / "inputs"


def test_a_search_that_sees_a_deadlock_and_no_more_saves_the_way_to_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(witness, "AT_LEAST", 0)  # nor looks for a shorter one
    saved = tmp_path / "found.schedule"
    options = ("--claims", "deadlock", "--max-states", "3000", "--max-executions", "1")
    given = (str(INPUTS / "santa.yaml"), "-p", "elves=4", "-p", "reindeer=1", *options)
    done = deadsim_command("explore", *given, "--save-schedule", str(saved))
    assert done.status == 1
    assert "DEADLOCK after" in done.out
    assert "undecided" not in done.out
    again = deadsim_command("replay", str(saved), "--format", "json").json
    assert again["outcome"] == "stuck"


def test_deadlocks_alone_are_decided_in_the_states_of_all_claims_and_a_few_more() -> None:
    scenario = deadsim.load(INPUTS / "santa.yaml", elves=3, reindeer=2)
    every = deadsim.explore(scenario)
    alone = deadsim.explore(scenario, claims=["deadlock"])
    assert every.complete
    assert alone.complete
    assert every.states is not None
    assert alone.states is not None
    assert alone.states <= every.states + 2_000


def test_threads_that_do_the_same_are_made_use_of_early() -> None:
    scenario = deadsim.load(INPUTS / "readers_and_writers.yaml", n=8, m=8)
    every = deadsim.explore(scenario)
    alone = deadsim.explore(scenario, claims=["deadlock"])
    assert every.complete
    assert every.states is not None
    assert alone.states is not None
    assert every.reduction == alone.reduction == "stubborn+symmetry"
    assert every.states < alone.states + 20_000
