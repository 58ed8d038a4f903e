"""When time runs out: free, last or off."""

import json
from pathlib import Path

import pytest

import deadsim
import oracle
from commands import deadsim as command
from deadsim import ReplayDiverged, UsageError
from deadsim.exploration.budget import Budget
from deadsim.exploration.executions.stateless_search import Stateless, in_memory
from deadsim.exploration.states import breadth_first
from deadsim.exploration.states.stateful_search import Stateful, keys
from deadsim.exploration.verdicts.identity import Naming
from deadsim.kernel.system import System
from deadsim.model.program import TIMEOUTS, Timeouts
from programs import scenario

HELPED = """
events: [E]
threads:
  waiter: [{wait: E, timeout: 1, into: came}, {assert: came}]
  helper: [{step: works}, {set: E}]
expect: {assertion: possible, timeout: possible}
"""

CIRCLE = """
locks: [A, B]
threads:
  left: [{acquire: A}, {acquire: B, timeout: 1}]
  right: [{acquire: B}, {acquire: A, timeout: 9}]
expect: {timeout: possible}
"""


def levels(text: str, timeouts: Timeouts) -> dict[str, str]:
    found = deadsim.explore(deadsim.loads(text), timeouts=timeouts)
    program = deadsim.loads(text).program.with_timeouts(timeouts)
    wanted = oracle.explore(program).levels
    assert {key: found.claims[key].found for key in wanted} == wanted
    return wanted


def test_time_runs_out_last_where_nobody_can_go_on_otherwise() -> None:
    assert levels(HELPED, "free")["assertion"] == "possible"
    assert levels(HELPED, "last")["assertion"] == "never"
    assert levels(HELPED, "last")["timeout"] == "never"
    assert levels(CIRCLE, "last")["timeout"] == "possible"
    # Whatever the durations: either of the two may give up.
    for who in ("left", "right"):
        done = deadsim.replay(deadsim.loads(CIRCLE), f"left right {who}", timeouts="last")
        assert done.trace[2]["success"] is False


def test_time_that_is_off_never_runs_out() -> None:
    assert levels(CIRCLE, "off")["deadlock"] == "always"
    assert levels(CIRCLE, "off")["timeout"] == "never"
    assert levels(CIRCLE, "free")["deadlock"] == levels(CIRCLE, "last")["deadlock"] == "possible"


@pytest.mark.parametrize(
    "other",
    ["{forever: [yield]}", "{sleep: 100}", "{repeat: 3, do: [yield]}"],
    ids=["spins", "sleeps", "works"],
)
def test_whoever_can_move_keeps_time_from_running_out(other: str) -> None:
    text = f"""
events: [E]
threads:
  waiter: [{{wait: E, timeout: 1}}]
  other: {{daemon: {str("forever" in other).lower()}, do: [{other}]}}
"""
    run = deadsim.run(deadsim.loads(text), timeouts="last", max_steps=5_000)
    late = [row for row in run.trace if row["thread"] == "waiter" and row["phase"] == "end"]
    if "forever" in other:  # under the clock's rule a thread that spins would not stop time
        assert run.outcome == "budget"
        assert late == []
        assert deadsim.run(deadsim.loads(text)).outcome == "completed"
        assert deadsim.explore(deadsim.loads(text), timeouts="last").deadlock.always
    else:
        assert run.outcome == "completed"
        assert late[0]["step"] == run.steps - 1


def test_a_spurious_wakeup_does_not_keep_time_from_running_out() -> None:
    text = """
conditions: {C: {spurious: true}, D: null}
threads:
  a: [{with: C, do: [{wait: C, timeout: 5, into: woken}, {assert: woken}]}]
  b: [{with: D, do: [{wait: D, timeout: 5, into: woken}, {assert: not woken}]}]
expect: {assertion: possible}
"""
    assert levels(text, "last")["assertion"] == "possible"
    # The place of a result stays what it is: timeout 0, spurious 1.
    program = deadsim.loads(text)
    woken = deadsim.replay(program, "a a a#1", timeouts="last", max_steps=3)
    assert woken.trace[-1]["choice"] == 1
    with pytest.raises(ReplayDiverged, match="#1 alone"):
        deadsim.replay(program, "a a a#0", timeouts="last")
    assert deadsim.replay(program, "a a b b a#0 a", timeouts="last", max_steps=6).steps == 6


def test_a_thread_whose_time_cannot_run_out_yet_cannot_be_named() -> None:
    with pytest.raises(ReplayDiverged, match="its time does not run out while another thread can"):
        deadsim.replay(deadsim.loads(HELPED), "waiter waiter", timeouts="last")


def test_the_clock_orders_who_gives_up_by_when_they_began_to_wait() -> None:
    text = """
events: [E]
threads:
  late: [{sleep: 5}, {wait: E, timeout: 2}, {step: late}]
  early: [{wait: E, timeout: 6}, {step: early}]
"""
    for timeouts in ("free", "last"):
        run = deadsim.run(deadsim.loads(text), timeouts=timeouts)
        said = [row["text"] for row in run.trace if row["verb"] == "step"]
        assert said == ["early", "late"], timeouts


def test_a_claim_of_timeouts_is_judged_where_it_is_named() -> None:
    text = HELPED.replace("expect: {assertion: possible, timeout: possible}", "expect: {}")
    assert "timeout" not in deadsim.explore(deadsim.loads(text)).claims
    refuted = deadsim.loads(text.replace("{}", "{timeout: never, assertion: possible}"))
    assert deadsim.explore(refuted).claims["timeout"].holds is False
    run = deadsim.replay(refuted, "waiter waiter")
    assert run.verdict == "refuted"
    assert [found.type for found in run.defects] == ["timeout", "assertion"]
    assert "TIMEOUT after 2 steps: waiter runs out of time in 'wait' of E (line 4)" in run.report()
    # Giving up is no failure: the thread goes on.
    assert (
        deadsim.replay(deadsim.loads(CIRCLE), "left right left").threads[0]["state"] == "finished"
    )


def test_a_verdict_says_in_its_first_line_how_time_ran_out(tmp_path: Path) -> None:
    file = tmp_path / "circle.yaml"
    file.write_text(CIRCLE)
    for timeouts in TIMEOUTS:
        for verb in (["run"], ["explore"], ["check"], ["run", "--quiet"], ["explore", "--quiet"]):
            done = command(*verb, str(file), "--timeouts", timeouts)
            says = f"timeouts: {timeouts}" in done.out.split("\n")[0]
            assert says is (timeouts != "free"), done
        assert command("run", str(file), "--timeouts", timeouts, "--format", "json").json[
            "timeouts"
        ] == (timeouts)


def test_a_schedule_says_how_time_ran_out(tmp_path: Path) -> None:
    file, saved = tmp_path / "circle.yaml", tmp_path / "it.schedule"
    file.write_text(CIRCLE)
    command("run", str(file), "--timeouts", "last", "--save-schedule", str(saved))
    assert "\ntimeouts last\n" in saved.read_text()
    done = command("replay", str(saved), "--format", "json")
    assert done.json["timeouts"] == "last"
    said = command("run", str(file), "--schedule", str(saved), "--format", "json").json
    assert said["timeouts"] == "last"
    assert "deadsim replay --timeouts last " in command("replay", str(saved)).out
    command("run", str(file), "--save-schedule", str(saved))
    assert "timeouts" not in saved.read_text()
    # What the command line asks for goes before what the file says.
    file.write_text("timeouts: last" + CIRCLE)
    command("run", str(file), "--timeouts", "free", "--save-schedule", str(saved))
    assert "\ntimeouts free\n" in saved.read_text()
    assert "deadsim replay --timeouts free " in command("replay", str(saved)).out
    saved.write_text(saved.read_text().replace("timeouts free", "timeouts never"))
    wrong = command("replay", str(saved))
    assert wrong.status == 2
    assert f"{saved}:4: 'timeouts' is free, last, off, not 'never'" in wrong.err


def test_python_is_asked_in_the_same_words() -> None:
    with pytest.raises(UsageError, match="no timeouts 'never'; they are free, last, off"):
        deadsim.explore(deadsim.loads(CIRCLE), timeouts="never")  # type: ignore[arg-type]


def test_many_states_are_the_same_with_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
timeouts: last
locks: ["fork[n]"]
conditions: {C: {spurious: true}}
params: {n: 3}
threads:
  philosopher[i < n]:
    - repeat: 2
      do:
        - {acquire: "fork[i]", timeout: 1, into: one}
        - {acquire: "fork[(i + 1) % n]", timeout: 1, into: two}
        - if: two
          then: [{release: "fork[(i + 1) % n]"}]
        - if: one
          then: [{release: "fork[i]"}]
  waiter: [{with: C, do: [{wait: C, timeout: 1}]}]
expect: {timeout: possible, misuse: possible}
"""
    system = System(deadsim.loads(text).program)
    found = []
    for enough in (breadth_first.ENOUGH, 500, 10**9):
        monkeypatch.setattr(breadth_first, "ENOUGH", enough)
        monkeypatch.setattr(breadth_first, "ALONE", min(100, enough))
        search = Stateful(system, keys(system), Budget(), reduce="never")
        search.decide()
        known = {key: one.found for key, one in search.known.items()}
        reached = search.reached
        found.append((reached.states, reached.transitions, len(reached.halts), known))
    assert found[0] == found[1] == found[2]
    assert found[0][0] > 2_000
    reduced = Stateful(system, keys(system), Budget(), reduce="early")
    reduced.decide()
    assert {key: one.found for key, one in reduced.known.items()} == found[0][3]


@pytest.mark.parametrize(
    "threads",
    [
        "t: [{with: P, do: [{wait: P, timeout: 2}]}], u: [{step: a}, {step: b}]",
        "t: [{with: P, do: [{wait: P, timeout: 2}, {wait: C}]}], u: [{step: b}, {raise: oops}]",
    ],
)
def test_who_wakes_unasked_is_in_the_way_of_his_own_time_in_every_execution(threads: str) -> None:
    text = f"timeouts: last\nlocks: [m]\nconditions: {{P: {{lock: m, spurious: true}}, C: m}}\nthreads: {{{threads}}}\nexpect: {{timeout: possible}}\n"
    system = System(deadsim.loads(text).program)
    search = Stateless(system, keys(system), Budget(), in_memory(system), Naming(system, True))
    search.decide()
    assert search.complete
    assert search.known["timeout"].found == oracle.explore(system.program).levels["timeout"]
    assert search.known["timeout"].found == "possible"


@pytest.mark.parametrize("timeouts", ["last", "off"])
def test_every_search_agrees_with_the_plain_one(timeouts: Timeouts) -> None:
    compared = 0
    for seed in range(150):
        text = scenario(seed)
        if "timeout: 1" not in text and "timeout: 2" not in text:
            continue
        program = deadsim.loads(text).program.with_timeouts(timeouts)
        try:
            wanted = oracle.explore(program, 3_000).levels
        except oracle.TooManyStates:
            continue
        compared += 1
        system = System(program)
        asked, naming = keys(system), Naming(system, True)
        few = Budget(executions=300)
        for search in (
            Stateful(system, asked, Budget(), reduce="never"),
            Stateful(system, asked, Budget(), reduce="early"),
            Stateless(system, asked, few, in_memory(system), naming),
        ):
            search.decide()
            if search.complete:
                levels = {key: search.known[key].found for key in wanted}
                assert levels == wanted, (seed, type(search).__name__)
    assert compared > 20


def test_the_exported_program_does_not_give_up_where_time_is_off() -> None:
    from deadsim.export.program import as_python

    program = deadsim.loads(CIRCLE).program
    assert "timeout" in as_python(program).split("def left")[1].split("def")[0]
    off = as_python(program.with_timeouts("off"))
    assert "timeout" not in off.split("def left")[1].split("def")[0]


def test_what_a_run_says_is_json_of_one_object() -> None:
    run = deadsim.run(deadsim.loads(CIRCLE), timeouts="off")
    assert json.loads(run.to_json())["timeouts"] == "off"
    assert run.deadlocks[0].kind == "circular-wait"


BARRIER = """
barriers: {b: 2}
threads:
  t: [{try: [{wait: b, timeout: 1}], except: {BrokenBarrier: [pass]}}]
  u: [{step: x}, {step: y}, {try: [{wait: b}], except: {BrokenBarrier: [pass]}}]
"""


@pytest.mark.parametrize(
    ("timeouts", "found"), [("free", "possible"), ("last", "never"), ("off", "never")]
)
def test_the_time_of_one_who_waits_at_a_barrier_runs_out_as_any_other(
    timeouts: str, found: str
) -> None:
    text = f"timeouts: {timeouts}\n{BARRIER}expect: {{timeout: {found}}}\n"
    for options in ({}, {"engine": "threads"}, {"reduction": "none"}):
        result = deadsim.explore(deadsim.loads(text), **options)
        assert (result.claims["timeout"].found, result.verdict) == (found, "as-expected")


@pytest.mark.parametrize("timeouts", ["free", "last"])
def test_a_barrier_that_nobody_else_comes_to_breaks_by_time(timeouts: str) -> None:
    text = (
        f"timeouts: {timeouts}\nbarriers: {{b: 2}}\nthreads: {{t: [{{wait: b, timeout: 1}}]}}\n"
        "expect: {timeout: always, error: always}\n"
    )
    assert deadsim.explore(deadsim.loads(text)).verdict == "as-expected"
    assert deadsim.run(deadsim.loads(text)).verdict == "as-expected"


def test_a_time_of_a_barrier_is_checked_though_it_never_runs_out() -> None:
    text = (
        "timeouts: off\nvariables: {n: -1}\nbarriers: {b: 1}\n"
        "threads: {t: [{wait: b, timeout: n}]}\nexpect: {misuse: always}\n"
    )
    assert deadsim.explore(deadsim.loads(text)).verdict == "as-expected"


def test_whatever_is_taken_before_it_is_ready_says_that_its_time_ran_out() -> None:
    """So it is told by the claim, and held back where time runs out last or never."""
    verbs = set()
    for seed in range(400):
        system = System(deadsim.loads(scenario(seed)).program)
        state = system.initial().state
        for number in range(60):
            enabled = system.enabled(state)
            if not enabled:
                break
            for thread in enabled:
                operation = state.frames[thread].operation
                assert operation is not None
                late = operation.duration is not None and operation.objects
                if late and not operation.ready(state.objects, thread):
                    verbs.add((operation.verb, type(operation).__module__.rpartition(".")[2]))
                    ways = range(operation.ways(state.objects, thread))
                    whys = {operation.apply(state.objects, thread, way).by for way in ways}
                    assert "time" in whys, (seed, operation.verb)
                    assert None not in whys, (seed, operation.verb)
            state = system.step(state, enabled[number * 7 % len(enabled)]).state
    assert ("wait", "barrier") in verbs
    assert len(verbs) >= 4


def test_a_deadlock_after_a_wake_up_unasked_is_traced_back_where_time_runs_out_last() -> None:
    text = """
timeouts: last
locks: [A, B]
conditions: {C: {spurious: true}}
threads:
  a: [{with: C, do: [{wait: C, timeout: 1}]}, {acquire: A}, {acquire: B}]
  b: [{acquire: B}, {acquire: A}]
expect: {deadlock: possible}
"""
    # Of the wait's results the first one, that its time runs out, cannot be while others go on.
    run = deadsim.replay(deadsim.loads(text), "a a a#1 a a a b")
    assert "circular wait of 2 threads" in run.report()


def test_a_deadlock_after_a_branch_that_is_not_the_first_is_traced_back() -> None:
    text = """
queues: [q]
locks: [A, B]
threads:
  a:
    - {acquire: A}
    - select: [{get: q}, {acquire: B}]
    - {acquire: A}
  b: [{step: works}, {step: works}]
expect: {deadlock: possible}
"""
    run = deadsim.replay(deadsim.loads(text), "b a a#1 b")
    assert "could never be avoided" in run.report()


def test_a_line_whose_time_runs_out_for_several_objects_is_shown_for_each() -> None:
    text = """
timeouts: last
locks: ["L[2]"]
threads:
  t: [{repeat: 2, index: k, do: [{acquire: "L[k]"}, {acquire: "L[k]", timeout: 1}]}]
expect: {timeout: never}
"""
    result = deadsim.explore(deadsim.loads(text))
    assert result.claims["timeout"].found == "always"
    found = [one.step for one in deadsim.run(deadsim.loads(text)).defects if one.type == "timeout"]
    assert found == [1, 3]
