"""The page of a run: what is in it, how large it is, and that nothing in it depends on anything but the run."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deadsim
from deadsim import Run, explore, gallery, load, loads, run
from deadsim.draw.player.page import embedded, player
from deadsim.draw.player.rows import row
from deadsim.draw.player.scenes import scenes_of
from deadsim.draw.time.film import film
from deadsim.kernel.system import System
from hostile import HOSTILE
from portion import few_and_all

BASE = 40_000
"""Bytes of a page without its data."""


def data_of(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def states(data: Any) -> list[dict[str, list[int]]]:
    """Follow all changes."""
    now: dict[str, list[int]] = {kind: [] for kind in "nerv"}
    found = []
    for change in data["moments"]:
        now = {kind: list(numbers) for kind, numbers in now.items()}
        for kind in "nerv":
            pairs = change.get(kind, [])
            for place, number in zip(pairs[::2], pairs[1::2], strict=True):
                now[kind] += [-9] * (place + 1 - len(now[kind]))
                now[kind][place] = number
        found.append(now)
    return found


@pytest.mark.parametrize("often", few_and_all(8, 1))
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_what_the_page_carries_is_every_moment_of_the_run(seed: int | None, often: int) -> None:
    for name in list(gallery.names())[::often]:
        strategy = None if seed is None else "random"
        result = run(load(name), strategy=strategy, seed=seed).result  # type: ignore[arg-type]
        shown = film(result)
        scenes = scenes_of(shown)
        data = data_of(player(result))
        followed = states(data)
        assert len(followed) == len(shown.moments)
        for moment, scene, now in zip(shown.moments, scenes.scenes, followed, strict=True):
            assert [tuple(data["rows"][number]) for number in now["r"]] == [
                row(one) for one in moment.situation.threads
            ], name
            looks = [data["looks"][number] for number in now["n"]]
            assert [look[1] for look in looks] == [
                list(scene.nodes[one].below) for one in scenes.names
            ], name
            there = [key for key, number in zip(scenes.keys, now["e"], strict=True) if number >= 0]
            assert set(there) == {
                key for key in scene.edges if key[0] in scenes.names and key[1] in scenes.names
            }, name
            # What the picture shows is what the table says.
            held = sorted(
                (hold.object, one.thread) for one in moment.situation.threads for hold in one.holds
            )
            assert sorted(key[:2] for key in there if key[2] == "hold") == held, name
        assert [change["x"] for change in data["moments"]] == [
            list(moment.enabled) for moment in shown.moments
        ]


def test_a_deadlock_stands_out_from_the_step_on_that_made_it() -> None:
    page = player(run(load("partial_deadlock"), keep_going=True).result)
    data = data_of(page)
    step = data["focus"]
    for taken, now in enumerate(states(data)):
        core = [number for number in now["n"] if "core" in data["looks"][number][0].split()]
        assert bool(core) == (taken >= step)


def test_where_a_page_opens_is_said_in_its_data() -> None:
    done = run(load("two_locks"))
    assert [
        data_of(page)["mode"] for page in (done.html(), done.html(teach=True), done.html(quiz=True))
    ] == ["failure", "teach", "quiz"]
    assert data_of(done.html())["focus"] == 2
    assert data_of(run(load("gate_lock")).html())["focus"] is None


def test_every_result_has_a_page() -> None:
    for result in (
        run(load("two_locks")),
        explore(load("two_locks")),
        explore(load("gate_lock")),
        deadsim.check("two_locks"),
    ):
        page = result.html()
        assert page.startswith("<!DOCTYPE html>")
        assert page.rstrip().endswith("</html>")
    assert "<strong>OK</strong>" in explore(load("gate_lock")).html()


CLAIMED = "locks: [A]\nthreads:\n  a: [{{with: A, do: []}}]\n  b: [{{with: A, do: []}}]\nexpect: {{deadlock: {}}}\n"


def test_a_run_against_its_claims_is_not_called_fine() -> None:
    done = run(loads(CLAIMED.format("always")))
    assert done.verdict == "refuted"
    page = done.html()
    assert "<strong>REFUTED</strong>" in page
    assert "verdict fine" not in page.split("</header>")[0]
    assert "deadlock is claimed &#x27;always&#x27;, but this run ended without" in page
    assert ">REFUTED</text>" in done.timeline()


def test_what_all_schedules_say_stands_on_the_page_of_one_run() -> None:
    refuted = explore(loads(CLAIMED.format("possible")))
    assert refuted.verdict == "refuted"
    assert "<strong>REFUTED</strong>" in refuted.html()
    assert "verdict: refuted (deadlock)" in refuted.html()
    spent = explore(
        loads(CLAIMED.format("never")), max_states=2, max_executions=1, claims=["deadlock"]
    )
    assert spent.verdict == "undecided"
    page = spent.html()
    assert "<strong>UNDECIDED</strong>" in page
    assert (
        "no schedule that was looked at shows a defect of those asked for; this is one run" in page
    )
    assert ">UNDECIDED</text>" in spent.timeline()
    fine = explore(loads(CLAIMED.format("never")))
    assert "<strong>OK</strong>" in fine.html()
    assert "verdict: as expected" in fine.html()


def test_who_could_help_is_drawn_where_nothing_is_held() -> None:
    result = explore(load("crossed_events"))
    data = data_of(result.html())
    labels = [
        data["arrows"][number][0] for number in states(data)[data["focus"]]["e"] if number >= 0
    ]
    assert labels.count("set by") == 2


def test_the_page_asks_nobody_for_anything() -> None:
    for name in ("dining", "lost_update", "worker_queue"):
        page = run(load(name)).html()
        assert "default-src 'none'" in page
        addresses = re.findall(r"https?://[^\s\"'<)]*", page)
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}
        assert not re.search(r"<(link|img|iframe|object|embed)\b|@import|url\((?!#)", page)
        assert not re.search(
            r"\b(eval|Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|localStorage|fetch)\b",
            page.split('id="data"')[1],
        )


def test_a_page_without_data_is_small() -> None:
    page = run(loads("threads: {a: [pass]}")).html()
    assert len(page.encode()) <= BASE


def long_run(steps: int) -> Run:
    text = (
        'locks: ["L[5]"]\nvariables: {x: 0, y: 0}\nthreads:\n  w[i < 5]:\n    - forever:\n'
        "      - acquire: L[i]\n      - add: x\n      - release: L[i]\n"
    )
    return run(loads(text), strategy="random", seed=1, max_steps=steps)


def test_two_thousand_steps_are_no_more_than_a_megabyte_and_a_half() -> None:
    assert len(long_run(2000).html().encode()) <= 1_500_000


def test_of_a_long_run_the_last_two_thousand_steps_are_shown() -> None:
    page = long_run(5001).html()
    data = data_of(page)
    assert (data["first"], data["last"], len(data["steps"])) == (3001, 5001, 2000)
    assert "The first 3,001 steps are not shown; the last 2,000 are." in page
    assert '<ol id="events" start="3002">' in page


@pytest.mark.slow
def test_a_run_that_is_no_longer_than_that_is_shown_from_its_start() -> None:
    assert data_of(long_run(5000).html())["first"] == 0


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    program = (
        "import deadsim\nrun = deadsim.run(deadsim.load('worker_queue'), seed=3, strategy='random')\n"
        "import hashlib\nfor text in (run.html(), run.svg(), run.timeline()): print(hashlib.sha256(text.encode()).hexdigest())\n"
    )
    seen = set()
    for seed in ("0", "1", "77"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": ""},
        )
        seen.add(done.stdout)
    assert len(seen) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_in_data(text: str) -> None:
    written = embedded({"x": text})
    assert not re.search(r"[<>&]", written)
    assert written.isascii()
    assert json.loads(written) == {"x": text}


@pytest.mark.parametrize("examples", few_and_all(15, 60))
def test_any_text_is_inert_in_a_page(examples: int) -> None:
    texts = given(st.text(min_size=1, max_size=60))
    settings(max_examples=examples)(texts(assert_it_is_inert))()


def assert_it_is_inert(text: str) -> None:
    done = run(load("two_locks")).result
    threads = (done.program.threads[0]._replace(name=text), *done.program.threads[1:])
    program = done.program._replace(name=text, file=text, source=text, threads=threads)
    names = tuple(
        one._replace(thread=text) if one.thread == "left" else one for one in done.schedule
    )
    page = player(
        replace(done, program=program, system=System(program), schedule=names, defects=())
    )
    assert len(re.findall(r"<script", page)) == 2
    assert len(re.findall(r"</script>", page)) == 2
    assert data_of(page)["threads"][0] == text


def test_a_place_to_fill_in_a_text_is_left_as_it_is() -> None:
    done = run(load("two_locks")).result
    page = player(replace(done, program=done.program._replace(name="<!--data--><!--script-->")))
    assert "<h1>&lt;!--data--&gt;&lt;!--script--&gt;</h1>" in page


def test_a_notebook_shows_the_player_in_a_frame() -> None:
    shown = run(load("two_locks")).player(height=400)
    frame = shown._repr_html_()
    assert frame.startswith('<iframe sandbox="allow-scripts"')
    assert "height: 400px" in frame
    assert "<script" not in frame
    assert repr(shown).startswith("<Player, ")


def test_the_magic_shows_the_player() -> None:
    from deadsim.notebook import load_ipython_extension

    class Shell:
        def __init__(self) -> None:
            self.user_ns: dict[str, Any] = {}

        def register_magic_function(self, magic: Any, **_: Any) -> None:
            self.magic = magic

    shell = Shell()
    load_ipython_extension(shell)
    text = "locks: [A]\nthreads: {a: [{acquire: A}, {acquire: A}]}\n"
    assert shell.magic("run --player", text).page.startswith("<!DOCTYPE html>")
    assert isinstance(shell.magic("run", text), Run)


def test_many_threads_are_in_the_table_and_those_that_wait_in_the_picture() -> None:
    text = "locks: [A, B]\nthreads:\n  idle[i < 60]: [step: x]\n  left: [{with: [A, B], do: []}]\n  right: [{with: [B, A], do: []}]\n"
    page = run(loads(text)).html()
    assert page.count('<th scope="row" data-key="') == 62
    assert "+60 idle threads not shown" in page
    assert page.count('class="node ') == 4
