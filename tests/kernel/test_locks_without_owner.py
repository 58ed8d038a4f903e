"""Locks without an owner: any thread may release them, as Python's own."""

import threading
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import deadsim
import oracle
from deadsim import loads
from deadsim.kernel.system import System
from kernel_calls import machine

THREADS = 3


class Locks(RuleBasedStateMachine):
    """Threads take a `threading.Lock`, or try to, and any of them releases it."""

    @initialize()
    def begin(self) -> None:
        self.real = threading.Lock()
        body = "[{forever: [{choose: [0, 1, 2], into: c}, {if: c == 0, then: [{acquire: X, blocking: false}]}, {if: c == 1, then: [{acquire: X, timeout: 0}]}, {if: c == 2, then: [{release: X}]}]}]"
        text = f"locks: {{X: {{owned: false}}}}\nthreads: {{'t[{THREADS}]': {body}}}\nexpect: {{final: {{possible: [holder(X) == 't']}}}}\n"
        self.system = System(loads(text).program)
        self.start = self.system.initial().state
        self.state = self.start

    def take(self, thread: int, choice: int) -> Any:
        """Take one step of a kind, and give what it gave; a misuse begins the thread's loop anew."""
        self.state = self.system.step(self.state, thread, choice).state
        move = self.system.step(self.state, thread)
        self.state = move.state
        if move.outcome.wrong is not None:
            objects, frames = list(self.state.objects), list(self.state.frames)
            objects[thread], frames[thread] = self.start.objects[thread], self.start.frames[thread]
            self.state = self.state._replace(objects=tuple(objects), frames=tuple(frames))
            return "raises"
        return move.outcome.results

    @rule(thread=st.integers(0, THREADS - 1), choice=st.integers(0, 1))
    def acquire(self, thread: int, choice: int) -> None:
        taken = self.real.acquire(False) if choice == 0 else self.real.acquire(timeout=0)
        assert self.take(thread, choice) == (taken,)
        if taken:
            self.holder = thread

    @rule(thread=st.integers(0, THREADS - 1))
    def release(self, thread: int) -> None:
        try:
            self.real.release()
            expected: Any = ()
        except RuntimeError:
            expected = "raises"
        assert self.take(thread, 2) == expected

    @invariant()
    def same_lock(self) -> None:
        if hasattr(self, "real"):
            state = self.state.objects[-1]
            assert (state is not None) is self.real.locked()
            assert state is None or state[0] == self.holder


TestLocks = machine(Locks)


def found(text: str) -> dict[str, str]:
    """Decide every claim, in two ways."""
    result = deadsim.explore(loads(text))
    assert result.complete
    levels = {type: claim.found for type, claim in result.claims.items()}
    searched = oracle.explore(loads(text).program).levels
    assert levels == {type: searched[type] for type in levels}
    return levels


def kinds(text: str) -> set[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Name the deadlocks: kind, threads, objects."""
    result = deadsim.explore(loads(text))
    return {(d.kind, d.threads, d.objects) for d in result.deadlocks}


def test_one_thread_takes_and_another_gives_back() -> None:
    text = """
locks: {A: {owned: false}}
threads:
  a: [{acquire: A}, {start: b}, {acquire: A}]
  b: {autostart: false, do: [{release: A}]}
"""
    assert set(found(text).values()) == {"never"}


def test_to_release_it_free_is_a_misuse() -> None:
    assert found("locks: {A: {owned: false}}\nthreads: {a: [{release: A}]}\n")["misuse"] == "always"


def test_its_holder_is_who_took_it_last() -> None:
    text = """
locks: {A: {owned: false}}
threads:
  a: [{acquire: A}, {release: A}, {acquire: A}, {start: b}, {join: b}]
  b: {autostart: false, do: [{release: A}, {acquire: A}]}
invariants: ["holder(A) != 'b' or not finished(a)"]
expect: {final: {always: "holder(A) == 'b'", possible: ["holder(A) == 'b'"]}, deadlock: never}
"""
    assert found(text)["invariant"] == "always"


def test_it_is_no_mutual_exclusion_where_others_give_it_back() -> None:
    text = """
locks: {A: {owned: false}}
variables: {x: 0}
threads:
  a: [{with: A, do: [{add: x}]}]
  b: [{release: A}, {with: A, do: [{add: x}]}]
"""
    assert found(text)["race"] == "possible"


def test_a_second_acquire_is_a_self_deadlock_only_where_nobody_else_can_release_it() -> None:
    alone = "locks: {A: {owned: false}}\nthreads: {a: [{acquire: A}, {acquire: A}]}\n"
    assert kinds(alone) == {("self-deadlock", ("a",), ("A",))}
    helped = """
locks: {A: {owned: false}, M: {}}
threads:
  a: [{acquire: M}, {acquire: A}, {acquire: A}]
  b: [{acquire: M}, {release: A}]
"""
    assert ("communication", ("a", "b"), ("A", "M")) in kinds(helped)


def test_whoever_ends_with_it_leaves_it_behind() -> None:
    text = """
locks: {A: {owned: false}}
threads:
  a: [{acquire: A}]
  b: [{with: A, do: [step: works]}]
"""
    (one,) = deadsim.explore(loads(text)).deadlocks
    assert (one.kind, one.threads, one.objects) == ("orphaned-lock", ("b",), ("A",))
    assert one.waits[0].wakers == ("a",)


def test_two_of_them_in_two_orders_are_a_circle() -> None:
    text = """
locks: {A: {owned: false}, B: {owned: false}}
threads:
  a: [{with: [A, B], do: [step: works]}]
  b: [{with: [B, A], do: [step: works]}]
"""
    (one,) = deadsim.explore(loads(text)).deadlocks
    assert one.kind == "circular-wait"
    assert "one global order" in (one.hint or "")


@pytest.mark.parametrize("verb", ["wait: C, timeout: 1", "notify: C", "notify_all: C"])
def test_a_condition_on_it_is_used_by_its_holder_alone(verb: str) -> None:
    # CPython asks only whether anybody holds it.
    text = f"""
locks: {{A: {{owned: false}}}}
conditions: {{C: A}}
threads:
  a: [{{acquire: A}}, {{start: b}}, {{join: b}}, {{{verb}}}]
  b: {{autostart: false, do: [{{release: A}}, {{acquire: A}}]}}
"""
    assert found(text)["misuse"] == "always"
    assert found(text.replace(", {acquire: A}]}", "]}"))["misuse"] == "always"
    assert (
        found(text.replace("do: [{release: A}, {acquire: A}]", "do: [pass]"))["misuse"] == "never"
    )


def test_who_waits_on_a_condition_takes_it_back_when_anybody_has_released_it() -> None:
    text = """
locks: {A: {owned: false}}
conditions: {C: A}
threads:
  a: [{with: A, do: [{wait: C}]}]
  b: [{acquire: A}, {notify: C}]
  c: [{release: A}]
"""
    levels = found(text)
    assert (levels["deadlock"], levels["misuse"]) == ("possible", "possible")


# Taken by one that has ended, by one that runs on, and waited for by another.
TAKEN = """
locks: {{A: {{owned: false}}}}
events: [E]
variables: {{x: 0}}
threads:
  a: [{{acquire: A}}, {}]
  b: {{autostart: false, do: [{{with: A, do: [step: works]}}]}}
  c: {{autostart: false, do: [{{acquire: A, blocking: false}}, {}]}}
"""
BOTH = "{start: b}, {start: c}"
UNTIL_X = "{forever: [{if: x, then: [{release: A}]}, yield]}"


@pytest.mark.parametrize(
    ("goes_on", "other", "expected"),
    [
        # Nobody else could release it, or only who would have to take it first.
        (BOTH, "pass", {("orphaned-lock", ("b",), ("A",))}),
        (BOTH, "{with: A, do: [pass]}", {("orphaned-lock", (t,), ("A",)) for t in "bc"}),
        (f"{BOTH}, {{forever: [yield]}}", "pass", {("orphaned-lock", ("b",), ("A",))}),
        # Another one could, but never comes to it.
        (BOTH, "{wait: E}, {release: A}", {("never-signalled", ("c",), ("E",))}),
        (BOTH, UNTIL_X, {("never-signalled", ("b",), ("A",))}),
        (f"{BOTH}, {UNTIL_X}", "pass", {("never-signalled", ("b",), ("A",))}),
        # It is no self-deadlock while another one could.
        (f"{BOTH}, {{acquire: A}}", "{wait: E}, {release: A}", {("never-signalled", ("c",), ("E",))}),
        ("{acquire: A}", "pass", {("self-deadlock", ("a",), ("A",))}),
    ],
)  # fmt: skip
def test_it_is_orphaned_only_where_no_text_of_another_could_still_release_it(
    goes_on: str, other: str, expected: set[tuple[str, tuple[str, ...], tuple[str, ...]]]
) -> None:
    found_ = kinds(TAKEN.format(goes_on, other))
    assert found_ <= expected if len(expected) > 1 else found_ == expected
    assert found_
