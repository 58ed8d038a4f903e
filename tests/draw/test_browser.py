"""The player in a real browser: what it shows, what the keys do, and that it asks nobody for anything."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from browser import opened
from deadsim import Run, explore, gallery, load, loads, run
from deadsim.api.pictures import players
from deadsim.kernel.system import System
from portion import few_and_all, one_in

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}
HOSTILE = [
    "</script>",
    "<lock>",
    "&#65;",
    "\"quoted\" 'too'",
    "a\nb",
    "x" * 300,
    "철학자",
    "שלום",
    "<img src=x onerror=alert(1)>",
]


class Pages:
    """Opens pages, and notes all that goes wrong in them."""

    def __init__(self, context: Any, folder: Path) -> None:
        self.page = context.pages[0] if context.pages else context.new_page()
        self.folder = folder
        self.count = 0
        self.wrong: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("request", self.note)
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))

    def note(self, request: Any) -> None:
        """Note a request for anything but the page itself."""
        if not request.url.startswith(f"file://{self.folder}"):
            self.wrong.append(f"request: {request.url}")

    def open(self, text: str, fragment: str = "", size: dict[str, int] = WIDE) -> Any:
        """Open a page of this text."""
        self.count += 1
        file = self.folder / f"{self.count}.html"
        file.write_text(text, encoding="utf-8")
        self.page.set_viewport_size(size)
        self.page.goto(f"file://{file}{fragment}")
        return self.page


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from opened(tmp_path_factory.mktemp("profile"))


@pytest.fixture
def pages(context: Any, tmp_path: Path) -> Iterator[Pages]:
    made = Pages(context, tmp_path)
    yield made
    made.page.evaluate("0")
    assert made.wrong == []


def dining(n: int = 3) -> Run:
    return run(load("dining", n=n))


def until(page: Any, expression: str) -> None:
    """Wait until something holds; the page's own policy lets nobody wait inside it."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {expression}")


def step(page: Any) -> str:
    return page.evaluate("location.hash")


def cells(page: Any) -> list[list[str]]:
    return page.evaluate(
        "[...document.querySelectorAll('#threads tbody tr')].map(row => "
        "[row.querySelector('th').textContent, ...[...row.querySelectorAll('td')].map(cell => cell.textContent)])"
    )


def test_a_page_opens_on_the_failure(pages: Pages) -> None:
    page = pages.open(dining().html())
    assert step(page) == "#step=6"
    assert (
        page.locator("#status")
        .inner_text()
        .startswith("Step 6 of 6: philosopher[2] acquires fork[2] (line 18).")
    )
    assert page.locator("#status").inner_text().endswith("Deadlock.")
    assert (
        page.locator("#verdict")
        .inner_text()
        .startswith("DEADLOCK after step 6: circular wait of 3 threads")
    )
    assert page.locator(".node.core").count() == 6
    page.click("#start")
    assert step(page) == "#step=0"


def test_every_key_does_what_it_is_for(pages: Pages) -> None:
    page = pages.open(dining().html(teach=True))
    assert step(page) == "#step=0"
    for key, wanted in [
        ("ArrowRight", 1), ("l", 2), ("n", 3), ("ArrowLeft", 2), ("h", 1), ("p", 0), ("p", 0), ("End", 6), ("n", 6),
        ("Home", 0), ("d", 6), ("Home", 0),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert step(page) == f"#step={wanted}", key
    page.keyboard.press("+")
    assert page.input_value("#speed") == "2"
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert page.input_value("#speed") == "0.5"
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#keys").is_hidden()
    page.keyboard.press("2")
    assert page.locator("#thread-philosopher-1.chosen").count() == 1
    assert page.get_attribute("#threads tr.chosen th", "data-key") == "2"
    for pressed in ("Control+l", "Alt+l", "Meta+l"):
        page.keyboard.press(pressed)
    assert step(page) == "#step=0"


LONG = "threads: {a: [{repeat: 300, do: [{step: x}]}]}"


@pytest.mark.slow
def test_space_plays_and_pauses(pages: Pages) -> None:
    page = pages.open(run(loads(LONG)).html(teach=True))
    page.select_option("#speed", "4")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    assert page.locator("#play").inner_text() == "Pause"
    assert page.get_attribute("#status", "aria-live") == "off"
    until(page, "Number(location.hash.slice(6)) >= 2")
    page.keyboard.press(" ")
    assert page.locator("#play").inner_text() == "Play"
    assert page.get_attribute("#status", "aria-live") == "polite"
    stands = step(page)
    page.wait_for_timeout(600)
    assert step(page) == stands


@pytest.mark.slow
def test_space_on_a_button_acts_once(pages: Pages) -> None:
    page = pages.open(dining().html(teach=True))
    page.focus("#forward")
    page.keyboard.press(" ")
    assert step(page) == "#step=1"
    page.select_option("#speed", "4")
    page.focus("#play")
    page.keyboard.press(" ")
    until(page, "document.querySelector('#play').textContent === 'Play'")
    assert step(page) == "#step=6"


def test_keys_are_left_alone_in_a_field(pages: Pages) -> None:
    page = pages.open(dining().html(teach=True))
    page.focus("#speed")
    page.keyboard.press("l")
    assert step(page) == "#step=0"
    page.focus("#slider")
    page.keyboard.press("ArrowRight")
    assert step(page) == "#step=1"
    assert page.get_attribute("#slider", "aria-valuetext").startswith(
        "Step 1 of 6: philosopher[0] thinks"
    )


def test_the_address_says_the_step_both_ways(pages: Pages) -> None:
    page = pages.open(dining().html(), "#step=2")
    assert page.locator("#count").inner_text() == "2 of 6"
    page.evaluate("location.hash = '#step=4'")
    until(page, "document.querySelector('#count').textContent === '4 of 6'")
    page.evaluate("location.hash = '#step=99'")
    until(page, "document.querySelector('#count').textContent === '6 of 6'")
    page.evaluate("location.hash = '#step=nonsense'")
    assert page.locator("#count").inner_text() == "6 of 6"


@pytest.mark.slow
def test_a_key_that_is_held_down_is_no_trouble_for_the_address(pages: Pages) -> None:
    page = pages.open(run(loads(LONG)).html(teach=True))
    page.evaluate("for (let n = 0; n < 300; n++) document.getElementById('forward').click()")
    assert page.locator("#count").inner_text() == "300 of 300"
    assert step(page) == "#step=149"  # the first was written when the page was opened


def test_only_context_switches(pages: Pages) -> None:
    text = "threads:\n  a: [{step: x}, {step: x}, {step: x}]\n  b: [{step: y}, {step: y}]\n"
    page = pages.open(run(loads(text), strategy="sequential").html(teach=True))
    page.check("#only")
    page.click("#forward")
    assert step(page) == "#step=4"
    page.click("#forward")
    assert step(page) == "#step=5"
    page.click("#back")
    assert step(page) == "#step=4"


def test_lines_dots_and_steps_can_be_clicked(pages: Pages) -> None:
    page = pages.open(dining().html(teach=True))
    page.click("#line-18 code")
    assert step(page) == "#step=4"
    page.click("#line-18 code")
    assert step(page) == "#step=5"
    page.click("#step-2", force=True)
    assert step(page) == "#step=2"
    page.click("#events li:nth-child(3)")
    assert step(page) == "#step=3"
    assert page.locator("#line-17.now").count() == 1
    assert page.locator("#line-18 .mark").count() == 3


def test_a_thread_of_many_is_found_by_its_key_and_by_its_node(pages: Pages) -> None:
    name = "x" * 60
    text = f"locks: [A, B]\nthreads:\n  idle[i < 50]: [step: x]\n  {name}: [{{with: [A, B], do: []}}]\n  r: [{{with: [B, A], do: []}}]\n"
    page = pages.open(run(loads(text)).html())
    page.click(f"#thread-{name} text", force=True)
    assert page.locator("#threads tr.chosen th").inner_text() == name
    assert page.locator(".node.chosen").count() == 1
    page.keyboard.press("1")
    assert page.locator("#threads tr.chosen th").inner_text() == "idle[0]"
    assert page.locator(".node.chosen").count() == 0


def test_variables_say_what_they_were(pages: Pages) -> None:
    result = explore(load("lost_update"))
    page = pages.open(result.html())
    at = page.locator("#variables tr.changed")
    while at.count() == 0:
        page.keyboard.press("h")
    assert at.inner_text().split() == ["counter", "1", "was", "0"]
    assert "counter = 1 was 0" in page.locator("#source .line.now").inner_text()


def test_a_race_is_found_by_its_key_and_ordered_by_nothing(pages: Pages) -> None:
    result = explore(load("lost_update"))
    page = pages.open(
        next(
            one
            for one in players(result.result)
            if "RACE" in one[:60_000] and "Next race" not in one[:100]
        )
    )
    page.keyboard.press("Home")
    page.keyboard.press("r")
    assert step(page) != "#step=0"
    page.check("#orders")
    assert "unordered" in page.locator("#relation").inner_text()


def test_happens_before_of_a_step(pages: Pages) -> None:
    text = (
        "locks: [m]\nvariables: {x: 0}\nthreads:\n  a: [{with: m, do: [{write: x, value: 1}]}]\n"
        "  b: [{with: m, do: [{write: x, value: 2}]}, {step: alone}]\n  c: [{step: free}]\n"
    )
    page = pages.open(run(loads(text), strategy="sequential").html())
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("n")
    page.check("#orders")
    said = page.locator("#relation").inner_text()
    assert "2 before it" in said
    assert "4 after it" in said
    assert "1 unordered (dotted rings) (steps 8)" in said
    assert page.locator("#time .step.unordered").count() == 1


@pytest.mark.parametrize("often", few_and_all(20, 1))
def test_the_last_row_of_the_table_is_what_the_json_says_for_every_scenario(
    pages: Pages, often: int
) -> None:
    for name in list(gallery.names())[::often]:
        result = run(load(name))
        report = json.loads(result.to_json())
        page = pages.open(result.html(), f"#step={report['steps']}")
        rows = {row[0]: row[1:] for row in cells(page)}
        assert list(rows) == [one["thread"] for one in report["threads"]], name
        for one in report["threads"]:
            state, holds, waits, by, line = rows[one["thread"]]
            assert state == one["state"], name
            assert holds == ", ".join(hold["object"] for hold in one["holds"]), name
            assert line == ("" if one["line"] is None else str(one["line"])), name
            assert by == ", ".join(one["waits"]["for"] if one["waits"] else []), name
            assert waits == (one["waits"]["object"] if one["waits"] else ""), name
        for defect in report["defects"]:
            for wait in defect.get("waits", []):
                if wait["blocked"] and "schedule" not in defect:
                    assert rows[wait["thread"]][4] == str(wait["line"]), name
        shown = page.evaluate(
            "[...document.querySelectorAll('#variables tbody tr')].map(r => [r.children[0].textContent, r.children[1].textContent])"
        )
        assert dict(shown) == {key: repr(value) for key, value in report["variables"].items()}, name


def test_the_picture_and_the_table_agree_at_every_step(pages: Pages) -> None:
    page = pages.open(dining(4).html(teach=True))
    for taken in range(9):
        page.evaluate(f"location.hash = '#step={taken}'")
        until(page, f"document.querySelector('#count').textContent.startsWith('{taken} ')")
        rows = cells(page)
        held = page.evaluate("[...document.querySelectorAll('#graph .edge.hold:not(.off)')].length")
        waits = page.evaluate(
            "[...document.querySelectorAll('#graph .edge.wait:not(.off)')].length"
        )
        assert held == sum(len(row[2].split(", ")) for row in rows if row[2])
        assert waits == sum(1 for row in rows if row[3])


@pytest.mark.parametrize("often", few_and_all(5, 1))
def test_hostile_texts_are_shown_and_run_nothing(pages: Pages, often: int) -> None:
    for text in HOSTILE[::often]:
        said = json.dumps(text)
        steps = f"[{{step: {said}}}, {{print: {said}}}, {{acquire: A}}, {{acquire: A}}]"
        done = run(loads(f"name: {said}\nlocks: [A]\nthreads:\n  t: {steps}\n"))
        result = replace(done.result, program=done.result.program._replace(file=f"{text}.yaml"))
        page = pages.open(next(players(result)), "#step=1")
        shown = text.replace("\n", " ")
        assert page.locator("h1").inner_text().split() == shown.split()
        assert page.evaluate("document.scripts.length") == 2
        assert page.evaluate("document.images.length") == 0
        assert shown[:40].split()[0] in page.locator("#status").inner_text()


@pytest.mark.parametrize("often", few_and_all(5, 1))
def test_hostile_names_in_the_drawing(pages: Pages, often: int) -> None:
    from deadsim.draw.player.page import player

    done = dining(2).result
    program = done.program
    for text in HOSTILE[::often]:
        threads = (program.threads[0]._replace(name=text), *program.threads[1:])
        objects = (program.objects[0]._replace(name=f"{text}!"), *program.objects[1:])
        renamed = tuple(
            choice._replace(thread=text) if choice.thread == program.threads[0].name else choice
            for choice in done.schedule
        )
        other = replace(
            done,
            program=(other := program._replace(threads=threads, objects=objects)),
            system=System(other),
            schedule=renamed,
            defects=(),
        )
        page = pages.open(player(other))
        assert cells(page)[0][0].split() == text.replace("\n", " ").split()
        assert page.evaluate("document.scripts.length") == 2


@pytest.mark.parametrize("name", ["dining", "lost_update", "bounded_buffer", "worker_queue"])
def test_a_narrow_page_does_not_scroll_sideways(name: str, pages: Pages) -> None:
    page = pages.open(run(load(name)).html(), size=NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert (
        page.evaluate(
            "Math.min(...[...document.querySelectorAll('#controls button, #controls select')].map(b => b.getBoundingClientRect().height))"
        )
        >= 32
    )


def test_without_scripts_the_end_is_there(context: Any, tmp_path: Path) -> None:
    browser = context.browser
    assert browser is None or browser.is_connected()
    file = tmp_path / "x.html"
    file.write_text(dining().html(), encoding="utf-8")
    session = context.new_cdp_session(page := context.new_page())
    session.send("Emulation.setScriptExecutionDisabled", {"value": True})
    page.goto(f"file://{file}")
    assert page.locator("noscript p").is_visible()
    assert page.locator("#controls").is_hidden()
    assert page.locator("#graph .edge.wait:visible").count() == 3
    assert page.locator("#events li").count() == 6
    assert page.locator("#threads tbody tr").first.inner_text().split()[:2] == [
        "philosopher[0]",
        "blocked",
    ]
    page.close()


def test_it_runs_in_a_frame_that_may_do_nothing_else(pages: Pages) -> None:
    frame = dining().player()._repr_html_()
    page = pages.open(f"<!DOCTYPE html><title>x</title>{frame}")
    inner = page.frame_locator("iframe")
    inner.locator("#back").click()
    assert inner.locator("#count").inner_text() == "5 of 6"


def test_questions_do_not_tell_the_answer(pages: Pages) -> None:
    page = pages.open(dining().html(quiz=True))
    assert step(page) == "#step=0"
    assert page.locator("#quiz").inner_text().startswith("Who can run next?")
    assert page.locator("#verdict").is_hidden()
    assert "DEADLOCK" not in page.title()
    page.locator("#quiz button", has_text="philosopher[1]").click()
    assert "Yes, philosopher[1] can." in page.locator("#quiz").inner_text()
    assert "In this run philosopher[0] goes on." in page.locator("#quiz").inner_text()
    page.locator("#quiz button", has_text="Go on").click()
    assert step(page) == "#step=1"
    for _ in range(4):
        page.keyboard.press("n")
    page.locator("#quiz button", has_text="philosopher[0]").click()
    assert (
        "No: philosopher[0] waits for fork[1], held by philosopher[1]."
        in page.locator("#quiz").inner_text()
    )
    assert "1 of 2 right" in page.locator("#quiz").inner_text()
    page.keyboard.press("End")
    assert "This is the end" in page.locator("#quiz").inner_text()


IN_VIEW = """part => {
    const box = document.querySelector(part).getBoundingClientRect();
    return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight;
}"""


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", ["dining", "worker_queue", "lost_update"])
def test_controls_sentence_and_question_are_in_view_at_once(
    name: str, size: dict[str, int], pages: Pages
) -> None:
    for quiz in (False, True):
        page = pages.open(run(load(name)).html(quiz=quiz), size=size)
        for part in ("#status", "#forward", "#last", "#slider", *(["#quiz"] if quiz else [])):
            assert page.evaluate(IN_VIEW, part), (quiz, part)
        page.locator("#steps").scroll_into_view_if_needed()
        assert page.evaluate(IN_VIEW, "#forward")


LOOKS = """() => [...document.querySelectorAll("#graph .thread .outline, #source .mark")].map(part => {
    const look = getComputedStyle(part);
    return [part.matches(".mark"), look.strokeWidth, look.opacity, look.borderStyle, look.backgroundImage].join();
})"""


@pytest.mark.parametrize("name", ["dining", "bounded_buffer", "wrong_waiter"])
def test_an_open_question_is_answered_by_nothing_else_on_the_page(name: str, pages: Pages) -> None:
    page = pages.open(run(load(name)).html(quiz=True))
    tells = ("waits", "blocks", "blocked", "ready", "running", "stuck", "deadlock")
    waited = 0
    while page.locator("#quiz button").count():
        text = page.evaluate(
            "[...document.querySelectorAll('#status, #graph, .names, #state tbody, #steps')]"
            ".flatMap(part => [...part.querySelectorAll('*'), part])"
            ".filter(part => getComputedStyle(part).visibility === 'visible' && part.localName !== 'title')"
            ".flatMap(part => [...part.childNodes].filter(node => node.nodeType === 3))"
            ".map(node => node.textContent).join(' ')"
        ).lower()
        assert [word for word in tells if word in text.split()] == [], text
        assert page.locator("#graph .edge.wait:visible").count() == 0
        assert page.locator(".waited:visible").count() == 0
        assert len(set(page.evaluate(LOOKS))) == 2  # threads alike, and their marks
        page.locator("#quiz button").first.click()
        waited += page.locator("#graph .edge.wait:visible").count()
        page.locator("#quiz button", has_text="Go on").click()
    assert waited > 0


@pytest.mark.parametrize(
    ("name", "scheme"),
    one_in(4, itertools.product(["dining", "lost_update", "bounded_buffer"], ["light", "dark"])),
)
def test_no_serious_barrier_for_anybody(name: str, scheme: str, pages: Pages) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    pages.page.emulate_media(color_scheme=scheme)
    page = pages.open(run(load(name)).html())
    # Its script is put in by the debugger, which the page's own policy does not concern.
    page.evaluate(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8") + "; 0")
    found = page.evaluate(
        "axe.run().then(done => done.violations.map(one => [one.impact, one.id, one.nodes.map(n => n.html.slice(0, 200))]))"
    )
    assert [one for one in found if one[0] in ("serious", "critical")] == []
    pages.page.emulate_media(color_scheme="light")


def test_forced_colors_and_print_keep_the_picture(pages: Pages) -> None:
    page = pages.open(dining().html())
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    assert page.locator("#graph .edge.wait:visible").count() == 3
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.veil')).transitionDuration")
        == "0s"
    )
    page.emulate_media(
        media="print", forced_colors="none", reduced_motion="no-preference", color_scheme="dark"
    )
    assert page.locator("#controls").is_hidden()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.bg')).fill")
        == "rgb(255, 255, 255)"
    )
    page.emulate_media(media="screen", color_scheme="light")


def test_the_command_can_be_copied(pages: Pages) -> None:
    page = pages.open(run(load("two_locks")).html())
    assert page.locator("#command").inner_text() == "deadsim replay two_locks 'left right'"
    page.click("#copy")
    until(page, "document.querySelector('#copied').textContent !== ''")
    assert page.locator("#copied").inner_text() in ("copied", "selected")


def test_a_program_without_steps_has_a_page(pages: Pages) -> None:
    page = pages.open(run(loads("threads: {a: [pass]}")).html())
    assert page.locator("#status").inner_text() == "Step 0 of 0: nothing has happened yet."
    for key in ("n", "p", "d", "r", " ", "Home", "End", "1", "9"):
        page.keyboard.press(key)
    assert page.locator("#count").inner_text() == "0 of 0"
