"""Barriers that break: the kernel against Python's own, piece by piece, and what follows for verdicts."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import deadsim
import oracle
from barrier_steps import SteppedBarrier
from deadsim import loads
from deadsim.engine.real.waits import RealBarrier
from deadsim.kernel.system import System
from deadsim.report.sentences import message
from kernel_calls import machine

THREADS = 4


class Barriers(RuleBasedStateMachine):
    """Threads wait, with a timeout or without, and somebody aborts and resets, a piece at a time."""

    @initialize(parties=st.integers(1, 3), timed=st.lists(st.booleans(), min_size=4, max_size=4))
    def begin(self, parties: int, timed: list[bool]) -> None:
        self.real = SteppedBarrier(parties, THREADS)
        self.timed = timed
        waits = "".join(
            f"  w{n}: [{{forever: [{{wait: X{', timeout: 1' if timed[n] else ''}}}]}}]\n"
            for n in range(THREADS)
        )
        text = f"barriers: {{X: {parties}}}\nthreads:\n{waits}  a: [{{forever: [{{abort: X}}]}}]\n  r: [{{forever: [{{reset: X}}]}}]\n"
        self.system = System(loads(text).program)
        self.start = self.system.initial().state
        self.state = self.start

    def take(self, thread: int) -> Any:
        """Take a thread's next step in the kernel; one that fails begins its loop anew."""
        move = self.system.step(self.state, thread)
        outcome, self.state = move.outcome, move.state
        if outcome.wrong is not None:
            objects = list(self.state.objects)
            objects[thread] = self.start.objects[thread]
            frames = list(self.state.frames)
            frames[thread] = self.start.frames[thread]
            self.state = self.state._replace(objects=tuple(objects), frames=tuple(frames))
            return "broken"
        return "waits" if outcome.stays else outcome.results[0]

    @rule(thread=st.integers(0, THREADS - 1))
    def wait(self, thread: int) -> None:
        if self.system.ways(self.state, thread):
            assert self.take(thread) == self.real.steppers[thread].step(self.timed[thread])

    @rule()
    def abort(self) -> None:
        self.real.real.abort()
        self.system_step(THREADS)

    @rule()
    def reset(self) -> None:
        self.real.real.reset()
        self.system_step(THREADS + 1)

    def system_step(self, thread: int) -> None:
        self.state = self.system.step(self.state, thread).state

    @invariant()
    def same_answers(self) -> None:
        if hasattr(self, "real"):
            round_ = self.state.objects[-1]
            real = self.real.real
            assert (len(round_.arrived), round_.broken) == (real.n_waiting, real.broken)

    @invariant()
    def nobody_sleeps_who_could_go_on(self) -> None:
        for thread in range(THREADS) if hasattr(self, "real") else ():
            stepper = self.real.steppers[thread]
            if not stepper.over and self.system.ways(self.state, thread):
                assert stepper.awake.wait(20)

    def teardown(self) -> None:
        if hasattr(self, "real"):
            self.real.stop()


TestBarriers = machine(Barriers, 60)


def found(text: str) -> dict[str, str]:
    """Decide every claim, in two ways."""
    result = deadsim.explore(loads(text))
    assert result.complete
    levels = {type: claim.found for type, claim in result.claims.items()}
    searched = oracle.explore(loads(text).program).levels
    assert levels == {type: searched[type] for type in levels}
    return levels


def test_who_comes_while_a_round_leaves_stands_at_the_door() -> None:
    text = """
barriers: {B: 2}
threads:
  a: [{wait: B}, {wait: B, into: second}, {assert: second == 0}]
  b: [{wait: B}, {wait: B}]
schedule: [a, b, b, a, b, a, b]
"""
    run = deadsim.run(loads(text))
    told = [(row["thread"], row["phase"]) for row in run.trace]
    assert told == [
        ("a", "begin"), ("b", None), ("b", "begin"), ("a", "end"), ("b", "begin"), ("a", None), ("b", "end"),
    ]  # fmt: skip
    assert [defect.finding.type for defect in deadsim.explore(loads(text)).defects] == ["assertion"]


def test_the_door_is_shut_until_the_last_has_left() -> None:
    text = """
barriers: {B: 2}
threads:
  a: [{wait: B}, {step: late}]
  b: [{wait: B}, {wait: B}]
  c: [{step: begins}, {wait: B}]
schedule: [a, b, b, c, c]
"""
    run = deadsim.run(loads(text))
    assert [row["thread"] for row in run.trace][:6] == ["a", "b", "b", "c", "c", "a"]
    assert (
        found(text)["deadlock"] == "possible"
    )  # a may come with c, and b finds nobody the first time


@pytest.mark.parametrize("timeout", ["0", "5"])
def test_a_barrier_breaks_when_a_time_runs_out(timeout: str) -> None:
    text = f"""
barriers: {{B: 3}}
threads:
  a: [{{wait: B, timeout: {timeout}}}]
  b: [{{wait: B}}]
  c: [{{wait: B}}]
"""
    assert found(text) | {} == {**found(text), "deadlock": "never", "error": "possible"}


def test_the_last_to_arrive_does_not_run_out_of_time() -> None:
    text = "barriers: {B: 1}\nthreads: {a: [{wait: B, timeout: 0, into: r}, {assert: r == 0}]}\n"
    assert found(text)["error"] == "never"


def test_a_third_who_comes_after_a_timeout_finds_it_broken() -> None:
    text = """
barriers: {B: 3}
threads:
  a: [{wait: B, timeout: 1}]
  b: [{wait: B}]
  c: [{sleep: 5}, {wait: B}]
"""
    run = deadsim.run(loads(text))
    assert {defect.thread for defect in run.defects} == {"a", "b", "c"}


def test_a_third_who_comes_after_a_reset_is_the_first_of_a_new_round() -> None:
    text = """
barriers: {B: 3}
threads:
  a: [{wait: B}]
  b: [{wait: B}]
  c: [{reset: B}, {wait: B, into: place}]
schedule: [a, b, c, c, a, b, c]
expect: {error: possible, deadlock: possible}
"""
    run = deadsim.run(loads(text))
    assert [(row["thread"], row["phase"]) for row in run.trace[3:]] == [
        ("c", "begin"), ("a", "end"), ("b", "end"), ("c", "begin"),
    ]  # fmt: skip
    assert run.deadlocks[0].kind == "barrier-starvation"


def test_an_abort_reaches_those_of_a_full_round_who_have_not_left() -> None:
    text = """
barriers: {B: 2}
threads:
  a: [{wait: B}]
  b: [{wait: B}, {abort: B}]
expect: {error: possible}
"""
    assert found(text)["error"] == "possible"
    assert found(text.replace("abort", "reset"))["error"] == "never"


def test_a_reset_makes_a_broken_barrier_whole() -> None:
    text = """
barriers: {B: 2}
threads:
  a: [{abort: B}, {reset: B}, {start: w}]
  w[2]: {autostart: false, do: [{wait: B}]}
"""
    assert found(text)["error"] == "never"
    assert found(text.replace(", {reset: B}", ""))["error"] == "always"


@pytest.mark.parametrize("text", ["{abort: B}", "{reset: B}"])
def test_who_finds_it_broken_comes_after_what_has_broken_it(text: str) -> None:
    program = f"""
barriers: {{B: 2}}
variables: {{x: 0}}
threads:
  a: [{{wait: B}}]
  b: [{{write: x, value: 1}}, {text}]
  c: [{{join: a}}, {{read: x}}]
"""
    assert found(program)["race"] == "never"


def test_a_time_that_runs_out_orders_nothing() -> None:
    text = """
barriers: {B: 3}
variables: {x: 0}
threads:
  a: [{wait: B}]
  b: [{write: x, value: 1}, {wait: B, timeout: 1}]
  c: [{join: a}, {read: x}]
"""
    assert found(text)["race"] == "always"


def test_what_is_said_of_one_who_waits_names_who_could_break_it() -> None:
    text = """
barriers: {B: 2}
locks: [A]
threads:
  a: [{with: A, do: [{wait: B}]}]
  b:
    - with: A
      do:
        - abort: B
expect: {deadlock: possible}
"""
    result = deadsim.explore(loads(text))
    told = [defect.finding for defect in result.defects if defect.finding.type == "deadlock"]
    assert [one.threads for one in told] == [("a", "b")]
    assert "before it aborts it at line" in (told[0].hint or "")
    assert "until b aborts it" in message(told[0])


def test_a_real_barrier_notices_what_differs() -> None:
    text = "barriers: {B: 2}\nthreads: {a: [{wait: B}], b: [{wait: B}]}\n"
    system = System(loads(text).program)
    declared: Any = system.world[3]
    real = RealBarrier(3, declared)
    assert real.agrees(system.initial().state.objects)
    assert not real.agrees(system.step(system.initial().state, 0).state.objects)
