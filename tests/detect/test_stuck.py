"""Who is stuck: never one that could move, and nearly all that cannot."""

import os
from collections.abc import Iterator

import pytest

import oracle
import programs
from deadsim import loads, run
from deadsim.detect.deadlocks.description import describe_all
from deadsim.detect.holdings import Holdings
from deadsim.detect.stuck.closure import Closure
from deadsim.detect.stuck.coarse_progress import Coarse, Flows
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.detect.stuck.valued_progress import Relaxed, TooMany
from deadsim.engine.pool import Pool
from deadsim.kernel.primitives.thread import ENDED
from deadsim.kernel.system import State, System
from deadsim.runs.runner import Runner
from portion import few_and_all

# More of them, with: DEADSIM_PROGRAMS=20000 pytest tests/detect/test_stuck.py
PROGRAMS = few_and_all(25, int(os.environ.get("DEADSIM_PROGRAMS", "300")))
MOST_STATES = 3_000


def start(system: System) -> State:
    """Give the state to begin with; what was printed is a part of it where it is claimed something of."""
    return system.initial(bool(system.program.claims.output)).state


def reachable(system: System) -> Iterator[State]:
    """Give every state that can be reached."""
    seen = set()
    front = [start(system)]
    while front:
        state = front.pop()
        key = repr(state.key())
        if key in seen:
            continue
        seen.add(key)
        yield state
        front += (system.step(state, t, way).state for t, way, _ in oracle.steps(system, state))


@pytest.mark.parametrize("count", PROGRAMS)
def test_random_programs_against_an_exhaustive_search(count: int) -> None:
    stuck = found = lasting = lasting_found = programs_seen = 0
    for seed in range(count):
        program = loads(programs.scenario(seed)).program
        try:
            exact = oracle.explore(program, MOST_STATES).stuck
        except oracle.TooManyStates:
            continue
        programs_seen += 1
        system = System(program)
        judge = StuckJudge(system)
        for state in reachable(system):
            if system.over(state.objects):
                continue
            truth = exact[state.key()]
            judge.begin()
            progress = judge.stuck(state)
            said = progress.stuck if progress else frozenset()
            assert said <= truth, (seed, state.key())
            # Without values, and without the quick way: sound as well.
            coarse = Coarse(system, Flows(system), state).progress()
            assert coarse.stuck <= truth, (seed, state.key())
            stuck += len(truth)
            found += len(said)
            lasting += len(truth.intersection(system.lasting))
            lasting_found += len(said.intersection(system.lasting))
    assert programs_seen > 0.9 * count
    print(
        f"{found} of {stuck} stuck threads found, {lasting_found} of {lasting} that are no daemon"
    )
    assert found >= 0.95 * stuck
    assert lasting_found >= 0.95 * lasting


def endings(system: System, states: list[State]) -> dict[object, set[int]]:
    """Find for each state the threads that end in some continuation."""
    keys = [repr(state.key()) for state in states]
    index = {key: number for number, key in enumerate(keys)}
    before: list[list[int]] = [[] for _ in states]
    can_end = [
        {t for t in range(len(state.frames)) if state.objects[t] == ENDED} for state in states
    ]
    for number, state in enumerate(states):
        for thread in system.enabled(state):
            for way in range(system.ways(state, thread)):
                after = repr(system.step(state, thread, way).state.key())
                before[index[after]].append(number)
    front = list(range(len(states)))
    while front:
        number = front.pop()
        for earlier in before[number]:
            if not can_end[number] <= can_end[earlier]:
                can_end[earlier] |= can_end[number]
                front.append(earlier)
    return dict(zip(keys, can_end, strict=True))


def with_paths(system: System) -> Iterator[tuple[str, tuple[State, list[tuple[int, int]]]]]:
    """Give every state that can be reached, with a schedule that leads to it, by its key."""
    seen = set()
    front: list[tuple[State, list[tuple[int, int]]]] = [(start(system), [])]
    while front:
        state, path = front.pop(0)
        key = repr(state.key())
        if key in seen:
            continue
        seen.add(key)
        yield key, (state, path)
        for thread, way, _ in oracle.steps(system, state):
            front.append((system.step(state, thread, way).state, [*path, (thread, way)]))


@pytest.mark.parametrize("count", PROGRAMS)
def test_kinds_cores_and_collateral_against_an_exhaustive_search(count: int) -> None:
    """Every stuck thread has exactly one place in what is reported, and the report is true."""
    kinds: set[str] = set()
    for seed in range(10_000, 10_000 + count // 2):
        program = loads(programs.scenario(seed)).program
        try:
            exact = oracle.explore(program, MOST_STATES).stuck
        except oracle.TooManyStates:
            continue
        system = System(program)
        names = [thread.name for thread in program.threads]
        judge = StuckJudge(system)
        paths = dict(with_paths(system))
        states = [state for state, _ in paths.values()]
        can_end = endings(system, states)
        for state in states:
            if system.over(state.objects) or not exact[state.key()]:
                continue
            stuck = exact[state.key()]
            able = system.before_time(state)
            blocked = [t for t in range(len(names)) if state.frames[t].operation and t not in able]
            closed = system.once(Closure).of(state, blocked)
            assert closed <= stuck, seed
            if not closed:
                continue
            events = oracle.events_along(system, paths[repr(state.key())][1])
            total = not system.enabled(state)
            assert closed == stuck or not total, seed
            deadlocks = describe_all(judge, state, events, Holdings(events), closed, total)
            kinds |= {found.kind for found in deadlocks}
            core: list[str] = []
            for found in deadlocks:
                core += found.threads
                assert {names.index(wait.thread) for wait in found.waits} <= closed, seed
                assert set(found.objects) == {wait.object for wait in found.waits}, seed
                for name in (*found.threads, *found.also_stuck):
                    assert names.index(name) not in can_end[repr(state.key())], (seed, found)
                others = [*found.threads, *found.also_stuck, *found.still_running]
                assert len(others) == len(set(others)), (seed, found)
                if found.kind == "circular-wait":
                    assert {wait.want for wait in found.waits} <= {"owner", "end", "permit"}, seed
                    assert len(found.cycle) == len(found.threads) > 1
                if found.kind == "communication":
                    assert any(wait.want not in ("owner", "end") for wait in found.waits), seed
                if found.kind == "collateral":
                    assert found.rests_on, seed
            assert len(core) == len(set(core)), (seed, deadlocks)
            placed = {*core, *(name for one in deadlocks for name in one.also_stuck)}
            assert {names[t] for t in closed} <= placed, (seed, deadlocks)
    assert len(kinds) >= (5 if count >= 300 else 3), kinds


def judged(text: str, *schedule: str) -> tuple[set[str], set[str]]:
    """Say who is stuck and who is doomed after some steps."""
    system = System(loads(text).program)
    names = [thread.name for thread in system.program.threads]
    state = system.initial().state
    for name in schedule:
        state = system.step(state, names.index(name)).state
    progress = StuckJudge(system).stuck(state)
    if progress is None:
        return set(), set()
    return {names[t] for t in progress.stuck}, {names[t] for t in progress.doomed}


ABBA = """
locks: [A, B]
threads:
  left: [{acquire: A}, {step: works}, {acquire: B}]
  right: [{acquire: B}, {step: works}, {acquire: A}]
  busy: [{forever: [step: works]}]
"""


def test_one_thread_is_stuck_while_the_other_is_still_on_its_way_to_the_deadlock() -> None:
    assert judged(ABBA, "left", "right", "right") == ({"right"}, {"left"})


def test_nobody_is_stuck_before() -> None:
    assert judged(ABBA, "left", "right") == (set(), set())


def test_a_thread_that_goes_round_for_ever_is_not_doomed_by_a_deadlock() -> None:
    stuck, doomed = judged(ABBA, "left", "right", "right", "left")
    assert (stuck, doomed) == ({"left", "right"}, set())


def test_a_branch_that_releases_keeps_hope() -> None:
    text = """
locks: [A]
variables: {x: 0}
threads:
  owner: [{acquire: A}, {forever: [{if: x == 1, then: [{release: A}, break]}, yield]}]
  waits: [{acquire: A}]
  sets: [{write: x, value: %s}]
"""
    assert judged(text % 1, "owner", "owner") == (set(), set())
    assert judged(text % 2, "owner", "owner") == ({"waits"}, set())


def test_a_loop_that_takes_its_lock_twice_never_ends() -> None:
    text = """
locks: [A]
threads:
  twice: [{step: begins}, {repeat: 2, do: [{acquire: A}]}]
  waits: [{join: twice}]
"""
    assert judged(text) == ({"waits"}, {"twice"})


def test_a_value_too_many_falls_back_on_places() -> None:
    text = """
locks: [A]
variables: {x: 0}
threads:
  counts: [{acquire: A}, {forever: [{add: x}, {if: x == 100000, then: [{release: A}]}]}]
  waits: [{acquire: A}]
"""
    system = System(loads(text).program)
    state = system.step(system.initial().state, 0).state
    with pytest.raises(TooMany):
        Relaxed(system, state).progress()
    assert StuckJudge(system).stuck(state) is None


def test_a_long_loop_is_not_followed_to_its_end_at_every_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spent = 0
    progress = Relaxed.progress

    def counted(self: Relaxed):  # type: ignore[no-untyped-def]
        nonlocal spent
        try:
            return progress(self)
        finally:
            spent += self.places

    monkeypatch.setattr(Relaxed, "progress", counted)
    text = """
locks: [A]
threads:
  holder: [{with: A, do: [{repeat: 1000, do: [step: works]}]}]
  waiter: [{with: A, do: []}]
"""
    done = run(loads(text))
    assert (done.outcome, done.steps) == ("completed", 1004)
    assert spent <= 20_000 + 100 * done.steps + 2_000


def test_what_a_run_finds_does_not_depend_on_runs_before_it() -> None:
    text = """
locks: [A, B]
variables: {x: 0}
threads:
  holder: [{with: A, do: [{repeat: 900, do: [step: works]}, {if: x == 1, then: [{acquire: B}]}]}]
  waiter: [{with: A, do: []}]
"""
    program = loads(text).program
    runner = Runner(program)
    with Pool() as pool:
        first = runner.run(pool, program.plan)
        again = runner.run(pool, program.plan)
    assert first == again


def test_a_place_is_looked_at_again_once_its_step_may_fail_after_all() -> None:
    """Until it is sent, a close may break the send, and then the lock is given back."""
    done = run(
        loads("""
locks: [A]
variables: {x: 0}
pipes: {i: {capacity: 2}}
threads:
  t0: [{with: A, do: [{send: i, value: 2}, {forever: [yield]}]}]
  t1: [{repeat: 30, do: [{add: x}]}, {close: i, end: read}]
  t2: [{acquire: A}, {step: on}]
"""),
        max_steps=40,
    )
    assert [found.step for found in done.deadlocks] == [2]
