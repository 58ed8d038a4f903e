"""Questions in a step: what they answer, what they order, what a thread may do by them."""

import pytest

import deadsim
import oracle
from deadsim import loads


def ran(text: str) -> deadsim.Run:
    return deadsim.run(loads(text))


@pytest.mark.parametrize(
    ("declared", "before", "asked", "answer"),
    [
        ("events: [E]", "pass", "is_set(E)", False),
        ("events: [E]", "{set: E}", "is_set(E)", True),
        ("queues: {q: {maxsize: 1}}", "pass", "qsize(q)", 0),
        ("queues: {q: {maxsize: 1}}", "{put: q, value: 1}", "qsize(q)", 1),
        ("queues: {q: {maxsize: 1}}", "pass", "empty(q)", True),
        ("queues: {q: {maxsize: 1}}", "{put: q, value: 1}", "empty(q)", False),
        ("queues: {q: {maxsize: 1}}", "{put: q, value: 1}", "full(q)", True),
        ("queues: {q: {maxsize: 2}}", "{put: q, value: 1}", "full(q)", False),
        ("queues: [q]", "{put: q, value: 1}", "full(q)", False),
        ("pipes: {p: {capacity: 1}}", "{send: p, value: 1}", "qsize(p)", 1),
        ("locks: [A]", "{acquire: A}", "locked(A)", True),
        ("locks: {A: {reentrant: true}}", "{acquire: A}", "locked(A)", True),
        ("locks: [A]", "pass", "locked(A)", False),
        ("rwlocks: [W]", "{acquire: W, mode: read}", "locked(W)", True),
        ("semaphores: {S: 2}", "{acquire: S}", "value(S)", 1),
        ("latches: {L: 2}", "{count_down: L}", "value(L)", 1),
        ("conditions: [C]", "pass", "waiting(C)", 0),
        ("barriers: {B: 2}", "pass", "waiting(B)", 0),
        ("locks: ['A[2]']", '{acquire: "A[1]"}', "locked(A[x + 1])", True),
    ],
)
def test_a_step_asks_how_something_is(
    declared: str, before: str, asked: str, answer: object
) -> None:
    text = f'{declared}\nvariables: {{x: 0}}\nthreads: {{t: [{before}, {{write: x, value: "{asked}"}}]}}\n'
    done = ran(text)
    assert done.variables["x"] is answer
    assert deadsim.explore(loads(text)).complete


def test_finished_tells_of_one_thread_and_of_an_array() -> None:
    text = """
threads:
  w[2]: [step: works]
  main:
    - {join: w}
    - let: {a: "finished(w)", b: "finished(w[1])", c: finished(main)}
    - assert: a and b and not c
"""
    assert ran(text).verdict == "as-expected"


def test_each_question_is_a_step_of_its_own() -> None:
    text = "events: [E, F]\nthreads: {t: [{if: is_set(E) or is_set(F), then: [step: never]}]}\n"
    run = ran(text)
    assert [(row["verb"], row["value"]) for row in run.trace] == [
        ("is_set", False),
        ("is_set", False),
    ]


def test_a_check_before_an_act_may_be_too_old() -> None:
    text = """
queues: {q: {maxsize: 1}}
threads:
  a[2]:
    - if: empty(q)
      then: [{put: q, value: 1, blocking: false, into: done}, {assert: done}]
expect: {assertion: possible}
"""
    assert deadsim.explore(loads(text)).verdict == "as-expected"


@pytest.mark.parametrize(
    ("asked", "race"),
    [("is_set(E)", "never"), ("finished(a)", "never"), ("qsize(q) > 0", "possible")],
)
@pytest.mark.parametrize("how", ["loop", "atomic"])
def test_what_is_true_is_ordered_after_what_made_it_so(asked: str, race: str, how: str) -> None:
    looks = (
        f"{{while: not ({asked}), do: [yield]}}, {{read: x}}"
        if how == "loop"
        else f'{{let: {{y: false}}}}, {{while: not y, do: [{{atomic: [{{let: {{y: "{asked}"}}}}]}}]}}, {{read: x}}'
    )
    text = f"""
events: [E]
queues: [q]
variables: {{x: 0}}
threads:
  a: [{{write: x, value: 1}}, {{set: E}}, {{put: q, value: 1}}]
  b: [{looks}]
expect: {{race: {race}, livelock: never}}
"""
    assert deadsim.explore(loads(text)).verdict == "as-expected"
    found = oracle.explore(loads(text).program)
    assert (found.levels["race"] == "never") is (race == "never")


def test_one_may_wait_until_something_is_so() -> None:
    text = """
queues: [q]
conditions: [C]
threads:
  taker: [{with: C, do: [{wait: C, until: not empty(q)}, {get: q, blocking: false, ok: there}]}, {assert: there}]
  giver: [{with: C, do: [{put: q, value: 1}, {notify: C}]}]
"""
    result = deadsim.explore(loads(text))
    assert result.verdict == "as-expected"
    assert result.complete


def test_a_thread_that_polls_is_not_stuck_as_long_as_somebody_may_help() -> None:
    text = """
events: [E]
threads:
  a: [{while: not is_set(E), do: [yield]}, {acquire: S}]
  b: [{acquire: S}, {set: E}]
semaphores: {S: 1}
expect: {deadlock: always}
"""
    result = deadsim.explore(loads(text))
    assert result.verdict == "as-expected"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("threads: {t: [{if: holder(A), then: [pass]}]}\nlocks: [A]\n", "expect.final alone"),
        (
            "threads: {t: [{if: is_set(A), then: [pass]}]}\nlocks: [A]\n",
            "'A' is a lock, not an event",
        ),
        ("threads: {t: [{if: is_se(A), then: [pass]}]}\nevents: [A]\n", "unknown function 'is_se'"),
        ("threads: {t: [{if: is_set(B), then: [pass]}]}\nevents: [A]\n", "unknown event 'B'"),
        ("threads: {t: [{if: is_set(), then: [pass]}]}\n", "takes one argument"),
        (
            "threads: {t: [{if: full(p), then: [pass]}]}\npipes: {p: {capacity: 1}}\n",
            "'p' is a pipe",
        ),
        ("threads: {t: [pass]}\nevents: [A]\nvariables: {x: is_set(A)}\n", "not known here"),
    ],
)
def test_a_wrong_question_is_answered_with_its_place(text: str, message: str) -> None:
    with pytest.raises(deadsim.ScenarioError) as raised:
        loads(text)
    assert message in str(raised.value)
