"""Kinds of deadlock, their cores, and who is stuck because of them."""

import pytest

from deadsim import Run, explore, loads, run
from deadsim.trace.finding import Deadlock


def deadlocks(text: str, **options: object) -> tuple[Deadlock, ...]:
    return ran(text, **options).deadlocks


def ran(text: str, **options: object) -> Run:
    return run(loads(text), **options)  # type: ignore[arg-type]


HEAD = "locks: {A: , B: , C: , R: {reentrant: true}}\nthreads:\n"


def test_circular_wait() -> None:
    (found,) = deadlocks(
        HEAD + "  a: [{acquire: A}, {acquire: B}]\n  b: [{acquire: B}, {acquire: A}]\n"
    )
    assert (found.kind, found.threads, found.objects) == ("circular-wait", ("a", "b"), ("B", "A"))
    assert found.cycle == ("a", "b")
    assert (found.step, found.proof) == (1, "proved")
    assert [(w.verb, w.place.line, w.holds[0].place.line, w.wakers) for w in found.waits] == [
        ("acquire", 3, 3, ("b",)),
        ("acquire", 4, 4, ("a",)),
    ]


def test_a_deadlock_is_reported_when_all_of_its_core_have_come_to_where_they_stay() -> None:
    text = (
        HEAD
        + "  a: [{acquire: A}, {step: w}, {acquire: B}]\n  b: [{acquire: B}, {step: w}, {acquire: A}]\n"
    )
    (found,) = deadlocks(text)
    assert (found.kind, found.threads, found.step, found.unavoidable_from, found.proof) == (
        "circular-wait",
        ("a", "b"),
        3,
        -1,  # neither thread ever lets go
        "proved",
    )
    assert all(wait.blocked for wait in found.waits)


def test_a_circle_of_locks_and_joins() -> None:
    (found,) = deadlocks(HEAD + "  a: [{acquire: A}, {join: b}]\n  b: [{step: w}, {acquire: A}]\n")
    assert (found.kind, found.threads, found.objects) == ("circular-wait", ("a", "b"), ("b", "A"))


@pytest.mark.parametrize(
    "body", ["{acquire: A}, {acquire: A}", "{with: A, do: [{with: A, do: []}]}"]
)
def test_self_deadlock(body: str) -> None:
    (found,) = deadlocks(HEAD + f"  a: [{body}]\n")
    assert (found.kind, found.threads, found.objects) == ("self-deadlock", ("a",), ("A",))


def test_a_reentrant_lock_is_no_self_deadlock() -> None:
    assert not deadlocks(HEAD + "  a: [{acquire: R}, {acquire: R}, {release: R}, {release: R}]\n")


def test_orphaned_lock() -> None:
    text = (
        HEAD
        + "  a: [{acquire: A}]\n  b: [{step: w}, {acquire: A}]\n  busy: [{repeat: 5, do: [step: w]}]\n"
    )
    (found,) = deadlocks(text)
    assert (found.kind, found.threads, found.waits[0].wakers) == ("orphaned-lock", ("b",), ("a",))
    assert found.still_running == ("busy",)


def test_a_reentrant_lock_released_once_too_few_is_orphaned() -> None:
    text = HEAD + "  a: [{acquire: R}, {acquire: R}, {release: R}]\n  b: [{acquire: R}]\n"
    (found,) = deadlocks(text)
    assert found.kind == "orphaned-lock"


def test_who_waits_for_the_end_of_several_is_stuck_because_of_one_that_is() -> None:
    text = (
        "events: [E]\nthreads:\n  t: [{join: u}]\n  u[2]: [{wait: E}]\nschedule: ['u[1]', 'u[0]']\n"
    )
    first, second = run(loads(text)).deadlocks
    assert (first.kind, first.threads, first.also_stuck) == ("never-signalled", ("u[1]",), ("t",))
    assert (second.kind, second.threads) == ("never-signalled", ("u[0]",))


def test_collateral_threads_are_named_with_the_core() -> None:
    text = HEAD + (
        "  a: [{with: [A, B], do: []}]\n  b: [{with: [B, A], do: []}]\n"
        "  c: [{with: A, do: []}]\n  d: [{join: c}]\n"
    )
    (found,) = deadlocks(text)
    assert (found.threads, found.also_stuck) == (("a", "b"), ("c", "d"))


def test_two_deadlocks_at_once_in_two_rings() -> None:
    text = "locks: [A, B, C, D]\nthreads:\n" + (
        "  a: [{acquire: A}, {acquire: B}]\n  b: [{acquire: B}, {acquire: A}]\n"
        "  c: [{acquire: C}, {acquire: D}]\n  d: [{acquire: D}, {acquire: C}]\n"
    )
    found = deadlocks(text, keep_going=True)
    assert [one.threads for one in found] == [("a", "b"), ("c", "d")]


def test_a_run_stops_at_its_first_deadlock_unless_told_to_go_on() -> None:
    text = HEAD + (
        "  a: [{acquire: A}, {acquire: B}]\n  b: [{acquire: B}, {acquire: A}]\n"
        "  busy: [{repeat: 3, do: [step: w]}]\n"
    )
    short = ran(text)
    assert (short.outcome, short.steps) == ("stuck", 2)
    assert short.deadlocks[0].still_running == ("busy",)
    long = ran(text, keep_going=True)
    assert (long.outcome, long.steps) == ("stuck", 5)
    assert len(long.deadlocks) == 1


def test_a_lock_whose_owner_goes_round_for_ever() -> None:
    text = (
        HEAD
        + "  a: {daemon: true, do: [{acquire: A}, {forever: [yield]}]}\n  b: [{step: w}, {acquire: A}]\n"
    )
    (found,) = deadlocks(text)
    assert (found.kind, found.threads) == ("never-signalled", ("b",))


def test_a_join_of_a_thread_that_goes_round_for_ever() -> None:
    (found,) = deadlocks(HEAD + "  a: {daemon: true, do: [{forever: [yield]}]}\n  b: [{join: a}]\n")
    assert (found.kind, found.threads, found.step) == ("collateral", ("b",), None)


def test_a_stuck_daemon_is_a_leak_and_no_defect() -> None:
    text = (
        HEAD
        + "  a: {daemon: true, do: [{acquire: A}, {acquire: A}]}\n  b: [{step: w}, {step: w}]\n"
    )
    done = ran(text)
    assert (done.outcome, done.verdict, done.defects) == ("completed", "as-expected", ())
    assert [leak.kind for leak in done.result.leaks] == ["self-deadlock"]


def test_a_daemon_in_the_core_and_a_thread_behind_it_is_a_defect() -> None:
    text = (
        HEAD
        + "  a: {daemon: true, do: [{acquire: A}, {acquire: A}]}\n  b: [{step: w}, {acquire: A}]\n"
    )
    (found,) = deadlocks(text)
    assert (found.threads, found.also_stuck) == (("a",), ("b",))


def test_the_wait_for_graph_is_a_networkx_graph() -> None:
    import networkx

    done = ran(HEAD + "  a: [{acquire: A}, {acquire: B}]\n  b: [{acquire: B}, {acquire: A}]\n")
    graph = done.wait_for_graph()
    assert isinstance(graph, networkx.MultiDiGraph)
    assert sorted(networkx.find_cycle(graph)) == [("a", "b", 0), ("b", "a", 0)]
    assert graph.nodes["a"]["status"] == "blocked"
    assert graph.edges["a", "b", 0]["object"] == "B"


def test_a_circle_of_many_and_a_long_queue_behind_it() -> None:
    text = (
        "params: {n: 300}\nlocks: ['fork[n]']\nthreads:\n"
        "  p[i < n]: [{acquire: 'fork[i]'}, {acquire: 'fork[(i + 1) % n]'}, {release: 'fork[i]'}, {release: 'fork[(i + 1) % n]'}]\n"
        "  waits: [{join: 'p[7]'}]\n"
    )
    (found,) = deadlocks(text)
    assert (len(found.threads), found.also_stuck, found.step) == (300, ("waits",), 299)


def test_a_thread_that_will_wait_for_a_conditions_lock_is_said_to_wait_for_the_lock() -> None:
    text = """
locks: [m]
conditions: {C: m, P: m}
threads:
  main: [step: works, {acquire: C}, {acquire: P}]
  other: [{join: main}]
"""
    (found,) = explore(loads(text)).deadlocks
    assert (found.kind, found.threads, found.objects) == ("self-deadlock", ("main",), ("m",))
