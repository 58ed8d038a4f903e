"""What a pass says of itself: how it is known, what was never reached, and runs that are far apart."""

import json
from pathlib import Path

import pytest

import deadsim
import oracle
from commands import deadsim as command
from deadsim.exploration.budget import Budget
from deadsim.exploration.executions.far_apart import gather, pick
from deadsim.exploration.executions.optimal_dpor import Classes
from deadsim.exploration.states.unreached import steps
from deadsim.kernel.system import State, System
from deadsim.model.place import Place
from deadsim.model.program import Program
from deadsim.space.resting_space import space_of
from deadsim.trace.schedule import text as spelled
from portion import few_and_all, one_in
from programs import scenario

GALLERY = sorted((Path(__file__).parent.parent.parent / "scenarios").rglob("*.yaml"))
MOST_STATES = 5_000

GIVES_UP = """
locks: [A, B]
threads:
  worker[i < 2]:
    - with: A
      do: [{step: works}]
    - if: i > 5
      then: [{step: gives up}, {release: B}]
"""

NO_END = """
variables: {x: 0}
threads: {a: [{forever: [{yield: }]}]}
expect: {livelock: always, final: {always: x == 1, never: x == 1, possible: [x == 2]}}
"""


def explored(text: str, **options: object) -> deadsim.Exploration:
    return deadsim.explore(deadsim.loads(text), **options)  # type: ignore[arg-type]


def never_reached(program: Program) -> set[Place] | None:
    """Find by plain search the places of steps to which no thread comes; None where states are many."""
    system = System(program)
    start = system.initial()
    seen, front = {repr(start.state.key())}, [start.state]
    reached = {failure.place for failure in start.failures}
    while front:
        if len(seen) > MOST_STATES:
            return None
        state = front.pop()
        reached |= standing(system, state)
        for thread, way, result in oracle.steps(system, state):
            move = system.step(state, thread, way)
            reached |= {result.row.place, *(failure.place for failure in move.failures)}
            if repr(move.state.key()) not in seen:
                seen.add(repr(move.state.key()))
                front.append(move.state)
    there = {place for linked in system.linked for place, _ in steps(linked.code)}
    return there - reached


def standing(system: System, state: State) -> set[Place]:
    """List the places of the steps before which threads stand."""
    frames = zip(system.linked, state.frames, strict=True)
    return {linked.place(frame.position) for linked, frame in frames if frame.operation}


@pytest.mark.parametrize("file", one_in(6, GALLERY), ids=lambda file: file.stem)
def test_what_is_never_reached_in_a_scenario_is_what_a_plain_search_does_not_reach(
    file: Path,
) -> None:
    check_unreached(deadsim.load(file))


@pytest.mark.parametrize("count", few_and_all(40, 250))
def test_what_is_never_reached_in_random_programs(count: int) -> None:
    found = sum(check_unreached(deadsim.loads(scenario(seed))) for seed in range(count))
    assert found > count / 4


def check_unreached(one: deadsim.Scenario) -> int:
    """Hold the steps that are said to be unreached against a plain search, and count them."""
    wanted = never_reached(one.program)
    if wanted is None:
        return 0
    found = deadsim.explore(one).unreached
    assert found is not None
    assert {step.place for step in found} == wanted
    return len(found)


def test_a_step_that_no_schedule_reaches_is_told() -> None:
    result = explored(GIVES_UP)
    assert "  never reached: line 8 (step: gives up) of worker" in result.report().splitlines()
    assert "  never reached: line 8 (release: B) of worker" in result.report().splitlines()
    missing = list(result.unreached or ())
    assert [(one.place.line, one.step, one.threads) for one in missing] == [
        (8, "step: gives up", ("worker",)),
        (8, "release: B", ("worker",)),
    ]


def test_a_step_that_one_of_many_reaches_is_reached() -> None:
    assert explored(GIVES_UP.replace("i > 5", "i > 0")).unreached == ()
    text = "procedures: {p: {args: [x], do: [{if: x, then: [{step: y}]}]}}\nthreads:\n"
    text += "  a: [{call: p, args: [true]}]\n  b: [{call: p, args: [false]}]\n"
    assert explored(text).unreached == ()


def test_a_step_before_which_a_thread_waits_for_ever_is_reached() -> None:
    text = "locks: [A]\nthreads: {a: [{acquire: A}, {acquire: A}, {step: on}]}\n"
    assert [one.step for one in explored(text).unreached or ()] == ["step: on"]


def test_a_step_at_which_a_thread_fails_is_reached() -> None:
    text = "locks: ['A[2]']\nthreads: {a: [{let: {i: 7}}, {acquire: 'A[i]'}, {step: on}]}\n"
    assert [one.step for one in explored(text).unreached or ()] == ["step: on"]


def test_many_that_are_never_reached_are_counted() -> None:
    rest = ", ".join(f"{{step: s{number}}}" for number in range(8))
    text = f"threads: {{a: [return, {rest}]}}\n"
    lines = [line for line in explored(text).report().splitlines() if "never reached" in line]
    assert len(lines) == 6
    assert lines[-1] == "  never reached: 3 more steps"


def test_where_not_every_state_was_visited_nothing_is_said_of_what_was_not_reached() -> None:
    text = "variables: {x: 0}\nthreads: {a: [{forever: [{add: x}]}, {step: never}]}\n"
    assert explored(text, max_states=500).unreached is None
    assert explored(GIVES_UP, sample="random").unreached is None
    assert explored(GIVES_UP, preemptions=1).unreached is None


def test_the_json_has_a_row_for_each_thread() -> None:
    text = "procedures: {p: [return, {step: y}]}\nthreads:\n  a: [{call: p}]\n  b: [{call: p}]\n"
    report = deadsim.explore(deadsim.loads(text)).to_json()
    assert json.loads(report)["unreached"] == [
        {"line": 1, "column": 27, "thread": "a"},
        {"line": 1, "column": 27, "thread": "b"},
    ]


def test_a_claim_that_was_judged_at_no_end_says_so() -> None:
    lines = [line for line in explored(NO_END).report().splitlines() if "final" in line]
    assert [line.endswith("(nothing ever ends)") for line in lines[:3]] == [True, True, True]


def test_a_claim_that_the_text_refutes_says_why() -> None:
    text = "threads: {a: [{yield: }]}\nexpect: {livelock: possible}\n"
    line = "claimed: possible  REFUTED (no thread can go round for ever)"
    assert line in explored(text).report()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "ALL SCHEDULES: 23 states, "),
        ({"claims": ["race"]}, "ALL SCHEDULES: by the text alone, "),
        ({"engine": "threads"}, "ALL SCHEDULES: 3 executions, one of each class, "),
    ],
)
def test_how_it_is_known_is_said(options: dict[str, object], words: str) -> None:
    report = deadsim.explore(deadsim.load("two_locks"), **options).report()  # type: ignore[arg-type]
    assert report.startswith(words)


def test_a_reduced_graph_is_told_from_all_states() -> None:
    report = deadsim.explore(deadsim.load("dining", n=8), claims=["deadlock"]).report()
    assert "states of a reduced graph" in report.splitlines()[0]


# Runs that are far apart.


def test_examples_end_differently_where_they_can() -> None:
    result = deadsim.explore(deadsim.load("two_locks"), examples=2)
    assert result.examples is not None
    assert [one.outcome for one in result.examples] == ["ends well", "deadlock"]
    report = result.report()
    assert "examples: 2 far apart of all 3 classes of runs" in report
    assert "  deadlock   deadsim replay two_locks 'left right'" in report


def test_there_are_no_more_examples_than_classes() -> None:
    result = deadsim.explore(deadsim.load("two_locks"), examples=50)
    assert len(result.examples or ()) == 3
    assert "examples: all 3 classes of runs" in result.report()


@pytest.mark.parametrize("file", one_in(6, GALLERY), ids=lambda file: file.stem)
def test_an_example_ends_as_its_replay_does(file: Path) -> None:
    one = deadsim.load(file)
    result = deadsim.explore(one, examples=3)
    assert result.examples is not None
    assert len({run.schedule for run in result.examples}) == len(result.examples)
    for example in result.examples:
        run = deadsim.replay(one, spelled(example.schedule))
        assert len(run.schedule) == len(example.schedule)
        seen = (one for one in run.defects if getattr(one, "schedule", None) is None)
        types = dict.fromkeys(found.type for found in seen)  # but those of other schedules
        assert example.outcome == (", ".join(types) or "ends well")
    assert deadsim.explore(one, examples=3).examples == result.examples


def test_each_class_is_a_candidate_and_no_two_are_equivalent() -> None:
    compared = 0
    for seed in range(60):
        program = deadsim.loads(scenario(seed)).program._replace(invariants=())
        system = System(program)
        found = gather(system, Budget())
        # A step of a daemon counts as dependent on each end of a thread, which orders nothing here.
        if not found.every or any(thread.daemon for thread in program.threads):
            continue
        space = space_of(system)
        whole = [one for one in Classes(space, Budget()) if one.whole]
        assert len(found.candidates) == len(whole)
        compared += len(whole) > 1
    assert compared >= 15


def test_the_next_example_is_the_one_that_is_farthest_from_those_before() -> None:
    found = gather(System(deadsim.load("dining", n=4).program), Budget()).candidates
    picked = pick(found, 4)
    for number in range(1, len(picked)):
        near = [min(one.distance(other) for other in picked[:number]) for one in found]
        assert near[found.index(picked[number])] == max(near)


def test_where_nothing_ends_there_are_no_examples() -> None:
    result = explored(NO_END, examples=3)
    assert result.examples == ()
    assert "examples: none: no run was found that comes to an end" in result.report()


def test_runs_that_end_are_found_beside_those_that_do_not() -> None:
    result = deadsim.explore(deadsim.load("peterson"), examples=3)
    assert [one.outcome for one in result.examples or ()] == ["race"] * 3


def test_the_command_line_shows_examples(tmp_path: Path) -> None:
    done = command("explore", "two_locks", "--examples", "3", "--format", "json")
    assert [one["outcome"] for one in done.json["examples"]] == ["ends well", "deadlock", "ends well"]  # fmt: skip
    assert done.json["examples"][1]["schedule"] == ["left", "right"]
    assert "examples" not in command("explore", "two_locks", "--format", "json").json
    assert "examples: all 3 classes" in command("check", "two_locks", "--examples", "3").out
    two = command("explore", "two_locks", "--examples", "3", "--workers", "2", "--format", "json")
    assert two.json["examples"] == done.json["examples"]
    assert command("explore", "two_locks", "--examples", "0").status == 2
