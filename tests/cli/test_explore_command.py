"""`deadsim explore` and `deadsim check`, as a user meets them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commands import deadsim, interrupted
from portion import few_and_all

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"
TWO = """
name: two locks, two orders
locks: [A, B]
threads:
  left:
    - acquire: A
    - acquire: B
    - release: B
    - release: A
  right:
    - with: [B, A]
      do:
        - step: critical section
expect:
  deadlock: possible
"""

FEW = ("--max-states", "40", "--max-executions", "2", "--max-steps", "40")


@pytest.fixture
def two(tmp_path: Path) -> Path:
    file = tmp_path / "two.yaml"
    file.write_text(TWO)
    return file


def test_the_json_of_an_exploration(two: Path) -> None:
    done = deadsim("explore", str(two), "--format", "json")
    assert done.status == 0
    report = done.json
    assert report["command"] == "explore"
    assert report["engine"] == "memory"
    assert report["verdict"] == "as-expected"
    assert report["complete"] is True
    assert report["claims"]["deadlock"]["found"] == "possible"
    assert report["claims"]["deadlock"] == {
        "expected": "possible",
        "found": "possible",
        "holds": True,
    }
    assert set(report["claims"]) == {
        "deadlock", "livelock", "race", "assertion", "invariant", "misuse", "error",
    }  # fmt: skip
    assert report["executions"] is None
    assert report["states"] > 10
    assert report["transitions"] > 10
    assert report["covered"] is None
    (defect,) = report["defects"]
    assert defect["type"] == "deadlock"
    assert defect["kind"] == "circular-wait"
    assert defect["proof"] == "proved"
    assert defect["schedule"] == ["left", "right"]
    assert defect["context_switches"] == 1
    assert defect["minimal"] is True
    assert defect["nearest_good"] == ["left", "left"]
    assert defect["confirmed_on_threads"] is True


def test_the_text_of_an_exploration(two: Path) -> None:
    done = deadsim("explore", str(two))
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("ALL SCHEDULES:")
    assert "schedule: left right (1 context switch, the fewest)" in lines
    assert lines[-1] == "verdict:  as expected"
    (replay,) = [line for line in lines if line.startswith("replay:")]
    assert deadsim("replay", str(two), "left right").status == 0
    assert replay.endswith("'left right'")


def test_exit_status(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(TWO.replace("deadlock: possible", "deadlock: never"))
    assert deadsim("explore", str(file)).status == 1
    file.write_text("threads: {a: [{forever: [{yield: }]}]}\nexpect: {livelock: always}\n")
    assert deadsim("explore", str(file)).status == 0
    file.write_text("variables: {x: 0}\nthreads: {a: [{forever: [{add: x}]}]}\n")
    done = deadsim("explore", str(file), *FEW)
    assert done.status == 3
    assert "NOT ALL SCHEDULES" in done.out
    assert "--max-states" in done.out
    file.write_text("threads: {a: [{acqire: A}]}\n")
    assert deadsim("explore", str(file)).status == 2
    assert deadsim("check", str(file)).status == 2


def test_refuted_comes_before_undecided(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        "variables: {x: 0}\nthreads:\n  a: [{forever: [{add: x}]}]\n  b: [{raise: oh}]\n"
    )
    done = deadsim("explore", str(file), *FEW, "--format", "json")
    assert done.json["claims"]["error"]["holds"] is False
    assert done.json["claims"]["deadlock"]["holds"] is None
    assert done.status == 1


def test_claims_that_are_not_asked_for(two: Path) -> None:
    report = deadsim("explore", str(two), "--claims", "deadlock,race", "--format", "json").json
    assert report["claims"]["misuse"] == {"expected": "never", "found": "unknown", "holds": None}
    assert report["verdict"] == "as-expected"
    wrong = deadsim("explore", str(two), "--claims", "deadlok")
    assert wrong.status == 2
    assert "did you mean 'deadlock'" in wrong.err


def test_the_schedule_of_a_defect_is_saved_and_replayed(two: Path, tmp_path: Path) -> None:
    saved, picture = tmp_path / "x.schedule", tmp_path / "x.svg"
    deadsim("explore", str(two), "--save-schedule", str(saved), "--svg", str(picture))
    assert picture.read_text().startswith("<svg")
    done = deadsim("replay", str(saved), "--format", "json")
    assert done.json["defects"][0]["kind"] == "circular-wait"


def test_a_range_of_a_param_is_a_table() -> None:
    done = deadsim("explore", str(SCENARIOS / "dining.yaml"), "-p", "n=2..4")
    assert done.status == 0
    rows = [line.split() for line in done.out.splitlines() if line.startswith("n=")]
    assert [row[0] for row in rows] == ["n=2", "n=3", "n=4"]
    assert "no claim is broken" in done.out
    many = deadsim(
        "explore", str(SCENARIOS / "dining.yaml"), "-p", "n=2..3", "--format", "json"
    ).json
    assert [one["params"]["n"] for one in many["results"]] == [2, 3]


def test_the_smallest_that_breaks_is_named(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        "params: {n: 1}\nsemaphores: {s: 3}\n"
        "threads:\n  'w[n]': [{acquire: s}, {acquire: s}, {release: s}, {release: s}]\n"
    )
    done = deadsim("explore", str(file), "-p", "n=1..4")
    assert done.status == 1
    assert "the first that breaks a claim: n=3" in done.out


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--claims", "deadlock"],
        ["--engine", "threads"],
        ["--sample", "pos"],
        ["--preemptions", "1"],
    ],
)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_every_way_of_exploring_takes_every_size(options: list[str], n: int) -> None:
    done = deadsim(
        "explore", str(SCENARIOS / "dining.yaml"), "-p", f"n={n}", *options, "--format", "json"
    )
    found = done.json["claims"]["deadlock"]["found"]
    assert done.status in (0, 1, 3)
    if done.json["complete"]:
        assert found == {0: "never", 1: "always", 3: "possible"}[n]
    assert "Traceback" not in done.err


def test_check_says_a_line_a_scenario_and_a_summary(tmp_path: Path, two: Path) -> None:
    (tmp_path / "bad.yaml").write_text(TWO.replace("deadlock: possible", "deadlock: never"))
    (tmp_path / "other.yaml").write_text("just: data\n")
    done = deadsim("check", str(tmp_path))
    assert done.status == 1
    lines = done.out.splitlines()
    assert len(lines) == 3
    assert "REFUTED" in lines[0]
    assert lines[1].startswith("ok")
    assert lines[2] == "1 passed, 1 failed, 0 undecided"
    report = deadsim("check", str(tmp_path), "--format", "json").json
    assert (report["passed"], report["failed"], report["undecided"]) == (1, 1, 0)
    assert "trace" not in report["results"][0]


def test_the_gallery_holds_what_it_claims() -> None:
    done = deadsim("check", str(SCENARIOS), "--quiet")
    assert done.status == 0, done.out


@pytest.mark.parametrize("seeds", few_and_all(("0", "1"), ("0", "1", "77")))
def test_the_same_bytes_but_for_the_seconds(two: Path, seeds: tuple[str, ...]) -> None:
    reports = []
    for seed in seeds:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        for file in (two, SCENARIOS / "conditions" / "wrong_waiter.yaml"):
            command = [
                sys.executable,
                "-m",
                "deadsim",
                "explore",
                str(file),
                "--format",
                "json",
                "--all",
            ]
            done = subprocess.run(command, capture_output=True, env=environment, check=False)
            report = json.loads(done.stdout)
            for key in ("seconds", "decided_in"):
                report.pop(key)
            reports.append(json.dumps(report))
    assert len(set(reports)) == 2


@pytest.mark.parametrize(
    ("reduction", "seconds"),
    [
        ("auto", 0.3),
        *(
            pytest.param(reduction, seconds, marks=pytest.mark.slow)
            for reduction in ("none", "auto")
            for seconds in (0, 0.7, 1.9)
        ),
    ],
)
def test_an_interrupted_search_reports_what_it_has_and_claims_nothing_more(
    tmp_path: Path, reduction: str, seconds: float
) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        "variables: {x: 0}\nthreads:\n  'w[9]':\n  - repeat: 9\n    do: [{add: x}]\nexpect: {race: always}\n"
    )
    arguments = ("explore", str(file), "--format", "json", "--max-states", "100000000")
    done = interrupted(*arguments, "--reduction", reduction, seconds=seconds)
    assert done.status == 130, done.err
    assert "states, " in done.err
    assert done.json["complete"] is False
    assert done.json["claims"]["deadlock"]["found"] == "unknown"


def test_steps_on_nothing_shared_need_no_more_than_one_order(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("threads:\n  'w[9]':\n  - repeat: 9\n    do: [{step: works}]\n")
    done = deadsim("explore", str(file), "--format", "json")
    assert done.status == 0
    assert done.json["reduction"] == "stubborn+symmetry"
    assert done.json["verdict"] == "as-expected"


def test_write_expect_keeps_comments_and_layout(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    text = "# a lesson\n" + TWO.replace(
        "  deadlock: possible", "  # what we think\n  deadlock: never"
    )
    file.write_text(text)
    done = deadsim("explore", str(file), "--write-expect")
    assert done.status == 0, done.out + done.err
    written = file.read_text()
    assert written.startswith("# a lesson\n")
    assert "deadlock: possible" in written
    assert written.replace("deadlock: possible", "deadlock: never") == text
    assert deadsim("explore", str(file)).status == 0


def test_write_expect_adds_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("variables: {x: 0}\nthreads:\n  'a[2]': [{add: x}]\n# the end\n")
    assert deadsim("explore", str(file), "--write-expect").status == 0
    assert file.read_text().endswith("# the end\nexpect:\n  race: always\n")
    assert deadsim("explore", str(file)).status == 0


def test_more_workers_say_the_same() -> None:
    for what in (
        ["check", str(SCENARIOS / "locks")],
        ["explore", str(SCENARIOS / "races" / "publish.yaml")],
    ):
        reports = []
        for workers in ("1", "2"):
            report = deadsim(*what, "--workers", workers, "--format", "json").json
            for one in report.get("results", [report]):
                for key in ("seconds", "decided_in", "states", "transitions"):
                    one.pop(key)
            reports.append(json.dumps(report))
        assert len(set(reports)) == 1
