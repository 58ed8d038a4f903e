"""The scripts of the player: well formed, and what can be tested without a browser."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from browser import needed
from deadsim.draw.player.page import SCRIPTS, script

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "simulator" / "deadsim" / "draw" / "player"


def node(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    program = shutil.which("node")
    if program is None:
        needed("Node.js")
    return subprocess.run(
        [str(program), *arguments],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_script_is_well_formed(name: str) -> None:
    done = node("--check", str(FOLDER / name))
    assert done.returncode == 0, done.stderr


def test_the_scripts_pass_their_own_tests() -> None:
    files = sorted(str(file) for file in (ROOT / "tests" / "draw" / "player").glob("*.test.mjs"))
    done = node("--test", *files)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"^# pass (\d+)", done.stdout, re.M)
    assert passed is not None
    assert int(passed[1]) >= 8


def test_every_script_is_in_the_page_after_those_that_it_imports() -> None:
    assert sorted(SCRIPTS) == sorted(file.name for file in FOLDER.glob("*.mjs"))
    for place, name in enumerate(SCRIPTS):
        for imported in re.findall(
            r'^import .* from "\./(.*)";$', (FOLDER / name).read_text(), re.M
        ):
            assert imported in SCRIPTS[:place]


def test_joined_the_scripts_are_well_formed(tmp_path: Path) -> None:
    file = tmp_path / "all.js"
    file.write_text(f'"use strict";\n(() => {{\n{script()}\n}})();\n', encoding="utf-8")
    done = node("--check", str(file))
    assert done.returncode == 0, done.stderr
    assert "import " not in script().split("//")[0]
