"""Each primitive, step by step: how many steps, which can be taken when, and what they result in."""

import pytest

from deadsim import Run, loads, run
from deadsim.kernel.primitives.condition import QUERIES
from deadsim.kernel.system import System
from deadsim.model.objects import Condition
from deadsim.model.values import plain
from deadsim.trace.schedule import text as names


def ran(text: str, schedule: list[str] | None = None, **options: object) -> Run:
    if schedule:
        text += "schedule: [" + ", ".join(f"'{name}'" for name in schedule) + "]\n"
    return run(loads(text), **options).result  # type: ignore[arg-type]


def shown(done: Run) -> list[str]:
    """Write a run as a list of 'thread verb object', with + for a step that ends, - for one that begins."""
    marks = {"begin": "-", "end": "+", None: ""}
    rows = []
    for event in done.events:
        about = done.system.world.about(event.objects) or ""
        failed = "" if event.success else " fails"
        rows.append(
            f"{done.program.threads[event.thread].name} {event.verb}{marks[event.phase]} {about}{failed}".replace(
                "  ", " "
            ).rstrip()
        )
    return rows


def alone(steps: str, head: str = "", **options: object) -> Run:
    return ran(f"{head}variables: {{x: null, y: null}}\nthreads: {{t: [{steps}]}}\n", **options)


def values(done: Run) -> tuple[object, object]:
    return plain(done.variables["x"]), plain(done.variables["y"])


@pytest.mark.parametrize(
    ("head", "steps", "expected", "x"),
    [
        ("locks: [A]\n", "{acquire: A, blocking: false, into: r}, {write: x, value: r}", ["t acquire A"], True),
        ("locks: [A]\n", "{acquire: A}, {acquire: A, blocking: false, into: r}, {write: x, value: r}", ["t acquire A", "t acquire A fails"], False),
        ("locks: [A]\n", "{acquire: A}, {acquire: A, timeout: 3, into: r}, {write: x, value: r}", ["t acquire A", "t acquire A fails"], False),
        ("semaphores: {S: 1}\n", "{acquire: S}, {acquire: S, timeout: 0, into: r}, {write: x, value: r}", ["t acquire S", "t acquire S fails"], False),
        ("semaphores: {S: 0}\n", "{release: S, count: 2}, {acquire: S}, {acquire: S, into: r}, {write: x, value: r}", ["t release S", "t acquire S", "t acquire S"], True),
        ("rwlocks: [W]\n", "{acquire: W, mode: read}, {acquire: W, mode: read}, {acquire: W, mode: write, blocking: false, into: r}, {write: x, value: r}", ["t acquire W", "t acquire W", "t acquire W fails"], False),
        ("rwlocks: [W]\n", "{acquire: W, mode: write, into: r}, {write: x, value: r}", ["t acquire W"], True),
        ("events: [E]\n", "{set: E}, {wait: E, into: r}, {write: x, value: r}", ["t set E", "t wait E"], True),
        ("events: [E]\n", "{wait: E, timeout: 2, into: r}, {write: x, value: r}", ["t wait- E", "t wait+ E fails"], False),
        ("barriers: {G: 1}\n", "{wait: G, into: r}, {write: x, value: r}", ["t wait G"], 0),
        ("queues: [q]\n", "{get: q, blocking: false, into: r, ok: k}, {write: x, value: '[r, k]'}", ["t get q fails"], [None, False]),
        ("queues: {q: {maxsize: 1}}\n", "{put: q, value: 1}, {put: q, value: 2, timeout: 1, into: r}, {write: x, value: r}", ["t put q", "t put q fails"], False),
        ("queues: [q]\n", "{put: q, value: '(1, 2)'}, {get: q, into: r, ok: k}, {write: x, value: '[r, k]'}", ["t put q", "t get q"], [[1, 2], True]),
        ("queues: [q]\n", "{put: q, value: 1}, {join: q, timeout: 1, into: r}, {write: x, value: r}", ["t put q", "t join q fails"], False),
        ("queues: [q]\n", "{put: q, value: 1}, {task_done: q}, {join: q, into: r}, {write: x, value: r}", ["t put q", "t task_done q", "t join q"], True),
        ("pipes: {p: {capacity: 1}}\n", "{send: p, value: 7}, {close: p}, {receive: p, into: r, ok: k}, {write: x, value: '[r, k]'}", ["t send p", "t close p", "t receive p"], [7, True]),
        ("pipes: {p: {capacity: 1}}\n", "{close: p}, {close: p}, {receive: p, into: r, ok: k}, {write: x, value: '[r, k]'}", ["t close p", "t close p", "t receive p"], [None, False]),
        ("conditions: [C]\n", "{acquire: C}, {acquire: C}, {wait: C, timeout: 1, into: r}, {write: x, value: r}, {release: C}, {release: C}", ["t acquire C", "t acquire C", "t wait- C", "t wait+ C fails", "t wait+ C"], False),
        ("conditions: [C]\n", "{wait: C, until: 5, into: r}, {write: x, value: r}", [], 5),
        ("conditions: [C]\n", "{with: C, do: [{wait: C, until: x, timeout: 1, into: r}]}, {write: y, value: r}", ["t acquire C", "t read x", "t wait- C", "t wait+ C fails", "t wait+ C", "t read x", "t release C"], None),
    ],
)  # fmt: skip
def test_one_thread(head: str, steps: str, expected: list[str], x: object) -> None:
    done = alone(steps, head)
    assert done.outcome == "completed", done.defects
    rows = shown(done)
    assert rows[: len(expected)] == expected
    assert values(done)[0] == x


@pytest.mark.parametrize(
    ("head", "steps", "type", "message"),
    [
        ("semaphores: {S: {value: 1, bounded: true}}\n", "{release: S}", "misuse", "releases S, which has all its permits"),
        ("rwlocks: [W]\n", "{release: W}", "misuse", "releases W, which it does not hold"),
        ("conditions: [C]\n", "{wait: C}", "misuse", "calls 'wait' of C without holding its lock"),
        ("conditions: [C]\n", "{notify: C}", "misuse", "calls 'notify' of C without holding its lock"),
        ("conditions: [C]\n", "{notify_all: C}", "misuse", "calls 'notify_all' of C without holding its lock"),
        ("conditions: [C]\n", "{release: C}", "misuse", "releases C, which it does not hold"),
        ("locks: [m]\nconditions: {C: m}\n", "{release: C}", "misuse", "releases m, which it does not hold"),
        ("queues: [q]\n", "{task_done: q}", "misuse", "calls 'task_done' of q more often than items were put"),
        ("queues: {q: {order: priority}}\n", "{put: q, value: 1}, {put: q, value: \"'a'\"}", "misuse", "puts into q what does not compare with what is in it"),
        ("pipes: {p: {capacity: 1}}\n", "{close: p, end: read}, {send: p, value: 1}", "error", "broken pipe: 'send' of p, which is closed"),
        ("pipes: {p: {capacity: 1}}\n", "{close: p}, {send: p, value: 1}", "error", "broken pipe: 'send' of p, which is closed"),
        ("pipes: {p: {capacity: 1}}\n", "{send: p, value: 1}, {close: p, end: read}, {receive: p}", "error", "broken pipe: 'receive' of p, which is closed"),
        ("locks: [A]\n", "{acquire: A, timeout: y}", "misuse", "uses null as a timeout; it wants an integer"),
        ("semaphores: {S: 1}\n", "{let: {n: 0}}, {release: S, count: n}", "misuse", "uses 0 as the number of permits; it wants 1 or more"),
        ("semaphores: {S: 9223372036854775807}\n", "{release: S}", "misuse", "2**63 or more in magnitude, the permits of S"),
    ],
)  # fmt: skip
def test_a_wrong_use_ends_the_thread_and_changes_nothing(
    head: str, steps: str, type: str, message: str
) -> None:
    done = alone(steps, head)
    (found,) = done.defects
    assert found.type == type
    assert message in found.message  # type: ignore[union-attr]


def test_a_broken_pipe_releases_what_with_took() -> None:
    done = alone(
        "{with: A, do: [{close: p}, {send: p, value: 1}]}",
        "locks: [A]\npipes: {p: {capacity: 1}}\n",
    )
    assert shown(done) == ["t acquire A", "t close p", "t send p fails", "t release A"]


def test_a_waiter_of_an_event_goes_on_whatever_follows_the_set() -> None:
    done = ran(
        "events: [E]\nthreads:\n  a: [{wait: E}]\n  b: [{set: E}, {clear: E}]\n",
        schedule=["a", "b", "b", "a"],
    )
    assert shown(done) == ["a wait- E", "b set E", "b clear E", "a wait+ E"]


def test_waiters_of_a_condition_wake_first_come_first_served() -> None:
    text = (
        "conditions: [C]\nthreads:\n  late: [{step: w}, {with: C, do: [{wait: C}]}]\n"
        "  early: [{with: C, do: [{wait: C}]}]\n  waker: [{with: C, do: [{notify: C}]}, {with: C, do: [{notify: C}]}]\n"
    )
    order = [
        "early",
        "early",
        "late",
        "late",
        "late",
        "waker",
        "waker",
        "waker",
        "early",
        "early",
        "waker",
        "waker",
        "waker",
        "late",
        "late",
    ]
    done = ran(text, schedule=order)
    assert done.outcome == "completed"
    assert [row for row in shown(done) if "wait+" in row] == ["early wait+ C", "late wait+ C"]


LATE = (
    "locks: [m]\nconditions: {c: {lock: m%s}}\nvariables: {woken: null}\nthreads:\n"
    "  first: [{with: m, do: [{wait: c, into: r%s}]}, {write: woken, value: r}]\n"
    "  second: [{step: s}, {step: s}, {with: m, do: [{wait: c}]}]\n"
    "  giver: [{with: m, do: [{notify: c%s}]}]\n"
)
JOINED = ["first"] * 2 + ["second"] * 4


def test_a_notify_is_spent_on_who_ran_out_of_time_and_has_not_the_lock_back() -> None:
    order = [*JOINED, "giver", "first", *["giver"] * 2, *["first"] * 3]
    done = ran(LATE % ("", ", timeout: 1", ""), schedule=order)
    assert done.variables["woken"] is False
    (found,) = done.deadlocks
    assert (found.kind, found.threads, found.taker, found.late) == (
        "wrong-waiter",
        ("second",),
        "first",
        True,
    )


def test_a_notify_is_spent_on_who_woke_unasked_and_has_not_the_lock_back() -> None:
    order = [*JOINED, "giver", "first", *["giver"] * 2, *["first"] * 3]
    done = ran(LATE % (", spurious: true", "", ""), schedule=order, max_steps=len(order))
    assert done.variables["woken"] is True
    assert "second wait+ c" not in shown(done)


def test_a_notify_goes_to_the_next_once_who_ran_out_of_time_has_the_lock_back() -> None:
    order = [*JOINED, *["first"] * 3, "giver", "giver"]
    done = ran(LATE % ("", ", timeout: 1", ""), schedule=order)
    assert done.outcome == "completed"
    assert done.variables["woken"] is False


def test_a_count_reaches_behind_who_ran_out_of_time() -> None:
    order = [*JOINED, "giver", "first", "giver"]
    done = ran(LATE % ("", ", timeout: 1", ", count: 2"), schedule=order)
    assert done.outcome == "completed"
    assert done.variables["woken"] is False


def test_who_ran_out_of_time_is_among_the_waiters_until_a_notify_or_the_lock() -> None:
    seen = []
    for steps in (["giver"], ["giver", "first"], ["giver", "first", "giver"]):
        text = LATE % ("", ", timeout: 1", "")
        system = System(loads(text).program)
        state = system.initial().state
        for name in (*JOINED, *steps):
            state = system.step(state, ["first", "second", "giver"].index(name)).state
        number = next(n for n, one in system.world.shared() if isinstance(one, Condition))
        seen.append(QUERIES["waiting"](system.world, number, state.objects[number]))
    assert seen == [2, 2, 1]


def test_a_releaser_may_take_a_lock_straight_back() -> None:
    text = "locks: [A]\nthreads:\n  a: [{acquire: A}, {release: A}, {acquire: A}, {release: A}]\n  b: [{with: A, do: []}]\n"
    assert ran(text, strategy="sequential").outcome == "completed"


def test_a_notify_beyond_the_waiters_is_lost_and_counts_wake_that_many() -> None:
    text = (
        "conditions: [C]\nthreads:\n  'w[3]': [{with: C, do: [{wait: C}]}]\n"
        "  n: [{step: s}, {step: s}, {step: s}, {step: s}, {step: s}, {step: s}, {with: C, do: [{notify: C, count: 2}]}]\n"
    )
    done = ran(text, strategy="round-robin")
    (found,) = done.deadlocks
    assert found.threads == ("w[2]",)


def test_the_last_to_arrive_frees_the_others_and_places_count_from_the_first() -> None:
    text = "barriers: {G: 3}\nvariables: {'at[3]': null}\nthreads: {'t[i < 3]': [{wait: G, into: p}, {write: 'at[i]', value: p}]}\n"
    done = ran(text, schedule=["t[2]", "t[0]", "t[1]"])
    assert shown(done)[:3] == ["t[2] wait- G", "t[0] wait- G", "t[1] wait G"]
    assert [done.variables[f"at[{i}]"] for i in range(3)] == [1, 2, 0]


def test_an_arrival_waits_until_the_round_before_has_left() -> None:
    text = "barriers: {G: 2}\nthreads: {'t[2]': [{wait: G}, {wait: G}]}\n"
    done = ran(text, schedule=["t[0]", "t[1]", "t[1]", "t[0]", "t[0]", "t[1]", "t[0]"])
    assert done.outcome == "completed"
    assert shown(done) == [
        "t[0] wait- G",
        "t[1] wait G",
        "t[1] wait- G",  # at the door
        "t[0] wait+ G",
        "t[0] wait- G",
        "t[1] wait+ G",
        "t[0] wait+ G",
    ]


def test_reader_waits_behind_queued_writer() -> None:
    text = (
        "rwlocks: {W: {prefer: writers}}\nthreads:\n  r: [{with: W, mode: read, do: [{step: reads}]}]\n"
        "  w: [{with: W, mode: write, do: []}]\n  late: [{with: W, mode: read, do: []}]\n"
    )
    done = ran(text, schedule=["r", "w", "r", "r", "w", "w", "late", "late"])
    assert shown(done)[:6] == [
        "r acquire W",
        "w acquire- W",
        "r step",
        "r release W",
        "w acquire+ W",
        "w release W",
    ]


def test_without_preference_a_reader_passes_a_waiting_writer() -> None:
    text = (
        "rwlocks: [W]\nthreads:\n  r: [{with: W, mode: read, do: [{step: reads}]}]\n"
        "  w: [{with: W, mode: write, do: []}]\n  late: [{with: W, mode: read, do: []}]\n"
    )
    assert ran(text, schedule=["r", "late", "late", "r", "r", "w", "w"]).outcome == "completed"


def test_a_timed_writer_does_not_queue() -> None:
    text = (
        "rwlocks: {W: {prefer: writers}}\nthreads:\n  r: [{with: W, mode: read, do: [{step: a}, {step: b}]}]\n"
        "  w: [{acquire: W, mode: write, timeout: 1, into: ok}, {if: ok, then: [{release: W}]}]\n"
        "  late: [{with: W, mode: read, do: []}]\n"
    )
    done = ran(text, schedule=["r", "late", "late", "w"])
    assert shown(done)[:4] == [
        "r acquire W",
        "late acquire W",
        "late release W",
        "w acquire W fails",
    ]


def test_a_spurious_wake_up_is_a_step_of_its_own_with_true() -> None:
    text = "conditions: {C: {spurious: true}}\nvariables: {x: null}\nthreads: {t: [{with: C, do: [{wait: C, into: r}]}, {write: x, value: r}]}\n"
    done = ran(text)
    assert shown(done)[1:4] == ["t wait- C", "t wait+ C", "t wait+ C"]
    assert done.variables["x"] is True


@pytest.mark.parametrize(("result", "expected"), [(0, False), (1, True)])
def test_a_timed_waiter_that_may_wake_unasked_has_two_results(result: int, expected: bool) -> None:
    text = "conditions: {C: {spurious: true}}\nvariables: {x: null}\nthreads: {t: [{with: C, do: [{wait: C, timeout: 5, into: r}]}, {write: x, value: r}]}\n"
    done = ran(text, schedule=["t", "t", f"t#{result}", "t", "t", "t"])
    assert done.variables["x"] is expected
    assert f"t#{result}" in names(done.schedule)


def test_a_timeout_falls_due_when_nobody_else_can_go_on() -> None:
    text = (
        "queues: [q]\nvariables: {x: null}\nthreads:\n  taker: [{get: q, timeout: 5, ok: k}, {write: x, value: k}]\n"
        "  giver: [{sleep: %d}, {put: q, value: 1}]\n"
    )
    for strategy in ("round-robin", "sequential", "random", "pct"):
        assert ran(text % 3, strategy=strategy).variables["x"] is True
        assert ran(text % 7, strategy=strategy).variables["x"] is False


def test_wait_for_has_one_time_for_all_its_rounds() -> None:
    text = (
        "conditions: [C]\nvariables: {x: 0, gave_up: null}\nthreads:\n"
        "  waits: [{with: C, do: [{wait: C, until: x == 9, timeout: 5, into: r}]}, {write: gave_up, value: not r}]\n"
        "  nags: [{repeat: 4, do: [{sleep: 2}, {with: C, do: [{notify: C}]}]}]\n"
    )
    done = ran(text)
    assert done.variables["gave_up"] is True
    notifies = [n for n, row in enumerate(shown(done)) if "notify" in row]
    gives_up = shown(done).index("waits wait+ C fails")
    assert sum(n < gives_up for n in notifies) == 2


def test_an_attempt_is_not_withheld_while_it_can_succeed() -> None:
    text = "locks: [A]\nthreads:\n  t: [{acquire: A, timeout: 9}, {step: done}]\n  b: [{repeat: 3, do: [{step: w}]}]\n"
    assert shown(ran(text))[0] == "t acquire A"


def test_arrays_of_primitives() -> None:
    text = (
        "params: {n: 2}\nlocks: ['m[n]']\nconditions: {'c[i < n]': 'm[i]'}\nsemaphores: {'s[i < n]': i}\n"
        "queues: {'q[i < n, j < 2]': {maxsize: i + j}}\nbarriers: {'g[n]': 1}\nevents: {'e[n]': {set: true}}\n"
        "pipes: {'p[n]': {capacity: 1}}\nrwlocks: ['w[n, n]']\n"
        "threads:\n  t[i < n]:\n"
        "    - {with: 'c[i]', do: [{notify: 'c[i]'}]}\n    - {release: 's[i]'}\n    - {acquire: 's[i]'}\n"
        "    - {put: 'q[i, 1 - i]', value: i}\n    - {get: 'q[i, 1 - i]', into: r}\n    - {wait: 'g[i]'}\n    - {wait: 'e[i]'}\n"
        "    - {send: 'p[i]', value: 1}\n    - {receive: 'p[i]', into: r}\n    - {with: 'w[i, 1 - i]', mode: write, do: []}\n"
        "expect: {final: 'value(s[1]) == 1 and qsize(q[0, 1]) == 0 and not locked(m[1]) and waiting(c[0]) == 0 and is_set(e[1])'}\n"
    )
    done = ran(text)
    assert (done.outcome, done.verdict) == ("completed", "as-expected")
    assert done.world.name(done.events[0].objects[0]) == "m[0]"


def test_what_claims_may_ask_of_a_state() -> None:
    text = (
        "rwlocks: [W]\nbarriers: {G: 2}\nevents: [E]\nconditions: [C]\nqueues: [q]\nthreads:\n"
        "  a: [{acquire: W, mode: write}, {put: q, value: 1}, {wait: G}]\n  b: [{wait: E}]\n  c: [{with: C, do: [{wait: C}]}]\n"
        "  d: [{step: w}, {step: w}, {step: w}, {assert: x == 1}]\nvariables: {x: 1}\n"
        "invariants: ['holder(W) in [null, \"a\"]', 'waiting(E) <= 1', 'waiting(C) <= 1', 'waiting(G) <= 1', 'qsize(q) <= 1']\n"
    )
    done = ran(text, keep_going=True)
    assert [found.type for found in done.defects if found.type != "deadlock"] == []


def test_a_latch_opens_at_zero_and_stays_open() -> None:
    text = (
        "latches: {g: 2}\nthreads:\n  a: [{wait: g}, {wait: g}]\n"
        "  b: [{count_down: g}, {step: w}, {count_down: g}, {count_down: g, count: 5}]\n"
    )
    done = ran(text, ["b", "b", "b", "a", "b", "a"])
    assert shown(done) == [
        "b count_down g", "b step", "b count_down g", "a wait g", "b count_down g", "a wait g",
    ]  # fmt: skip
    assert ran("latches: {g: 0}\nthreads: {a: [{wait: g}]}\n").outcome == "completed"


def test_a_latch_may_be_waited_for_in_vain() -> None:
    done = alone("{wait: g, timeout: 2, into: r}, {write: x, value: r}", "latches: {g: 1}\n")
    assert (values(done)[0], shown(done)[0]) == (False, "t wait g fails")
    done = alone(
        "{count_down: g}, {wait: g, timeout: 2, into: r}, {write: x, value: r}", "latches: {g: 1}\n"
    )
    assert values(done)[0] is True


def test_a_latch_counts_down_by_one_or_more() -> None:
    done = alone("{let: {n: 0}}, {count_down: g, count: n}", "latches: {g: 1}\n")
    (defect,) = done.defects
    assert (defect.type, defect.message) == (  # type: ignore[union-attr]
        "misuse", "uses 0 as the number of count_downs; it wants 1 or more",
    )  # fmt: skip


def test_what_is_left_of_a_latch_may_be_asked_in_claims() -> None:
    text = "latches: {g: 2}\nthreads: {'t[2]': [{count_down: g}]}\ninvariants: [value(g) < 3]\nexpect: {final: value(g) == 0}\n"
    assert ran(text).verdict == "as-expected"
