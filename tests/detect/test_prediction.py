"""Deadlocks of other schedules, from a clean run: none that cannot be, and what suspicions are."""

from random import Random

import pytest

import oracle
from commands import deadsim
from deadsim import Run, loads, run
from deadsim.detect.holdings import Holdings
from deadsim.detect.locks.prediction import find_circles
from deadsim.engine.pool import Pool
from deadsim.kernel.system import System
from deadsim.model.place import Place
from deadsim.runs.runner import Runner
from deadsim.trace.effect import Effect
from deadsim.trace.event import Event
from deadsim.trace.schedule import text as names
from portion import few_and_all

HEAD = "locks: {A: , B: , C: , G: , R: {reentrant: true}}\nvariables: {x: 0}\n"


def clean(text: str) -> Run:
    done = run(loads(HEAD + text), strategy="sequential")
    assert done.outcome == "completed"
    return done.result


AB = "{with: A, do: [{with: B, do: []}]}"
BA = "{with: B, do: [{with: A, do: []}]}"


def test_opposite_orders_are_found_with_a_schedule_that_deadlocks() -> None:
    done = clean(f"threads:\n  a: [{AB}]\n  b: [{BA}]\n")
    (found,) = done.deadlocks
    assert (found.kind, found.threads, found.proof) == ("circular-wait", ("a", "b"), "proved")
    assert found.schedule is not None
    assert names(found.schedule) == "a b"
    assert (
        found.hint == "one global order would be A, B (b breaks it at line 5) or B, A (a at line 4)"
    )
    assert (done.verdict, done.suspicions) == ("refuted", ())


def test_a_lock_that_was_held_twice_is_held_as_often_after_a_wait() -> None:
    done = clean(
        "conditions: {changed: R}\n"
        "threads:\n"
        "  a:\n"
        "  - with: R\n"
        "    do: [{acquire: R}, {wait: changed, timeout: 1}, {release: R}, {with: A, do: []}]\n"
        "  b: [{with: A, do: [{with: R, do: []}]}]\n"
    )
    (found,) = done.deadlocks
    assert (found.kind, found.threads) == ("circular-wait", ("a", "b"))


def test_the_predicted_schedule_replays(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "two.yaml"
    file.write_text(HEAD + f"threads:\n  a: [{{step: w}}, {AB}]\n  b: [{BA}]\n")
    (defect,) = deadsim("run", str(file), "--strategy", "sequential", "--format", "json").json[
        "defects"
    ]
    again = deadsim("replay", str(file), " ".join(defect["schedule"]), "--format", "json").json
    (replayed,) = again["defects"]
    assert (replayed["kind"], replayed["threads"]) == (defect["kind"], defect["threads"])


@pytest.mark.parametrize(
    "text",
    [
        f"threads:\n  a: [{{with: G, do: [{AB}]}}]\n  b: [{{with: G, do: [{BA}]}}]\n",
        f"threads:\n  a: [{AB}]\n  b: [{AB}]\n",
        f"threads:\n  main: [{AB}, {{start: b}}]\n  b: {{autostart: false, do: [{BA}]}}\n",
        f"threads:\n  a: [{AB}]\n  b: [{{join: a}}, {BA}]\n",
        f"threads:\n  a: [{AB}, {BA}]\n",
        # The starter holds the gate until it has joined: it guards its child against the third.
        f"threads:\n  main: [{{with: G, do: [{{start: c}}, {{join: c}}]}}]\n"
        f"  b: [{{with: G, do: [{BA}]}}]\n  c: {{autostart: false, do: [{AB}]}}\n",
    ],
    ids=["gate", "one order", "start", "join", "one thread", "a starter's gate"],
)
def test_no_alarm(text: str) -> None:
    done = clean(text)
    assert (done.deadlocks, done.suspicions) == ((), ())


def test_what_no_schedule_certifies_is_a_suspicion_and_fails_nothing() -> None:
    # b takes its locks only if it sees what a writes at the end: the two cannot meet.
    text = (
        "threads:\n  a: [{with: A, do: [{with: B, do: []}]}, {write: x, value: 1}]\n"
        "  b: [{if: x == 1, then: [{with: B, do: [{with: A, do: []}]}]}]\n"
    )
    done = clean("invariants: [x < 2]\nexpect: {race: always}\n" + text)
    (found,) = done.suspicions
    assert found.type == "deadlock"
    assert (found.proof, found.kind, found.threads) == ("suspected", "circular-wait", ("a", "b"))
    assert (done.verdict, done.deadlocks) == ("as-expected", ())


def test_three_locks_and_a_fourth_thread_that_is_no_part_of_it() -> None:
    done = clean(
        "threads:\n  a: [{with: [A, B], do: []}]\n  b: [{with: [B, C], do: []}]\n"
        "  c: [{with: [C, A], do: []}]\n  d: [{with: [A, C], do: []}]\n"
    )
    assert {found.threads for found in done.deadlocks} == {("a", "b", "c"), ("c", "d")}
    assert done.suspicions == ()


def test_it_takes_events_written_by_hand() -> None:
    program = loads(HEAD + f"threads:\n  a: [{AB}]\n  b: [{BA}]\n").program
    place = Place(1, 1)
    steps = [(0, "acquire", 3), (0, "acquire", 4), (0, "release", 4), (0, "release", 3)]
    steps += [(1, verb, {3: 4, 4: 3}[lock]) for _, verb, lock in steps]
    events = [
        Event(n, thread, verb, (lock,), place, Effect(acquires=(lock,), takes=(lock,)) if verb == "acquire"
              else Effect(releases=(lock,), gives=(lock,)))
        for n, (thread, verb, lock) in enumerate(steps)
    ]  # fmt: skip
    (circle,) = find_circles(System(program).world, events, Holdings(events))
    assert circle.schedule == (0, 4)


def nested(seed: int) -> str:
    """Give a scenario whose threads take two or three locks, one within the other."""
    chance = Random(seed)
    late = chance.random() < 0.3
    lines = ["threads:"]
    for number in range(3):
        body = []
        if late and number == 0:
            body.append("{start: t2}")
        for _ in range(chance.choice((1, 2))):
            held = chance.sample(["A", "B", "C", "R", "G"], chance.choice((1, 2, 2, 3)))
            inner = chance.choice(
                ["{write: x, value: 1}", "{step: w}", "{if: x, then: [{with: C, do: []}]}"]
            )
            body.append(f"{{with: [{', '.join(held)}], do: [{inner}]}}")
        if late and number == 0 and chance.random() < 0.5:
            body.insert(chance.randrange(1, len(body) + 1), "{join: t2}")
        autostart = "false" if late and number == 2 else "true"
        lines.append(f"  t{number}: {{autostart: {autostart}, do: [{', '.join(body)}]}}")
    return HEAD + "\n".join(lines) + "\n"


@pytest.mark.parametrize("count", few_and_all(20, 120))
def test_random_programs_against_an_exhaustive_search(count: int) -> None:
    """What is predicted can be; and of what can be, four runs miss little."""
    predicted = clean_runs = possible = missed = 0
    for seed in range(count):
        program = loads(nested(seed)).program
        try:
            found = oracle.explore(program, 5_000)
        except oracle.TooManyStates:
            continue
        runner = Runner(program)
        shown = False
        with Pool() as pool:
            for turn in range(4):
                plan = program.plan._replace(strategy="random", seed=turn)
                done = runner.run(pool, plan, max_steps=200)
                for one in done.deadlocks:
                    assert found.levels["deadlock"] != "never", seed
                    predicted += one.schedule is not None
                clean_runs += not done.deadlocks
                shown = shown or bool(done.deadlocks)
        possible += found.levels["deadlock"] != "never"
        missed += found.levels["deadlock"] != "never" and not shown
    assert predicted > count / 3
    assert clean_runs > count / 3
    print(f"{missed} of {possible} programs that can deadlock looked clean in four runs")
    assert missed <= possible / 10


def test_an_order_is_named_only_where_one_place_breaks_it() -> None:
    done = clean(f"threads:\n  a: [{AB}, {BA}]\n  b: [{BA}, {AB}]\n")
    for found in done.deadlocks:
        assert found.hint is not None
        assert found.hint.endswith("give it back first")


def test_a_run_that_goes_round_is_a_suspected_livelock() -> None:
    text = "threads: {a: [{forever: [{step: w}, yield]}], b: [{step: w}]}\n"
    done = run(loads(text), max_steps=300).result
    (found,) = done.suspicions
    assert found.type == "livelock"
    assert (found.threads, [choice.thread for choice in found.loop]) == (("a",), ["a", "a"])
    assert done.verdict == "undecided"


def test_a_daemon_that_goes_round_is_none() -> None:
    text = "threads: {a: {daemon: true, do: [{forever: [yield]}]}, b: [{repeat: 99, do: [{step: w}]}]}\n"
    assert run(loads(text)).result.suspicions == ()


def test_who_only_tries_is_suspected_of_no_circle() -> None:
    text = """
locks: [A, B]
threads:
  x: [{acquire: A}, {acquire: B, blocking: false, into: ok}, {if: ok, then: [{release: B}]}, {release: A}]
  y: [{acquire: B}, {acquire: A, WAY, into: ok}, {if: ok, then: [{release: A}]}, {release: B}]
"""
    for way in ("blocking: false", "timeout: 1", "blocking: true"):
        done = run(loads(text.replace("WAY", way)), strategy="sequential")
        assert (done.deadlocks, done.suspicions) == ((), ())
