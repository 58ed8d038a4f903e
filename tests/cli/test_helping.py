"""`new`, `explain`, `doctor` and `completion`."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import deadsim as library
from commands import deadsim
from deadsim.model.claims import DEADLOCK_KINDS, DEFECT_TYPES, NAMED_TYPES
from deadsim.report.explanations import EXPLANATIONS

ROOT = Path(__file__).parent.parent.parent


def test_every_kind_is_explained() -> None:
    assert set(EXPLANATIONS) == {*DEADLOCK_KINDS, *DEFECT_TYPES, *NAMED_TYPES}


@pytest.mark.parametrize("kind", EXPLANATIONS)
def test_its_example_shows_it_and_its_mend_does_not(kind: str) -> None:
    explained = EXPLANATIONS[kind]
    shown = library.explore(library.load(explained.example))
    kinds = {one.finding.type for one in shown.defects} | {one.kind for one in shown.deadlocks}
    kinds |= {"collateral" for one in shown.deadlocks if one.also_stuck}
    assert kind in kinds
    done = deadsim("explain", kind)
    assert done.status == 0
    assert explained.what in done.out
    assert f"deadsim explore {explained.example}" in done.out
    if explained.fix is not None:
        mended = library.explore(library.load(explained.fix))
        assert mended.verdict == "as-expected"
        assert kind not in {one.finding.type for one in mended.defects} | {
            one.kind for one in mended.deadlocks
        }


def test_the_page_on_deadlocks_gives_the_same_examples_and_mends() -> None:
    page = (ROOT / "docs" / "deadlocks.md").read_text()
    for kind in DEADLOCK_KINDS:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{kind}` |")]
        assert f"[{EXPLANATIONS[kind].example}]" in row


def test_a_kind_may_be_written_as_it_is_read() -> None:
    assert deadsim("explain", "Lost wakeup").status == deadsim("explain", "lost_wakeup").status == 0
    done = deadsim("explain", "circular-wayt")
    assert done.status == 2
    assert "did you mean 'circular-wait'" in done.err
    assert set(deadsim("explain", "--format", "json").json["kinds"]) == set(EXPLANATIONS)
    assert deadsim("explain", "race", "--format", "json").json["example"] == "lost_update"
    assert all(kind in deadsim("explain").out for kind in EXPLANATIONS)


@pytest.mark.parametrize("name", ["mine", "my_own.yaml", "it's", "été", "a: b"])
def test_a_new_scenario_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = deadsim("new", name)
    assert done.status == 0
    (file,) = tmp_path.iterdir()
    before = file.read_text()
    assert deadsim("explore", file.name).status == 0
    assert deadsim("lint", file.name).status == 0
    again = deadsim("new", name)
    assert again.status == 2
    assert "is there already" in again.err
    assert file.read_text() == before


def test_a_new_scenario_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = deadsim("new", "nowhere/mine")
    assert done.status == 2
    assert "cannot be written" in done.err


def test_doctor_says_what_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    found = deadsim("doctor", "--format", "json").json
    assert found["python"].endswith(sys.executable)
    assert found["layout"] in (shutil.which("dot"), found["layout"])
    assert {"deadsim", "python", "system", "baton", "layout", "numpy", "scenarios"} <= found.keys()
    monkeypatch.setenv("DEADSIM_DOT", "nowhere/dot")
    done = deadsim("doctor")
    assert done.status == 0
    assert "nowhere/dot" in done.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete_commands_options_and_scenarios(shell: str) -> None:
    if shell != "bash" or shutil.which("bash"):
        assert "_DEADSIM_COMPLETE" in deadsim("completion", shell).out
    for words, wanted in (
        ("deadsim ex", "explore"),
        ("deadsim run --str", "--strategy"),
        ("deadsim run dini", "dining"),
    ):
        environment = {**os.environ, "_DEADSIM_COMPLETE": f"{shell}_complete", "COMP_WORDS": words}
        environment["COMP_CWORD"] = (
            words.split()[-1] if shell == "fish" else str(len(words.split()) - 1)
        )
        command = [shutil.which("deadsim", path=str(Path(sys.executable).parent)) or "deadsim"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert wanted in done.stdout, done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "deadsim run dinin",
            ["dining", "dining_ordered", "dining_with_waiter", "dining_orders.yaml"],
        ),
        ("deadsim check two_b", ["two_barriers"]),
        ("deadsim replay gate_", ["gate_always_opened", "gate_lock", "gate_1.schedule", "gate_2/"]),
        ("deadsim explain circ", ["circular-wait"]),
        ("deadsim explain lo", ["lost-wakeup"]),
        ("deadsim explore dining --claims ra", ["race"]),
        ("deadsim check dining --claims deadlock,l", ["deadlock,livelock"]),
        ("deadsim run dining -p ", ["n="]),
        ("deadsim export dining --param n", ["n="]),
        ("deadsim run nowhere -p ", []),
        ("deadsim graph --kind lock", ["lock-order"]),
    ],
)
def test_bash_completes_what_there_is(
    line: str, wanted: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    for name in ("dining_orders.yaml", "gate_1.schedule", "gate_3.py"):
        Path(name).touch()
    Path("gate_2").mkdir()
    words = line.split(" ")
    script = deadsim("completion", "bash").out + (
        f"compopt() {{ :; }}; COMP_WORDS=({' '.join(words[:-1])} '{words[-1]}'); "
        f"COMP_CWORD={len(words) - 1}; _deadsim_completion deadsim; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == wanted


def test_a_file_that_an_option_names_is_left_to_the_shell() -> None:
    for option in ("--svg", "--schedule", "--output", "--save-schedule", "--layout"):
        words = f"deadsim run dining {option} x"
        environment = {**os.environ, "_DEADSIM_COMPLETE": "bash_complete", "COMP_WORDS": words}
        command = [shutil.which("deadsim", path=str(Path(sys.executable).parent)) or "deadsim"]
        done = subprocess.run(
            command,
            env={**environment, "COMP_CWORD": "4"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.strip() == "file,x"


@pytest.mark.parametrize("name", ["my scenario", "it's", "-x", "a\nb", "$(x)"])
def test_the_next_commands_can_be_pasted_whatever_the_name_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = deadsim("new", "--", name)
    assert done.status == 0
    (file,) = tmp_path.iterdir()
    assert file.name == f"{name}.yaml"
    assert deadsim("explore", "--", file.name).status == 0
    if "\n" in name:
        return
    _, run, explore = re.split(r"(?=deadsim (?:run|explore) )", done.out.strip())
    for command in (run.removesuffix(", "), explore, f"{deadsim('run', '--', file.name).out}"):
        line = re.search(r"deadsim (.*)$", command, re.MULTILINE)
        assert line is not None
        assert deadsim(*shlex.split(line[1])).status == 0


def test_the_json_of_each_is_one_object() -> None:
    for command in (("explain",), ("explain", "race"), ("doctor",)):
        assert json.loads(deadsim(*command, "--format", "json").out)["deadsim"]
