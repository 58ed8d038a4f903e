"""Graphs: what they show, where it is placed, and that no text does harm in any of their forms."""

import html
import itertools
import json
import re
import subprocess
import xml.etree.ElementTree as xml
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import deadsim
from deadsim import Run, explore, load, loads, run
from deadsim.detect.locks.inversions import find_inversions
from deadsim.detect.locks.lock_order import Taking
from deadsim.draw.graphs import engine as engines
from deadsim.draw.graphs import layout, ring
from deadsim.draw.graphs.boxes import Placed
from deadsim.draw.graphs.deadlock import deadlock_graph
from deadsim.draw.graphs.dot import dot
from deadsim.draw.graphs.engine import engine
from deadsim.draw.graphs.graph import Edge, Graph, Node
from deadsim.draw.graphs.labels import box_area, label_area
from deadsim.draw.graphs.layout import draw_graph, lay_out
from deadsim.draw.graphs.lock_order import lock_order_graph
from deadsim.draw.graphs.mermaid import flowchart
from deadsim.draw.graphs.objects import Dots
from deadsim.draw.graphs.paint import paint
from deadsim.draw.graphs.run_graph import graph_of
from deadsim.draw.svg import Ids
from deadsim.errors import UsageError
from deadsim.model.place import Place
from deadsim.report.step_words import deed
from hostile import HOSTILE
from portion import few_and_all

SVG = "{http://www.w3.org/2000/svg}"


def words(picture: str) -> list[str]:
    return [node.text or "" for node in xml.fromstring(picture).iter(f"{SVG}text")]


@pytest.fixture
def own_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be no Graphviz."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(engines, "_bundled", lambda: None)


def test_the_ring_of_a_deadlock(golden) -> None:  # type: ignore[no-untyped-def]
    done = run(load("two_locks"))
    picture = done.svg()
    golden("two_locks.svg", picture)
    root = xml.fromstring(picture)
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "DEADLOCK: 2 threads, 2 locks"
    shown = words(picture)
    for expected in ("left", "right", "A", "B", "1. waits for", "2. waits for", "held by"):
        assert expected in shown
    assert "1. left holds A (line 12), waits for B (line 13), held by right" in shown


def test_a_ring_goes_clockwise_from_twelve() -> None:
    result = run(load("dining", n=3)).result
    graph = deadlock_graph(result, result.deadlocks[0])
    boxes = lay_out(graph).boxes
    assert [node.name for node in graph.nodes[:3]] == [
        "philosopher[0]",
        "fork[1]",
        "philosopher[1]",
    ]
    middle = (sum(box.x for box in boxes) / 6, sum(box.y for box in boxes) / 6)
    assert min(boxes, key=lambda box: box.y) is boxes[0]
    assert abs(boxes[0].x - middle[0]) < 1
    assert boxes[1].x > middle[0]
    assert boxes[5].x < middle[0]


@pytest.mark.parametrize(
    "name", ["self_deadlock", "orphaned_lock", "three_cycle", "partial_deadlock", "dining"]
)
def test_every_kind_has_a_picture(name: str) -> None:
    picture = run(load(name)).svg()
    assert words(picture)[0].startswith("DEADLOCK")


def test_a_run_without_a_deadlock_draws_who_waits_for_whom(tmp_path: Path) -> None:
    file = tmp_path / "x.svg"
    assert deadsim("run", "gate_lock", "--svg", str(file)).status == 0
    assert xml.fromstring(file.read_text()).tag == f"{SVG}svg"
    assert deadsim("explore", "gate_lock", "--svg", str(file)).status == 0
    assert "no thread waits for another" in words(file.read_text())


FOUR = (
    "locks: [A, B, C, D]\nthreads:\n  a: [{with: [A, B], do: []}]\n  b: [{with: [B, A], do: []}]\n"
    "  c: [{with: [C, D], do: []}]\n  d: [{with: [D, C], do: []}]\n"
)


def test_several_deadlocks_have_a_picture_each(tmp_path: Path) -> None:
    file = tmp_path / "four.yaml"
    file.write_text(FOUR)
    deadsim("run", str(file), "--keep-going", "--svg", str(tmp_path / "x.svg"))
    assert "C" in words((tmp_path / "x-2.svg").read_text())


def test_several_deadlocks_are_rings_side_by_side_in_a_graph() -> None:
    graph = graph_of(graphs(FOUR).result, "resources")
    assert [len(ring) for ring in graph.rings] == [4, 4]
    placed = lay_out(graph)
    first, second = ([placed.boxes[number] for number in ring] for ring in graph.rings)
    assert max(box.x + box.rx for box in first) < min(box.x - box.rx for box in second)
    assert graph.title == "2 DEADLOCKS: 4 threads, 4 locks"
    assert [edge.label for edge in graph.edges if edge.kind == "wait"] == [
        "1. waits for", "2. waits for", "3. waits for", "4. waits for"
    ]  # fmt: skip
    assert [line.split(" ")[0] for line in graph.sentences] == ["1.", "2.", "3.", "4."]


def graphs(text: str) -> Run:
    return run(loads(text), keep_going=True)


WAITING = (
    "locks: [A, B]\nthreads:\n  a: [{with: [A, B], do: []}]\n  b: [{with: [B, A], do: []}]\n"
    "  c: [{with: A, do: []}]\n  d: [{join: c}]\n  e: [step: x]\n"
)
EVERYTHING = """
locks: {A: , R: {reentrant: true}}
rwlocks: [table]
semaphores: {slots: 3, many: 12}
conditions: [ready]
events: [go]
barriers: {gate: 3}
queues: {jobs: {maxsize: 5}}
pipes: {out: {capacity: 4}}
threads:
  a: [{acquire: slots}, {acquire: slots}, {acquire: many}, {put: jobs, value: 1}, {send: out, value: 1}, {wait: go}]
  b: [{acquire: R}, {acquire: R}, {acquire: table, mode: read}, {wait: gate}]
  c: [{acquire: ready}, {wait: ready}]
  d: [{acquire: A}, {sleep: 100}, {release: A}]
  e: [{acquire: A, timeout: 5}, {wait: go}]
"""


@pytest.fixture
def shown() -> dict[str, Node]:
    return {node.name: node for node in graph_of(graphs(EVERYTHING).result, "resources").nodes}


def test_each_primitive_has_a_shape_and_says_its_state(shown: dict[str, Node]) -> None:
    looks = {
        name: (node.shape, node.below) for name, node in shown.items() if node.kind == "object"
    }
    assert looks == {
        "A": ("box", ()),
        "R": ("box", ("x2",)),
        "table": ("box", ("R:1",)),
        "slots": ("box", ()),
        "many": ("box", ("1/12",)),
        "ready": ("hexagon", ("1 waiting",)),
        "go": ("diamond", ("not set",)),
        "gate": ("bar", ("1/3 arrived",)),
        "jobs": ("cylinder", ("1/5",)),
        "out": ("cylinder", ("1/4",)),
    }
    assert shown["slots"].dots == Dots(2, 1)
    assert shown["R"].double
    assert not shown["A"].double


def test_permits_are_dots_in_the_picture() -> None:
    picture = draw_graph(graph_of(graphs(EVERYTHING).result, "resources"))
    dots = [one.get("class") for one in xml.fromstring(picture).iter(f"{SVG}circle")]
    assert dots == ["dot taken", "dot taken", "dot"]


def test_who_holds_several_permits_is_said_to() -> None:
    graph = graph_of(graphs(EVERYTHING).result, "resources")
    assert "held by x2" in [edge.label for edge in graph.edges]


def test_who_waits_for_a_time_is_told_apart() -> None:
    text = "locks: [A]\nthreads:\n  a: [{acquire: A}, {step: x}, {step: x}]\n  b: [{acquire: A, timeout: 7}]\n"
    done = run(loads(text), max_steps=1)
    edges = graph_of(done.result, "resources").edges
    assert [(edge.kind, edge.label) for edge in edges] == [
        ("hold", "held by"),
        ("wait", "waits (7 s)"),
    ]
    assert list(done.wait_for_graph().edges) == []


def test_a_node_says_how_its_thread_is_where_it_is_not_blocked(shown: dict[str, Node]) -> None:
    lines = {name: node.below for name, node in shown.items() if node.kind == "thread"}
    assert lines["a"] == ("<text>:11",)
    assert lines["d"] == ("finished",)
    assert shown["d"].idle


def test_who_is_stuck_behind_a_deadlock_is_a_victim() -> None:
    graph = graph_of(graphs(WAITING).result, "resources")
    by_name = {node.name: node for node in graph.nodes}
    assert by_name["c"].below == ("<text>:5", "stuck behind the deadlock") or by_name["c"].idle
    text = WAITING.replace(
        "c: [{with: A, do: []}]", "c: [{step: x}, {step: x}, {step: x}, {with: A, do: []}]"
    )
    graph = graph_of(graphs(text).result, "resources")
    by_name = {node.name: node for node in graph.nodes}
    assert by_name["c"].victim
    assert by_name["c"].lines[-1] == "stuck behind the deadlock"
    assert not by_name["c"].strong
    assert any(
        line.startswith("stuck behind the deadlock: c waits for A") for line in graph.sentences
    )


@pytest.mark.parametrize("kind", ["wait-for", "resources"])
def test_graphs_in_our_own_layout(kind, golden, own_layout: None) -> None:  # type: ignore[no-untyped-def]
    picture = draw_graph(graph_of(graphs(WAITING).result, kind))
    xml.fromstring(picture)
    golden(f"{kind}.svg", picture)


@pytest.mark.parametrize("kind", ["wait-for", "resources"])
@pytest.mark.parametrize("form", ["dot", "mmd"])
def test_graphs_as_text(kind, form, golden) -> None:  # type: ignore[no-untyped-def]
    write = dot if form == "dot" else flowchart
    golden(f"{kind}.{form}", write(graph_of(graphs(WAITING).result, kind)))


MANY = "locks: [A, B, 'free[30]']\nthreads:\n  left: [{with: [A, B], do: []}]\n  right: [{with: [B, A], do: []}]\n  idle[i < 160]: [step: x]\n"


def test_of_many_nodes_those_are_shown_that_somebody_waits_for() -> None:
    done = graphs(MANY)
    graph = graph_of(done.result, "resources")
    assert {node.name for node in graph.nodes} == {"left", "right", "A", "B"}
    assert "+160 idle threads not shown" in graph.sentences
    assert "+30 objects not shown" in graph.sentences
    assert len(graph_of(done.result, "resources", all_nodes=True).nodes) == 194
    assert "+160 idle threads not shown" in graph_of(done.result, "wait-for").sentences


def overlapping(placed: Placed) -> list[tuple[int, int]]:
    """List the boxes that overlap."""
    boxes = placed.boxes
    return [
        (one, other)
        for one in range(len(boxes))
        for other in range(one)
        if abs(boxes[one].x - boxes[other].x) < boxes[one].rx + boxes[other].rx - 1
        and abs(boxes[one].y - boxes[other].y) < boxes[one].ry + boxes[other].ry - 1
    ]


@st.composite
def any_graph(draw: st.DrawFn) -> Graph:
    """Draw a graph of threads and objects, with rings or without."""
    threads, objects = draw(st.integers(0, 7)), draw(st.integers(0, 7))
    names = [f"t{n}" * draw(st.integers(1, 9)) for n in range(threads)] + [
        f"o{n}" for n in range(objects)
    ]
    nodes = tuple(
        Node(
            name,
            "thread" if n < threads else "object",
            ("x",) * (n % 3),
            name,
            "ellipse" if n < threads else "box",
        )
        for n, name in enumerate(names)
    )
    pairs = (
        draw(
            st.lists(
                st.tuples(
                    st.integers(0, max(0, threads - 1)),
                    st.integers(threads, max(threads, len(names) - 1)),
                ),
                max_size=12,
            )
        )
        if threads and objects
        else []
    )
    edges = tuple(
        Edge(a, b, "wait", "waits for", "") if n % 2 else Edge(b, a, "hold", "held by", "")
        for n, (a, b) in enumerate(pairs)
    )
    length = draw(st.integers(0, min(threads, objects)))
    ring = tuple(number for n in range(length) for number in (n, threads + n))
    return Graph("title", ("said",), nodes, edges, (ring,) if length > 1 else ())


@settings(max_examples=150)
@given(any_graph(), st.booleans())
def test_no_two_nodes_overlap_and_every_arrow_has_a_way(graph: Graph, own: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if own:
            patch.setattr(layout, "engine", lambda asked: None)
        placed = lay_out(graph)
    assert overlapping(placed) == []
    assert len(placed.routes) == len(graph.edges)
    xml.fromstring(paint(graph, placed))


def test_graph_commands(tmp_path: Path) -> None:
    done = deadsim("graph", "dining", "--kind", "resources", "--format", "dot")
    assert done.status == 0
    assert done.out.startswith("digraph deadsim {")
    done = deadsim("graph", "dining")
    assert xml.fromstring(done.out).tag == f"{SVG}svg"
    done = deadsim("graph", "dining", "--kind", "wait-for", "--format", "mermaid")
    assert done.out.startswith("flowchart LR")
    done = deadsim("graph", "dining", "--kind", "timeline", "--format", "mermaid")
    assert done.out.startswith("sequenceDiagram")
    assert deadsim("graph", "dining", "--kind", "timeline", "--format", "dot").out.startswith(
        "digraph deadsim {"
    )


def test_identifiers_stand_once_whatever_the_names_are() -> None:
    ids = Ids()
    made = [
        ids.make("thread", name)
        for name in ("a[1]", "a-1", "a[1", "a-1-2", "a-1-3", "a 1", "철학자", "[]", "-")
    ]
    assert len(set(made)) == len(made)
    assert made[0] == "thread-a-1"


# Layout engines.


def test_the_engine_that_is_asked_for_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = engine()
    if real is None:
        pytest.skip("no Graphviz on this machine")
    fake = tmp_path / "dot"
    fake.write_text(f'#!/bin/sh\necho x >> "{tmp_path}/calls"\nexec "{real}" "$@"\n')
    fake.chmod(0o755)
    assert engine(str(fake)) == str(fake)
    before = len((tmp_path / "calls").read_text())
    lay_out(graph_of(graphs(EVERYTHING).result, "resources"), str(fake))
    assert len((tmp_path / "calls").read_text()) > before
    monkeypatch.setenv("DEADSIM_DOT", str(fake))
    assert engine() == str(fake)


@pytest.mark.parametrize("program", ["exit 1", "echo no graph", "exit 0"])
def test_an_engine_that_is_none_is_refused_before_anything_runs(
    program: str, tmp_path: Path
) -> None:
    fake = tmp_path / "dot"
    fake.write_text(f"#!/bin/sh\n{program}\n")
    fake.chmod(0o755)
    with pytest.raises(UsageError, match="does not lay out"):
        engine(str(fake))
    done = deadsim("run", "dining", "--svg", str(tmp_path / "x.svg"), "--layout", str(fake))
    assert done.status == 2
    assert "--layout" in done.err
    assert not (tmp_path / "x.svg").exists()


def test_an_engine_that_hangs_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "dot"
    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(engines, "PATIENCE", 0.2)
    graph = graph_of(graphs(EVERYTHING).result, "resources")
    assert engine() == str(fake)
    picture = draw_graph(graph)
    monkeypatch.setattr(layout, "engine", lambda asked: None)
    assert picture == draw_graph(graph)


def test_graphviz_takes_what_we_write() -> None:
    if engine() is None:
        pytest.skip("no Graphviz on this machine")
    picture = draw_graph(graph_of(graphs(WAITING).result, "resources"))
    xml.fromstring(picture)
    assert "<!--" not in picture
    assert "<?xml" not in picture


@pytest.mark.parametrize("kind", ["wait-for", "resources", "lock-order", "timeline"])
def test_png_is_drawn_by_graphviz(kind: str, tmp_path: Path) -> None:
    if engine() is None:
        pytest.skip("no Graphviz on this machine")
    file = tmp_path / "x.png"
    assert (
        deadsim("graph", "dining", "--kind", kind, "--format", "png", "--output", str(file)).status
        == 0
    )
    assert file.read_bytes().startswith(b"\x89PNG\r\n")
    assert file.stat().st_size > 10_000


def test_png_without_graphviz_says_what_to_install(own_layout: None) -> None:
    done = deadsim("graph", "dining", "--format", "png")
    assert done.status == 2
    assert "apt install graphviz" in done.err
    assert "deadsim[dot]" in done.err
    assert done.out == ""


def test_the_same_bytes_each_time() -> None:
    graph = graph_of(graphs(EVERYTHING).result, "resources")
    again = graph_of(graphs(EVERYTHING).result, "resources")
    assert draw_graph(graph) == draw_graph(again)
    assert dot(graph) == dot(again)


# The order of locks.


def order_of(text: str) -> Graph:
    return lock_order_graph(loads(text).program)


def test_opposite_orders_are_marked() -> None:
    graph = lock_order_graph(load("two_locks").program)
    assert graph.title == "LOCK ORDER: 2 locks in opposite orders"
    assert [(edge.kind, edge.label, edge.strong) for edge in graph.edges] == [
        ("inversion", "1. left:13", True), ("inversion", "2. right:19", True)
    ]  # fmt: skip
    said = "one global order would be A, B (right breaks it at line 19) or B, A (left at line 13)"
    assert said in graph.sentences
    assert graph.rings == ((0, 1),)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("dining", "LOCK ORDER: 4 locks in opposite orders"),
        ("dining_ordered", "LOCK ORDER: no two threads take locks in opposite orders"),
        ("gate_lock", "LOCK ORDER: in opposite orders, but guarded"),
        ("lost_update", "lost update: no lock is taken while another is held"),
    ],
)
def test_what_the_order_of_locks_comes_to(name: str, title: str) -> None:
    scenario = load(name, n=4) if name.startswith("dining") else load(name)
    assert lock_order_graph(scenario.program).title == title


BOTH = "locks: [A, B]\nthreads:\n  a: [{with: A, do: [{%s: B%s}]}]\n  b: [{with: [B, A], do: []}]\n"


def test_the_order_of_locks_is_no_verdict() -> None:
    scenario = load("crossed_events")
    assert explore(scenario).deadlock.possible
    graph = lock_order_graph(scenario.program)
    assert graph.title.endswith("no lock is taken while another is held")
    assert graph.sentences == (
        "This is the order of locks in the text; whether there is a deadlock of any kind, `deadsim explore` decides.",
    )


def test_who_gives_up_is_in_no_inversion() -> None:
    assert order_of(BOTH % ("acquire", "")).title.endswith("in opposite orders")
    for given_up in (", blocking: false", ", timeout: 1"):
        assert order_of(BOTH % ("acquire", given_up)).title.endswith(
            "no two threads take locks in opposite orders"
        )


def test_a_reentrant_lock_is_held_until_it_is_given_back_wholly() -> None:
    nested = "{with: R, do: [{with: R, do: [pass]}, {with: B, do: []}]}"
    text = f"locks: {{R: {{reentrant: true}}, B: }}\nthreads:\n  a: [{nested}]\n  b: [{{with: [B, R], do: []}}]\n"
    assert order_of(text).title == "LOCK ORDER: 2 locks in opposite orders"
    assert explore(loads(text)).deadlock.possible
    # Who has it already does not wait for it: no order is turned round by that.
    again = "locks: {R: {reentrant: true}, B: }\nthreads:\n  a[2]: [{with: [R, B, R], do: []}]\n"
    assert order_of(again).title.endswith("no two threads take locks in opposite orders")
    assert explore(loads(again)).deadlock.never


def test_one_thread_alone_has_no_opposite_orders() -> None:
    text = "locks: [A, B]\nthreads:\n  a: [{with: [A, B], do: []}, {with: [B, A], do: []}]\n"
    assert order_of(text).title.endswith("no two threads take locks in opposite orders")


def test_readers_do_not_wait_for_readers() -> None:
    text = "rwlocks: [A, B]\nthreads:\n  a: [{with: [A, B], mode: %s, do: []}]\n  b: [{with: [B, A], mode: %s, do: []}]\n"
    assert order_of(text % ("read", "read")).title.endswith(
        "no two threads take locks in opposite orders"
    )
    assert order_of(text % ("read", "write")).title.endswith("2 locks in opposite orders")
    behind = text.replace(
        "[A, B]\nthreads", "{A: {prefer: writers}, B: {prefer: writers}}\nthreads"
    )
    assert order_of(behind % ("read", "read")).title.endswith("2 locks in opposite orders")


def test_circles_that_were_not_looked_at_are_not_said_to_be_none() -> None:
    takings = [Taking(n, (n + 1) % 5, n, Place(1, 1)) for n in range(5)]
    assert find_inversions(takings) == find_inversions(takings, 15)
    assert find_inversions(takings).complete
    assert find_inversions(takings, 3) == ((), False)


def test_an_index_that_is_decided_in_a_run_is_not_certain() -> None:
    text = "locks: ['L[2]', M]\nvariables: {x: 0}\nthreads:\n  a: [{with: ['L[x]', M], do: []}]\n  b: [{with: [M, 'L[1]'], do: []}]\n"
    graph = order_of(text)
    assert graph.title == "LOCK ORDER: perhaps in opposite orders, as an index decides"
    assert {edge.kind for edge in graph.edges} == {"order"}
    assert [edge.dotted for edge in graph.edges] == [True, True, False]


GUARDED = "locks: [G, A, B, C, 'L[2]']\nvariables: {i: 1}\nevents: [e]\nthreads:\n"


def test_what_is_guarded_is_said_of_those_alone_that_exclude_one_another() -> None:
    graph = order_of(
        GUARDED + "  x: [{with: [G, A, B], do: []}]\n  y: [{with: [G, B, C], do: []}]\n"
        "  z: [{with: [C, A], do: []}]\n"
    )
    assert graph.title == "LOCK ORDER: in opposite orders, but guarded"
    said = "1 and 2 are never at once, as each is under G: this circle never closes"
    assert said in graph.sentences


def test_a_circle_that_an_index_decides_comes_before_one_that_is_guarded() -> None:
    text = (
        GUARDED + "  x: [{with: [G, A, 'L[1]'], do: []}]\n  y: [{with: [G, 'L[1]', A], do: []}]\n"
        "  z: {locals: {k: 0}, do: [{read: i, into: k}, {with: ['L[k]', A], do: []}]}\n"
    )
    graph = order_of(text)
    assert explore(loads(text)).deadlock.possible
    assert graph.title == "LOCK ORDER: perhaps in opposite orders, as an index decides"
    assert not [line for line in graph.sentences if "never" in line or "at once" in line]


def test_an_arrow_bears_the_place_that_its_sentence_names() -> None:
    for graph in map(order_of, DENSE):
        for edge in graph.edges:
            number, dot, place = edge.label.partition(". ")
            if dot:
                (line,) = [one for one in graph.sentences if one.startswith(f"{number}. ")]
                thread, _, where = place.split(" ")[0].rpartition(":")
                assert line.startswith(f"{number}. {thread} ")
                assert f"(line {where})" in line


SEMAPHORES = "semaphores: {a: 1, b: 1, c: 1, many: 2, done: 0}\nthreads:\n"


def test_semaphores_that_are_used_as_locks_have_an_order() -> None:
    text = SEMAPHORES + (
        "  x: [{with: [a, b], do: []}]\n  y: [{with: [b, c], do: []}]\n  z: [{with: [c, a], do: []}]\n"
        "  w: [{with: many, do: []}, {release: done}]\n"
    )
    graph = order_of(text)
    assert graph.title == "LOCK ORDER: 3 locks in opposite orders"
    assert [node.name for node in graph.nodes] == ["a", "b", "c"]
    said = "one global order would be a, b, c; z breaks it at line 5"
    assert said in graph.sentences
    deadlock = explore(loads(text)).deadlocks[0]
    assert deadlock.hint == said


# Labels.


def threads(locks: str, *orders: str) -> str:
    bodies = "".join(
        f"  thread_{n}: [{{with: [{', '.join(order)}], do: []}}]\n"
        for n, order in enumerate(orders)
    )
    return f"locks: [{', '.join(locks)}]\nthreads:\n{bodies}"


DENSE = [
    threads("ABC", *map("".join, itertools.permutations("ABC"))),
    threads("ABCD", *map("".join, itertools.permutations("ABCD", 2))),
    threads("ABCDE", "AB", "BC", "CD", "DE", "EA", "AC", "CE"),
    threads("ABCDEF", "ABC", "CBA", "DEF", "FED", "AD"),
]


def covered(graph: Graph, placed: Placed) -> list[tuple[str, str]]:
    """List which labels stand on another, or on a node."""
    labels = [
        (edge.label, label_area(edge.label, way.label))
        for edge, way in zip(graph.edges, placed.routes, strict=True)
        if edge.label
    ]
    nodes = [
        (node.name, box_area(box)) for node, box in zip(graph.nodes, placed.boxes, strict=True)
    ]
    pairs = [*itertools.combinations(labels, 2), *itertools.product(labels, nodes)]
    return [(one, other) for (one, area), (other, second) in pairs if area.common(second) > 8]


@pytest.mark.parametrize("own", [True, False], ids=["own layout", "Graphviz"])
def test_labels_stand_beside_one_another(own: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if own:
        monkeypatch.setattr(layout, "engine", lambda asked=None: None)
    graphs = [order_of(text) for text in DENSE]
    for name in ("dining", "dining_ordered", "three_cycle", "behind_a_deadlock", "gate_lock"):
        graphs.append(lock_order_graph(load(name).program))
        graphs += [graph_of(run(name).result, kind) for kind in ("wait-for", "resources")]
    graphs += [graph_of(run(text).result, "resources") for text in DENSE]
    for graph in graphs:
        assert covered(graph, lay_out(graph)) == [], graph.title


def test_what_several_of_a_circle_wait_for_stands_once() -> None:
    for number in (2, 3):
        text = f"queues: [q]\nthreads:\n  t[{number}]: [{{get: q}}, {{put: q, value: 1}}]\n"
        done = run(text).result
        graph = deadlock_graph(done, done.deadlocks[0])
        assert sorted(node.name for node in graph.nodes) == [
            "q",
            *(f"t[{n}]" for n in range(number)),
        ]
        assert len(graph.edges) == 2 * number
        assert covered(graph, ring.ring(graph)) == []


# Signals.


SIGNALS = (
    "semaphores: {done: 0, room: 1, seat: 1}\nthreads:\n"
    "  worker: [{step: works}, {with: seat, do: [{release: done}]}, {release: room}]\n"
    "  waiter[2]: [{acquire: done}, {acquire: room}, {step: goes on}]\n"
)


def test_nobody_holds_a_signal() -> None:
    done = run(SIGNALS, strategy="random", seed=1).result
    for moment in done.moments:
        held = {hold.object for one in moment.situation.threads for hold in one.holds}
        assert held <= {"seat"}
    graph = graph_of(done, "resources")
    assert [edge.label for edge in graph.edges if edge.kind == "hold"] == []
    below = {node.name: (node.below, node.dots) for node in graph.nodes if node.kind == "object"}
    assert below["done"] == (("no signal",), None)
    assert below["room"] == (("1 signal",), None)
    assert below["seat"] == ((), Dots(0, 1))
    words = [deed(done.world, event) for event in done.events]
    assert "signals done" in words
    assert "passes done" in words
    assert "acquires seat" in words
    brief = "\n".join(run(SIGNALS, strategy="random", seed=1).report().splitlines())
    assert not re.search(r"[+-] (done|room)", brief)
    assert "+ seat" in brief


# Texts that might do harm.


def renamed(text: str) -> Graph:
    """Give a graph whose every text is this one."""
    graph = graph_of(run(load("two_locks")).result, "resources")
    nodes = tuple(
        node._replace(name=text, tooltip=text, lines=(text,), place=text) for node in graph.nodes
    )
    edges = tuple(edge._replace(label=text, tooltip=text) for edge in graph.edges)
    return graph._replace(title=text, sentences=(text,), nodes=nodes, edges=edges)


def visible(text: str) -> str:
    """Give a text as pictures show it."""
    from deadsim.draw.svg import clean

    return clean(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_in_svg(text: str) -> None:
    done = run(load("two_locks")).result
    other = replace(done, program=done.program._replace(name=text, file=text))
    for picture in (
        paint(graph := renamed(text), lay_out(graph)),
        draw_graph(deadlock_graph(other, done.deadlocks[0])),
    ):
        root = xml.fromstring(picture)
        assert not list(root.iter(f"{SVG}script"))
    titles = [one.text for one in xml.fromstring(draw_graph(renamed(text))).iter(f"{SVG}title")]
    assert titles == [visible(text)] * len(titles)


@pytest.mark.parametrize("examples", few_and_all(20, 150))
def test_any_text_gives_a_well_formed_picture(examples: int) -> None:
    texts = given(st.text(max_size=60))
    settings(max_examples=examples)(texts(assert_it_is_well_formed))()


def assert_it_is_well_formed(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "engine", lambda asked: None)
        root = xml.fromstring(draw_graph(renamed(text)))
    assert root.findtext(f"{SVG}title") == visible(text)


def dot_programs() -> list[str]:
    """List the layout engines that are here."""
    import shutil

    return [program for program in (shutil.which("dot"), engines._bundled()) if program]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_in_dot_are_labels_in_every_engine(text: str) -> None:
    programs = dot_programs()
    if not programs:
        pytest.skip("no Graphviz on this machine")
    written = dot(renamed(text))
    shown = "".join(c if c == "\n" or visible(c) == c else "\ufffd" for c in text)
    for program in programs:
        done = subprocess.run(
            [program, "-Tsvg"], input=written.encode(), capture_output=True, check=True
        )
        root = xml.fromstring(done.stdout)
        assert not list(root.iter(f"{SVG}script"))
        lines = [one.text for one in root.iter(f"{SVG}text") if one.text and one.text.strip()]
        assert all(line.strip() in shown for line in lines), (program, lines)
        done = subprocess.run(
            [program, "-Tjson"], input=written.encode(), capture_output=True, check=True
        )
        assert len(json.loads(done.stdout)["objects"]) == 4


@settings(max_examples=40)
@given(st.text(min_size=1, max_size=40))
def test_any_text_is_a_label_in_dot(text: str) -> None:
    programs = dot_programs()
    if not programs:
        pytest.skip("no Graphviz on this machine")
    done = subprocess.run(
        [programs[-1], "-Tsvg"], input=dot(renamed(text)).encode(), capture_output=True, check=True
    )
    root = xml.fromstring(done.stdout)
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
        "svg",
        "g",
        "title",
        "text",
        "polygon",
        "ellipse",
        "path",
        "polyline",
        "a",
    }


@pytest.mark.parametrize("examples", few_and_all(50, 200))
def test_any_text_is_a_label_in_mermaid(examples: int) -> None:
    texts = given(st.text(max_size=60))
    settings(max_examples=examples)(texts(assert_it_is_a_label))()


def assert_it_is_a_label(text: str) -> None:
    for label in re.findall(r'"([^"]*)"', flowchart(renamed(text))):
        assert not re.search(r"[<>&\n]", label.replace("<br/>", ""))
        assert not re.search(r"#(?!\d+;)|;(?<!\d;)", label)


def from_mermaid(text: str) -> str:
    """Give a text as Mermaid shows it."""
    return html.unescape(re.sub(r"#(\d+);", r"&#\1;", text)).replace("\u2060", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_in_mermaid(text: str) -> None:
    written = flowchart(renamed(text))
    for line in written.splitlines():
        assert re.fullmatch(
            r"flowchart LR|  %% .*|  n\d+\S*\"[^\"]*\"\S+|  n\d+ \S+\|\"[^\"]*\"\| n\d+|  said\[\"[^\"]*\"\]:::said|  classDef .*",
            line,
        ), line
        for label in re.findall(r'"([^"]*)"', line):
            assert not re.search(r"[<>&]", label.replace("<br/>", ""))
    shown = "".join(
        " " if c == "\n" else c if c.isprintable() or c in "\u200f" else "\ufffd" for c in text
    )
    first = re.search(r'^  n0\S*?"(.*?)<br/>', written, re.M)
    assert first is not None
    assert from_mermaid(first[1]) == shown


def locking(seed: int) -> str:
    """Write a scenario of threads that take locks within locks, in any order and in any way."""
    draw = Random(seed)

    def body(depth: int) -> list[str]:
        steps = []
        for _ in range(draw.randint(1, 2)):
            inner = body(depth - 1) if depth else ["pass"]
            lock = draw.choice(["A", "B", "C", "R", "W", "m"])
            mode = f", mode: {draw.choice(['read', 'write'])}" if lock == "W" else ""
            steps.append(f"{{with: {lock}{mode}, do: [{', '.join(inner)}]}}")
        return steps

    threads = "".join(
        f"  t{n}: [{', '.join(body(draw.randint(0, 2)))}]\n" for n in range(draw.randint(2, 3))
    )
    return (
        "locks: {A: , B: , C: , R: {reentrant: true}}\nconditions: [m]\nrwlocks: [W]\nthreads:\n"
        + threads
    )


@pytest.mark.parametrize("count", few_and_all(100, 700))
def test_no_circular_wait_of_locks_is_missing_from_the_order(count: int) -> None:
    seen = marked = 0
    for seed in range(count):
        made = loads(locking(seed))
        result = explore(made, claims=["deadlock"], max_states=5000, every=True)
        graph = lock_order_graph(made.program)
        marked += any(edge.strong for edge in graph.edges)
        ends = {
            graph.nodes[n].name
            for edge in graph.edges
            if edge.strong
            for n in (edge.start, edge.end)
        }
        for one in result.deadlocks:
            if one.kind == "circular-wait" and all(wait.blocked for wait in one.waits):
                seen += 1
                assert graph.title.endswith("in opposite orders"), (seed, one)
                assert set(one.objects) <= ends, (seed, one)
    assert seen >= (30 if count >= 700 else 1)
    assert marked < 5 * count / 7
