"""Every scenario that ships: its claims are true, it runs, and a failure of it can be replayed."""

import json
from pathlib import Path
from queue import PriorityQueue

import pytest

import oracle
from commands import deadsim
from deadsim import load
from deadsim.engine.pool import Pool
from deadsim.engine.real import objects as primitives
from deadsim.engine.real import queues
from deadsim.engine.scheduler import execute
from deadsim.kernel.operation import Objects
from deadsim.kernel.scenario_source import ScenarioSource
from deadsim.kernel.system import System
from deadsim.runs.runner import Runner
from deadsim.runs.watchers import state_of
from deadsim.strategies.random_walk import Random
from deadsim.strategies.strategy import Chance
from portion import few_and_all

GALLERY = Path(__file__).parent.parent.parent / "scenarios"
FILES = sorted(GALLERY.glob("**/*.yaml"))
NAMES = [file.stem for file in FILES]
MOST_STEPS = 2_000
"""Of the gallery only what spins for ever takes more than 200."""

pytestmark = pytest.mark.parametrize("file", FILES, ids=NAMES)


def test_its_claims_are_true_over_all_schedules(file: Path) -> None:
    program = load(file).program
    found = oracle.explore(program, kinds=True)
    assert oracle.holds(program.claims, found) == []


def test_it_has_a_description_and_a_comment_that_teaches(file: Path) -> None:
    program = load(file).program
    assert program.description
    assert "\n# " in program.source
    assert program.claims.kinds or program.claims.final or program.claims.output


def test_it_runs_by_its_name(file: Path) -> None:
    done = deadsim("run", file.stem)
    assert done.status == 0, done.out
    assert deadsim("run", file.stem, "--quiet").status == 0


@pytest.mark.parametrize("most", few_and_all(1, 5))
def test_a_failing_run_is_replayed_with_the_same_report(
    file: Path, most: int, tmp_path: Path
) -> None:
    program = load(file).program
    system = Runner(program)
    failing = 0
    with Pool() as pool:
        for seed in range(40):
            plan = program.plan._replace(strategy="random", seed=seed, script=None)
            run = system.run(pool, plan, max_steps=MOST_STEPS)
            if not run.defects:
                continue
            failing += 1
            saved = str(tmp_path / f"{seed}.schedule")
            first = deadsim(
                "run", str(file), "--strategy", "random", "--seed", str(seed),
                "--format", "json", "--save-schedule", saved,
            )  # fmt: skip
            again = deadsim("replay", saved, "--format", "json")
            assert first.status == again.status == 0
            assert but_for_the_strategy(first.json) == but_for_the_strategy(again.json)
            if failing == most:
                break
    claimed = [type for type in program.claims.kinds if program.claims.level(type) != "never"]
    # A livelock, or starvation, is for exploring to tell, and in time/ the clock keeps runs from some of what can be.
    assert failing or set(claimed) <= {"livelock", "starvation"} or file.parent.name == "time"


def but_for_the_strategy(report: dict[str, object]) -> str:
    left_out = ("command", "strategy", "seed")
    return json.dumps({key: value for key, value in report.items() if key not in left_out})


@pytest.mark.parametrize("schedules", few_and_all(4, 200))
def test_real_threads_and_the_kernel_agree_on_random_schedules(
    file: Path, schedules: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker's own place and locals, and all that the real objects tell, after each step."""
    monkeypatch.setattr(primitives.RealSemaphore, "agrees", same_permits)
    monkeypatch.setattr(queues.RealQueue, "agrees", same_items)
    system = System(load(file).program)
    with Pool() as pool:
        for seed in range(schedules):
            watcher = Agreement(system)
            done = execute(
                ScenarioSource(system), Random(Chance(seed)), pool, (watcher,), max_steps=MOST_STEPS
            )
            state = system.initial().state
            for step, (thread, way) in enumerate(done.choices):
                state = system.follow(state, thread, way).state
                assert state.key() == watcher.keys[step]


def same_permits(real: primitives.RealSemaphore, state: Objects) -> bool:
    return real.permits() == state[real.number]


def same_items(real: queues.RealQueue, state: Objects) -> bool:
    items, unfinished, _ = state[real.number]
    there = list(real.queue.queue)
    if isinstance(real.queue, PriorityQueue):
        there.sort()
    return there == list(items) and real.queue.unfinished_tasks == unfinished


class Agreement:
    """Keeps what the threads' own places and locals and the objects were after each step."""

    def __init__(self, system: System) -> None:
        self.keys: list[object] = []

    def after(self, moment, failures):  # type: ignore[no-untyped-def]
        if moment.result is not None:
            self.keys.append(state_of(moment).key())
        return False
