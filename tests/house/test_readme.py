"""What the README shows is what deadsim does."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from commands import deadsim
from shown import assert_it_prints, files_of, sessions_of

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

FILES = files_of(README)


def test_every_yaml_block_is_a_file() -> None:
    assert len(FILES) == README.count("```yaml")


@pytest.mark.parametrize(("command", "output"), sessions_of(README))
def test_a_command_prints_what_is_shown(
    command: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_it_prints(command, output, README)


def test_pytest_prints_what_is_shown(tmp_path: Path) -> None:
    (shown,) = re.findall(r"```text\n(\$ pytest .*?)```", README, re.S)
    command, _, output = shown.removeprefix("$ ").partition("\n")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    options = ["-p", "no:cacheprovider", "-p", "no:xdist"]
    arguments = [sys.executable, "-m", *shlex.split(command), *options]
    # In CI pytest does not cut its lines.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")
    }
    done = subprocess.run(
        arguments, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
    )
    rest = done.stdout.splitlines()
    for line in output.splitlines():
        if line == "...":
            continue
        line = re.sub(r"in \d+\.\d\ds", "", line)
        while rest and re.sub(r"in \d+\.\d\ds", "", rest[0]) != line:
            rest.pop(0)
        assert rest, (line, done.stdout)


def test_the_python_that_is_shown_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tests, program = re.findall(r"```python\n(.*?)```", README, re.S)
    monkeypatch.chdir(tmp_path)
    exec(program, {})
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "test_transfers.py").write_text(tests, encoding="utf-8")
    arguments = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "test_transfers.py",
    ]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout


def test_every_other_command_that_is_named_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = set(
        re.findall(
            r"`deadsim ((?:run|explore|check|replay|graph|lint|schema|scenarios|new|explain|export|doctor|completion|--)[^`]*)`",
            README,
        )
    )
    monkeypatch.chdir(ROOT)
    ran = 0
    for line in sorted(named):
        if re.search(r"FILE|PATH|NAMES|SCHEDULE|NAME|KIND|SHELL", line) or line in (
            "explore",
            "check",
            "graph",
            "new",
        ):
            assert deadsim(line.split()[0], "--help").status == 0
            continue
        line = re.sub(r"\S*?([\w-]+\.(?:svg|html))", lambda file: str(tmp_path / file[1]), line)
        assert deadsim(*shlex.split(line)).status == 0, line
        ran += 1
    assert ran >= 5


DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = README + "".join(page.read_text(encoding="utf-8") for page in DOCS)
DRAWN = dict(re.findall(r"`deadsim ([^`]*? docs/([\w-]+\.svg))`", PAGES))


@pytest.mark.parametrize("command", sorted(DRAWN))
def test_a_picture_is_what_its_command_draws(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    file = tmp_path / DRAWN[command]
    assert deadsim(*shlex.split(command.replace(f"docs/{DRAWN[command]}", str(file)))).status == 0
    assert file.read_text(encoding="utf-8") == (ROOT / "docs" / DRAWN[command]).read_text(
        encoding="utf-8"
    )


def test_every_picture_that_is_shown_has_its_command() -> None:
    shown = set(re.findall(r"\]\((?:docs/)?([\w-]+\.(?:svg|png))\)", PAGES))
    by_a_program = {"growth.svg", *(file.name for file in (ROOT / "docs").glob("player-*.png"))}
    assert shown == {*DRAWN.values(), *by_a_program}
    assert "python docs/screenshots.py" in PAGES
    assert "benchmarks/growth.py --svg docs/growth.svg" in PAGES


def test_every_option_that_is_named_exists() -> None:
    every = "".join(
        deadsim(c, "--help").out
        for c in ("run", "explore", "check", "replay", "graph", "lint", "export")
    )
    every += "--lf --junitxml --deadsim-html"  # of pytest
    for option in set(re.findall(r"`(--[a-z-]+)", PAGES)) - {"--help"}:
        assert option in every, option


def test_the_set_up_lines_are_those_that_ci_runs() -> None:
    lines = re.findall(r"^python3 -m venv .*$", README, re.M)
    assert len(lines) == 2
    script = (ROOT / ".ci" / "run").read_text()
    for word in ("eval", "ruff check", "ruff format --check", "mypy", "lint-imports"):
        assert word in script
    # What it looks for are the ends of those lines.
    ends = re.findall(r"readme_line '(.*)'\)", script)
    assert [sum(bool(re.search(f"{end}$", line)) for line in lines) for end in ends] == [1, 1]


def test_the_readme_can_be_read_at_one_go() -> None:
    assert README.count("\n") <= 250
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", README):
        assert link.startswith("http") or (ROOT / link).exists(), link
