"""A run that goes round is ended, but not before it has had its chance to get out."""

import deadsim

SPINNING = """
locks: [m]
variables: {go: 0}
threads:
  a: [{while: go == 0, do: [{with: m, do: [{yield: }]}]}]
  b: [{while: go == 0, do: [{with: m, do: [{yield: }]}]}]
"""

LATE = """
variables: {go: 0}
threads:
  a: [{while: go == 0, do: [{yield: }]}]
  b: [{repeat: ROUNDS, do: [{yield: }]}, {write: go, value: 1}]
"""


def test_a_run_that_goes_round_is_ended_with_the_reason() -> None:
    run = deadsim.run(deadsim.loads(SPINNING))
    assert run.outcome == "budget"
    (suspected,) = [one for one in run.result.suspicions if one.type == "livelock"]
    assert suspected.step is not None
    steps = len(run.schedule)
    assert 10 * suspected.step < steps < 13 * suspected.step
    assert f"ended after {steps:,} steps, 10 times as many" in run.reasons[0]
    assert run.reasons[0] in run.report()


def test_the_same_seed_ends_at_the_same_step() -> None:
    runs = [deadsim.run(deadsim.loads(SPINNING), strategy="random", seed=3) for _ in range(2)]
    assert runs[0].schedule == runs[1].schedule


def test_who_asks_for_steps_gets_them() -> None:
    run = deadsim.run(deadsim.loads(SPINNING), max_steps=9_000)
    assert len(run.schedule) == 9_000
    assert run.reasons == ()


def test_a_run_that_gets_out_of_its_round_ends_well() -> None:
    """One thread spins while the other is on its way, which takes a few times as long as it took to suspect."""
    run = deadsim.run(deadsim.loads(LATE.replace("ROUNDS", "900")), strategy="round-robin")
    assert run.outcome == "completed"


def test_a_daemon_that_goes_round_alone_ends_no_run() -> None:
    text = """
threads:
  poll: {daemon: true, do: [{forever: [{yield: }]}]}
  main: [{repeat: 2000, do: [{yield: }]}]
"""
    run = deadsim.run(deadsim.loads(text), strategy="round-robin")
    assert run.outcome == "completed"
