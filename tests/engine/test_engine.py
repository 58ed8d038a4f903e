"""Real threads: none is left behind, Ctrl-C ends a run cleanly, and real objects are checked."""

import gc
import os
import threading
import tracemalloc
from pathlib import Path

import pytest

import deadsim
from commands import interrupted
from deadsim import InternalError, load, loads
from deadsim.engine import baton
from deadsim.engine.interrupts import Interrupt
from deadsim.engine.pool import Pool
from deadsim.engine.real import objects as primitives
from deadsim.engine.scheduler import execute
from deadsim.kernel.scenario_source import ScenarioSource
from deadsim.kernel.system import System
from deadsim.runs.runner import Runner
from deadsim.strategies.random_walk import Random
from deadsim.strategies.round_robin import RoundRobin, Sequential
from deadsim.strategies.strategy import Chance
from portion import few_and_all

SPIN = "threads: {a: [{forever: [yield]}], b: [{forever: [step: works]}]}\n"


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts descriptors in /proc")
@pytest.mark.parametrize("runs", few_and_all(40, 1_000))
def test_a_thousand_runs_leave_nothing_behind(runs: int) -> None:
    scenario = load("dining")
    program = scenario.program
    before = threading.active_count(), descriptors(), os.sched_getaffinity(0)
    tracemalloc.start()
    flat = 0
    for seed in range(runs):
        with Pool() as pool:
            Runner(program).run(pool, program.plan._replace(strategy="random", seed=seed))
        if seed == runs // 10:
            gc.collect()
            flat = tracemalloc.get_traced_memory()[0]
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - flat
    tracemalloc.stop()
    assert (threading.active_count(), descriptors(), os.sched_getaffinity(0)) == before
    assert grown < 200_000


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts descriptors in /proc")
@pytest.mark.parametrize("runs", few_and_all(3, 100))
def test_a_hundred_runs_of_every_scenario_leave_nothing_behind(
    runs: int, request: pytest.FixtureRequest
) -> None:
    before = threading.active_count(), descriptors(), os.sched_getaffinity(0)
    gc.collect()
    gc.freeze()  # what was there before is neither looked through nor counted
    request.addfinalizer(gc.unfreeze)
    sizes = []
    for file in sorted((Path(__file__).parent.parent.parent / "scenarios").glob("**/*.yaml")):
        program = load(str(file)).program
        runner = Runner(program)
        for seed in range(runs):
            with Pool() as pool:
                runner.run(
                    pool,
                    program.plan._replace(strategy="random", seed=seed, script=None),
                    max_steps=300,
                )
        assert (threading.active_count(), descriptors(), os.sched_getaffinity(0)) == before, file
        del runner, program
        gc.collect()
        sizes.append(len(gc.get_objects()))
    assert sizes[-1] < sizes[4] + 2_000


def test_a_pool_is_used_again_and_again() -> None:
    system = System(load("dining").program)
    with Pool() as pool:
        for seed in range(200):
            execute(ScenarioSource(system), Random(Chance(seed)), pool)
            assert len(pool.workers) == 5
            assert len(pool.idle) == 5
    assert threading.active_count() == 1


def test_a_strategy_that_raises_leaves_no_thread() -> None:
    class Broken(RoundRobin):
        def pick(self, options):  # type: ignore[no-untyped-def]
            if self.last == 1:
                raise ZeroDivisionError
            return super().pick(options)

    system = System(load("dining").program)
    with Pool() as pool:
        with pytest.raises(ZeroDivisionError):
            execute(ScenarioSource(system), Broken(Chance(0)), pool)
        assert len(pool.idle) == 5
        execute(ScenarioSource(system), RoundRobin(Chance(0)), pool)


def test_a_strategy_that_picks_a_blocked_thread_is_an_internal_error() -> None:
    class Wrong(RoundRobin):
        def pick(self, options):  # type: ignore[no-untyped-def]
            return 0

    system = System(
        loads("locks: [A]\nthreads: {a: [{acquire: A}, {acquire: A}], b: [step: x]}\n").program
    )
    with Pool() as pool, pytest.raises(InternalError):
        execute(ScenarioSource(system), Wrong(Chance(0)), pool)


def test_a_real_lock_that_disagrees_is_never_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(primitives.RealLock, "release", lambda self, operation, outcome: None)
    system = System(load("two_locks").program)
    with Pool() as pool, pytest.raises(InternalError, match="differs from the kernel"):
        execute(ScenarioSource(system), Sequential(Chance(0)), pool)


def test_each_thread_has_an_operating_system_thread_of_its_own() -> None:
    seen: set[int] = set()

    class Look:
        def after(self, moment, failures):  # type: ignore[no-untyped-def]
            if moment.result is not None:
                seen.add(threading.get_ident())
            return False

    with Pool() as pool:
        execute(
            ScenarioSource(System(load("dining").program)), RoundRobin(Chance(0)), pool, (Look(),)
        )
    assert len(seen) == 5
    assert threading.get_ident() not in seen


def test_an_interrupt_ends_a_run_at_its_next_step() -> None:
    interrupt = Interrupt()

    class Ask:
        def after(self, moment, failures):  # type: ignore[no-untyped-def]
            interrupt.asked = moment.step == 9
            return False

    with Pool() as pool:
        done = execute(
            ScenarioSource(System(loads(SPIN).program)),
            RoundRobin(Chance(0)),
            pool,
            (Ask(),),
            interrupt=interrupt,
        )
    assert (done.ending, len(done.events)) == ("interrupted", 10)


@pytest.mark.parametrize(
    "extra",
    [
        (),
        pytest.param(("--format", "json"), marks=pytest.mark.slow),
        pytest.param(("--runs", "1000000"), marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_reports_what_was_seen(extra: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "spin.yaml"
    file.write_text(SPIN)
    done = interrupted("run", str(file), "--max-steps", "100000000", *extra, seconds=0.5)
    assert done.status == 130, done.err
    assert "Traceback" not in done.err
    assert "steps, " in done.err
    assert "interrupted" in done.out.lower()


def test_many_threads_at_once() -> None:
    text = "locks: [A]\nthreads: {'t[1000]': [{with: A, do: []}]}\n"
    with Pool() as pool:
        done = execute(ScenarioSource(System(loads(text).program)), RoundRobin(Chance(0)), pool)
    assert (done.ending, len(done.events)) == ("completed", 2_000)
    assert threading.active_count() == 1


def test_a_thread_that_starts_late_owns_nothing_that_another_left_held() -> None:
    run = deadsim.run(
        loads("""
locks: {R: {reentrant: true}}
threads:
  first: [{acquire: R}]
  later: {autostart: false, do: [{acquire: R, blocking: false, into: got}, {assert: not got}]}
  main: [{join: first}, {start: later}]
""")
    )
    assert run.outcome == "completed"
    assert not run.defects


@pytest.mark.parametrize("make", [baton.make, baton.PipeBaton, baton.LockBaton])
def test_a_baton_is_taken_as_often_as_it_is_given(make) -> None:  # type: ignore[no-untyped-def]
    one = make()
    assert not one.take_within(0.001)
    one.give()
    one.take()
    assert not one.take_within(0.001)
    one.give()
    assert one.take_within(1)
    one.close()


def test_pipes_and_locks_serve_where_there_is_no_eventfd(monkeypatch: pytest.MonkeyPatch) -> None:
    for make in (baton.PipeBaton, baton.LockBaton):
        monkeypatch.setattr(baton, "make", lambda number=0, make=make: make())
        with Pool() as pool:
            done = execute(
                ScenarioSource(System(load("dining").program)), RoundRobin(Chance(0)), pool
            )
        assert done.ending == "stuck"
