"""Pictures and sentences about locks without an owner: who has one is named, and who could release it is told apart."""

import pytest

from deadsim import loads, run
from deadsim.draw.graphs.deadlock import deadlock_graph
from deadsim.draw.graphs.run_graph import graph_of

HEAD = "locks: {A: {owned: false}, B: {owned: false}}\nevents: [E]\nthreads:\n"
CIRCLE = "  a: [{with: [A, B], do: []}]\n  b: [{with: [B, A], do: []}]\n"
ORPHAN = "  a: [{acquire: A}]\n  b: [{with: A, do: []}]\n"
GIVEN = "  a: [{acquire: A}, {with: B, do: [{acquire: A}]}]\n  b: [{sleep: 1}, {with: B, do: [{release: A}]}]\n"
BEHIND = "  a: [{acquire: A}, {wait: E}, {release: A}]\n  b: [{with: A, do: []}]\n"


@pytest.mark.parametrize(
    ("threads", "title", "edges"),
    [
        (CIRCLE, "DEADLOCK: 2 threads, 2 locks", {("B", "held by", "b"), ("A", "held by", "a")}),
        (ORPHAN, "DEADLOCK: 1 thread, 1 lock", {("A", "taken by", "a")}),
        (GIVEN, "DEADLOCK: 2 threads, 2 locks", {("A", "released by", "b"), ("B", "held by", "a")}),
    ],
)
def test_a_deadlock_shows_who_has_it_or_who_could_release_it(
    threads: str, title: str, edges: set[tuple[str, str, str]]
) -> None:
    result = run(loads(HEAD + threads)).result
    graph = deadlock_graph(result, result.deadlocks[0])
    assert graph.title == title
    names = [node.name for node in graph.nodes]
    found = {(names[one.start], one.label, names[one.end]) for one in graph.edges}
    assert {one for one in found if not one[1].endswith("waits for")} == edges


def test_who_waits_behind_a_deadlock_is_led_to_who_has_the_lock() -> None:
    result = run(loads(HEAD + BEHIND)).result
    (found,) = result.deadlocks
    assert (found.kind, found.threads, found.also_stuck) == ("never-signalled", ("a",), ("b",))
    graph = graph_of(result, "wait-for")
    names = [node.name for node in graph.nodes]
    assert ("b", "a") in {(names[one.start], names[one.end]) for one in graph.edges}
