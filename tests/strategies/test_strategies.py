"""Strategies: what all of them owe the engine, and what each promises."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from deadsim import ReplayDiverged, UsageError, load, loads, replay, run
from deadsim.kernel.primitives.local import Note, Sleep
from deadsim.model.program import Choice
from deadsim.strategies.clock import PATIENCE, Clock
from deadsim.strategies.pct import Pct
from deadsim.strategies.pos import Pos
from deadsim.strategies.random_walk import Random
from deadsim.strategies.round_robin import RoundRobin, Sequential
from deadsim.strategies.script import Script
from deadsim.strategies.strategy import Chance, Option, Ready, Strategy
from deadsim.strategies.surw import Surw
from deadsim.trace import schedule

WORK = Note("step", "works")

EVERY: dict[str, Callable[[], Strategy]] = {
    "round-robin": lambda: RoundRobin(Chance(1)),
    "sequential": lambda: Sequential(Chance(1)),
    "random": lambda: Random(Chance(1)),
    "pct": lambda: Pct(Chance(1), 3, 40),
    "pos": lambda: Pos(Chance(1)),
    "surw": lambda: Surw(Chance(1), {0: {0: 5, 1: 5}}),
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
