"""The commands: their JSON, their exit status, and what they print."""

import json
import re
from pathlib import Path

import pytest

from commands import deadsim
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence, parse
from deadsim.language.reading.scalars import core_value
from deadsim.model.values import Unset

TWO = (
    "name: two locks, two orders\nlocks: [A, B]\nthreads:\n  left:\n    - acquire: A\n    - acquire: B\n"
    "    - release: B\n    - release: A\n  right:\n    - with: [B, A]\n      do:\n"
    "        - step: critical section\nexpect:\n  deadlock: possible\n"
)


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("two_locks.yaml").write_text(TWO)
    return tmp_path


def test_the_json_of_a_deadlock(two: Path) -> None:
    done = deadsim("run", "two_locks.yaml", "--format", "json")
    assert done.status == 0
    report = done.json
    trace, defects, threads = report.pop("trace"), report.pop("defects"), report.pop("threads")
    assert report == {
        "deadsim": 1, "command": "run", "scenario": "two locks, two orders", "file": "two_locks.yaml",
        "params": {}, "engine": "threads", "timeouts": "free", "strategy": "round-robin", "seed": None,
        "outcome": "stuck", "verdict": "as-expected", "reasons": [], "steps": 2,
        "schedule": ["left", "right"], "suspicions": [], "leaks": [], "variables": {}, "output": [],
    }  # fmt: skip
    assert trace == [
        {"step": 0, "thread": "left", "verb": "acquire", "phase": None, "object": "A", "line": 5, "column": 7},
        {"step": 1, "thread": "right", "verb": "acquire", "phase": None, "object": "B", "line": 10, "column": 7},
    ]  # fmt: skip
    left, right = threads
    assert left.pop("waits") == defects[0]["waits"][0]
    assert left == {
        "thread": "left",
        "state": "blocked",
        "line": 6,
        "column": 7,
        "holds": [{"object": "A", "line": 5}],
    }
    assert (right["state"], right["line"], right["waits"]["for"]) == ("blocked", 10, ["left"])
    (deadlock,) = defects
    assert deadlock.pop("message").startswith("circular wait of 2 threads: left holds A")
    assert deadlock == {
        "type": "deadlock", "kind": "circular-wait", "proof": "proved", "step": 1,
        "threads": ["left", "right"], "objects": ["B", "A"],
        "waits": [
            {"thread": "left", "verb": "acquire", "object": "B", "wants": "owner", "missing": 1, "line": 6, "column": 7,
             "holds": [{"object": "A", "line": 5}], "for": ["right"], "blocked": True},
            {"thread": "right", "verb": "acquire", "object": "A", "wants": "owner", "missing": 1, "line": 10, "column": 7,
             "holds": [{"object": "B", "line": 10}], "for": ["left"], "blocked": True},
        ],
        "cycle": ["left", "right"], "also_stuck": [], "still_running": [],
        "settled": True, "unavoidable_from": None, "ways": None, "known_by": "nothing can move",
        "hint": "one global order would be A, B (right breaks it at line 10) or B, A (left at line 6)",
    }  # fmt: skip


def test_the_text_of_a_deadlock(two: Path, golden) -> None:  # type: ignore[no-untyped-def]
    golden("two_locks.txt", deadsim("run", "two_locks.yaml").out)


@pytest.mark.parametrize(
    "name", ["dining", "lost_update", "partial_deadlock", "print_race", "orphaned_lock"]
)
def test_the_text_of_other_runs(name: str, golden) -> None:  # type: ignore[no-untyped-def]
    golden(f"{name}.txt", deadsim("run", name).out)


def test_the_last_line_replays(two: Path) -> None:
    first = deadsim("run", "two_locks.yaml").out
    command = re.search(r"^replay:   deadsim (.*)$", first, re.M)
    assert command is not None
    import shlex

    again = deadsim(*shlex.split(command[1]))
    assert again.out == first


def test_a_replay_carries_the_params_that_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = deadsim("run", "dining", "-p", "n=2")
    assert "deadsim replay -p n=2 dining 'philosopher[0]" in first.out
    deadsim("run", "dining", "-p", "n=2", "--save-schedule", "d.schedule")
    assert "param n=2" in Path("d.schedule").read_text()
    assert deadsim("replay", "d.schedule", "--format", "json").json["params"] == {"n": 2}


def test_exit_status(tmp_path: Path) -> None:
    def status(expect: str, steps: str = "{acquire: A}, {acquire: A}", *options: str) -> int:
        file = tmp_path / "one.yaml"
        file.write_text(f"locks: [A]\nthreads: {{t: [{steps}]}}\n{expect}")
        return deadsim("run", str(file), *options).status

    assert status("expect: {deadlock: always}\n") == 0
    assert status("") == 1
    assert status("expect: {deadlock: always}\n", "step: x") == 1
    assert status("", "forever: [yield]", "--max-steps", "50") == 3
    assert status("limits: {steps: 50}\n", "forever: [yield]") == 3
    assert status("expect: {final: false}\n", "step: x") == 1
    assert status("expect: {final: {never: true}}\n", "step: x") == 1
    assert status("expect: {final: {possible: [false]}}\n", "step: x") == 0
    assert status("expect: {output: {always: [a]}}\n", "print: b") == 1
    assert status("expect: {output: {possible: [a], exactly: [c]}}\n", "print: b") == 0
    assert status("expect: {misuse: possible}\n", "release: A") == 0
    assert status("expect: {race: {claim: possible, on: []}}\n", "step: x") == 0


def test_a_run_without_a_defect_that_is_claimed_always_says_so(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("threads: {t: [step: x]}\nexpect: {error: always}\n")
    done = deadsim("run", str(file))
    assert "error is claimed 'always', but this run ended without" in done.out


def test_a_scenario_from_standard_input() -> None:
    done = deadsim("run", "-", "--format", "json", stdin=TWO.encode())
    assert done.json["file"] == "-"
    assert done.json["outcome"] == "stuck"


def test_output_goes_to_a_file(two: Path) -> None:
    done = deadsim("run", "two_locks.yaml", "--format", "json", "--output", "out.json")
    assert done.out == ""
    assert json.loads(Path("out.json").read_text())["outcome"] == "stuck"


def test_many_runs_are_counted() -> None:
    done = deadsim("run", "two_locks", "--runs", "40", "--seed", "3", "--format", "json")
    report = done.json
    assert report["runs"] == 40
    assert report["first_seed"] == 3
    assert report["outcomes"]["completed"] + report["outcomes"]["stuck"] == 40
    entry = report["defects"]["deadlock (circular-wait)"]
    one = deadsim(
        "run", "two_locks", "--strategy", "random", "--seed", str(entry["first_seed"]), "--quiet"
    )
    assert one.out.startswith("DEADLOCK")
    text = deadsim("run", "two_locks", "--runs", "40", "--seed", "3").out
    assert "40 runs of two locks, two orders (seeds 3 to 42, random)" in text


def test_many_runs_keep_a_strategy_of_the_scenario_that_draws(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    for written, used in (("{strategy: pct, depth: 2}", "pct"), ("[t]", "random")):
        file.write_text(f"threads: {{t: [step: x]}}\nschedule: {written}\n")
        report = deadsim("run", str(file), "--runs", "3", "--format", "json").json
        assert report["strategy"] == used


def test_the_schedule_of_a_script_overrules_the_strategy(two: Path) -> None:
    deadsim("run", "two_locks.yaml", "--strategy", "sequential", "--save-schedule", "good.schedule")
    done = deadsim("run", "two_locks.yaml", "--schedule", "good.schedule", "--format", "json").json
    assert (done["outcome"], done["strategy"]) == ("completed", "script")


def test_a_changed_scenario_is_a_warning(two: Path) -> None:
    deadsim("run", "two_locks.yaml", "--save-schedule", "s.schedule")
    Path("two_locks.yaml").write_text(TWO + "# changed\n")
    done = deadsim("replay", "s.schedule")
    assert done.status == 0
    assert "two_locks.yaml has changed since the schedule was saved" in done.err


NAMES_FOR = "names of threads are for: deadsim replay"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "two_locks.yaml", "--schedule", "a b"), f"{NAMES_FOR} two_locks.yaml 'NAMES'"),
        (("run", "dining", "-p", "n=2", "--schedule", "philosopher[0]*2"),
         f"{NAMES_FOR} -p n=2 dining 'philosopher[0] philosopher[0]'"),
        (("graph", "two_locks.yaml", "--schedule", "left right"),
         f"{NAMES_FOR} two_locks.yaml 'left right'"),
        (("export", "--python", "two_locks.yaml", "--schedule", "left right"),
         f"{NAMES_FOR} two_locks.yaml 'left right'"),
        (("replay", "two_locks.yaml"),
         "it is a scenario: who takes each step? deadsim replay two_locks.yaml 'NAMES'"),
        (("replay", "dining"), "it is a scenario: who takes each step? deadsim replay dining 'NAMES'"),
        (("replay", "left right"),
         "of which scenario are these names? deadsim replay FILE 'left right'"),
        (("replay", "two_locks.yaml", "two_locks.yaml"),
         "a saved schedule is replayed alone, or with deadsim run two_locks.yaml --schedule"),
    ],
)  # fmt: skip
def test_names_and_saved_schedules_are_told_apart(
    two: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = deadsim(*arguments)
    assert done.status == 2
    assert said in done.err


def test_a_schedule_finds_its_scenario_from_another_folder(
    two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("sub").mkdir()
    deadsim("run", "two_locks.yaml", "--save-schedule", "sub/s.schedule")
    assert "scenario: ../two_locks.yaml" in Path("sub/s.schedule").read_text()
    monkeypatch.chdir(two / "sub")
    assert deadsim("replay", "s.schedule", "--quiet").out.startswith("DEADLOCK after 2 steps")


def test_the_scenarios_that_ship_are_listed() -> None:
    done = deadsim("scenarios")
    assert any(
        line.split() == ["dining", "dining", "philosophers"] for line in done.out.splitlines()
    )
    names = [one["name"] for one in deadsim("scenarios", "--format", "json").json["scenarios"]]
    assert names == sorted(names)
    assert "bakery" in names


def test_version_and_help() -> None:
    assert deadsim("--version").out.startswith("deadsim, version ")
    assert "Usage: deadsim" in deadsim("--help").out
    for command in ("run", "replay", "graph", "lint", "schema", "scenarios"):
        assert deadsim(command, "--help").status == 0


def test_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text('name: "a\\e[31mb"\nthreads: {t: [{step: "x\\ay"}, {print: "\\e[2J"}]}\n')
    done = deadsim("run", str(file))
    assert "\x1b" not in done.out
    assert "\x07" not in done.out
    assert "\\x1b[2J" in done.out


def test_names_in_other_scripts(tmp_path: Path) -> None:
    file = tmp_path / "한국.yaml"
    file.write_text(
        "locks: [열쇠]\nthreads: {'철학자[i < 2]': [{with: 열쇠, do: [{step: '{i} 먹는다'}]}]}\n"
    )
    done = deadsim("run", str(file))
    assert done.status == 0
    assert "철학자[1]" in done.out


def plain(node: Node | None) -> object:
    """Give what an editor that reads YAML 1.2 sees."""
    match node:
        case Scalar():
            value = core_value(node)
            return node.value if isinstance(value, Unset) else value
        case Sequence(items):
            return [plain(item) for item in items]
        case Mapping(pairs):
            return {key.value: plain(value) for key, value in pairs}
        case _:
            return None


def test_the_schema_accepts_every_scenario_and_refuses_wrong_forms() -> None:
    import jsonschema

    schema = deadsim("schema").json
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    gallery = Path(__file__).parent.parent.parent / "scenarios"
    for file in gallery.glob("**/*.yaml"):
        validator.validate(plain(parse(file.read_text(), file.name)))
    for wrong in (
        {"lock": ["A"], "threads": {}},
        {"threads": {"t": [{"aquire": "A"}]}},
        {"threads": {"t": [{"write": "x"}]}},
        {"threads": {"t": 3}},
        {"threads": {}, "expect": {"deadlock": "sometimes"}},
        {"locks": ["A"]},
    ):
        assert not validator.is_valid(wrong), wrong


def test_the_attributes_of_a_result_bear_the_names_of_the_json() -> None:
    import json

    import deadsim as package

    done = package.run(package.load("worker_queue"), seed=3)
    report = json.loads(done.to_json())
    assert [key for key in report if key != "deadsim" and not hasattr(done, key)] == []
    for key in (
        "command",
        "scenario",
        "params",
        "strategy",
        "seed",
        "steps",
        "trace",
        "output",
        "variables",
    ):
        assert getattr(done, key) == report[key], key


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("run --svg x.png", "--svg writes SVG, not PNG; a PNG is for `deadsim graph FILE --output"),
        ("run --timeline x.PNG", "a PNG is for `deadsim graph FILE --kind timeline --output"),
        ("run --html x.svg", "--html writes HTML, not SVG; a picture is for --svg or --timeline"),
        ("run --svg x.pdf", "--svg writes SVG, not PDF"),
        ("explore --trace x.html", "--trace writes JSON, not HTML; a page is for --html"),
        ("replay left --save-schedule two_locks.yaml", "a scenario would be written over"),
        ("explore --junit x.json", "--junit writes XML, not JSON; the report as JSON is for"),
        ("run --output x.json", "--output writes text, not JSON; the report as JSON is for"),
        ("check --format json --output x.svg", "--output writes JSON, not SVG"),
        ("graph --format svg --output x.png", "--output writes SVG, not PNG"),
        ("graph --output x.html", "--output writes SVG, not HTML"),
        ("export --python --output x.yaml", "--output writes Python, not a scenario"),
    ],
)
def test_a_file_whose_ending_promises_something_else_is_refused(
    two: Path, arguments: str, said: str
) -> None:
    command, *others = arguments.split()
    done = deadsim(command, "two_locks.yaml", *others)
    assert done.status == 2
    assert said in done.err
    assert [file.name for file in two.iterdir()] == ["two_locks.yaml"]


@pytest.mark.parametrize(
    ("name", "begins"),
    [("x.dot", "digraph"), ("x.mmd", "flowchart"), ("x.svg", "<svg"), ("x", "<svg")],
)
def test_a_graph_is_written_as_its_file_ends(two: Path, name: str, begins: str) -> None:
    assert deadsim("graph", "two_locks.yaml", "--output", name).status == 0
    assert Path(name).read_text().startswith(begins)


SPIN = "variables: {x: 0}\nthreads:\n  a[2]: [{while: x == 0, do: [yield]}]\n"


def test_a_suspected_livelock_is_told_by_every_form_of_a_run(two: Path) -> None:
    Path("spin.yaml").write_text(SPIN)
    command = ("run", "spin.yaml", "--max-steps", "200")
    quiet = deadsim(*command, "--quiet", "--html", "spin.html").out.splitlines()
    assert quiet[0].startswith("BUDGET SPENT")
    assert quiet[1].startswith("LIVELOCK suspected after 197 steps: a[1] and a[0] go round")
    assert f'<p class="more">suspicion, no defect: {quiet[1]}</p>' in Path("spin.html").read_text()
    many = deadsim(*command, "--runs", "2", "--strategy", "random")
    assert "        2  livelock suspected, first with seed 0" in many.out
    quiet = deadsim(*command, "--runs", "2", "--strategy", "random", "--quiet")
    assert "livelock suspected" in quiet.out
    counted = deadsim(*command, "--runs", "2", "--strategy", "random", "--format", "json").json
    assert counted["suspicions"] == {"livelock": {"runs": 2, "first_seed": 0}}
    assert (
        deadsim("run", "two_locks.yaml", "--runs", "2", "--format", "json").json["suspicions"] == {}
    )


IDLE = "params: {n: 2}\nlocks: [A]\nthreads:\n  t[i < n]: [{with: A, do: [step: x]}]\n"
SHOWS_NOTHING = "no thread takes a step, which shows nothing of the claims"


@pytest.mark.parametrize(
    "arguments",
    ["idle.yaml -p n=0", "empty.yaml", "daemon.yaml", "passing.yaml", "idle.yaml -p n=0 --quiet"],
)
@pytest.mark.parametrize(
    "command",
    ["run", "run --runs 3", "explore", "explore --claims deadlock", "explore --claims race", "check",
     "explore --engine threads", "explore --sample random --max-executions 3"],
)  # fmt: skip
def test_where_nobody_takes_a_step_nothing_is_shown(
    two: Path, command: str, arguments: str
) -> None:
    Path("idle.yaml").write_text(IDLE)
    Path("empty.yaml").write_text("threads: {}")
    Path("passing.yaml").write_text("threads: {t: [pass]}")
    Path("daemon.yaml").write_text("threads: {t: {daemon: true, do: [step: x]}}")
    name, *options = command.split()
    done = deadsim(name, *arguments.split(), *options)
    assert done.status == 3
    assert "undecided" in done.out
    if "--runs" not in options:
        assert SHOWS_NOTHING in done.out
        found = deadsim(name, *arguments.split(), *options, "--format", "json")
        assert found.status == 3
        (report,) = found.json.get("results", [found.json])
        assert report["verdict"] == "undecided"
        assert report["reasons"] == [SHOWS_NOTHING]


def test_what_is_wrong_where_nobody_takes_a_step_is_said_all_the_same(two: Path) -> None:
    head = "variables: {x: 0}\nevents: [e]\nthreads: {t: ["
    for text, claim in (
        ("wait: e]}", "deadlock: possible"),
        ("assert: 1 == 2]}", "assertion: always"),
        ("pass]}\ninvariants: [x > 0]", "invariant: always"),
    ):
        Path("x.yaml").write_text(f"{head}{text}\nexpect: {{{claim}}}\n")
        assert deadsim("run", "x.yaml").status == 0, text
        assert deadsim("explore", "x.yaml").status == 0, text
    Path("x.yaml").write_text(f"{head}pass]}}\nexpect: {{final: x == 1}}\n")
    assert deadsim("run", "x.yaml").status == 1
    assert deadsim("explore", "x.yaml").status == 1


def test_a_report_for_ci_says_that_nobody_takes_a_step(two: Path) -> None:
    Path("empty.yaml").write_text("threads: {}")
    deadsim("check", "empty.yaml", "--junit", "x.xml")
    assert f'message="deadlock is claimed never: {SHOWS_NOTHING}"' in Path("x.xml").read_text()
