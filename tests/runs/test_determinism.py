"""The same scenario, strategy and seed give the same bytes: under every hash seed, on every Python."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import sys
sys.path[:0] = sys.argv[3:]
import deadsim
from pathlib import Path
from deadsim.draw.graphs import layout
layout.engine = lambda asked=None: None  # which engine there is depends on the machine
for number, file in enumerate(sorted(Path(sys.argv[1]).glob("**/*.yaml"))[::int(sys.argv[2])]):
    scenario = deadsim.load(str(file))
    for options in ({}, {"strategy": "random", "seed": 5, "max_steps": 200}, {"strategy": "pct", "seed": 2, "keep_going": True, "max_steps": 200}):
        run = deadsim.run(scenario, **options)
        print(run.to_json())
        if run.deadlocks:
            print(run.svg())
        if number % 8 == 0:
            print(run.html(), run.timeline())
"""


def bytes_of(python: str, hash_seed: int, *paths: str, one_in: int = 1) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    return subprocess.run(
        [python, "-c", PROGRAM, str(ROOT / "scenarios"), str(one_in), *paths],
        env=environment,
        capture_output=True,
        check=True,
    ).stdout


@pytest.mark.slow
def test_ten_processes_with_different_hash_seeds() -> None:
    found = {bytes_of(sys.executable, seed) for seed in range(10)}
    assert len(found) == 1
    assert len(found.pop()) > 10_000


def test_two_processes_with_different_hash_seeds() -> None:
    found = {bytes_of(sys.executable, seed, one_in=6) for seed in (1, 2)}
    assert len(found) == 1
    assert len(found.pop()) > 10_000


@pytest.mark.parametrize(
    ("version", "one_in"),
    [
        ("3.13", 6),
        pytest.param("3.12", 1, marks=pytest.mark.slow),
        pytest.param("3.13", 1, marks=pytest.mark.slow),
    ],
)
def test_other_pythons(version: str, one_in: int, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    # The same packages: PyYAML serves without its C parser where that was built for another Python.
    paths = [str(ROOT / "simulator")]
    for name in ("yaml", "networkx", "graphviz"):
        module = __import__(name)
        source = Path(module.__file__).parent
        shutil.copytree(
            source, tmp_path / name, ignore=shutil.ignore_patterns("*.so", "__pycache__")
        )
    there = bytes_of(python, 0, *paths, str(tmp_path), one_in=one_in)
    assert there == bytes_of(sys.executable, 0, one_in=one_in)


def interpreter(version: str) -> str | None:
    candidates = [shutil.which(f"python{version}")]
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates += [str(p / "bin" / "python") for p in sorted(versions.glob(f"{version}.*"))]
    for candidate in candidates:
        if candidate is None:
            continue
        done = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.stdout.strip() == version:
            return candidate
    return None
