"""What the README shows is what deadsim does."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from commands import deadsim

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```yaml\n(.*?)```", README, re.S))
CONSOLES = re.findall(r"```console\n(.*?)```", README, re.S)


def sessions() -> list[tuple[str, str]]:
    """Give each command that is shown, with the output that is shown."""
    found = []
    for block in CONSOLES:
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def test_every_yaml_block_is_a_file() -> None:
    assert len(FILES) == README.count("```yaml")


@pytest.mark.parametrize(("command", "output"), sessions())
def test_a_command_prints_what_is_shown(
    command: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    program, *arguments = shlex.split(command)
    assert program == "deadsim"
    assert without_times(deadsim(*arguments).out) == without_times(output)


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
    assert "3 passed" in done.stdout, done.stdout


def without_times(text: str) -> str:
    """Leave out how long something took."""
    return re.sub(r"\d+\.\d\d s\b", "N s", text)


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


PAGES = README + (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
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
    for option in set(re.findall(r"`(--[a-z-]+)", README)) - {"--help"}:
        assert option in every, option


def test_the_set_up_lines_are_those_that_ci_runs() -> None:
    lines = re.findall(r"^python3 -m venv .*$", README, re.M)
    assert len(lines) == 2
    script = (ROOT / ".ci" / "run").read_text()
    for word in ("eval", "ruff check", "mypy", "lint-imports"):
        assert word in script
