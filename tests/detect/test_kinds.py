"""Each kind of deadlock: its core, its objects, the step of a lost signal, and its sentence."""

import re
from pathlib import Path

import pytest

from commands import deadsim
from deadsim import load, loads, run
from deadsim.model.claims import DEADLOCK_KINDS
from deadsim.trace.finding import Deadlock

PAGE = Path(__file__).parent.parent.parent / "docs" / "deadlocks.md"


def first(text: str, **options: object) -> Deadlock:
    return run(loads(text), **options).deadlocks[0]  # type: ignore[arg-type]


def test_the_page_has_every_kind_with_an_example_that_shows_it() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| \[\w+\]\(\.\./(scenarios/\S+\.yaml)\)", PAGE.read_text(), re.M
    )
    assert [kind for kind, _ in rows] == list(DEADLOCK_KINDS)
    for kind, file in rows:
        program = load(str(PAGE.parent.parent / file)).program
        claim = program.claims.kinds["deadlock"]
        assert claim.level != "never"
        if kind != "collateral":
            assert claim.kind == kind, file


def test_the_reports_on_the_page_are_what_is_printed() -> None:
    for line in re.findall(r"^\| `[a-z-]+` \|.*$", PAGE.read_text(), re.M):
        _, _, example, report, _, _ = line.split("|")
        file = re.search(r"\.\./(scenarios/\S+\.yaml)", example)
        assert file is not None
        path = str(PAGE.parent.parent / file.group(1))
        said = report.strip().strip("`")
        drawn = (("--strategy", "random", "--seed", str(seed)) for seed in range(30))
        runs = (deadsim("run", path, *options).out for options in ((), *drawn))
        assert any(said in out for out in runs), said


@pytest.mark.parametrize(
    ("text", "kind", "threads", "objects", "lost_at"),
    [
        (
            "events: [e]\nthreads:\n  a: [{set: e}, {clear: e}]\n  b: [{step: w}, {step: w}, {wait: e}]\n",
            "missed-signal", ("b",), ("e",), 2,
        ),
        (
            "conditions: [c]\nthreads:\n  a: [{with: c, do: [{notify: c}]}]\n"
            "  b: [{step: w}, {step: w}, {step: w}, {with: c, do: [{wait: c}]}]\n",
            "lost-wakeup", ("b",), ("c",), 2,
        ),
        (
            "semaphores: {s: 0}\nthreads: {a: [{acquire: s}]}\n",
            "never-signalled", ("a",), ("s",), None,
        ),
        (
            "latches: {g: 2}\nthreads: {a: [{count_down: g}, {wait: g}]}\n",
            "barrier-starvation", ("a",), ("g",), None,
        ),
        (
            "locks: [A]\nlatches: {g: 1}\n"
            "threads:\n  a: [{with: A, do: [{wait: g}]}]\n  b: [{step: w}, {with: A, do: [{count_down: g}]}]\n",
            "communication", ("a", "b"), ("g", "A"), None,
        ),
        (
            "barriers: {g: 2}\nthreads: {a: [{wait: g}]}\n",
            "barrier-starvation", ("a",), ("g",), None,
        ),
        (
            "pipes: {p: {capacity: 1}}\nthreads: {a: [{receive: p}]}\n",
            "peer-gone", ("a",), ("p",), None,
        ),
        (
            "queues: [q]\nthreads: {a: [{put: q, value: 1}, {join: q}]}\n",
            "missing-task-done", ("a",), ("q",), None,
        ),
        (
            "rwlocks: [w]\nthreads: {a: [{acquire: w, mode: write}, {acquire: w, mode: write}]}\n",
            "self-deadlock", ("a",), ("w",), None,
        ),
        (
            "semaphores: {s: 1}\nthreads: {a: [{acquire: s}, {acquire: s}, {release: s}]}\n",
            "self-deadlock", ("a",), ("s",), None,
        ),
        (
            "rwlocks: [w]\nthreads:\n  a: [{acquire: w, mode: read}]\n  b: [{step: x}, {acquire: w, mode: write}]\n",
            "orphaned-lock", ("b",), ("w",), None,
        ),
        (
            "rwlocks: [v, w]\nthreads:\n  a: [{acquire: v, mode: read}, {acquire: w, mode: write}]\n"
            "  b: [{acquire: w, mode: read}, {acquire: v, mode: write}]\n",
            "circular-wait", ("a", "b"), ("w", "v"), None,
        ),
    ],
)  # fmt: skip
def test_kind_core_and_objects(text, kind, threads, objects, lost_at) -> None:  # type: ignore[no-untyped-def]
    found = first(text)
    assert (found.kind, found.threads, found.objects, found.lost_at) == (
        kind,
        threads,
        objects,
        lost_at,
    )


def test_a_woken_waiter_waits_for_the_lock_and_not_for_the_condition() -> None:
    text = (
        "locks: [m, other]\nconditions: {c: m}\nthreads:\n"
        "  waiter: [{acquire: other}, {with: m, do: [{wait: c}]}]\n"
        "  waker: [{step: w}, {step: w}, {step: w}, {step: w}, {acquire: m}, {notify: c}, {acquire: other}]\n"
    )
    (after,) = run(loads(text), keep_going=True).deadlocks
    assert (after.kind, after.threads, after.objects) == (
        "circular-wait",
        ("waiter", "waker"),
        ("m", "other"),
    )


def test_collateral_threads_of_a_communication_deadlock() -> None:
    text = (
        "queues: {a: {maxsize: 1}, b: {maxsize: 1}}\nthreads:\n  left: [{get: a}, {put: b, value: 1}]\n"
        "  right: [{get: b}, {put: a, value: 1}]\n  boss: [{join: left}]\n"
    )
    found = first(text)
    assert (found.kind, found.threads, found.also_stuck) == (
        "communication",
        ("left", "right"),
        ("boss",),
    )
    assert found.cycle == ("left", "right")


def test_a_lost_signal_has_its_step_in_the_json(tmp_path: Path) -> None:
    file = tmp_path / "lost.yaml"
    file.write_text(
        "events: [e]\nthreads:\n  a: [{set: e}, {clear: e}]\n  b: [{step: w}, {step: w}, {wait: e}]\n"
    )
    (defect,) = deadsim("run", str(file), "--format", "json").json["defects"]
    assert (defect["kind"], defect["lost_at"]) == ("missed-signal", 2)
    (wait,) = defect["waits"]
    assert (wait["verb"], wait["object"], wait["wants"], wait["for"]) == ("wait", "e", "set", [])


def test_a_notify_that_goes_to_a_waiter_whose_time_had_run_out_names_it() -> None:
    before = "hurried*3 patient*3 giver"
    said = "wrong waiter: the notify of step 10 went to hurried, whose time had run out"
    assert said in deadsim("explore", "late_waiter").out
    done = deadsim("replay", "late_waiter", before)
    assert said in done.out
    assert "schedule: hurried*3 patient*3 giver*6 hurried " in done.out


def test_a_nested_monitor_is_one_behind_a_waiter_whose_time_has_run_out_too() -> None:
    text = (
        "locks: [m, other]\nconditions: {c: m}\nthreads:\n"
        "  hurried: [{with: m, do: [{wait: c, timeout: 1}]}]\n"
        "  waiter: [{step: w}, {step: w}, {acquire: other}, {with: m, do: [{wait: c}]}, {release: other}]\n"
        "  waker: [{step: w}, {with: other, do: [{with: m, do: [{notify: c}]}]}]\n"
        "schedule: [waker, hurried, hurried, hurried, waiter, waiter, waiter, waiter, waiter]\n"
    )
    found = first(text)
    assert (found.kind, found.threads) == ("nested-monitor", ("waiter", "waker"))


def test_permits_that_are_still_out_with_running_threads_are_no_deadlock() -> None:
    text = (
        "semaphores: {s: 1}\nthreads:\n  a: [{acquire: s}, {step: w}, {release: s}]\n"
        "  b: [{acquire: s}, {release: s}]\n"
    )
    assert run(loads(text)).outcome == "completed"


def test_anything_with_a_timeout_is_never_stuck() -> None:
    text = (
        "locks: [A]\nqueues: [q]\nevents: [e]\nconditions: [c]\nthreads:\n"
        "  a: [{acquire: A}, {get: q, timeout: 1, ok: x}, {wait: e, timeout: 1}, {with: c, do: [{wait: c, timeout: 2}]}]\n"
        "  b: [{acquire: A, timeout: 1}, {join: a, timeout: 1}, {put: q, value: 1}, {join: q, timeout: 3}]\n"
    )
    done = run(loads(text))
    assert (done.outcome, done.defects) == ("completed", ())
