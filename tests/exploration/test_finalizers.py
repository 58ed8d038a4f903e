"""Finalizers (`anywhere`): they may begin before each step of their thread, and never have to."""

import json

import pytest

import deadsim
import finalizer_oracle
from commands import deadsim as command
from portion import few_and_all


def found(text: str, **options: object) -> dict[str, str]:
    """Explore a scenario, and give how often each defect shows."""
    result = deadsim.explore(deadsim.loads(text), **options)  # type: ignore[arg-type]
    return {key: claim.found for key, claim in result.claims.items()}


def verbs(run: deadsim.Run) -> list[str]:
    """List what was done in a run."""
    return [event["verb"] for event in json.loads(run.to_json())["trace"]]


SELF = """
locks: [A]
threads:
  t:
    do: [{acquire: A}, {step: works}, {release: A}]
    anywhere: [{acquire: A}, {release: A}]
"""

HELPS = "events: [E]\nthreads: {t: {do: [{wait: E}], anywhere: [{set: E}]}}\n"

NOTIFIED = """
locks: [m, other]
conditions: {C: m}
variables: {x: 0}
threads:
  waiter:
    do: [{with: m, do: [{wait: C}]}, {write: x, value: 2}]
    anywhere: [{with: other, do: [{step: tidies up}]}]
  notifier: [{with: m, do: [{notify: C}]}]
expect: {deadlock: possible, final: x == 2}
"""


@pytest.mark.parametrize("count", few_and_all(150, 1_500))
def test_small_programs_agree_with_a_written_out_interpretation(count: int) -> None:
    for seed in range(count):
        threads, text = finalizer_oracle.program(seed)
        wanted = finalizer_oracle.explore(threads)
        claims = found(text)
        ends = {n for n in range(3) if claims[f"final.possible[{n}]"] != "never"}
        assert (claims["deadlock"], claims["misuse"], ends) == tuple(wanted), text


@pytest.mark.parametrize("engine", ["memory", "threads"])
def test_a_finalizer_waits_for_what_its_thread_holds(engine: str) -> None:
    result = deadsim.explore(deadsim.loads(SELF), engine=engine)
    (one,) = result.deadlocks
    assert (one.kind, one.threads, one.objects) == ("self-deadlock", ("t",), ("A",))
    assert "t's finalizer (anywhere) takes A while t holds it" in result.report()
    assert "waits for A (line 6, in its finalizer, which began at line 5), which it holds itself" in result.report()  # fmt: skip
    assert "schedule: t t^" in result.report()


def test_a_finalizer_never_has_to_begin() -> None:
    result = deadsim.explore(deadsim.loads(HELPS))
    assert result.deadlock.possible
    assert not result.deadlock.always
    assert "t waits for E, which nobody has to set" in result.report()
    assert "could help: the finalizer of t, which never has to begin" in result.report()


def test_what_a_finalizer_mends_has_been_shown() -> None:
    text = HELPS.replace("do: [", "do: [{step: begins}, ").replace(
        "[{set: E}]", "[{step: a}, {set: E}]"
    )
    assert found(text)["deadlock"] == "possible"  # it may begin before the wait
    twice = (
        "locks: [A]\nthreads: {t: {do: [{acquire: A}, {acquire: A}], anywhere: [{release: A}]}}\n"
    )
    # Before its thread has the lock it fails, after that it mends what was stuck, or could have been.
    assert found(twice) == {**found(twice), "deadlock": "possible", "misuse": "possible"}


def test_it_runs_while_its_thread_waits_and_the_wait_goes_on() -> None:
    assert deadsim.explore(deadsim.loads(NOTIFIED)).verdict == "as-expected"
    run = deadsim.replay(deadsim.loads(NOTIFIED), "waiter*2 waiter^ notifier*3 waiter*2 waiter*3")
    assert run.outcome == "completed"
    assert run.variables["x"] == 2


def test_it_fails_through_the_tries_of_its_thread_which_has_its_lock_back() -> None:
    text = """
locks: [m]
conditions: {C: m}
variables: {caught: 0}
threads:
  t:
    do:
      - try: [{with: m, do: [{wait: C}]}]
        except: {Late: [{write: caught, value: 1}]}
    anywhere: [{step: looks}, {raise: Late}]
expect: {deadlock: possible, error: never, misuse: never, final: "finished(t) and not locked(m)"}
"""
    assert deadsim.explore(deadsim.loads(text)).verdict == "as-expected"
    run = deadsim.replay(deadsim.loads(text), "t*2 t^ t*3")
    assert verbs(run)[-3:] == ["leave", "release", "write"]
    assert run.variables["caught"] == 1


def test_it_may_begin_before_the_first_step_and_not_after_the_last() -> None:
    text = "threads: {t: {do: [{step: works}], anywhere: [{print: f}]}}\n"
    text += 'expect: {output: {possible: ["f"]}}\n'
    scenario = deadsim.loads(text)
    assert deadsim.replay(scenario, "t^ t*2").outcome == "completed"
    done = deadsim.explore(scenario)
    assert done.verdict == "as-expected"
    with pytest.raises(deadsim.ReplayDiverged, match="the program has ended"):
        deadsim.replay(scenario, "t t^")


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        ("t^ t^", "t's finalizer has begun already"),
        ("u^", "u has no finalizer"),
        ("t^#1", "its first step has no such result"),
    ],
)
def test_a_schedule_that_lets_it_begin_in_vain_says_why(schedule: str, why: str) -> None:
    text = "threads: {t: {do: [step: a, step: b, step: c], anywhere: [step: f]}, u: [step: d]}\n"
    text = text.replace("step: a, step: b, step: c", "{step: a}, {step: b}, {step: c}")
    with pytest.raises(deadsim.ReplayDiverged, match=why):
        deadsim.replay(deadsim.loads(text.replace("[step: f]", "[{step: f}]").replace("[step: d]", "[{step: d}]")), schedule)  # fmt: skip


def test_each_result_of_its_first_step_has_a_name() -> None:
    text = "threads: {t: {do: [yield], anywhere: [{choose: [0, 1], into: a}, {assert: a == 0}]}}\n"
    scenario = deadsim.loads(text)
    assert not deadsim.replay(scenario, "t^ t").defects
    assert not deadsim.replay(scenario, "t^#0 t").defects
    assert deadsim.replay(scenario, "t^#1").defects
    assert deadsim.explore(scenario).defects[0].replay[0].result == -2


def test_it_begins_as_often_as_it_may() -> None:
    text = "variables: {x: 0}\nthreads: {t: {do: [yield], anywhere: %s}}\nexpect: {final: {possible: [x == 0, x == 1, x == 2]}}\n"
    once, twice = (text % how for how in ("[{add: x}]", "{times: 2, do: [{add: x}]}"))
    assert [found(once)[f"final.possible[{n}]"] for n in range(3)] == ["possible", "possible", "never"]  # fmt: skip
    assert [found(twice)[f"final.possible[{n}]"] for n in range(3)] == ["possible"] * 3


def test_time_runs_out_last_though_a_finalizer_could_begin() -> None:
    text = """
timeouts: last
events: [E]
locks: [A]
threads:
  t: [{wait: E, timeout: 1, into: came}, {assert: came}]
  u: {do: [{wait: E}], anywhere: [{set: E}]}
"""
    assert found(text)["assertion"] == "possible"
    busy = text.replace("do: [{wait: E}]", "do: [{forever: [yield]}]")
    assert found(busy)["assertion"] == "never"


def test_who_spins_until_a_finalizer_begins_is_in_a_livelock() -> None:
    text = """
variables: {done: false}
threads: {t: {do: [{while: not done, do: [yield]}], anywhere: [{write: done, value: true}]}}
"""
    assert (
        found(text)["livelock"] == "always"
    )  # it must go round from the start, unless that begins


def test_a_finalizer_that_fails_at_once_takes_a_step_for_it() -> None:
    text = "threads: {t: {do: [{step: works}], anywhere: [{raise: Late}]}}\nexpect: {error: possible}\n"
    run = deadsim.replay(deadsim.loads(text), "t^")
    assert verbs(run) == ["anywhere"]
    assert deadsim.explore(deadsim.loads(text)).verdict == "as-expected"


def test_one_without_a_step_never_begins() -> None:
    text = "threads: {t: {do: [{step: works}], anywhere: [pass]}}\n"
    assert deadsim.explore(deadsim.loads(text)).states == 2


def test_a_saved_schedule_has_it(tmp_path: object) -> None:
    done = command("run", "finalizer", "--seed", "3", "--strategy", "random", "--format", "json")
    again = command("run", "finalizer", "--seed", "3", "--strategy", "random", "--format", "json")
    assert done.out == again.out
    names = " ".join(done.json["schedule"])
    replayed = command("replay", "finalizer", names, "--format", "json").json
    assert replayed["schedule"] == done.json["schedule"]


def test_examples_are_never_said_to_be_of_all_classes() -> None:
    # Not every class of executions with finalizers is gone through.
    text = "locks: [A]\nthreads:\n  t: {do: [{with: A, do: [pass]}], anywhere: [{step: late}]}\n"
    result = deadsim.explore(deadsim.loads(text), examples=2)
    assert result.result.examples is not None
    assert not result.result.examples.every
