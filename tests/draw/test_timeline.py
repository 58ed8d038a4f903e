"""Runs over time: the timeline, the sequence diagram and the trace events."""

import itertools
import json
import re
import xml.etree.ElementTree as xml
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commands import deadsim
from deadsim import Run, explore, gallery, load, loads, run
from deadsim.detect.order.happens_before import HappensBefore, orders
from deadsim.draw.time.axis import NARROW, WIDE
from deadsim.draw.time.film import film
from deadsim.draw.time.sequence import sequence
from deadsim.draw.time.timeline import TOP, draw_timeline, staged, timeline
from deadsim.draw.time.trace_events import trace_events
from deadsim.kernel.system import System
from deadsim.trace.finding import Race
from hostile import HOSTILE
from portion import few_and_all
from programs import scenario

SVG = "{http://www.w3.org/2000/svg}"


def words(picture: str) -> list[str]:
    return [node.text or "" for node in xml.fromstring(picture).iter(f"{SVG}text")]


def parts(picture: str, tag: str, name: str) -> list[Any]:
    return [
        one
        for one in xml.fromstring(picture).iter(f"{SVG}{tag}")
        if name in (one.get("class") or "").split()
    ]


def race_of(name: str) -> tuple[Any, Race]:
    for defect in explore(load(name)).defects:
        if isinstance(defect.finding, Race):
            return defect.run, defect.finding
    raise AssertionError(name)


def test_the_timeline_of_a_deadlock(golden) -> None:  # type: ignore[no-untyped-def]
    picture = run(load("two_locks")).timeline()
    golden("two_locks.timeline.svg", picture)
    shown = words(picture)
    for expected in (
        "holds A",
        "waits for B <- right",
        "DEADLOCK, step 2",
        "blocked :13",
        "1",
        "2",
    ):
        assert expected in shown
    assert "1. left holds A (line 12), waits for B (line 13), held by right" in shown


def test_bars_stop_at_the_line_of_the_deadlock() -> None:
    picture = run(load("dining")).timeline()
    (line,) = parts(picture, "line", "verdict")
    ends = [
        round(float(bar.get("x")) + float(bar.get("width")), 1)
        for bar in parts(picture, "rect", "bar")
    ]
    # Those of the legend are at the left.
    assert {end for end in ends if end > 200} == {float(line.get("x1"))}


def test_the_last_acquires_of_the_members_are_filled() -> None:
    picture = run(load("dining", n=3)).timeline()
    assert [one.get("id") for one in parts(picture, "circle", "filled")] == [
        "step-4",
        "step-5",
        "step-6",
    ]


def test_what_was_given_back_with_the_last_step_ends_there() -> None:
    done = film(run(load("dining_ordered"), strategy="sequential").result)
    assert done.focus is None
    assert all(not held.lasts for held in done.held)
    assert max(held.end for held in done.held) == done.last


def test_the_timeline_of_a_race() -> None:
    result, found = race_of("lost_update")
    picture = draw_timeline(result, found)
    shown = words(picture)
    assert "race: no order" in shown
    assert "W counter" in shown
    assert any(line.endswith("no happens-before path, no common lock") for line in shown)
    assert "locks held: {} and {}" in shown
    assert len(parts(picture, "circle", "race")) == 3  # and one in the legend
    assert any(line.startswith("RACE, step ") for line in shown)


def test_a_run_that_went_well_says_so_in_a_word() -> None:
    assert "OK" in words(run(load("gate_lock")).timeline())


def test_a_livelock_has_a_bracket_over_what_goes_round() -> None:
    defect = next(
        one
        for one in explore(load("spinlock_holder_gone")).defects
        if one.finding.type == "livelock"
    )
    picture = draw_timeline(defect.run, defect.finding)
    assert any(line.startswith("LIVELOCK") for line in words(picture))
    assert len(parts(picture, "path", "verdict")) == 1


def test_a_failure_has_its_line_where_it_is() -> None:
    done = run(
        loads("threads:\n  a: [{step: x}, {raise: bang}]\n  b: [{step: y}, {step: y}, {step: y}]\n")
    )
    picture = done.timeline()
    assert "ERROR, step 1" in words(picture)
    assert len(parts(picture, "line", "verdict")) == 1


def test_columns_are_as_wide_as_there_is_room() -> None:
    few = staged(film(run(load("two_locks")).result), TOP)
    assert few.axis.width == WIDE
    text = "locks: [A]\nthreads:\n  a[3]:\n    - repeat: 40\n      do: [{with: A, do: []}]\n"
    shown = film(run(loads(text)).result)
    many = staged(shown, TOP)
    assert many.axis.width == NARROW
    picture = timeline(shown)
    numbers = [int(word) for word in words(picture) if word.isdigit()]
    assert all(number % 5 == 0 for number in numbers)


def test_steps_that_concern_nobody_else_are_one_column_in_a_long_run() -> None:
    text = "locks: [A]\nthreads:\n  a: [{repeat: 80, do: [{step: x}]}, {with: A, do: []}]\n"
    picture = run(loads(text)).timeline()
    (chip,) = parts(picture, "rect", "chip")
    assert chip is not None
    assert "80 steps" in words(picture)
    ids = [
        one.get("id")
        for one in xml.fromstring(picture).iter()
        if (one.get("id") or "").startswith("step-")
    ]
    assert ids == ["step-80", "step-81", "step-82"]


def test_words_that_do_not_fit_stand_below() -> None:
    picture = run(load("dining"), strategy="random", seed=3).timeline()
    assert any("waits for fork[4]" in line and "until step" in line for line in words(picture))


def test_arrows_are_hidden_where_there_are_many() -> None:
    text = "locks: [A]\nthreads:\n  a[2]:\n    - repeat: 40\n      do: [{with: A, do: []}]\n"
    picture = run(loads(text)).timeline()
    arrows = parts(picture, "path", "order")
    assert len(arrows) > 30
    assert all("off" in arrow.get("class").split() for arrow in arrows)
    few = parts(run(load("dining_ordered")).timeline(), "path", "order")
    assert few
    assert all("off" not in arrow.get("class").split() for arrow in few)


LONG = "locks: [A]\nthreads:\n  a[2]:\n    - repeat: 300\n      do: [{with: A, do: [{step: x}]}]\n"


def test_the_middle_of_a_long_run_is_left_out_and_said() -> None:
    done = run(loads(LONG))
    picture = done.timeline()
    assert float(xml.fromstring(picture).get("width", "")) < 2000
    assert any(
        word.endswith("steps 11 to 1,690 are not drawn (--all-nodes draws them)")
        for word in words(picture)
    )
    assert "1,680 steps not drawn" in words(picture)
    steps = [int(one.get("id")[5:]) for one in parts(picture, "circle", "step")]
    assert steps == [*range(1, 11), *range(1691, 1801)]
    assert len(parts(picture, "rect", "hold")) < 60
    assert len(parts(done.timeline(whole=True), "circle", "step")) == 1800
    assert done.html().count('class="step') >= 1800


def test_what_a_long_run_is_about_is_not_left_out() -> None:
    text = "variables: {x: 0, y: 0}\nthreads:\n  a[2]:\n    - {repeat: 300, do: [yield]}\n    - add: x\n    - {repeat: 300, do: [yield]}\n"
    done = run(loads(text)).result
    (race,) = (found for found in done.defects if isinstance(found, Race))
    picture = draw_timeline(done, race)
    steps = {int(one.get("id")[5:]) for one in parts(picture, "circle", "step")}
    assert {access.step + 1 for access in race.accesses} <= steps
    assert (
        len([word for word in words(picture) if "not drawn" in word]) == 3
    )  # two strips, and where
    assert len(parts(picture, "circle", "race")) == 3


def test_a_long_run_is_drawn_whole_on_request(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text(LONG)
    for options in (("run", "--timeline"), ("graph", "--kind", "timeline", "--output")):
        few, all_of = str(tmp_path / "few.svg"), str(tmp_path / "all.svg")
        command = (options[0], str(tmp_path / "long.yaml"), *options[1:])
        assert deadsim(*command, few).status == 0
        assert deadsim(*command, all_of, "--all-nodes").status == 0
        assert "not drawn" in Path(few).read_text()
        assert "not drawn" not in Path(all_of).read_text()


def test_a_long_run_is_shown_from_near_its_end() -> None:
    text = "threads:\n  a: [{repeat: 5001, do: [{step: x}]}]\n"
    done = film(run(loads(text)).result)
    assert (done.first, done.last, len(done.moments)) == (3001, 5001, 2001)
    assert any(
        "the first 3,001 are not shown" in word for word in words(run(loads(text)).timeline())
    )


# Over time.


def test_the_last_moment_is_the_situation_of_the_run() -> None:
    for name in gallery.names():
        result = run(load(name)).result
        last = result.moments[-1]
        assert last.situation == result.situation, name
        assert last.taken == len(result.events)


@pytest.mark.parametrize("often", few_and_all(6, 1))
def test_what_is_held_and_waited_for_over_time_is_what_each_moment_says(often: int) -> None:
    for name in list(gallery.names())[::often]:
        done = film(run(load(name), strategy="random", seed=1).result)
        names = [thread.name for thread in done.run.program.threads]
        for moment in done.moments:
            for number, one in enumerate(moment.situation.threads):
                held = {
                    h.object
                    for h in done.held
                    if h.thread == number
                    and h.start <= moment.taken
                    and (moment.taken < h.end or h.lasts)
                }
                assert held == {hold.object for hold in one.holds}, (
                    name,
                    names[number],
                    moment.taken,
                )
                waits = [
                    w
                    for w in done.waited
                    if w.thread == number
                    and w.start <= moment.taken
                    and (moment.taken < w.end or w.lasts)
                ]
                assert len(waits) == (one.wait is not None), (name, names[number], moment.taken)


def happens_before(events: Any) -> set[tuple[int, int]]:
    """Work out the whole order with the vector clocks of the race detector."""
    follows = HappensBefore()
    seen: list[tuple[int, int, dict[int, int]]] = []
    found = set()
    for event in events:
        clock = dict(follows.before(event.step, event.thread, event.effect))
        for step, (thread, time, _) in enumerate(seen):
            if thread == event.thread or time <= clock.get(thread, 0):
                found.add((step, event.step))
        seen.append((event.thread, clock[event.thread], clock))
        follows.after(event.step, event.thread, event.effect)
    return found


def reached(events: Any) -> tuple[set[tuple[int, int]], list[tuple[int, int]]]:
    """Work out the order from the arrows and the order within each thread; give the arrows too."""
    arrows = [(order.earlier, order.later) for order in orders(events)]
    links: dict[int, set[int]] = {event.step: set() for event in events}
    last: dict[int, int] = {}
    for event in events:
        if event.thread in last:
            links[event.step].add(last[event.thread])
        last[event.thread] = event.step
    for earlier, later in arrows:
        links[later].add(earlier)
    before: dict[int, set[int]] = {}
    for event in events:
        before[event.step] = set().union(*({one} | before[one] for one in links[event.step]))
    return {
        (earlier, later) for later, all_of_them in before.items() for earlier in all_of_them
    }, arrows


@pytest.mark.parametrize("often", few_and_all(8, 1))
def test_the_arrows_are_all_of_happens_before_and_none_too_many(often: int) -> None:
    compared = 0
    programs = [loads(scenario(seed)) for seed in range(0, 250, often)]
    programs += map(load, list(gallery.names())[::often])
    for seed, program in enumerate(programs):
        result = run(program, strategy="random", seed=seed, max_steps=40).result
        order, arrows = reached(result.events)
        assert order == happens_before(result.events), seed
        compared += len(arrows)
        threads = {event.step: event.thread for event in result.events}
        for earlier, later in arrows:
            assert threads[earlier] != threads[later]
            # Without it something would be missing: no other way leads there.
            others = [
                (a, b) for a, b in order if b == later and a != earlier and (earlier, a) in order
            ]
            assert others == [], seed
    assert compared > 100 / often


# Mermaid.


def test_a_sequence_diagram(golden) -> None:  # type: ignore[no-untyped-def]
    golden("two_locks.sequence.mmd", sequence(film(run(load("two_locks")).result)))


def test_every_activation_is_closed() -> None:
    for name in gallery.names():
        text = sequence(film(run(load(name)).result))
        open_now: dict[str, int] = {}
        for kind, who in re.findall(r"^  (activate|deactivate) (\w+)$", text, re.M):
            open_now[who] = open_now.get(who, 0) + (1 if kind == "activate" else -1)
            assert open_now[who] >= 0, name
        assert not any(open_now.values()), name


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_over_time(text: str) -> None:
    done = run(load("two_locks")).result
    program = done.program
    threads = (program.threads[0]._replace(name=text), *program.threads[1:])
    names = tuple(
        one._replace(thread=text) if one.thread == "left" else one for one in done.schedule
    )
    other = replace(
        done,
        program=(other := program._replace(name=text, file=text, threads=threads)),
        system=System(other),
        schedule=names,
        defects=(),
    )
    root = xml.fromstring(draw_timeline(other))
    assert not list(root.iter(f"{SVG}script"))
    for line in sequence(film(other)).splitlines():
        assert not re.search(r"[<&]", line)
        assert re.match(
            r"sequenceDiagram|  (participant|note over|activate|deactivate|\w+(->>|--x)\w+: )", line
        ), line
    rows = json.loads(trace_events(film(other)))["traceEvents"]
    assert rows[0]["args"]["name"] == text


# Trace events.


def rows_of(result: Run) -> list[dict[str, Any]]:
    return json.loads(trace_events(film(result.result)))["traceEvents"]


def test_the_trace_of_a_deadlock(golden) -> None:  # type: ignore[no-untyped-def]
    golden("two_locks.trace.json", trace_events(film(run(load("two_locks")).result)))


def test_spans_do_not_overlap_and_what_begins_ends() -> None:
    for name in gallery.names():
        rows = rows_of(run(load(name), strategy="random", seed=2))
        lanes: dict[int, list[tuple[int, int]]] = {}
        for row in rows:
            if row["ph"] == "X":
                lanes.setdefault(row["tid"], []).append((row["ts"], row["ts"] + row["dur"]))
        for spans in lanes.values():
            spans.sort()
            assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans)), name
        begun = [row["id"] for row in rows if row["ph"] == "b"]
        assert sorted(begun) == sorted(row["id"] for row in rows if row["ph"] == "e"), name
        starts = {row["id"]: row["ts"] for row in rows if row["ph"] == "s"}
        assert all(starts[row["id"]] < row["ts"] for row in rows if row["ph"] == "f"), name
        assert len([row for row in rows if row["ph"] == "i"]) == 1, name


def test_who_unblocked_whom_is_an_arrow() -> None:
    text = "locks: [A]\nthreads:\n  a: [{acquire: A}, {step: x}, {release: A}]\n  b: [{acquire: A}, {release: A}]\n"
    rows = rows_of(run(loads(text)))
    assert [(row["ph"], row["tid"], row["ts"]) for row in rows if row["ph"] in "sf"] == [
        ("s", 1, 2500),
        ("f", 2, 3500),
    ]
    assert [row["name"] for row in rows if row.get("cat") == "blocked"] == ["waits for A <- a"]


def test_pictures_of_all_kinds_are_written_on_request(tmp_path: Path) -> None:
    names = {
        kind: str(tmp_path / f"x.{ending}")
        for kind, ending in [
            ("svg", "svg"),
            ("timeline", "t.svg"),
            ("html", "html"),
            ("trace", "json"),
        ]
    }
    options = [part for kind, file in names.items() for part in (f"--{kind}", file)]
    for command in (
        ("run", "two_locks"),
        ("explore", "two_locks"),
        ("replay", "two_locks", "left right"),
    ):
        assert deadsim(*command, *options).status == 0
        for file in names.values():
            assert Path(file).stat().st_size > 500
            Path(file).unlink()
    assert deadsim("explore", "two_locks", "dining", *options).status == 2
    assert deadsim("run", "two_locks", "--runs", "3", *options).status == 2
    done = deadsim("run", "two_locks", "--quiz")
    assert (done.status, done.err) == (2, "deadsim: --quiz is for the player: --html FILE\n")
    assert deadsim("run", "two_locks", "--trace", str(tmp_path / "no" / "x.json")).status == 2


def test_each_defect_has_files_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "both.yaml"
    file.write_text(
        "locks: [A, B]\nvariables: {x: 0}\nthreads:\n  a: [{add: x}, {with: [A, B], do: []}]\n"
        "  b: [{add: x}, {with: [B, A], do: []}]\nexpect: {deadlock: possible, race: possible}\n"
    )
    done = deadsim(
        "explore",
        str(file),
        "--html",
        str(tmp_path / "x.html"),
        "--timeline",
        str(tmp_path / "x.svg"),
        "--trace",
        str(tmp_path / "x.json"),
    )
    assert done.status == 0
    first, second = (tmp_path / "x.html").read_text(), (tmp_path / "x-2.html").read_text()
    assert "<strong>DEADLOCK</strong>" in first or "<strong>DEADLOCK</strong>" in second
    assert "<strong>RACE</strong>" in first or "<strong>RACE</strong>" in second
    assert len(list(tmp_path.glob("x*"))) == 6


def test_a_predicted_deadlock_has_a_page_of_its_own_after_that_of_the_run(tmp_path: Path) -> None:
    done = deadsim(
        "run", "two_locks", "--strategy", "sequential", "--html", str(tmp_path / "x.html")
    )
    assert "DEADLOCK predicted" in done.out
    first, second = (tmp_path / "x.html").read_text(), (tmp_path / "x-2.html").read_text()
    assert "<strong>OK</strong> completed after 10 steps" in first
    assert "this run does not show it: deadsim replay two_locks &#x27;left right&#x27;" in first
    assert "<strong>DEADLOCK</strong> after step 2" in second
