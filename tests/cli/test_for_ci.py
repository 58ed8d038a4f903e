"""What CI systems read: annotations, JUnit, SARIF, and the hook of pre-commit."""

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from sarif_pydantic import Sarif

from commands import deadsim

ROOT = Path(__file__).parent.parent.parent
TWO = """\
locks: [A, B]
variables: {x: 0}
threads:
  left: [{with: [A, B], do: [{add: x}]}]
  right: [{with: [B, A], do: [{add: x}]}]
expect:
  race: possible
"""
SPIN = """\
variables: {x: 0}
threads: {'t[3]': [{forever: [{add: x}]}]}
limits: {states: 100, executions: 2, steps: 40}
expect: {race: always, livelock: always}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    Path("two.yaml").write_text(TWO)
    Path("spin, 100%.yaml").write_text(SPIN)
    Path("fine.yaml").write_text("locks: [A]\nthreads: {t: [{with: A, do: [pass]}]}\n")
    Path("broken.yaml").write_text("locks: [A]\nthreads:\n  t: [{acquire: B}, {relase: A}]\n")
    return tmp_path


def annotations(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("::")]


def test_annotations_stand_on_the_lines() -> None:
    done = deadsim("check", ".", "--github")
    assert done.status == 2
    found = annotations(done.out)
    two = [line for line in found if "file=two.yaml" in line]
    assert two == [
        "::error file=two.yaml,line=4,col=11,endColumn=15,title=deadsim%3A deadlock::circular wait of 2 threads: left "
        "holds A (line 4), waits for B (line 4), held by right; right holds B (line 5), waits for A (line 5), held by "
        "left%0Areplay: deadsim replay ./two.yaml 'left right'",
        "::error file=two.yaml,line=7,col=3,endColumn=7,title=deadsim%3A race::race is claimed possible: it is never",
    ]
    undecided = [line for line in found if line.startswith("::warning")]
    assert undecided
    assert all("file=spin%2C 100%25.yaml,line=" in line for line in undecided)
    assert len([line for line in found if "file=broken.yaml,line=3," in line]) == 2
    assert not [line for line in found if "fine.yaml" in line]


def test_annotations_come_by_themselves_on_github(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not annotations(deadsim("check", "two.yaml").out)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert annotations(deadsim("check", "two.yaml").out)
    assert annotations(deadsim("explore", "two.yaml").out)
    assert annotations(deadsim("explore", "broken.yaml").out)
    done = deadsim("check", "two.yaml", "--format", "json")
    assert json.loads(done.out)["failed"] == 1
    assert annotations(done.err)


def test_junit_has_a_case_for_each_claim() -> None:
    done = deadsim("check", ".", "--junit", "report.xml")
    assert done.status == 2
    root = ET.parse("report.xml").getroot()
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"./two.yaml", "./fine.yaml", "./spin, 100%.yaml", "./broken.yaml"}
    two = {case.get("name"): case for case in suites["./two.yaml"]}
    assert list(two) == [
        "deadlock",
        "livelock",
        "race",
        "assertion",
        "invariant",
        "misuse",
        "error",
    ]
    failure = two["deadlock"].find("failure")
    assert failure is not None
    assert "replay:   deadsim replay ./two.yaml 'left right'" in (failure.text or "")
    assert [p.get("value") for p in two["deadlock"].iter("property")] == ["left right"]
    assert two["race"].get("line") == "7"
    assert two["livelock"].find("failure") is None
    undecided = suites["./spin, 100%.yaml"].find("testcase[@name='livelock']/failure")
    assert undecided is not None
    assert undecided.get("type") == "undecided"
    assert suites["./broken.yaml"].find("testcase/error") is not None
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        assert root.get(name) == str(len(list(root.iter(tag))))


def strangers(model: Any, where: str = "") -> list[str]:
    """List what the model of SARIF does not know."""
    if isinstance(model, BaseModel):
        found = [f"{where}.{name}" for name in model.model_extra or {}]
        return found + [
            s
            for name in type(model).model_fields
            for s in strangers(getattr(model, name), f"{where}.{name}")
        ]
    if isinstance(model, list):
        return [s for number, one in enumerate(model) for s in strangers(one, f"{where}[{number}]")]
    return []


def test_sarif_has_a_flow_for_each_thread() -> None:
    deadsim("check", ".", "--sarif", "report.sarif")
    report = json.loads(Path("report.sarif").read_text())
    model = Sarif.model_validate(report)
    assert strangers(model) == [".runs[0].columnKind"]  # of SARIF 2.1.0, though that model lacks it
    (run,) = report["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert (result["kind"] == "fail") == (result["level"] != "none")
        (place,) = result["locations"]
        assert re.fullmatch(r"[\w.,%/-]+", place["physicalLocation"]["artifactLocation"]["uri"])
        assert place["physicalLocation"]["region"]["startLine"] >= 1
    (deadlock,) = [r for r in run["results"] if r["ruleId"] == "deadlock" and "codeFlows" in r]
    flows = {flow["id"]: flow["locations"] for flow in deadlock["codeFlows"][0]["threadFlows"]}
    assert set(flows) == {"left", "right"}
    assert [step["executionOrder"] for step in flows["left"]] == [1]
    assert flows["right"][0]["location"]["message"]["text"] == "right: acquire B"
    assert flows["right"][0]["location"]["physicalLocation"]["region"]["startLine"] == 5
    assert deadlock["properties"]["replay"] == "deadsim replay ./two.yaml 'left right'"


def test_a_report_that_cannot_be_written_is_said_before_the_work() -> None:
    for option in ("--junit", "--sarif"):
        done = deadsim("check", ".", option, "nowhere/report")
        assert done.status == 2
        assert "nowhere/report: cannot be written" in done.err
        assert not done.out


def test_nothing_that_xml_cannot_have_is_written() -> None:
    Path("odd.yaml").write_text('threads:\n  t: [{raise: "a\\x00\\x1b<b>&"}]\n')
    deadsim("check", "odd.yaml", "--junit", "odd.xml", "--sarif", "odd.sarif")
    assert "<b>&" in "".join(ET.parse("odd.xml").getroot().itertext())
    Sarif.model_validate_json(Path("odd.sarif").read_text())


def test_the_hook_of_pre_commit_takes_scenario_files() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"].split()[0] == "deadsim"
    for name, taken in (
        ("a/x.deadsim.yaml", True),
        ("scenarios/locks/x.yml", True),
        ("a/x.yaml", False),
    ):
        assert bool(re.search(hook["files"], name)) is taken
    done = deadsim(*hook["entry"].split()[1:], "two.yaml", "broken.yaml")
    assert done.status == 2


def test_a_claim_that_holds_otherwise_is_said_to() -> None:
    Path("kind.yaml").write_text(
        TWO.replace("race: possible", "deadlock: {claim: possible, kind: lost-wakeup}")
    )
    (line,) = annotations(deadsim("check", "kind.yaml", "--github").out)
    assert line.endswith("possible, kind lost-wakeup: it is possible, but not as claimed")
    Path("level.yaml").write_text(TWO.replace("race: possible", "deadlock: always"))
    (line,) = annotations(deadsim("check", "level.yaml", "--github").out)
    assert line.endswith("deadlock is claimed always: it is possible")
