"""What deadsim offers to Python programs: documented, typed, frozen."""

import doctest
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import deadsim

MODULES = ("api.scenario", "api.one_run", "api.all_schedules", "api.saved_schedules", "errors")

PROGRAM = """
from __future__ import annotations

import networkx

import deadsim

scenario: deadsim.Scenario = deadsim.load("dining", n=3)
data = deadsim.Scenario({"locks": ["A"], "threads": {"t": [{"with": "A", "do": ["pass"]}]}})
run: deadsim.Run = deadsim.run(scenario, seed=7, strategy="random")
result: deadsim.Exploration = deadsim.explore(scenario, max_seconds=5, claims=["deadlock"])
claim: deadsim.Claim = result.deadlock
possible: bool = claim.possible
kind: str = result.deadlocks[0].kind
graph: networkx.MultiDiGraph[str] = run.wait_for_graph()
texts: tuple[str, str] = (run.svg(), run.to_json())
again: deadsim.Run = deadsim.replay(scenario, run.schedule)
checked: deadsim.Check = deadsim.check(["two_locks"])
result.assert_deadlock(kind="circular-wait")
try:
    deadsim.loads("threads: 3")
except deadsim.ScenarioError as error:
    line: int = error.problems[0].place.line
"""

WRONG = """
import deadsim

deadsim.run(deadsim.load("dining"), strategy="by chance")
deadsim.explore(3)
deadsim.load("dining").program = 3
deadsim.explore(deadsim.load("dining")).verdict.upper().nothing
"""


@pytest.mark.parametrize("name", sorted(deadsim.__all__))
def test_every_public_name_is_documented_with_an_example(name: str) -> None:
    text = getattr(deadsim, name).__doc__
    assert text is not None
    assert ">>> " in text


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_are_so(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"deadsim.{module}"))
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.slow
def test_a_typed_program_passes_mypy_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    (tmp_path / "right.py").write_text(PROGRAM)
    (tmp_path / "wrong.py").write_text(WRONG)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    right = subprocess.run(
        [*command, "right.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert right.returncode == 0, right.stdout
    wrong = subprocess.run(
        [*command, "wrong.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    lines = {int(line.split(":")[1]) for line in wrong.stdout.splitlines() if "error:" in line}
    assert lines == {4, 5, 6, 7}, wrong.stdout


def test_a_typed_program_runs() -> None:
    exec(PROGRAM, {})


DINING = Path(__file__).parent.parent.parent / "scenarios" / "dining.yaml"
DATA = {"locks": ["A"], "threads": {"one": [{"with": "A", "do": ["pass"]}]}}
TEXT = "locks: [A]\nthreads: {one: [{with: A, do: [pass]}]}"


@pytest.mark.parametrize(
    "source",
    [deadsim.load("dining"), "dining", DINING, str(DINING), DATA, TEXT],
    ids=["loaded", "name", "path", "path as text", "data", "text"],
)
def test_a_scenario_is_taken_in_whatever_form_it_is_given(source: Any) -> None:
    run = deadsim.run(source)
    assert deadsim.explore(source, claims="deadlock").complete
    assert deadsim.replay(source, run.schedule).trace == run.trace
    assert deadsim.check(source).results[0].params == run.params
    assert len(deadsim.check([source, "two_locks"]).results) == 2


def test_the_params_of_a_check_are_plain_values() -> None:
    assert deadsim.check([DINING], params={"n": 3}).results[0].params == {"n": 3}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: deadsim.run(3), "a scenario is what deadsim.load gives"),
        (lambda: deadsim.explore(None), "not None"),
        (lambda: deadsim.check(3), "a mapping; not 3"),
        (lambda: deadsim.run("dinning"), "did you mean 'dining'?"),
        (lambda: deadsim.replay(DATA), "the names of a schedule are missing"),
        (lambda: deadsim.load(DATA), "load wants the path of a scenario, or its name, not data"),
        (lambda: deadsim.loads(3), "loads wants the text of a scenario, not 3"),
        (lambda: deadsim.Scenario("dining"), "deadsim.load reads a file"),
        (lambda: deadsim.explore("dining", engine="thread"), "there is no engine 'thread'"),
        (
            lambda: deadsim.explore("dining", claims=["foo"]),
            "; the claims are deadlock, livelock, race,",
        ),
        (lambda: deadsim.explore("dining", claims="rase"), "did you mean 'race'? The claims are"),
    ],
)
def test_what_can_be_no_scenario_or_no_option_is_said(call: Any, said: str) -> None:
    with pytest.raises(deadsim.UsageError) as caught:
        call()
    assert said in str(caught.value)


def test_results_are_frozen() -> None:
    scenario = deadsim.load("two_locks")
    for thing in (
        scenario,
        deadsim.run(scenario),
        deadsim.explore(scenario),
        deadsim.check("two_locks"),
    ):
        for name in ("verdict", "result", "anything", "program"):
            with pytest.raises(AttributeError):
                setattr(thing, name, None)


def test_plain_data_says_what_the_yaml_would() -> None:
    import yaml

    for name in ("two_locks", "dining", "bounded_buffer", "worker_queue", "peterson"):
        written = deadsim.load(name)
        data = deadsim.Scenario(yaml.safe_load(written.text))
        assert deadsim.explore(data).claims == deadsim.explore(written).claims
    sized = deadsim.Scenario(
        {"params": {"n": 2}, "locks": ["A[n]"], "threads": {"t": [{"with": "A[1]", "do": []}]}}, n=3
    )
    assert sized.params == {"n": 3}
    texts = {
        "threads": {
            "t": [
                {"print": text}
                for text in ("on", "0o14", "1e3", "null", "~", "", "a: b", "é", "#", "x" * 200)
            ]
        }
    }
    assert deadsim.run(deadsim.Scenario(texts)).output == [
        "on",
        "0o14",
        "1e3",
        "null",
        "~",
        "",
        "a: b",
        "é",
        "#",
        "x" * 200,
    ]


@pytest.mark.parametrize(
    "data",
    [{"threads": {"t": [{"acquire": object()}]}}, {"threads": {"t": [{"acquire": 3}]}}, {}, {1: 2}],
)
def test_data_that_is_no_scenario_is_an_error_with_its_place(data: object) -> None:
    with pytest.raises(deadsim.ScenarioError) as caught:
        deadsim.Scenario(data)  # type: ignore[arg-type]
    assert caught.value.problems[0].place.line >= 1
    circle: dict[str, object] = {}
    circle["threads"] = circle
    with pytest.raises(deadsim.ScenarioError):
        deadsim.Scenario(circle)
