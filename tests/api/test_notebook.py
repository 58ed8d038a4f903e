"""deadsim in a notebook: results that show themselves, the magic, and the tour, executed."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import deadsim
from deadsim.notebook import carried_out, load_ipython_extension

TOUR = Path(__file__).parent.parent.parent / "docs" / "tour.ipynb"
TWO = "locks: [A, B]\nthreads:\n  l: [{with: [A, B], do: [step: '</pre><script>']}]\n  r: [{with: [B, A], do: [pass]}]\n"


def timeless(text: str) -> str:
    """Take out the seconds that something took."""
    return re.sub(r"\d+\.\d+ s\b", "T s", text)


@pytest.mark.filterwarnings("ignore")
def test_the_tour_runs_and_shows_what_it_did() -> None:
    written = nbformat.read(TOUR, as_version=4)
    again = nbformat.read(TOUR, as_version=4)
    NotebookClient(again, timeout=120, kernel_name="python3").execute()
    shown = 0
    for before, after in zip(written.cells, again.cells, strict=True):
        for one, other in zip(before.get("outputs", []), after.get("outputs", []), strict=True):
            assert one.output_type == other.output_type == "execute_result"
            for kind in ("text/plain", "text/html", "image/svg+xml"):
                found, wanted = other.data.get(kind), one.data.get(kind)
                assert (found is None) == (wanted is None)
                if found is not None:
                    assert [timeless(line).split() for line in found.splitlines()] == [
                        timeless(line).split() for line in wanted.splitlines()
                    ]
                    shown += 1
    assert shown >= 10


def test_results_show_themselves() -> None:
    scenario = deadsim.loads(TWO)
    for result in (deadsim.run(scenario), deadsim.explore(scenario)):
        page = result._repr_html_()
        root = ET.fromstring(f"<body>{page}</body>")
        assert "circular wait of 2 threads" in "".join(root.itertext())
        assert not list(root.iter("script"))
        assert [one for one in root.iter() if one.tag.endswith("svg")]
        picture = result._repr_svg_()
        assert picture is not None
        ET.fromstring(picture)
        assert str(result) == result.report()
        assert repr(result).startswith("<")
    assert "&lt;script&gt;" in scenario._repr_html_()
    fine = deadsim.explore(deadsim.loads("locks: [A]\nthreads: {t: [{with: A, do: [pass]}]}\n"))
    assert fine._repr_svg_() is None
    assert "<svg" not in fine._repr_html_()
    checked = deadsim.check([str(TOUR.parent.parent / "scenarios" / "locks" / "two_locks.yaml")])
    assert "1 passed" in checked._repr_html_()


class Shell:
    """As much of IPython as the magic asks for."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}

    def register_magic_function(self, magic: Any, magic_kind: str, magic_name: str) -> None:
        assert (magic_kind, magic_name) == ("cell", "deadsim")
        self.magic = magic


def test_the_magic_runs_explores_and_keeps(capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell()
    load_ipython_extension(shell)
    assert shell.magic("", TWO).outcome == "stuck"
    assert shell.magic("run --strategy random --seed 3", TWO).seed == 3
    assert shell.magic("explore -o kept", TWO) is shell.user_ns["kept"]
    assert shell.user_ns["kept"].deadlock.possible
    sized = "params: {n: 2}\nlocks: ['A[n]']\nthreads: {'t[i < n]': [{with: 'A[i]', do: [pass]}]}\n"
    assert shell.magic("explore -p n=3", sized).params == {"n": 3}
    for line, cell, said in (
        ("", "threads: {t: [{acquire: A}]}\n", "<text>:1:"),
        ("walk", TWO, "%%deadsim: "),
        ("explore --seed 3", TWO, "--seed"),
        ("-p n", TWO, "NAME=VALUE"),
    ):
        assert shell.magic(line, cell) is None
        assert said in capsys.readouterr().err


def test_a_line_is_read_as_a_shell_would() -> None:
    name, result = carried_out("explore --max-seconds 5 --into 'kept'", TWO)
    assert name == "kept"
    assert result.complete
