"""Queues that shut down: the kernel, the real object and the exported one against Python's own."""

import queue
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import deadsim
import oracle
from deadsim import loads
from deadsim.engine.real.queues import REFUSED
from deadsim.export.classes import SHUTDOWN
from kernel_calls import Kernel, machine


def module() -> Any:
    """Give Python's queues, those that an exported program has where Python cannot shut them down."""
    found = SimpleNamespace(**vars(queue))
    exec(SHUTDOWN, {"queue": found})
    return found


KINDS = {"fifo": "Queue", "lifo": "LifoQueue", "priority": "PriorityQueue"}


class Queues(RuleBasedStateMachine):
    @initialize(maxsize=st.integers(0, 3), order=st.sampled_from(["fifo", "lifo", "priority"]))
    def begin(self, maxsize: int, order: Any) -> None:
        self.module = module()
        self.real = getattr(self.module, KINDS[order])(maxsize)
        self.kernel = Kernel("queues", f"{{maxsize: {maxsize}, order: {order}}}")
        self.order = order

    def same(self, call: Any, step: str, none: Any) -> None:
        """Make one call in Python and in the kernel, and compare how they went."""
        try:
            expected: tuple[str, Any] = ("done", call())
        except (queue.Full, queue.Empty):
            expected = ("done", none)
        except (ValueError, self.module.ShutDown) as raised:
            expected = ("raises", "error" if isinstance(raised, self.module.ShutDown) else "misuse")
        assert self.kernel.call(step) == expected

    @rule(item=st.integers(0, 5), how=st.sampled_from(["blocking: false", "timeout: 0"]))
    def put(self, item: int, how: str) -> None:
        block = how != "blocking: false"
        call = lambda: (self.real.put(item, block, 0), (True,))[1]  # noqa: E731
        self.same(call, f"put: X, value: {item}, {how}", (False,))

    @rule(how=st.sampled_from(["blocking: false", "timeout: 0"]))
    def get(self, how: str) -> None:
        block = how != "blocking: false"
        call = lambda: (self.real.get(block, 0), True)  # noqa: E731
        self.same(call, f"get: X, into: r, {how}", (None, False))

    @rule()
    def task_done(self) -> None:
        self.same(lambda: (self.real.task_done(), ())[1], "task_done: X", None)

    @rule()
    def join(self) -> None:
        how, _ = self.kernel.call("join: X")
        assert (how == "blocks") is (self.real.unfinished_tasks > 0)

    @rule(immediate=st.sampled_from([False, False, True]))
    def shutdown(self, immediate: bool) -> None:
        step = f"shutdown: X, immediate: {str(immediate).lower()}"
        self.same(lambda: (self.real.shutdown(immediate), ())[1], step, None)

    @rule()
    def wait_for_what_does_not_come(self) -> None:
        waits = ((self.real.full(), "put: X, value: 9"), (self.real.empty(), "get: X"))
        for there, verb in waits:
            if there and not self.real.is_shutdown:
                assert self.kernel.call(verb)[0] == "blocks"

    @invariant()
    def same_content(self) -> None:
        if hasattr(self, "real"):
            there = list(self.real.queue)
            there = sorted(there) if self.order == "priority" else there
            content = (there, self.real.unfinished_tasks, self.real.is_shutdown)
            kernel = self.kernel.content
            assert content == (list(kernel.items), kernel.unfinished, kernel.shut)


TestQueues = machine(Queues)


@pytest.mark.parametrize("immediate", [False, True])
def test_a_shutdown_wakes_those_who_wait(immediate: bool) -> None:
    found = module()
    full, empty = found.Queue(1), found.Queue()
    full.put(1)
    ended: list[str] = []

    def blocked(name: str, call: Any) -> None:
        try:
            call()
            ended.append(f"{name} done")
        except found.ShutDown:
            ended.append(f"{name} refused")

    threads = [
        threading.Thread(target=blocked, args=("put", lambda: full.put(2))),
        threading.Thread(target=blocked, args=("timed put", lambda: full.put(2, timeout=30))),
        threading.Thread(target=blocked, args=("get", empty.get)),
        threading.Thread(target=blocked, args=("timed get", lambda: empty.get(timeout=30))),
    ]
    for thread in threads:
        thread.start()
    while len(full.not_full._waiters) + len(empty.not_empty._waiters) < 4:
        pass
    full.shutdown(immediate)
    empty.shutdown(immediate)
    for thread in threads:
        thread.join()
    assert sorted(ended) == sorted(
        ["put refused", "timed put refused", "get refused", "timed get refused"]
    )
    text = """
queues: {full: {maxsize: 1}, empty: {}}
threads:
  main: [{put: full, value: 1}, {start: w}, {shutdown: full}, {shutdown: empty}]
  w[4]:
    autostart: false
    do: [pass]
"""
    verbs = (
        "put: full, value: 2",
        "put: full, value: 2, timeout: 3",
        "get: empty",
        "get: empty, timeout: 3",
    )
    for verb in verbs:
        result = deadsim.explore(loads(text.replace("[pass]", f"[{{{verb}}}]")))
        assert result.claims["deadlock"].found == "never"
        assert result.claims["error"].found == ("possible" if "timeout" in verb else "always")


def test_what_was_got_and_not_done_stays_owed() -> None:
    text = """
queues: [q]
threads:
  main:
    - repeat: 5
      do: [{put: q, value: 1}]
    - {get: q}
    - {get: q}
    - {shutdown: q, immediate: true}
    - {task_done: q}
    - {join: q, timeout: 1, into: early}
    - {task_done: q}
    - {join: q, into: done}
    - assert: done and not early
    - {task_done: q}
expect: {misuse: always}
"""
    assert deadsim.explore(loads(text)).verdict == "as-expected"


@pytest.mark.parametrize(("immediate", "deadlock"), [("false", "possible"), ("true", "never")])
def test_who_joins_goes_on_where_an_immediate_shutdown_leaves_nothing_owed(
    immediate: str, deadlock: str
) -> None:
    text = f"""
queues: [q]
threads:
  a: [{{put: q, value: 1}}, {{shutdown: q, immediate: {immediate}}}]
  b: [{{join: q}}]
"""
    assert oracle.explore(loads(text).program).levels["deadlock"] == deadlock
    assert deadsim.explore(loads(text)).claims["deadlock"].found == deadlock


@pytest.mark.parametrize(
    ("waits", "race"),
    [
        ("{get: q}", "never"),
        ("{put: q, value: 1}", "possible"),  # it may come before the shutdown
        ("{while: not empty(q), do: [yield]}", "always"),
    ],
)
def test_a_shutdown_is_ordered_before_what_sees_it(waits: str, race: str) -> None:
    # Who is refused ends here, so that the order shows in who joins it.
    text = f"""
queues: {{q: {{maxsize: 1}}}}
variables: {{x: 0}}
threads:
  a: [{{write: x, value: 1}}, {{shutdown: q}}]
  b: [{waits}]
  c: [{{join: b}}, {{read: x}}]
"""
    raced = oracle.explore(loads(text).program).levels["race"]
    assert raced == race
    assert deadsim.explore(loads(text)).claims["race"].found == raced


def test_a_task_done_is_not_ordered_before_a_refusal() -> None:
    text = """
queues: [q]
variables: {x: 0}
threads:
  a: [{put: q, value: 1}, {get: q}, {write: x, value: 1}, {task_done: q}]
  b: [{shutdown: q}]
  c: [{get: q}]
  d: [{join: c}, {read: x}]
"""
    assert oracle.explore(loads(text).program).levels["race"] == "possible"


def test_refused_is_pythons_own_where_that_has_it() -> None:
    assert REFUSED.__name__ == "ShutDown"
    assert (REFUSED.__module__ == "queue") is hasattr(queue, "ShutDown")
