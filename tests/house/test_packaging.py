"""deadsim as it is installed: from a wheel that was built from the sdist, and in place."""

import os
import subprocess
import sys
import tarfile
import venv
import xml.etree.ElementTree as xml
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and from it the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    hatchling = (sys.executable, "-m", "hatchling", "build")
    run(*hatchling, "-t", "sdist", "-d", folder, cwd=ROOT)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = (path for path in folder.iterdir() if path.is_dir())
    run(*hatchling, "-t", "wheel", "-d", folder, cwd=source)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone in a fresh environment; gives the folder of its programs."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    done = subprocess.run(
        [str(folder / "bin" / "pip"), "install", "-q", str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and os.environ.get("CI") != "true":
        pytest.skip("the dependencies cannot be fetched here")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def test_the_wheel_carries_the_scenarios_and_its_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "deadsim/scenarios/dining.yaml" in names
    assert "deadsim/py.typed" in names
    assert not [name for name in names if name.startswith(("tests", "simulator"))]


@pytest.mark.slow
def test_the_wheel_runs_dining_by_its_name_with_an_empty_path(
    installed: Path, tmp_path: Path
) -> None:
    environment = {"PATH": "", "PYTHONPATH": ""}
    out = run(
        installed / "deadsim",
        "run",
        "dining",
        "--svg",
        tmp_path / "d.svg",
        cwd=tmp_path,
        env=environment,
    )
    assert out.startswith("DEADLOCK after 10 steps")
    assert xml.fromstring((tmp_path / "d.svg").read_text()).tag.endswith("svg")
    run(
        installed / "deadsim",
        "run",
        "gate_lock",
        "--svg",
        tmp_path / "g.svg",
        cwd=tmp_path,
        env=environment,
    )
    assert xml.fromstring((tmp_path / "g.svg").read_text()).tag.endswith("svg")
    run(
        installed / "deadsim",
        "run",
        "dining",
        "--html",
        tmp_path / "d.html",
        cwd=tmp_path,
        env=environment,
    )
    assert (tmp_path / "d.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.slow
def test_as_a_module(installed: Path, tmp_path: Path) -> None:
    out = run(
        installed / "python", "-m", "deadsim", "--version", cwd=tmp_path, env={"PYTHONPATH": ""}
    )
    assert out.startswith("deadsim, version")


def test_in_place_and_from_another_folder(tmp_path: Path) -> None:
    out = run(sys.executable, "-m", "deadsim", "run", "dining", "--quiet", cwd=tmp_path)
    assert out.startswith("DEADLOCK after 10 steps")


def test_what_is_quick_to_start_does_not_load_what_is_slow(tmp_path: Path) -> None:
    """dining's verdict, text and ring need neither networkx nor graphviz nor rich."""
    program = (
        "import sys; sys.argv = ['deadsim', 'run', 'dining', '--svg', 'x.svg']\n"
        "from deadsim.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('networkx', 'graphviz', 'rich') if m in sys.modules])\n"
    )
    assert run(sys.executable, "-c", program, cwd=tmp_path).endswith("[]\n")
