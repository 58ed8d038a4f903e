"""The n-th run of a runner is the first run of a fresh one, field by field."""

from dataclasses import fields
from pathlib import Path

import pytest

import deadsim
from deadsim.engine.pool import Pool
from deadsim.model.program import Program
from deadsim.runs.result import Run
from deadsim.runs.runner import Runner
from portion import one_in
from programs import scenario

GALLERY = sorted((Path(__file__).parent.parent.parent / "scenarios").glob("**/*.yaml"))
STEPS = 300
SCHEDULES: tuple[tuple[str, int], ...] = (
    ("round-robin", 0),
    ("random", 0),
    ("random", 1),
    ("sequential", 0),
    ("pct", 2),
    ("pos", 3),
    ("surw", 4),
    ("random", 2),
    ("random", 0),
)
ONE_SEED = """
name: one seed, two answers
locks: [A, B]
variables: {x: 0}
threads:
  one: [{step: first}, {acquire: A, timeout: 5}, {acquire: B}, {release: B}, {release: A}]
  two: [{step: x}, {step: y}, {acquire: B}, {acquire: A}, {release: A}, {release: B}]
expect: {deadlock: possible}
"""


def run(runner: Runner, strategy: str, seed: int, keep_going: bool) -> Run:
    plan = runner.program.plan._replace(strategy=strategy, seed=seed, script=None)
    with Pool() as pool:
        return runner.run(pool, plan, max_steps=STEPS, keep_going=keep_going)


def assert_runs_are_the_same(program: Program) -> None:
    used = Runner(program)
    for number, (strategy, seed) in enumerate(SCHEDULES):
        again = run(used, strategy, seed, number % 2 == 1)
        fresh = run(Runner(program), strategy, seed, number % 2 == 1)
        for field in (one.name for one in fields(Run) if one.compare):
            assert getattr(again, field) == getattr(fresh, field), (strategy, seed, field)
        assert again.state.key() == fresh.state.key()


@pytest.mark.parametrize("file", one_in(10, GALLERY), ids=lambda file: file.stem)
def test_a_later_run_of_the_gallery_is_a_first_one(file: Path) -> None:
    assert_runs_are_the_same(deadsim.load(str(file)).program)


@pytest.mark.parametrize("first", one_in(15, range(0, 300, 20)))
def test_a_later_run_of_a_random_program_is_a_first_one(first: int) -> None:
    for seed in range(first, first + 20):
        assert_runs_are_the_same(deadsim.loads(scenario(seed)).program)


def test_many_runs_count_what_the_seeds_show_one_by_one() -> None:
    program = deadsim.loads(ONE_SEED).program
    runner = Runner(program)
    together = [run(runner, "random", seed, False).outcome for seed in range(8)]
    alone = [run(Runner(program), "random", seed, False).outcome for seed in range(8)]
    assert together == alone
    assert [seed for seed, outcome in enumerate(alone) if outcome == "stuck"] == [0, 2, 3]
