"""Pictures: well formed, inert, and saying what the report says."""

import os
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import deadsim
from deadsim import Run, load, loads, run
from deadsim.draw.columns import columns
from deadsim.draw.dot import dot
from deadsim.draw.graph import graph_of
from deadsim.draw.layout import engine, lay_out
from deadsim.draw.ring import ring

SVG = "{http://www.w3.org/2000/svg}"


def words(picture: str) -> list[str]:
    return [node.text or "" for node in xml.fromstring(picture).iter(f"{SVG}text")]


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


@pytest.mark.parametrize("name", ["self_deadlock", "orphaned_lock", "three_cycle", "partial_deadlock", "dining"])
def test_every_kind_has_a_picture(name: str) -> None:
    picture = run(load(name)).svg()
    assert words(picture)[0].startswith("DEADLOCK")


def test_a_run_without_a_deadlock_draws_who_waits_for_whom(tmp_path: Path) -> None:
    file = tmp_path / "x.svg"
    assert deadsim("run", "gate_lock", "--svg", str(file)).status == 0
    assert xml.fromstring(file.read_text()).tag == f"{SVG}svg"


def test_several_deadlocks_have_a_picture_each(tmp_path: Path) -> None:
    file = tmp_path / "four.yaml"
    file.write_text(
        "locks: [A, B, C, D]\nthreads:\n  a: [{with: [A, B], do: []}]\n  b: [{with: [B, A], do: []}]\n"
        "  c: [{with: [C, D], do: []}]\n  d: [{with: [D, C], do: []}]\n"
    )
    deadsim("run", str(file), "--keep-going", "--svg", str(tmp_path / "x.svg"))
    assert "C" in words((tmp_path / "x-2.svg").read_text())


def graphs(text: str) -> Run:
    return run(loads(text), keep_going=True)


WAITING = (
    "locks: [A, B]\nthreads:\n  a: [{with: [A, B], do: []}]\n  b: [{with: [B, A], do: []}]\n"
    "  c: [{with: A, do: []}]\n  d: [{join: c}]\n  e: [step: x]\n"
)


@pytest.mark.parametrize("kind", ["wait-for", "resources"])
def test_graphs_in_our_own_layout(kind, golden) -> None:  # type: ignore[no-untyped-def]
    picture = columns(graph_of(graphs(WAITING).result, kind))
    xml.fromstring(picture)
    golden(f"{kind}.svg", picture)


@pytest.mark.parametrize("kind", ["wait-for", "resources"])
def test_graphs_in_dot(kind, golden) -> None:  # type: ignore[no-untyped-def]
    golden(f"{kind}.dot", dot(graph_of(graphs(WAITING).result, kind)))


def test_graph_commands(tmp_path: Path) -> None:
    done = deadsim("graph", "dining", "--kind", "resources", "--format", "dot")
    assert done.status == 0
    assert done.out.startswith("digraph deadsim {")
    done = deadsim("graph", "dining")
    assert xml.fromstring(done.out).tag == f"{SVG}svg"


def test_the_engine_that_is_asked_for_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "dot"
    fake.write_text('#!/bin/sh\ncat >/dev/null\necho \'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><!-- v --></svg>\'\n')
    fake.chmod(0o755)
    assert engine(str(fake)) == str(fake)
    picture = lay_out(graph_of(graphs(WAITING).result, "wait-for"), str(fake))
    assert "<!--" not in picture
    assert picture.startswith("<svg")
    monkeypatch.setenv("DEADSIM_DOT", str(fake))
    assert engine() == str(fake)


def test_our_own_layout_serves_where_there_is_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("deadsim.draw.layout._bundled", lambda: None)
    assert engine() is None
    graph = graph_of(graphs(WAITING).result, "wait-for")
    assert lay_out(graph) == columns(graph)


def test_graphviz_takes_what_we_write() -> None:
    found = engine()
    if found is None:
        pytest.skip("no Graphviz on this machine")
    picture = lay_out(graph_of(graphs(WAITING).result, "resources"))
    assert "waits for its end" in " ".join(words(picture))


HOSTILE = ["</script>", "<lock>", "&#65;", '"', "'", "\\n", "\\N", "a\nb", "x" * 300, "철학자", "שלום", "%s", "]]>", "--", "\\"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_do_no_harm(name: str) -> None:
    done = run(load("two_locks")).result
    renamed = done._replace(program=done.program._replace(name=name, file=name))
    picture = ring(renamed, done.deadlocks[0])
    xml.fromstring(picture)
    assert "<script" not in picture


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_any_text_gives_a_well_formed_picture(name: str) -> None:
    done = run(load("two_locks")).result
    renamed = done._replace(program=done.program._replace(name=name, file=name))
    xml.fromstring(ring(renamed, done.deadlocks[0]))
    graph = graph_of(renamed, "resources")
    nodes = tuple(node._replace(name=name, tooltip=name) for node in graph.nodes)
    xml.fromstring(columns(graph._replace(title=name, nodes=nodes)))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_in_dot(name: str) -> None:
    graph = graph_of(run(load("two_locks")).result, "resources")
    nodes = tuple(node._replace(name=name, tooltip=name) for node in graph.nodes)
    text = dot(graph._replace(title=name, nodes=nodes))
    found = engine()
    if found is None:
        pytest.skip("no Graphviz on this machine")
    done = subprocess.run([found, "-Tsvg"], input=text.encode(), capture_output=True, check=True, env=os.environ)
    assert xml.fromstring(done.stdout) is not None
