"""Every sentence of every report, taken apart and held against the state space; and one right explanation each."""

from pathlib import Path

import pytest

import checker
from deadsim import Exploration, explore, load, loads, replay, run
from deadsim.engine.pool import Pool
from deadsim.report.sentences import details, headline
from deadsim.trace.finding import Deadlock
from oracle import TooManyStates
from portion import few_and_all, one_in

FILES = sorted((Path(__file__).parent.parent.parent / "scenarios").glob("**/*.yaml"))
PROGRAMS = few_and_all(60, 400)


@pytest.mark.parametrize("count", PROGRAMS)
def test_what_is_said_of_random_programs_is_true(count: int) -> None:
    sentences, wrong = checker.check_all(range(40_000, 40_000 + count))
    assert not wrong
    assert sentences > 10 * count


@pytest.mark.parametrize("file", one_in(8, FILES), ids=lambda file: file.stem)
def test_what_is_said_of_the_gallery_is_true(file: Path) -> None:
    with Pool() as pool:
        try:
            checker.check_program(load(file).program, pool)
        except TooManyStates:
            pytest.skip("too many states for a plain search")


def only(text: str) -> Deadlock:
    (found,) = explored(text).deadlocks
    return found


def explored(text: str) -> Exploration:
    return explore(loads(text))


def refuted(text: str, kind: str) -> bool:
    """Decide whether a claim of this kind of deadlock is refuted."""
    claimed = f"{text}\nexpect: {{deadlock: {{claim: possible, kind: {kind}}}}}\n"
    return explored(claimed).verdict == "refuted"


LOCK_OF_AN_ARRAY = """
locks: [table, "key[2]"]
threads:
  getter: [{acquire: "key[1]"}, {step: computes}, {with: table, do: [pass]}, {release: "key[1]"}]
  evictor: [{with: table, do: [{repeat: 2, index: k, do: [{with: "key[k]", do: [{step: evicts}]}]}]}]
"""


def test_a_lock_of_an_array_is_that_element() -> None:
    found = only(LOCK_OF_AN_ARRAY)
    assert (found.kind, found.threads, set(found.objects)) == (
        "circular-wait",
        ("getter", "evictor"),
        {"table", "key[1]"},
    )
    assert refuted(LOCK_OF_AN_ARRAY, "self-deadlock")
    for one in run(loads(LOCK_OF_AN_ARRAY)).deadlocks:
        assert one.kind == "circular-wait"


def test_the_circle_is_told_and_not_its_first_victim() -> None:
    found = only("""
locks: [L]
queues: [inbox]
semaphores: {received: 0}
threads:
  stopper: [{put: inbox, value: 1}, {with: L, do: [{put: inbox, value: 2}, {acquire: received}]}]
  monitor:
    locals: {x: 0}
    do: [{while: x != 2, do: [{get: inbox, into: x}, {if: x == 2, then: [{release: received}], else: [{with: L, do: [{step: writes}]}]}]}]
""")
    assert (found.kind, found.threads, found.still_running) == (
        "communication",
        ("stopper", "monitor"),
        (),
    )


def test_who_is_stuck_because_of_a_core_is_named_with_it() -> None:
    found = only("""
queues: [ready]
events: ["done[2]"]
threads:
  main: [{join: asker}]
  asker: [{put: ready, value: 0}, {wait: "done[0]"}]
  loop:
    locals: {x: 1}
    do: [{while: x != 0, do: [{get: ready, into: x}, {if: x == 1, then: [{wait: "done[1]"}], else: [{set: "done[x]"}]}]}]
  socket: [{put: ready, value: 1}]
""")
    assert (found.kind, found.threads, found.also_stuck) == (
        "never-signalled",
        ("loop",),
        ("main", "asker"),
    )
    found = only("""
locks: [m]
conditions: {c: m}
variables: {idle: 1}
threads:
  main: [{join: client}]
  client: [{with: m, do: [{wait: c, until: idle > 0}]}]
  reaper: [{with: m, do: [{write: idle, value: 0}]}]
""")
    assert (found.kind, found.threads, found.also_stuck) == (
        "never-signalled",
        ("client",),
        ("main",),
    )


def test_a_signal_is_nobodys_property() -> None:
    found = only("""
semaphores: {done: 0}
threads:
  waiter[3]: [{acquire: done}]
  worker: [{release: done}, {release: done}]
""")
    assert found.kind == "never-signalled"
    assert found.hint is not None
    assert "it began with 0, worker gave 2" in found.hint
    assert not any(wait.holds for wait in found.waits)
    twice = """
semaphores: {signal: 1}
threads:
  waiter: [{acquire: signal}, {acquire: signal}]
  other: [{choose: [0, 1], into: x}, {if: x, then: [{release: signal}]}]
"""
    assert only(twice).kind == "never-signalled"
    assert refuted(twice, "self-deadlock")


def test_news_that_was_used_up_is_not_lost() -> None:
    text = """
locks: [m]
conditions: {c: m}
variables: {woken: false}
threads:
  waiter:
    - with: m
      do: [{wait: c, until: woken}, {write: woken, value: false}]
    - step: decides too early
    - with: m
      do: [{wait: c, until: woken}]
  main: [{with: m, do: [{write: woken, value: true}, {notify: c}]}]
"""
    for kind in ("lost-wakeup", "wrong-waiter", "collateral", "communication"):
        assert refuted(text, kind)
    shown = [
        found
        for seed in range(30)
        for found in run(loads(text), strategy="random", seed=seed).deadlocks
    ]
    assert shown
    for found in shown:
        assert found.kind == "never-signalled"
        assert any(line.startswith("used up at step") for line in details(found))


@pytest.mark.parametrize(
    "text",
    [
        "events: [e]\nthreads: {a: [{wait: e}], b: [{step: x}, {step: y}]}",
        "barriers: {g: 2}\nthreads: {a: [{step: x}, {wait: g}], b: [{step: x}]}",
    ],
)
def test_what_always_happens_is_shown_by_a_whole_run(text: str) -> None:
    result = explored(text + "\nexpect: {deadlock: always}\n")
    (defect,) = result.defects
    assert len(defect.schedule) == 3
    assert "at the start" not in headline(defect.finding) or "events" in text


def test_a_lock_that_is_given_back_is_no_leak() -> None:
    text = """
locks: [m]
threads:
  helper: {daemon: true, do: [{forever: [{acquire: m}, {release: m}]}]}
  main: [{acquire: m}, {release: m}]
"""
    for seed in range(20):
        done = run(loads(text), strategy="random", seed=seed)
        assert (done.outcome, done.leaks) == ("completed", ())


def test_an_idle_daemon_is_in_no_core() -> None:
    text = """
queues: [jobs]
semaphores: {done: 0}
threads:
  server: {daemon: true, do: [{forever: [{get: jobs}, {release: done}]}]}
  main: [{put: jobs, value: 1}, {acquire: done}, {acquire: done}]
"""
    found = only(text)
    assert (found.kind, found.threads, found.waiting_too) == (
        "never-signalled",
        ("main",),
        ("server",),
    )
    (again,) = run(loads(text)).deadlocks
    assert checker.plainly(again) == checker.plainly(found)


def test_a_ring_of_semaphores_used_as_locks_has_an_order() -> None:
    found = only("""
semaphores: {tape: 1, printer: 1}
threads:
  backup: [{with: [tape, printer], do: [pass]}]
  report: [{with: [printer, tape], do: [pass]}]
""")
    assert (found.kind, found.threads) == ("circular-wait", ("backup", "report"))
    assert found.hint is not None
    assert found.hint.startswith("one global order would be")


def test_a_writer_that_queues_holds_nothing() -> None:
    found = only("""
rwlocks: {A: {prefer: writers}, B: {prefer: writers}}
threads:
  r1: [{acquire: A, mode: read}, {acquire: B, mode: read}, {release: B}, {release: A}]
  r2: [{acquire: B, mode: read}, {acquire: A, mode: read}, {release: A}, {release: B}]
  wa: [{with: A, mode: write, do: [pass]}]
  wb: [{with: B, mode: write, do: [pass]}]
""")
    said = " ".join(details(found))
    assert "behind wb in its queue" in said
    assert "held by wb" not in said


def test_a_daemon_that_waits_for_itself_is_the_core() -> None:
    found = only("""
queues: [tasks]
events: [inner, outer]
threads:
  worker: {daemon: true, do: [{forever: [{get: tasks, into: t}, {if: t == 1, then: [{put: tasks, value: 2}, {wait: inner}, {set: outer}], else: [{set: inner}]}]}]}
  main: [{put: tasks, value: 1}, {wait: outer}]
""")
    assert (found.threads, found.also_stuck) == (("worker",), ("main",))


def test_one_item_for_two_takers_is_used_up() -> None:
    text = """
locks: [m]
conditions: {c: m}
variables: {n: 0}
threads:
  k[2]: [{with: m, do: [{if: n == 0, then: [{wait: c}]}, {step: eats}, {write: n, value: 0}]}]
  p: [{with: m, do: [{write: n, value: 1}, {notify: c}]}]
"""
    assert {one.kind for one in explored(text).deadlocks} == {"never-signalled"}
    for options in ({"sample": "random", "max_executions": 3}, {"max_states": 10}):
        explore(loads(text), **options)  # nothing is unconfirmed


def test_permits_are_counted_and_not_calls() -> None:
    found = only("""
semaphores: {s: 0}
threads:
  a[4]: [{acquire: s}]
  g: [{release: s, count: 3}]
""")
    assert found.hint is not None
    assert "g gave 3" in found.hint


def test_a_join_of_a_daemon_that_waits_for_work_is_behind_it() -> None:
    text = """
queues: [q]
threads:
  d: {daemon: true, do: [{forever: [{get: q}]}]}
  main: [{put: q, value: 1}, {join: d}]
"""
    found = only(text)
    assert (found.kind, found.threads, found.also_stuck) == ("peer-gone", ("d",), ("main",))
    (again,) = run(loads(text)).deadlocks
    assert (again.kind, again.threads, again.also_stuck) == ("peer-gone", ("d",), ("main",))


def test_a_thread_that_waits_for_itself_rests_on_nobody_else() -> None:
    text = """
rwlocks: [W]
threads:
  upgrades: [{acquire: W, mode: read}, {acquire: W, mode: write}]
  reads: [{acquire: W, mode: read}, {step: reads}, {step: reads on}, {release: W}]
"""
    (found,) = replay(loads(text), "reads upgrades").deadlocks
    assert found.kind == "self-deadlock"
    assert found.rests_on == ()
