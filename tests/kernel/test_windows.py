"""Steps of ours against the windows of CPython's own code (the table of docs/how-it-decides.md).

Where a step of ours is several pieces of CPython's, between which another thread may come in, no program of
a small family comes to rest in another way when the code is written out piece by piece.
"""

import threading
from typing import Any

import pytest

import deadsim
from deadsim import loads
from deadsim.kernel.system import System
from portion import one_in
from written_out import PAIRS, family, outcomes, text


@pytest.mark.parametrize("name", PAIRS)
def test_two_threads_come_to_rest_alike_written_out(name: str) -> None:
    pair = PAIRS[name]
    for program in family(pair, 2, 1):
        assert outcomes(text(pair, program, False)) == outcomes(text(pair, program, True)), program


CASES = [
    (name, program)
    for name, pair in PAIRS.items()
    for program in (*family(pair, 3, 1), *family(pair, 2, 2))
]


@pytest.mark.parametrize(("name", "program"), one_in(40, CASES))
def test_small_programs_come_to_rest_alike_written_out(
    name: str, program: tuple[tuple[str, ...], ...]
) -> None:
    pair = PAIRS[name]
    assert outcomes(text(pair, program, False)) == outcomes(text(pair, program, True))


@pytest.mark.parametrize(
    ("name", "piece", "instead"),
    [
        ("barrier", "{wait: cond, until: state != 1 and state != 3}", "pass"),  # without a door
        ("barrier", 'if: "state == 0 or state == 2"', 'if: "state == 2"'),
        ("semaphore", "{notify: cond}", "pass"),
        ("event", "{notify_all: cond}", "{notify: cond}"),
        ("queue", "{notify: not_full}", "pass"),
        ("queue", "until: size > 0 or shut", "until: size > 0"),
    ],
)
def test_code_that_does_something_else_is_noticed(name: str, piece: str, instead: str) -> None:
    pair = PAIRS[name]
    programs = [text(pair, program, True) for program in family(pair, 3, 1)]
    other = [one.replace(piece, instead) for one in programs]
    assert any(
        outcomes(one) != outcomes(new)
        for one, new in zip(programs, other, strict=True)
        if one != new
    )


class NotifiedWhileItLetsGo:
    """A lock under a condition whose waiter is notified in the moment at which it has let the lock go."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.acquire, self.release = self.lock.acquire, self.lock.release
        self.condition: Any = None

    def _is_owned(self) -> bool:
        return self.lock.locked()

    def _release_save(self) -> None:
        self.condition.notify()
        self.lock.release()

    def _acquire_restore(self, saved: None) -> None:
        self.lock.acquire()


@pytest.mark.parametrize("notified", [False, True])
def test_a_wait_of_no_time_looks_twice_as_in_python(notified: bool) -> None:
    lock = NotifiedWhileItLetsGo() if notified else threading.Lock()
    condition: Any = threading.Condition(lock)  # type: ignore[arg-type]
    if isinstance(lock, NotifiedWhileItLetsGo):
        lock.condition = condition
    asked: list[bool] = []
    lock.acquire()
    assert condition.wait_for(lambda: bool(asked.append(False)), 0) is False
    assert len(asked) == 2
    lock.release()
    program = """
conditions: [C]
variables: {x: false}
threads:
  a: {locals: {none: 0}, do: [{with: C, do: [{wait: C, until: x, timeout: TIME, into: r}]}]}
  b: [{acquire: C}, {notify: C}, {release: C}]
"""
    for time in ("0", "none"):
        system = System(loads(program.replace("TIME", time)).program)
        state = system.initial().state
        # It takes the lock, looks, and lets go; is it notified then, or is its time up?
        order = [0, 0, 0, *([1, 1, 1] if notified else [0]), 0, 0, 0]
        verbs = []
        for thread in order:
            operation = system.pending(state, thread)
            assert operation is not None
            verbs.append(operation.verb)
            state = system.step(state, thread).state
        assert verbs.count("read") == 2
        assert system.pending(state, 0) is None


def test_a_wait_of_no_time_gives_the_lock_up_and_takes_it_back() -> None:
    text_ = """
conditions: [C]
variables: {x: 0}
threads:
  a: [{with: C, do: [{write: x, value: 1}, {wait: C, timeout: 0}, {read: x, into: seen}, {assert: seen == 1}]}]
  b: [{with: C, do: [{write: x, value: 2}]}]
expect: {assertion: possible, deadlock: never}
"""
    assert deadsim.explore(loads(text_)).verdict == "as-expected"


@pytest.mark.parametrize("notified", [False, True])
def test_a_wait_of_no_time_lets_others_in_and_may_be_notified_as_in_python(notified: bool) -> None:
    lock = NotifiedWhileItLetsGo() if notified else threading.Lock()
    condition: Any = threading.Condition(lock)  # type: ignore[arg-type]
    if isinstance(lock, NotifiedWhileItLetsGo):
        lock.condition = condition
    lock.acquire()
    assert condition.wait(0) is notified
    lock.release()
    system = System(
        loads("""
conditions: [C]
threads:
  a: [{acquire: C}, {wait: C, timeout: 0, into: r}, {assert: r}]
  b: [{with: C, do: [{notify: C}]}]
""").program
    )
    state = system.initial().state
    for thread in (0, 0, *((1, 1, 1) if notified else (0,))):
        state = system.step(state, thread).state
    assert system.enabled(state) == ([0] if notified else [0, 1])  # it has let the lock go
    # It takes it back whatever came of it.
    move = system.step(state, 0)
    assert bool(move.failures) is not notified
