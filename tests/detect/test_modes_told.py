"""Locks with modes in words, data and pictures: who holds what as what, and who asks for it as what."""

import json
from pathlib import Path

from commands import deadsim as command
from deadsim import Exploration, explore, loads, replay
from deadsim.draw.graphs.deadlock import deadlock_graph
from deadsim.draw.graphs.run_graph import graph_of
from deadsim.report.sentences import details, headline
from deadsim.report.step_words import brief, deed
from deadsim.trace.finding import Deadlock

CROSSED = """
rwlocks: {from: {modes: postgres-row}, to: {modes: postgres-row}}
threads:
  pays: [{with: from, mode: for update, do: [{with: to, mode: for share, do: [step: transfers]}]}]
  pays_back: [{with: to, mode: for update, do: [{with: from, mode: FOR UPDATE, do: [step: transfers]}]}]
"""

UPGRADES = """
rwlocks: {r: {modes: innodb}}
threads:
  one: [{acquire: r, mode: S}, {acquire: r, mode: X}]
  two: [{acquire: r, mode: IS}, {acquire: r, mode: S}, {acquire: r, mode: X}]
"""

QUEUE = """
rwlocks: {t: {modes: postgres-table}}
locks: [m]
threads:
  report: [{with: t, mode: access share, do: [{with: m, do: [step: x]}]}]
  alters: [{with: t, mode: access exclusive, do: [step: x]}]
  late: [{with: m, do: [{with: t, mode: access share, do: [step: x]}]}]
"""

VICTIM = """
rwlocks: {a: {modes: innodb, deadlocks: victim}, b: {modes: innodb, deadlocks: victim}}
threads:
  one: [{with: a, mode: X, do: [{with: b, mode: X, do: [step: in]}]}]
  two: [{with: b, mode: X, do: [{with: a, mode: X, do: [step: in]}]}]
"""


def only(text: str) -> Deadlock:
    """Explore a scenario with one deadlock."""
    result: Exploration = explore(loads(text))
    (found,) = result.deadlocks
    assert isinstance(found, Deadlock)
    return found


def test_a_circle_is_told_in_modes() -> None:
    found = only(CROSSED)
    assert headline(found) == "DEADLOCK after 2 steps: circular wait of 2 threads"
    assert details(found)[:2] == [
        "pays       holds from (for update, line 4), waits for to (for share, line 4), held by pays_back (for update)",
        "pays_back  holds to (for update, line 5), waits for from (for update, line 5), held by pays (for update)",
    ]


def test_each_mode_that_is_held_is_told_and_only_what_conflicts_of_others() -> None:
    (found,) = replay(loads(UPGRADES), "one two*2").deadlocks
    assert details(found)[:2] == [
        "one  holds r (S, line 4), waits for r (X, line 4), held by two (IS and S)",
        "two  holds r (IS, line 5), r (S, line 5), waits for r (X, line 5), held by one (S)",
    ]
    assert found.hint == (
        "one holds r as S (line 4) and asks for X (line 4), as others do: ask for X in the first place"
    )


def test_who_only_asked_earlier_does_not_hold_it() -> None:
    said = details(only(QUEUE))
    assert "alters  waits for t (access exclusive, line 6), held by report (access share)" in said
    assert said[2].endswith("waits for t (access share, line 7), behind alters (access exclusive) in its queue")  # fmt: skip


def test_a_lock_that_is_never_given_back_is_told_with_its_mode() -> None:
    text = "rwlocks: {r: {modes: innodb}}\nthreads:\n  one: [{acquire: r, mode: IX}]\n  two: [{acquire: r, mode: S}]\n"
    run = replay(loads(text), "two")
    assert "one  waits for r (IX, line 3), held by two (S), which never gives it back" in details(run.deadlocks[0])  # fmt: skip


def test_modes_that_were_given_back_are_not_told() -> None:
    text = (
        "rwlocks: {r: {modes: innodb}}\nevents: [never]\nthreads:\n"
        "  one: [{acquire: r, mode: IS}, {acquire: r, mode: IX}, {acquire: r, mode: IX}, "
        "{release: r, mode: IS}, {release: r}, {wait: never}]\n"
    )
    (found,) = replay(loads(text), "one*5").deadlocks
    assert details(found)[0].startswith("one  holds r (IX, line 4), waits until never is set")


def test_what_a_victim_held_is_gone() -> None:
    text = VICTIM.replace("two:", "two: [pass]\n  three:") + "events: [never]\n"
    text = text.replace("  one: [", "  one: [try: [").replace("]}]}]\n  two", "]}]}], except: {Victim: [{wait: never}]}]\n  two")  # fmt: skip
    text = text.replace("one: [try: [", "one: [{try: [").replace("{Victim: [{wait: never}]}]", "{Victim: [{wait: never}]}}]")  # fmt: skip
    (found,) = replay(loads(text), "one three one three").deadlocks
    assert details(found)[0].startswith("one  waits until never is set")


def test_a_victim_is_told_as_one() -> None:
    run = replay(loads(VICTIM), "one two one")
    world, event = run.result.world, run.result.events[2]
    assert brief(world, event) == "victim at b (X)"
    assert deed(world, event) == "is the victim of a deadlock at b (X), and gives back all it holds of such locks"  # fmt: skip
    timed = VICTIM.replace(
        "{with: b, mode: X, do: [step: in]}", "{acquire: b, mode: X, timeout: 1}"
    )
    run = replay(loads(timed), "one two one#0")
    assert brief(run.result.world, run.result.events[2]) == "cannot get b (X)"


def test_a_victim_on_its_way_out_releases_nothing() -> None:
    run = replay(loads(VICTIM), "one two one two one two")
    world, events = run.result.world, run.result.events
    assert [brief(world, event) for event in events[3:6]] == ["+ a (X)", "gave back a (X)", "in"]
    assert deed(world, events[4]) == "passes the release of a (X), which it gave back as a victim"
    assert brief(world, run.result.events[-1]) == "- b (X)"


def test_a_branch_of_a_select_is_told_with_its_mode() -> None:
    found = only("""
rwlocks: {a: {modes: innodb}, b: {modes: innodb}}
threads:
  one: [{with: a, mode: X, do: [{select: [{acquire: b, mode: S, do: [{release: b}]}]}]}]
  two: [{with: b, mode: IX, do: [{select: [{acquire: a, mode: IS, do: [{release: a}]}]}]}]
""")
    assert details(found)[:2] == [
        "one  holds a (X, line 4), waits for b (S, line 4), held by two (IX)",
        "two  holds b (IX, line 5), waits for a (IS, line 5), held by one (X)",
    ]


def test_races_under_modes_that_go_together_have_no_lock_in_common() -> None:
    write = "[{with: r, mode: IX, do: [{write: x, value: 1}]}]"
    text = f"rwlocks: {{r: {{modes: innodb}}}}\nvariables: {{x: 0}}\nthreads: {{one: {write}, two: {write}}}\n"
    (found,) = explore(loads(text)).defects
    assert all("holding r (IX)" in line for line in details(found.finding))


def test_data_has_the_modes(tmp_path: Path) -> None:
    file = tmp_path / "crossed.yaml"
    file.write_text(CROSSED)
    (found,) = json.loads(command("replay", str(file), "pays pays_back", "--format", "json").out)[
        "defects"
    ]
    first = found["waits"][0]
    assert first["holds"] == [{"object": "from", "mode": "for update", "line": 4}]
    assert (first["mode"], first["for"], first["met"]) == (
        "for share",
        ["pays_back"],
        ["for update"],
    )


def test_pictures_have_the_modes() -> None:
    run = replay(loads(CROSSED), "pays pays_back").result
    (found,) = run.deadlocks
    labels = {edge.label for edge in deadlock_graph(run, found).edges}
    assert labels == {"1. waits for (for share)", "2. waits for (for update)", "held by (for update)"}  # fmt: skip
    assert labels == {edge.label for edge in graph_of(run, "resources").edges}
    assert {edge.label for edge in graph_of(run, "wait-for").edges} == {
        "1. waits for to (for share)",
        "2. waits for from (for update)",
    }


def test_one_arrow_stands_for_all_modes_of_a_lock() -> None:
    run = replay(loads(UPGRADES), "one two*2").result
    labels = [edge.label for edge in graph_of(run, "resources").edges]
    assert sorted(labels) == ["1. waits for (X)", "2. waits for (X)", "held by (IS, S)", "held by (S)"]  # fmt: skip
