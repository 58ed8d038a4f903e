"""The kernel against the real objects of Python: the same calls, the same answers."""

import queue
import threading
from itertools import product
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from deadsim import loads
from deadsim.export.classes import LATCH
from deadsim.kernel.operation import Attempt
from deadsim.kernel.state_query import state_evaluator
from deadsim.kernel.system import State, System
from kernel_calls import Kernel, machine
from portion import one_in


class Semaphores(RuleBasedStateMachine):
    @initialize(value=st.integers(0, 3), bounded=st.booleans())
    def begin(self, value: int, bounded: bool) -> None:
        make = threading.BoundedSemaphore if bounded else threading.Semaphore
        self.real = make(value)
        self.kernel = Kernel("semaphores", f"{{value: {value}, bounded: {str(bounded).lower()}}}")

    @rule()
    def acquire(self) -> None:
        done = self.real.acquire(blocking=False)
        assert self.kernel.call("acquire: X, blocking: false") == ("done", (done,))

    @rule(timeout=st.just(0))
    def acquire_for_some_time(self, timeout: int) -> None:
        done = self.real.acquire(timeout=timeout)
        assert self.kernel.call("acquire: X, timeout: 0") == ("done", (done,))

    @rule(count=st.integers(1, 3))
    def release(self, count: int) -> None:
        try:
            self.real.release(count)
            expected = "done"
        except ValueError:
            expected = "raises"
        assert self.kernel.call(f"release: X, count: {count}")[0] == expected


class Queues(RuleBasedStateMachine):
    @initialize(maxsize=st.integers(-1, 3), order=st.sampled_from(["fifo", "lifo", "priority"]))
    def begin(self, maxsize: int, order: str) -> None:
        make: dict[str, Any] = {
            "fifo": queue.Queue, "lifo": queue.LifoQueue, "priority": queue.PriorityQueue,
        }  # fmt: skip
        self.real = make[order](maxsize)
        self.order = order
        self.kernel = Kernel("queues", f"{{maxsize: {maxsize}, order: {order}}}")

    @rule(item=st.integers(0, 5))
    def put(self, item: int) -> None:
        try:
            self.real.put_nowait(item)
            done = True
        except queue.Full:
            done = False
        assert self.kernel.call(f"put: X, value: {item}, blocking: false") == ("done", (done,))

    @rule()
    def put_and_wait(self) -> None:
        if self.real.full():
            assert self.kernel.call("put: X, value: 9")[0] == "blocks"
        else:
            self.real.put(9)
            assert self.kernel.call("put: X, value: 9")[0] == "done"

    @rule()
    def get(self) -> None:
        try:
            expected = (self.real.get_nowait(), True)
        except queue.Empty:
            expected = (None, False)
        assert self.kernel.call("get: X, into: r, blocking: false") == ("done", expected)

    @rule()
    def task_done(self) -> None:
        try:
            self.real.task_done()
            expected = "done"
        except ValueError:
            expected = "raises"
        assert self.kernel.call("task_done: X")[0] == expected

    @rule()
    def join(self) -> None:
        how, _ = self.kernel.call("join: X")
        assert (how == "blocks") is (self.real.unfinished_tasks > 0)
        if how == "done":
            self.real.join()

    @invariant()
    def same_content(self) -> None:
        if not hasattr(self, "real"):
            return
        there = list(self.real.queue)
        assert (sorted(there) if self.order == "priority" else there) == list(
            self.kernel.content.items
        )


class Events(RuleBasedStateMachine):
    @initialize(begins=st.booleans())
    def begin(self, begins: bool) -> None:
        self.real = threading.Event()
        if begins:
            self.real.set()
        self.kernel = Kernel("events", f"{{set: {str(begins).lower()}}}")

    @rule()
    def set(self) -> None:
        self.real.set()
        self.kernel.call("set: X")

    @rule()
    def clear(self) -> None:
        self.real.clear()
        self.kernel.call("clear: X")

    @rule()
    def wait(self) -> None:
        before = self.kernel.content
        how, _ = self.kernel.call("wait: X")
        assert (how == "done") is self.real.wait(0)
        if how != "done":
            self.kernel.content = before  # nobody is left waiting

    @invariant()
    def same_flag(self) -> None:
        if hasattr(self, "real"):
            assert self.kernel.content.set is self.real.is_set()


class Locks(RuleBasedStateMachine):
    @initialize(reentrant=st.booleans())
    def begin(self, reentrant: bool) -> None:
        self.real: Any = threading.RLock() if reentrant else threading.Lock()
        self.kernel = Kernel("locks", f"{{reentrant: {str(reentrant).lower()}}}")

    @rule()
    def acquire(self) -> None:
        done = self.real.acquire(blocking=False)
        assert self.kernel.call("acquire: X, blocking: false") == ("done", (done,))

    @rule()
    def acquire_and_wait(self) -> None:
        how, _ = self.kernel.call("acquire: X")
        assert (how == "done") is self.real.acquire(blocking=False)

    @rule()
    def release(self) -> None:
        try:
            self.real.release()
            expected = "done"
        except RuntimeError:
            expected = "raises"
        assert self.kernel.call("release: X")[0] == expected


class Conditions(RuleBasedStateMachine):
    """One thread takes the lock, notifies, and waits without time: what CPython does with that."""

    @initialize()
    def begin(self) -> None:
        self.real = threading.Condition()
        self.system = System(
            loads("conditions: [X]\nthreads: {t: [{repeat: 9, do: [{step: s}]}]}\n").program
        )
        self.held = 0
        self.kernel = Kernel("conditions", "")
        self.lock = self.kernel.content
        self.waiters: Any = ()

    def call(self, step: str) -> str:
        system = self.kernel.system("{" + step + "}")
        start = system.initial().state
        state = State((*start.objects[:-2], self.waiters, self.lock), start.frames)
        move = system.step(state, 0)
        if move.failures:
            return "raises"
        while move.outcome.stays:
            move = system.step(move.state, 0)
            if not system.ways(move.state, 0):
                return "blocks"
        self.waiters, self.lock = move.state.objects[-2:]
        return str(move.outcome.results)

    @rule()
    def acquire(self) -> None:
        self.real.acquire()
        self.held += 1
        assert self.call("acquire: X") == "(True,)"

    @rule()
    def release(self) -> None:
        try:
            self.real.release()
            expected = "()"
            self.held -= 1
        except RuntimeError:
            expected = "raises"
        assert self.call("release: X") == expected

    @rule(verb=st.sampled_from(["notify", "notify_all"]))
    def notify(self, verb: str) -> None:
        try:
            getattr(self.real, verb)()
            expected = "()"
        except RuntimeError:
            expected = "raises"
        assert self.call(f"{verb}: X") == expected

    @rule()
    def wait(self) -> None:
        try:
            expected = str((self.real.wait(0),))
        except RuntimeError:
            expected = "raises"
        assert self.call("wait: X, timeout: 0") == expected

    @precondition(lambda self: hasattr(self, "held"))
    @invariant()
    def same_depth(self) -> None:
        assert (self.lock or (0, 0))[1] == self.held


class Barriers(RuleBasedStateMachine):
    """Threads arrive one after the other; the kernel's places against those that CPython gives."""

    @initialize(parties=st.integers(1, 4))
    def begin(self, parties: int) -> None:
        self.parties = parties
        text = f"barriers: {{X: {parties}}}\nthreads: {{'t[{parties}]': [{{forever: [{{wait: X, into: r}}]}}]}}\n"
        self.system = System(loads(text).program)
        self.state = self.system.initial().state
        self.real = threading.Barrier(parties)

    @rule(order=st.randoms(use_true_random=False))
    def meet(self, order: Any) -> None:
        arriving = list(range(self.parties))
        order.shuffle(arriving)
        places: dict[int, int] = {}
        threads = []
        for thread in arriving:
            move = self.system.step(self.state, thread)
            self.state = move.state
            if not move.outcome.stays:
                places[thread] = move.outcome.results[0]  # type: ignore[assignment]
        for thread in sorted(set(arriving) - set(places)):
            move = self.system.step(self.state, thread)
            self.state = move.state
            places[thread] = move.outcome.results[0]  # type: ignore[assignment]
        real: dict[int, int] = {}
        for number, thread in enumerate(arriving):
            one = threading.Thread(target=lambda t=thread: real.update({t: self.real.wait()}))  # type: ignore[misc]
            one.start()
            threads.append(one)
            while number < self.parties - 1 and self.real.n_waiting <= number:
                pass
        for one in threads:
            one.join()
        assert places == real


class PlainLatch:
    """A latch as one would write it over a condition."""

    def __init__(self, count: int) -> None:
        self.changed = threading.Condition()
        self.count = count

    def count_down(self, count: int = 1) -> None:
        if count < 1:
            raise ValueError
        with self.changed:
            self.count = max(0, self.count - count)
            self.changed.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: self.count == 0, timeout)


class Latches(RuleBasedStateMachine):
    """The kernel's latch, and the class that an exported program has, against a plain one."""

    @initialize(count=st.integers(0, 5))
    def begin(self, count: int) -> None:
        self.real = PlainLatch(count)
        written: dict[str, Any] = {"threading": threading}
        exec(LATCH, written)
        self.exported = written["Latch"](count)
        self.kernel = Kernel("latches", str(count))

    @rule(count=st.integers(0, 3))
    def count_down(self, count: int) -> None:
        expected = []
        for one in (self.real, self.exported):
            try:
                one.count_down(count)
                expected.append("done")
            except ValueError:
                expected.append("raises")
        given = f"{{let: {{r: {count}}}}}, {{count_down: X, count: r}}"
        assert [self.kernel.call(given)[0]] * 2 == expected

    @rule()
    def count_down_once(self) -> None:
        self.real.count_down()
        self.exported.count_down()
        assert self.kernel.call("{count_down: X}") == ("done", ())

    @rule()
    def wait(self) -> None:
        opened = self.real.wait(0)
        assert self.exported.wait(0) is opened
        assert self.kernel.call("{wait: X}")[0] == ("done" if opened else "blocks")

    @rule()
    def wait_for_some_time(self) -> None:
        opened = self.real.wait(0)
        assert self.kernel.call("{wait: X, timeout: 0, into: r}") == ("done", (opened,))

    @invariant()
    def same_count(self) -> None:
        if hasattr(self, "real"):
            assert self.kernel.content == self.real.count == self.exported.count


TestSemaphores = machine(Semaphores)
TestQueues = machine(Queues)
TestEvents = machine(Events)
TestLocks = machine(Locks)
TestConditions = machine(Conditions)
TestLatches = machine(Latches)
TestBarriers = machine(Barriers, 15)


class Gated:
    """A lock under a condition; who waits can take it back only when the gate is open."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.acquire, self.release = self.lock.acquire, self.lock.release
        self.joined = threading.Semaphore(0)
        self.comes_back = threading.Semaphore(0)
        self.gate = threading.Event()

    def _is_owned(self) -> bool:
        return self.lock.locked()

    def _release_save(self) -> None:
        self.lock.release()
        self.joined.release()

    def _acquire_restore(self, saved: None) -> None:
        self.comes_back.release()
        self.gate.wait()
        self.lock.acquire()


Woken = tuple[list[bool | None], int]
"""What each `wait` returned, None of one that sleeps on, and how many were on the list after the notify."""


def woken_by_python(timed: tuple[bool, ...], count: int) -> Woken:
    """Notify so many while the lock is held from those that are `timed`, whose time has run out."""
    lock = Gated()
    condition: Any = threading.Condition(lock)  # type: ignore[arg-type]
    found: list[bool | None] = [None] * len(timed)
    returned = threading.Semaphore(0)

    def wait(number: int) -> None:
        with lock.lock:
            found[number] = condition.wait(0 if timed[number] else None)
        returned.release()

    threads = [threading.Thread(target=wait, args=(n,)) for n in range(len(timed))]
    for number, thread in enumerate(threads):
        thread.start()
        lock.joined.acquire()
        if timed[number]:
            lock.comes_back.acquire()
    with lock.lock:
        condition.notify(count)
        listed = len(condition._waiters)
    lock.gate.set()
    for number, thread in enumerate(threads):
        if timed[number]:
            thread.join()
    asleep = len(condition._waiters)
    for _ in range(len(timed) - asleep):
        returned.acquire()
    result = list(found)
    with lock.lock:
        condition.notify_all()
    for thread in threads:
        thread.join()
    return result, listed


def woken_by_the_kernel(timed: tuple[bool, ...], count: int) -> Woken:
    waits = "".join(
        f"  w{n}:\n    - {{with: c, do: [{{wait: c, into: r{', timeout: 1' if one else ''}}}]}}\n"
        f"    - {{write: 'got[{n}]', value: r}}\n"
        for n, one in enumerate(timed)
    )
    text = (
        f"conditions: [c]\nvariables: {{'got[{len(timed)}]': null}}\nthreads:\n{waits}"
        f"  giver: [{{with: c, do: [{{notify: c, count: {count}}}]}}]\n"
        "expect: {final: {possible: [waiting(c)]}}\n"
    )
    system = System(loads(text).program)
    waiting = state_evaluator(system.world, system.program.claims.final[0].expression)
    state = system.initial().state
    for thread in range(len(timed)):
        for _ in range(3 if timed[thread] else 2):
            state = system.step(state, thread).state
    for _ in range(2):
        state = system.step(state, len(timed)).state
    listed = waiting(state.objects)
    while enabled := system.enabled(state):
        state = system.step(state, enabled[0]).state
    got = [state.objects[n] for n, one in system.world.shared() if one.name.startswith("got")]
    return got, int(listed)  # type: ignore[call-overload]


@pytest.mark.parametrize("timed", [*product((True, False), repeat=3)])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_notify_goes_to_those_whose_time_ran_out_as_in_python(
    timed: tuple[bool, ...], count: int
) -> None:
    assert woken_by_the_kernel(timed, count) == woken_by_python(timed, count)


def test_an_attempt_is_named_as_what_it_attempts() -> None:
    system = System(loads("locks: [A]\nthreads: {t: [{acquire: A, timeout: 3}]}\n").program)
    operation = system.initial().state.frames[0].operation
    assert isinstance(operation, Attempt)
    assert (operation.verb, operation.duration) == ("acquire", 3)


@pytest.mark.parametrize("seed", one_in(5, range(40)))
def test_a_condition_program_has_one_verdict_whatever_the_order_of_its_threads(seed: int) -> None:
    import random

    import oracle

    chance = random.Random(seed)
    bodies = {
        "waits": "[{with: c, do: [{wait: c, until: x}, {write: x, value: 0}]}]",
        "waits_once": "[{with: c, do: [{wait: c}]}]",
        "wakes": "[{with: c, do: [{write: x, value: 1}, {notify: c}]}]",
        "wakes_all": "[{with: c, do: [{notify_all: c}]}]",
        "gives_up": "[{with: c, do: [{wait: c, timeout: 1, into: r}, {notify: c}]}]",
    }
    chosen = [chance.choice(list(bodies)) for _ in range(3)]
    verdicts = set()
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)):
        threads = "".join(f"  t{i}: {bodies[chosen[i]]}\n" for i in order)
        text = f"conditions: [c]\nvariables: {{x: 0}}\nthreads:\n{threads}"
        found = oracle.explore(loads(text).program, kinds=True)
        # Which kind it is may lie in the history, of which the search keeps one for each state.
        named = frozenset((frozenset(core), what) for _, core, what in found.deadlocks)
        verdicts.add((tuple(sorted(found.levels.items())), found.racy, found.states, named))
    assert len(verdicts) == 1
