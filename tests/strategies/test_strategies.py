"""Strategies: what all of them owe the engine, and what each promises."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

from deadsim import ReplayDiverged, ScenarioError, UsageError, load, loads, notebook, replay, run
from deadsim.cli.commands import deadsim as group
from deadsim.kernel.primitives.local import Note, Sleep
from deadsim.language.schema import schema
from deadsim.model.program import Choice
from deadsim.strategies import registry
from deadsim.strategies.clock import PATIENCE, Clock
from deadsim.strategies.pct import Pct
from deadsim.strategies.random_walk import Random
from deadsim.strategies.round_robin import RoundRobin
from deadsim.strategies.script import Script
from deadsim.strategies.strategy import Chance, Option, Ready, Strategy
from deadsim.trace import schedule

WORK = Note("step", "works")

MEASURED = [(step % 2, (0,)) for step in range(40)]


def made(name: str) -> Strategy:
    """Make a strategy as its row says."""
    return registry.strategy(name, registry.Needs(Chance(1), None, lambda: MEASURED))


EVERY: dict[str, Callable[[], Strategy]] = {
    **{name: partial(made, name) for name in registry.NAMES},
    "clock": lambda: Clock(Random(Chance(1))),
    "script": lambda: Script([(0, None), (1, None)], Chance(1)),
}


def options(*threads: int) -> list[Option]:
    return [Ready(thread, WORK, False) for thread in threads]


def picks(strategy: Strategy, count: int = 60) -> list[int]:
    strategy.begin()
    found = [
        strategy.pick(options(*[t for t in range(4) if t < 2 or step % 3])) for step in range(count)
    ]
    strategy.end("completed")
    return found


@pytest.mark.parametrize("name", EVERY)
class TestEveryStrategy:
    def test_picks_one_of_its_options(self, name: str) -> None:
        strategy = EVERY[name]()
        strategy.begin()
        for step in range(80):
            some = [t for t in range(4) if t < 2 or step % 3]
            assert strategy.pick(options(*some)) in some

    def test_draws_below_its_bound(self, name: str) -> None:
        strategy = EVERY[name]()
        strategy.begin()
        strategy.pick(options(0, 1))
        assert {strategy.draw(3) for _ in range(60)} == {0, 1, 2}

    def test_begins_anew(self, name: str) -> None:
        strategy = EVERY[name]()
        assert picks(strategy) == picks(strategy)

    def test_is_the_same_for_the_same_seed(self, name: str) -> None:
        assert picks(EVERY[name]()) == picks(EVERY[name]())


OFFERED_BY = "threads: {a: [step: x, {choose: [1, 2]}, step: y], b: [step: z, {sleep: 1}]}\n"


@pytest.mark.parametrize("name", registry.NAMES)
class TestEveryRow:
    def test_a_file_may_name_it_and_the_command_line_says_the_same(self, name: str) -> None:
        for written in (f"schedule: {name}\n", f"schedule: {{strategy: {name}, seed: 5}}\n"):
            scenario = loads(OFFERED_BY + written)
            assert scenario.program.plan.strategy == name
            mine = run(scenario)
            seed = scenario.program.plan.seed
            named = run(loads(OFFERED_BY), strategy=name, seed=seed)
            assert mine.result.strategy == name
            assert mine.schedule == named.schedule

    def test_it_runs_with_every_option_and_is_the_same_for_the_same_seed(self, name: str) -> None:
        row = registry.STRATEGIES[name]
        depths = (None, 1, 5) if row.takes_depth else (None,)
        for depth in depths:
            for keep_going in (False, True):
                one, other = (
                    run(load("dining"), strategy=name, seed=7, depth=depth, keep_going=keep_going)
                    for _ in range(2)
                )
                assert one.schedule == other.schedule
        seeds = {run(load("dining"), strategy=name, seed=s).schedule for s in range(20)}
        assert (len(seeds) > 1) is row.draws

    def test_everything_that_lists_strategies_lists_it(self, name: str) -> None:
        row = registry.STRATEGIES[name]
        choices = {
            command: {one.name: one.type for one in group.get_command(None, command).params}
            for command in ("run", "explore", "check")
        }
        assert name in choices["run"]["strategy"].choices  # type: ignore[attr-defined]
        for command in ("explore", "check"):
            sampled = choices[command]["sample"].choices  # type: ignore[attr-defined]
            assert (name in sampled) is row.draws
        found = schema()["properties"]["schedule"]["anyOf"]
        assert name in found[0]["enum"]
        assert name in found[3]["properties"]["strategy"]["enum"]
        assert notebook.options().parse_args(["--strategy", name]).strategy == name

    def test_it_promises_something_and_measures_what_it_says(self, name: str) -> None:
        row = registry.STRATEGIES[name]
        assert row.promise
        asked: list[bool] = []

        def measured() -> registry.Measured:
            asked.append(True)
            return MEASURED

        registry.strategy(name, registry.Needs(Chance(1), None, measured))
        assert bool(asked) is row.measures


def test_the_names_that_types_know_are_those_of_the_rows() -> None:
    assert get_args(registry.StrategyName) == registry.NAMES


def test_the_reference_lists_the_strategies_of_a_file() -> None:
    docs = Path(__file__).parent.parent.parent / "docs"
    text = (docs / "language.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("- `schedule` may be"))
    assert re.findall(r"`([a-z-]+)`", row)[1:] == list(registry.NAMES)
    options = (docs / "cli.md").read_text(encoding="utf-8")
    sampled = next(line for line in options.splitlines() if "`--sample" in line)
    assert set(registry.SAMPLING) == set(re.findall(r"[a-z]+", sampled.split("`")[1])) - {"sample"}


def test_a_wrong_name_is_told_which_there_are() -> None:
    with pytest.raises(UsageError, match="no strategy 'rr'; they are round-robin, sequential"):
        run(load("two_locks"), strategy="rr")
    with pytest.raises(ScenarioError, match="pct, pos and surw; or a list of names"):
        loads(OFFERED_BY + "schedule: rr\n")
    with pytest.raises(ScenarioError, match="'depth' is for the strategy pct"):
        loads(OFFERED_BY + "schedule: {strategy: pos, depth: 2}\n")


def test_a_run_loads_the_strategy_that_it_follows_alone() -> None:
    code = (
        "import sys, json, deadsim; deadsim.run(deadsim.load('two_locks'));"
        "print(json.dumps([m for m in sys.modules if m.startswith('deadsim.strategies.')]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.rpartition(".")[2] for name in json.loads(done.stdout)}
    assert loaded.isdisjoint({"pct", "pos", "surw", "random_walk"})


def test_round_robin_takes_turns_in_order_of_declaration() -> None:
    strategy = RoundRobin(Chance(0))
    strategy.begin()
    assert [strategy.pick(options(*o)) for o in ((0, 1, 2), (0, 2), (0, 1, 2), (1, 2))] == [
        0,
        2,
        0,
        1,
    ]


def test_sequential_stays_as_long_as_it_can() -> None:
    assert run(load("dining"), strategy="sequential").schedule[:6] == ("philosopher[0]",) * 6


def test_random_reaches_every_schedule() -> None:
    text = "threads: {a: [step: x, step: y], b: [step: z, step: w]}\n"
    found = {run(loads(text), strategy="random", seed=seed).schedule for seed in range(200)}
    assert len(found) == 6


def test_pct_changes_priorities_depth_minus_one_times() -> None:
    for seed in range(50):
        strategy = Pct(Chance(seed), 3, 30)
        strategy.begin()
        chosen = [strategy.pick(options(0, 1, 2)) for _ in range(30)]
        assert sum(a != b for a, b in pairwise(chosen)) <= 2


def test_pct_finds_a_bug_of_depth_two_as_often_as_it_promises() -> None:
    # Two threads and about eight steps: at least 1 / (2 * 8) of the runs.
    scenario = load("two_locks")
    found = sum(
        bool(run(scenario, strategy="pct", seed=seed, depth=2).deadlocks) for seed in range(300)
    )
    assert found >= 300 / 16


def test_pct_lets_others_go_on_when_a_thread_spins() -> None:
    assert run(load("peterson"), strategy="pct", seed=4).outcome == "completed"


def test_the_clock_withholds_sleepers_until_nothing_else_can_go_on() -> None:
    clock = Clock(RoundRobin(Chance(0)))
    clock.begin()
    sleeper, other = Ready(0, Sleep(5), False), Ready(1, WORK, False)
    assert clock.pick([sleeper, other]) == 1
    assert clock.pick([sleeper]) == 0
    assert clock.now == 5


def test_the_clock_moves_on_past_a_thread_that_spins() -> None:
    clock = Clock(RoundRobin(Chance(0)))
    clock.begin()
    both = [Ready(0, Sleep(5), False), Ready(1, WORK, False)]
    assert [clock.pick(both) for _ in range(PATIENCE + 1)] == [1] * PATIENCE + [0]


def test_naming_a_sleeper_makes_it_due() -> None:
    text = "threads: {a: [{sleep: 9}, {print: a}], b: [step: x, step: y]}\n"
    assert replay(loads(text), "a a a b b").output == ["a"]


def test_a_replay_says_where_it_does_not_fit() -> None:
    with pytest.raises(ReplayDiverged) as caught:
        replay(load("two_locks"), "left right right")
    assert caught.value.step == 2
    assert "right is blocked in 'acquire' of A (line 19)" in str(caught.value)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("a a a", "a has ended"),
        ("b", "b has not been started"),
        ("a#1", "that step has one result alone"),
        ("a a b#3 b", "that step has 2 results"),
        ("a a b b a", "the program has ended"),
    ],
)
def test_why_a_schedule_does_not_fit(names: str, why: str) -> None:
    text = "threads:\n  a: [step: x, start: b]\n  b: {autostart: false, do: [{choose: [1, 2]}, {step: y}]}\n"
    with pytest.raises(ReplayDiverged, match=why):
        replay(loads(text), names)


def test_a_replay_runs_past_a_deadlock_to_its_last_name() -> None:
    text = load("partial_deadlock")
    assert replay(text, "left right").steps == 2
    done = replay(text, "left right busy busy")
    assert done.steps == 4
    assert done.deadlocks[0].step == 1


def test_names_are_read_as_they_are_written() -> None:
    names = (
        Choice("a"),
        Choice("a"),
        Choice("a"),
        Choice("cell[1, 2]", 3),
        Choice("b-c"),
        Choice("철학자[0]"),
    )
    line = schedule.text(names)
    assert line == "a*3 cell[1, 2]#3 b-c 철학자[0]"
    assert schedule.parse_names(line) == names
    assert schedule.parse_names("cell[1,2]") == (Choice("cell[1, 2]"),)


@pytest.mark.parametrize("wrong", ["a b[", "#1", "a##1", "a*", "]", "1a"])
def test_what_is_no_name_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError):
        schedule.parse_names(wrong)


def test_a_schedule_file_is_read_as_it_was_written() -> None:
    names = tuple(Choice(f"cell[{k % 3}, {k % 2}]", k % 4 or None) for k in range(200))
    saved = schedule.ScheduleFile("a b.yaml", "0" * 64, {"n": "3", "s": "x=y"}, names)
    text = schedule.write(saved)
    assert max(map(len, text.split("\n"))) <= 120
    assert schedule.read(text, "f") == saved


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f:1: a schedule file begins with"),
        ("deadsim-schedule 1\n\na\n", "no line 'scenario: PATH'"),
        ("deadsim-schedule 1\nscenario: x\nparm n=3\n\na\n", "f:3: expected"),
        ("deadsim-schedule 1\nscenario: x\n\na\n%\n", "f:5: '%' is not a thread's name"),
    ],
)
def test_a_wrong_schedule_file_names_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        schedule.read(text, "f")
