"""What abstract interpretation says of each verb: it covers whatever a step may really do."""

import os
from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import programs
import shadow
from deadsim import loads, replay
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.detect.stuck.valued_progress import Relaxed
from deadsim.kernel.abstract import local, thread
from deadsim.kernel.abstract.leave import LeaveForm
from deadsim.kernel.abstract.table import ABSTRACT
from deadsim.kernel.system import System
from deadsim.model.primitives import PRIMITIVES
from portion import few_and_all

# More of them, with: DEADSIM_PROGRAMS=20000 pytest tests/kernel/test_abstract.py
SCENARIOS = 80  # about each kind of object; enough for every way that a step may go
COUNT = int(os.environ.get("DEADSIM_PROGRAMS", "300"))

# For each kind of object: how it is declared, and every step that may be about it.
ABOUT: dict[str, tuple[str, tuple[str, ...]]] = {
    "locks": (
        "A, R: {reentrant: true}, J: {owned: false}",
        (
            "acquire: J", "release: J", "release: J",
            "acquire: A", "acquire: A, blocking: false, into: r", "acquire: A, timeout: 1",
            "release: A", "acquire: R", "acquire: R, timeout: 1, into: r", "release: R",
            "with: R, do: [{acquire: A}, {acquire: R}]",
        ),
    ),
    "rwlocks": (
        "W: {prefer: writers}, N, X: {modes: innodb, prefer: queue}, "
        "V: {modes: innodb, deadlocks: victim}, U: {modes: postgres-table, deadlocks: victim}",
        (
            *(
                step.format(name, *modes)
                for name, *modes in (
                    ("W", "read", "write"), ("N", "read", "write"), ("X", "S", "X"), ("V", "S", "X"),
                    ("U", "share", "exclusive"),
                )
                for step in (
                    "acquire: {0}, mode: {1}", "acquire: {0}, mode: {2}", "release: {0}",
                    "acquire: {0}, mode: {1}, blocking: false, into: r",
                    "acquire: {0}, mode: {2}, timeout: 1, into: r",
                    "with: {0}, mode: {2}, do: [yield]", "with: {0}, mode: {1}, do: [yield]",
                )
            ),
            "release: V, mode: X", "release: U, mode: share",
            "with: V, mode: X, do: [{with: U, mode: exclusive, do: [yield]}]",
            "with: U, mode: share, do: [{with: U, mode: exclusive, do: [yield]}]",
            "with: U, mode: share, do: [{with: V, mode: X, do: [yield]}]",
        ),
    ),
    "semaphores": (
        "S: 0, T: {value: 2, bounded: true}, M: 9223372036854775806",
        (
            "acquire: S", "acquire: S, timeout: 1, into: r", "acquire: S, blocking: false",
            "release: S", "release: S, count: 2", "release: M, count: 4611686018427387904",
            "acquire: T", "release: T", "release: T, count: 2", "release: T, count: x",
            "with: T, do: [yield]", "release: M", "acquire: M",
        ),
    ),
    "conditions": (
        "C, P: {spurious: true}",
        (
            "acquire: C", "acquire: C, timeout: 1, into: r", "release: C", "wait: C", "notify: C",
            "notify_all: C", "acquire: P", "wait: P",
            *(
                step.format(name)
                for name in "CCP"
                for step in (
                    "with: {0}, do: [{{wait: {0}}}]", "with: {0}, do: [{{wait: {0}, into: r}}]",
                    "with: {0}, do: [{{wait: {0}, timeout: 1, into: r}}]",
                    "with: {0}, do: [{{wait: {0}, until: x, timeout: 1}}]",
                    "with: {0}, do: [{{notify: {0}}}]", "with: {0}, do: [{{notify: {0}, count: 2}}]",
                    "with: {0}, do: [{{notify: {0}, count: x}}]",
                    "with: {0}, do: [{{notify_all: {0}}}]",
                )
            ),
        ),
    ),
    "events": (
        "E, 'F[2]': {set: true}",
        (
            "wait: E", "wait: E, timeout: 1, into: r", "set: E", "clear: E", "set: 'F[x]'",
            "wait: 'F[x]', into: r", "wait: 'F[x]', timeout: 2", "clear: 'F[0]'",
        ),
    ),
    "barriers": (
        "G: 2, H: 3, O: 1",
        (
            "wait: G", "wait: G, into: r", "wait: H", "wait: O, into: r", "wait: G, timeout: 1",
            "wait: H, timeout: 1, into: r", "abort: H", "reset: G", "reset: H",
        ),
    ),
    "latches": (
        "K: 2, L: 3, Z: 0",
        (
            "wait: K", "wait: K, timeout: 1, into: r", "count_down: K", "count_down: K, count: 2",
            "count_down: L, count: x", "count_down: L", "wait: L, into: r", "wait: Z", "count_down: Z",
        ),
    ),
    "queues": (
        "q: {maxsize: 1}, u, l: {order: lifo, maxsize: 2}, p: {order: priority}",
        tuple(
            step.format(name)
            for name in "qulp"
            for step in (
                "put: {}, value: 1", "put: {}, value: null", "put: {}, value: r, timeout: 1, into: r", "get: {}, into: r",
                "put: {}, value: x, blocking: false", "get: {}", "task_done: {}", "join: {}",
                "get: {}, timeout: 1, into: r", "join: {}, timeout: 1, into: r",
                *("shutdown: {}", "shutdown: {}, immediate: true")[: name == "u" or 2 * (name == "q")],
            )
        ),
    ),
    "pipes": (
        "i: {capacity: 1}, j: {capacity: 2}, o: {capacity: 0}",
        tuple(
            step.format(name)
            for name in "ijo"
            for step in (
                "send: {}, value: 1", "send: {}, value: r", "receive: {}, into: r", "receive: {}",
                "receive: {}, into: r, ok: k", "close: {}", "close: {}, end: read",
            )
        ),
    ),
    "variables": ("x: 0", ("read: x, into: r", "write: x, value: 1", "write: x, value: r", "add: x")),
    "threads": (
        "",
        (
            "start: late", "start: 'many'", "start: 'many[0]'", "start: 'many[x]'", "join: late",
            "join: many", "join: 'many[1]', timeout: 1, into: r", "join: t0", "join: t1",
            "step: works", "sleep: 1", "choose: [0, 1], into: r", "print: p",
            "atomic: [{write: x, value: 1 - x}]",
        ),
    ),
}  # fmt: skip


ASKED = {
    "locks": ("locked(A)", "locked(R)"), "rwlocks": ("locked(W)", "locked(N)", "locked(X)", "locked(V)"),
    "semaphores": ("value(S)", "value(T)"), "conditions": ("waiting(C)",),
    "events": ("is_set(E)", "is_set(F[x])", "waiting(E)"), "barriers": ("waiting(G)", "broken(H)"),
    "latches": ("value(K)", "value(L)"), "queues": ("qsize(q)", "full(q)", "empty(u)"),
    "pipes": ("qsize(i)", "qsize(o)"), "threads": ("finished(t0)", "finished(late)"),
}  # fmt: skip


SELECTS = {
    "locks": ("acquire: A", "acquire: R, into: r"),
    "rwlocks": ("acquire: W, mode: read", "acquire: N, mode: write"),
    "semaphores": ("acquire: S", "acquire: T"), "conditions": ("acquire: C",),
    "events": ("wait: E, into: r", "wait: 'F[x]'"), "latches": ("wait: K", "wait: L, into: r"),
    "queues": ("get: q, into: r", "get: u, ok: k", "put: q, value: x", "put: p, value: r", "join: q"),
    "pipes": ("receive: i, into: r, ok: k", "receive: o", "send: j, value: 1"),
    "threads": ("join: late", "join: 'many[1]'"),
}  # fmt: skip


def scenario(chance: Random, kinds: list[str]) -> str:
    """Write threads that do steps about a few kinds of objects, whatever comes of it."""
    head = "".join(f"{kind}: {{{ABOUT[kind][0]}}}\n" for kind in kinds if ABOUT[kind][0])
    if "variables" not in kinds:
        head += "variables: {x: 0}\n"
    lines = []
    for name in ("t0", "t1", "t2", "late", "'many[2]'"):
        steps = [f"{{{step(chance, chance.choice(kinds))}}}" for _ in range(5)]
        steps = steps[: chance.randint(1, 5)]
        if chance.random() < 0.2:
            steps = [f"{{repeat: 3, do: [{', '.join(steps)}]}}"]
        waits = "threads" in kinds and name in ("late", "'many[2]'")
        late = "autostart: false, " if waits else ""
        lines.append(f"  {name}: {{{late}locals: {{r: 0, k: 0}}, do: [{', '.join(steps)}]}}\n")
    return f"{head}threads:\n{''.join(lines)}"


def step(chance: Random, kind: str) -> str:
    """Write a step about a kind of objects."""
    if kind in SELECTS and chance.random() < 0.1:
        branches = chance.sample(SELECTS[kind], chance.randint(1, min(3, len(SELECTS[kind]))))
        branches += chance.choice(((), (), ("timeout: 1",), ("default: []",)))
        return f"select: [{', '.join(f'{{{branch}}}' for branch in branches)}]"
    if kind in ASKED and chance.random() < 0.1:
        return f'if: "{chance.choice(ASKED[kind])}", then: [yield]'
    return chance.choice(ABOUT[kind][1])


@pytest.mark.parametrize("examples", few_and_all(60, 300))
def test_some_passage_covers_each_step(examples: int) -> None:
    @settings(max_examples=examples)
    @given(
        chance=st.randoms(use_true_random=False),
        kinds=st.lists(st.sampled_from(sorted(ABOUT)), min_size=1, max_size=2, unique=True),
        begin=st.integers(0, 12),
    )
    def followed(chance: Random, kinds: list[str], begin: int) -> None:
        shadow.follow(System(loads(scenario(chance, kinds)).program), begin, chance)

    followed()


@pytest.mark.parametrize("count", few_and_all(50, COUNT))
def test_some_passage_covers_each_step_of_random_programs(count: int) -> None:
    for seed in range(count):
        system = System(loads(programs.scenario(seed)).program)
        for run_number in range(4):
            chance = Random(10 * seed + run_number)
            shadow.follow(system, chance.randrange(10), chance)


def test_some_passage_covers_each_step_behind_a_waiter_that_runs_out_of_time() -> None:
    text = """
conditions: [C]
threads:
  timed: [{with: C, do: [{wait: C, timeout: 1}]}]
  patient: [{with: C, do: [{wait: C}]}]
  helper: [{with: C, do: [{notify: C}]}]
"""
    system = System(loads(text).program)
    for seed in range(300):
        chance = Random(seed)
        shadow.follow(system, chance.randrange(12), chance)


@pytest.mark.slow
def test_each_verb_of_each_primitive_is_covered_in_each_way_that_it_may_go() -> None:
    seen: shadow.Seen = Counter()
    offered: shadow.Seen = Counter()
    verbs: Counter[tuple[type | None, str]] = Counter()
    for kind in ABOUT:
        for seed in range(SCENARIOS):
            chance = Random(seed)
            system = System(loads(scenario(chance, [kind])).program)
            followed = shadow.follow(system, chance.randrange(12), chance)
            seen.update(followed.seen)
            offered.update(followed.offered)
            verbs.update(followed.verbs)
    missing = {
        (primitive.__name__, verb)
        for primitive in (row.declared for row in PRIMITIVES)
        for verb in ABSTRACT[primitive].FORMS
        if not verbs[primitive, verb]
    }
    alone = {*thread.FORMS, "step", "sleep", "choose", "print", "yield"}
    missing |= {("", verb) for verb in alone if not verbs[None, verb]}
    assert missing == set()
    # No finalizer begins here, and only where one has failed is a step left in the middle.
    assert shadow.forms() - {form for form, _, _ in seen} == {LeaveForm}
    assert offered.keys() - seen.keys() == set()
    tries = {form for form, _, way in seen if way == "gave up"}
    assert {form for form in shadow.forms() if hasattr(form, "failed")} <= tries


def test_every_local_form_is_one_that_is_looked_for() -> None:
    own = {one for one in vars(local).values() if isinstance(one, type) and one in shadow.forms()}
    assert own == {local.NoteForm, local.SleepForm, local.ChooseForm, local.PrintForm}


@pytest.mark.parametrize(
    ("head", "holder", "helper", "schedule"),
    [
        # More permits than an integer can count.
        ("semaphores: {S: 9223372036854775807}", "{with: A, do: [{release: S}, {forever: [yield]}]}", "yield", "t0*3 t1"),
        # What the helper puts does not compare with what the holder puts.
        ("queues: {p: {order: priority}}", "{with: A, do: [{put: p, value: 1}, {forever: [yield]}]}", "{put: p, value: null}", "t0 t1*2 t0*2 t2"),
        # A misuse only as long as the helper has not started it.
        ("", "{acquire: A}, {join: late}, {release: A}", "{start: late}", "t0 t1*2 late t0*2 t2"),
    ],
)  # fmt: skip
def test_nobody_is_stuck_who_goes_on_once_a_step_fails_or_no_longer_does(
    head: str, holder: str, helper: str, schedule: str
) -> None:
    text = f"""
locks: [A]
{head}
threads:
  t0: [{holder}]
  t1: [{{step: waits}}, {helper}]
  t2: [{{acquire: A}}]
  late: {{autostart: false, do: [yield]}}
"""
    system = System(loads(text).program)
    state = system.step(system.initial().state, 0).state
    assert 2 not in Relaxed(system, state).progress().stuck
    assert replay(loads(text), schedule).deadlocks == ()


@pytest.mark.parametrize(
    ("head", "steps", "helper", "done"),
    [
        ("pipes: {i: {capacity: 1}}", "{send: i, value: 1}, {send: i, value: 2}", "{close: i, end: read}", 2),
        ("pipes: {i: {capacity: 1}}", "{receive: i}", "{close: i, end: read}", 1),
    ],
)  # fmt: skip
def test_a_step_that_will_fail_promises_nothing_that_comes_after_it(
    head: str, steps: str, helper: str, done: int
) -> None:
    text = f"""
locks: [A]
{head}
threads:
  t0: [{{acquire: A}}, {steps}, {{release: A}}]
  t1: [{{step: waits}}, {helper}]
  t2: [{{acquire: A}}]
"""
    system = System(loads(text).program)
    state = system.initial().state
    for _ in range(done):
        state = system.step(state, 0).state
    progress = StuckJudge(system).stuck(state)
    assert progress is not None
    assert progress.stuck == {2}
