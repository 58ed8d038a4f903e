"""Scenario files as tests, and the fixture, as pytest's users meet them."""

import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import deadsim
import deadsim.language.reading.yaml_text
import deadsim.pytest_plugin.collecting
import deadsim.pytest_plugin.fixture

# An inner run of pytest forgets the modules that it was the first to import; these stay.
deadsim.explore(deadsim.load("dining", n=2)).report()
deadsim.run(deadsim.load("dining", n=2)).report()

TWO = """\
locks: [A, B]
variables: {x: 0}
threads:
  left: [{with: [A, B], do: [{add: x}]}]
  right: [{with: [B, A], do: [{add: x}]}]
expect:
  race: never
  final: x == 2
"""
DINING = """\
params: {n: 2}
locks: ['fork[n]']
threads:
  'philosopher[i < n]':
    - with: ['fork[i]', 'fork[(i + 1) % n]']
      do: [step: eats]
expect: {deadlock: possible}
"""


def names(result: pytest.RunResult) -> list[str]:
    """List the tests that were collected."""
    return [line for line in result.outlines if "::" in line]


def test_a_file_by_its_name_has_a_test_for_each_claim_and_one_for_the_rest(
    pytester: pytest.Pytester,
) -> None:
    pytester.makefile(".deadsim.yaml", two=TWO)
    result = pytester.runpytest("-v", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "two.deadsim.yaml::race PASSED*",
            "two.deadsim.yaml::final.always PASSED*",
            "two.deadsim.yaml::nothing-else FAILED*",
            "*two.deadsim.yaml: nothing-else*",
            "deadlock is claimed never: it is possible",
            "DEADLOCK after 2 steps: circular wait of 2 threads",
            "replay: *deadsim replay *two.deadsim.yaml 'left right'",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert "collecting.py" not in result.stdout.str()


def test_other_files_are_tests_by_one_line_of_the_ini(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\ndeadsim_files = ["scenarios/*.yaml"]\n')
    folder = pytester.mkdir("scenarios")
    (folder / "dining.yaml").write_text(DINING)
    (folder / "settings.yaml").write_text("a: 1\n")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "dining.yaml").write_text(DINING)
    pytester.makefile(".yaml", elsewhere=DINING)
    result = pytester.runpytest("--collect-only", "-q")
    assert names(result) == [
        "scenarios/dining.yaml::deadlock",
        "scenarios/dining.yaml::nothing-else",
    ]


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("scenarios/**/*.yaml", 4),
        ("**/dining.yaml", 4),
        ("dining.yaml", 4),
        ("scenarios/deeper/*", 2),
        ("./scenarios/*.yaml", 2),
    ],
)
def test_patterns(pytester: pytest.Pytester, pattern: str, count: int) -> None:
    pytester.makeini(f"[pytest]\ndeadsim_files = {pattern}\n")
    for folder in ("scenarios", "scenarios/deeper"):
        (pytester.path / folder).mkdir()
        (pytester.path / folder / "dining.yaml").write_text(DINING)
    assert len(names(pytester.runpytest("--collect-only", "-q"))) == count


def test_a_file_that_is_named_is_a_test_if_it_is_a_scenario(pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", dining=DINING, settings="a: 1\n")
    assert len(names(pytester.runpytest("--collect-only", "-q", "dining.yaml"))) == 2
    assert names(pytester.runpytest("--collect-only", "-q")) == []
    assert names(pytester.runpytest("--collect-only", "-q", "settings.yaml")) == []


def test_a_broken_scenario_is_a_collection_error_with_its_places(pytester: pytest.Pytester) -> None:
    pytester.makefile(
        ".deadsim.yaml", bad="locks: [A]\nthreads:\n  t: [{acquire: B}, {relase: A}]\n"
    )
    pytester.makefile(".deadsim.yaml", worse="threads: [\n")
    result = pytester.runpytest()
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "*ERROR collecting bad.deadsim.yaml*",
            "bad.deadsim.yaml:3:*'B'*",
            "bad.deadsim.yaml:3:*release*",
        ]
    )
    result.stdout.fnmatch_lines(["worse.deadsim.yaml:*"])
    assert "Traceback" not in result.stdout.str()


def test_a_file_is_explored_once(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makefile(".deadsim.yaml", two=TWO)
    explored = []
    explore = deadsim.explore

    def counted(*arguments: object, **options: object) -> deadsim.Exploration:
        explored.append(arguments)
        return explore(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(deadsim, "explore", counted)
    pytester.runpytest().assert_outcomes(passed=2, failed=1)
    assert len(explored) == 1


def test_params_of_the_ini_are_ids(pytester: pytest.Pytester) -> None:
    pytester.makeini(
        "[pytest]\ndeadsim_files = *.yaml\ndeadsim_matrix =\n    dining.yaml: n=2..3\n    two.yaml: n=5,7\n"
    )
    pytester.makefile(".yaml", dining=DINING)
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        ["dining.yaml::deadlock?n=2? PASSED*", "dining.yaml::nothing-else?n=3? PASSED*"]
    )


@pytest.mark.parametrize(
    "line", ["dining.yaml n=2", "dining.yaml: n", "dining.yaml: n=4..2", "dining.yaml: m=3"]
)
def test_a_wrong_matrix_is_an_error(pytester: pytest.Pytester, line: str) -> None:
    pytester.makeini(f"[pytest]\ndeadsim_files = *.yaml\ndeadsim_matrix =\n    {line}\n")
    pytester.makefile(".yaml", dining=DINING)
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    assert "Traceback" not in result.stdout.str()


def test_places_are_those_of_the_claims(pytester: pytest.Pytester) -> None:
    path = pytester.makefile(".deadsim.yaml", two=TWO)
    items, _ = pytester.inline_genitems(path)
    found = {item.name: item.reportinfo()[1] for item in items}
    assert found == {"race": 6, "final.always": 7, "nothing-else": 0}


def test_starvation_is_a_test_of_its_own(pytester: pytest.Pytester) -> None:
    text = """
locks: [m]
threads:
  greedy: [{forever: [{with: m, do: [{step: works}]}]}]
  other: [{with: m, do: [{step: works}]}]
expect: {livelock: possible, starvation: {claim: never, threads: [other]}}
"""
    pytester.makefile(".deadsim.yaml", greedy=text)
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["*STARVATION of other (weakly fair) after 1 step*", "FAILED *.yaml::starvation*"]
    )


def test_what_is_undecided_fails(pytester: pytest.Pytester) -> None:
    text = "variables: {x: 0}\nthreads: {'t[3]': [{forever: [{add: x}]}]}\nlimits: {states: 100, executions: 2, steps: 40}\nexpect: {race: always, livelock: always}\n"
    pytester.makefile(".deadsim.yaml", spin=text)
    result = pytester.runpytest("--deadsim-max-seconds", "5")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["livelock (no way out) is claimed always: it is undecided", "*--max-states*"]
    )


def test_the_fixture_runs_explores_and_asserts(pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", two=TWO)
    pytester.makepyfile(
        """
        import deadsim as library
        import pytest

        def test_explore(deadsim):
            result = deadsim.explore("two.yaml")
            deadsim.assert_deadlock(result, kind="circular-wait", threads=["right", "left"], objects=["A", "B"])
            deadsim.assert_no_race(result)
            result.assert_no_failure()
            with pytest.raises(AssertionError, match="deadlock is possible"):
                deadsim.assert_no_deadlock(result)
            with pytest.raises(AssertionError, match="the verdict is 'refuted'"):
                deadsim.assert_as_expected(result)
            with pytest.raises(AssertionError, match="no deadlock was found with kind lost-wakeup"):
                deadsim.assert_deadlock(result, kind="lost-wakeup")

        def test_run(deadsim):
            run = deadsim.run("dining", params={"n": 3})
            run.assert_deadlock(kind="circular-wait")
            assert run.params == {"n": 3}

        def test_data_and_text(deadsim):
            data = {"variables": {"x": 0}, "threads": {"t[2]": [{"add": "x"}]}}
            deadsim.explore(data).assert_race(on="x")
            deadsim.explore("variables: {x: 0}\\nthreads: {t: [{add: x}]}").assert_no_race()
            deadsim.explore(library.load("dining", n=2)).assert_deadlock()

        @pytest.mark.deadsim(seed=7, strategy="random")
        def test_options_of_the_marker(deadsim):
            assert deadsim.run("two.yaml").seed == 7
            assert deadsim.run("two.yaml", seed=8).seed == 8

        @pytest.mark.deadsim("dining", matrix={"n": [2, 3]})
        def test_matrix(deadsim, deadsim_scenario):
            deadsim.explore(deadsim_scenario).assert_deadlock()

        def test_undecided(deadsim):
            spin = "variables: {x: 0}\\nthreads: {'t[3]': [{forever: [{add: x}]}]}\\n"
            result = deadsim.explore(spin, max_states=100, max_executions=2, max_steps=40)
            with pytest.raises(AssertionError, match="deadlock is undecided"):
                result.assert_no_deadlock()
        """
    )
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=7)
    result.stdout.fnmatch_lines(["*::test_matrix?n=2? PASSED*", "*::test_matrix?n=3? PASSED*"])


def test_the_seed_of_the_command_line(pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", two=TWO)
    pytester.makepyfile(
        "def test_it(deadsim):\n    assert deadsim.run('two.yaml', strategy='random').seed == 11\n"
    )
    pytester.runpytest("--deadsim-seed", "11").assert_outcomes(passed=1)


def test_properties_of_junit_xml(pytester: pytest.Pytester) -> None:
    pytester.makefile(".deadsim.yaml", two=TWO)
    pytester.makepyfile(
        "def test_it(deadsim):\n    deadsim.run('two.deadsim.yaml', strategy='random', seed=3)\n"
    )
    pytester.runpytest("--junitxml=report.xml", "-p", "no:cacheprovider")
    root = ET.parse(pytester.path / "report.xml").getroot()
    found = {
        case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in root.iter("testcase")
    }
    assert found["nothing-else"] == {"deadsim_schedule": "left right"}
    assert found["test_it"]["deadsim_seed"] == "3"
    assert found["race"] == {}


def test_selection_by_name_and_what_failed_last(pytester: pytest.Pytester) -> None:
    pytester.makefile(".deadsim.yaml", two=TWO)
    pytester.runpytest("-k", "race").assert_outcomes(passed=1, deselected=2)
    pytester.runpytest("-m", "deadsim").assert_outcomes(passed=2, failed=1)
    pytester.runpytest("--lf").assert_outcomes(failed=1)
    assert pytester.runpytest("two.deadsim.yaml::race").parseoutcomes() == {"passed": 1}


@pytest.mark.slow
def test_several_processes(pytester: pytest.Pytester) -> None:
    pytester.makefile(".deadsim.yaml", two=TWO, dining=DINING)
    pytester.runpytest_subprocess("-n", "2").assert_outcomes(passed=4, failed=1)


@pytest.mark.slow
def test_the_plugin_can_be_left_out(pytester: pytest.Pytester) -> None:
    pytester.makefile(".deadsim.yaml", two=TWO)
    assert (
        pytester.runpytest_subprocess("-p", "no:deadsim").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    )


def test_it_imports_nothing_where_there_are_no_scenarios(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\ndef test_it():\n    assert not [m for m in sys.modules if m.startswith('deadsim.') and 'pytest_plugin' not in m]\n"
    )
    pytester.makefile(".yaml", settings="a: 1\n")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.mark.slow
def test_scenarios_of_this_repository_are_tests() -> None:
    import subprocess

    root = Path(__file__).parent.parent.parent
    command = [
        sys.executable,
        "-m",
        "pytest",
        "scenarios/barriers",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_player_is_written_for_each_failure(pytester: pytest.Pytester) -> None:
    pytester.makefile(".deadsim.yaml", two=TWO.replace("possible", "never"))
    pytester.makepyfile(
        """
        def test_run(deadsim):
            assert deadsim.run("two.deadsim.yaml").outcome == "completed"

        def test_fine(deadsim):
            deadsim.explore("two.deadsim.yaml").assert_deadlock()

        def test_two_results(deadsim):
            deadsim.run("two.deadsim.yaml")
            deadsim.explore("two.deadsim.yaml").assert_no_deadlock()
        """
    )
    done = pytester.runpytest("-q", "--deadsim-html", "pages", "-p", "no:xdist")
    files = sorted(file.name for file in (pytester.path / "pages").iterdir())
    assert len(files) == 4
    assert [name.rsplit("-", 1)[0] for name in files if not name.endswith("-2.html")] == [
        "test_a_player_is_written_for_each_failure.py-test_run",
        "test_a_player_is_written_for_each_failure.py-test_two_results",
        "two.deadsim.yaml-nothing-else",
    ]
    for file in (pytester.path / "pages").iterdir():
        assert file.read_text().startswith("<!DOCTYPE html>")
        assert "<strong>DEADLOCK</strong>" in file.read_text()
    done.stdout.fnmatch_lines(["*deadsim player*", "*pages*two.deadsim.yaml-nothing-else-*.html"])


def test_a_claim_that_nothing_shows_has_the_page_of_what_there_is(
    pytester: pytest.Pytester,
) -> None:
    pytester.makefile(
        ".deadsim.yaml", two=TWO.replace("race: never", "race: possible\n  deadlock: possible")
    )
    pytester.runpytest("-q", "--deadsim-html", "pages", "-p", "no:xdist")
    (file,) = (pytester.path / "pages").iterdir()
    assert file.name.startswith("two.deadsim.yaml-race-")
    page = file.read_text()
    assert "<strong>DEADLOCK</strong>" in page
    assert "verdict: refuted (race)" in page
    assert "shows a defect" not in page


def test_without_the_option_no_player_is_written(pytester: pytest.Pytester) -> None:
    pytester.makefile(".deadsim.yaml", two=TWO.replace("possible", "never"))
    done = pytester.runpytest("-q", "-p", "no:xdist")
    assert "player:" in done.stdout.str()  # the report's own line
    assert "deadsim player" not in done.stdout.str()
    assert [file.name for file in pytester.path.iterdir() if file.suffix == ".html"] == []
