"""The rooms: who may import whom, and what a primitive must have."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from deadsim.kernel.primitives.files import NOUNS
from deadsim.language.emit import steps
from deadsim.language.tables.sections import SECTIONS
from deadsim.language.tables.verbs import VERBS

ROOT = Path(__file__).parent.parent.parent
PACKAGE = ROOT / "simulator" / "deadsim"

ALLOWED = {
    "cli": {"click"},
    "report": {"rich"},
    "draw": {"graphviz", "networkx"},
    "detect": {"networkx"},
    "exploration": {"numpy"},
    "language": {"yaml"},
    "api": {"networkx"},
    "pytest_plugin": {"pytest"},
}


def test_a_room_imports_rooms_of_a_lower_level_only() -> None:
    tool = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([str(tool)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "file", sorted(PACKAGE.rglob("*.py")), ids=lambda f: str(f.relative_to(PACKAGE))
)
def test_a_room_imports_only_the_libraries_that_are_its_own(file: Path) -> None:
    room = file.relative_to(PACKAGE).parts[0]
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    outside = found - set(sys.stdlib_module_names) - {"deadsim"}
    assert outside <= ALLOWED.get(room, set())


@pytest.mark.parametrize("room", ["kernel", "model", "trace"])
def test_the_kernel_knows_no_threads_clock_randomness_or_files(room: str) -> None:
    for file in (PACKAGE / room).rglob("*.py"):
        text = file.read_text()
        for word in ("import threading", "import time", "import random", "open(", "import os"):
            assert word not in text, (file, word)


def test_every_primitive_has_its_shape() -> None:
    names = {cls.__name__ for cls in NOUNS}
    shown = {
        name
        for name in names
        if f"case {name}()" in (PACKAGE / "draw" / "graphs" / "objects.py").read_text()
    }
    assert shown == names


def test_every_verb_that_is_carried_out_is_written_as_instructions() -> None:
    for verb in VERBS.values():
        pending = verb.shape == "process"
        assert (steps.WRITE[verb.name] is steps._pending) is pending, verb.name


def test_every_section_has_a_verb_that_is_about_it() -> None:
    about = {section for verb in VERBS.values() for section in verb.sections}
    assert about >= SECTIONS.keys()


def test_no_file_is_longer_than_a_reader_can_bear() -> None:
    long = {f.name: len(f.read_text().splitlines()) for f in PACKAGE.rglob("*.py")}
    assert {name: lines for name, lines in long.items() if lines > 700} == {}
