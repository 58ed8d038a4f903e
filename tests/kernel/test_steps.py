"""The steps of each verb, exactly as the language says."""

import pytest

from deadsim import Run, loads, run
from deadsim.kernel.system import System


def ran(text: str, **options: object) -> Run:
    return run(loads(text), **options)  # type: ignore[arg-type]


def steps(text: str, thread: str = "t", **options: object) -> list[str]:
    """List the steps of a thread: the verb, and what it is about."""
    done = ran(text, **options).result
    names = done.program
    return [
        " ".join(
            filter(None, (e.verb, done.system.world.about(e.objects) if e.objects else e.text))
        )
        for e in done.events
        if names.threads[e.thread].name == thread
    ]


HEAD = "locks: {A: , B: , R: {reentrant: true}}\nvariables: {x: 0, y: 1, 'v[3]': 0}\n"


def body(*lines: str) -> str:
    return HEAD + "threads:\n  t:\n" + "\n".join(f"    - {line}" for line in lines) + "\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("acquire: A", ["acquire A"]),
        ("{with: [A, B], do: [step: w]}", ["acquire A", "acquire B", "step w", "release B", "release A"]),
        ("{read: x, into: l}", ["read x"]),
        ("{write: x, value: 1}", ["write x"]),
        ("{write: 'v[x]', value: y}", ["read y", "read x", "write v[0]"]),
        ("add: x", ["read x", "write x"]),
        ("{add: x, value: y}", ["read x", "read y", "write x"]),
        ("{add: 'v[y]'}", ["read y", "read v[1]", "write v[1]"]),
        ("let: {a: x + y, b: x}", ["read x", "read y", "read x"]),
        ("let: {a: 1, b: a + 1}", []),
        ("let: {a: x and y}", ["read x"]),
        ("let: {a: y and x}", ["read y", "read x"]),
        ("let: {a: y or x}", ["read y"]),
        ("let: {a: 1 if y else x}", ["read y"]),
        ("let: {a: y if x else y + 1}", ["read x", "read y"]),
        ("let: {a: 0 < x < y}", ["read x"]),
        ("let: {a: x < y < 2}", ["read x", "read y"]),
        ("let: {a: 'v[v[x]]'}", ["read x", "read v[0]", "read v[0]"]),
        ("let: {a: sum(v)}", ["read v[0]", "read v[1]", "read v[2]"]),
        ("let: {a: 'len(v) + max(x, y)'}", ["read v[0]", "read v[1]", "read v[2]", "read x", "read y"]),
        ("{atomic: [{write: x, value: y}, {add: x}]}", ["atomic y"]),
        ("{if: x == 0, then: [step: yes], else: [step: no]}", ["read x", "step yes"]),
        ("{while: x < 2, do: [add: x]}", ["read x", "read x", "write x"] * 2 + ["read x"]),
        ("{repeat: 2, do: [step: w]}", ["step w", "step w"]),
        ("{repeat: 0, do: [step: w]}", []),
        ("{repeat: y + 1, index: i, do: [step: 'w{i}']}", ["read y", "step w0", "step w1"]),
        ("{forever: [step: w, break]}", ["step w"]),
        ("pass", []),
        ("yield", ["yield"]),
        ("yield:", ["yield"]),
        ("choose: [1, 2]", ["choose"]),
        ("choose: [x, y]", ["read x", "read y", "choose"]),
        ("step: 'x is {x}'", ["read x", "step x is 0"]),
        ("sleep: y", ["read y", "sleep"]),
        ("assert: y == 1", ["read y"]),
        ("print: 'x{x}'", ["read x", "print x0", "print \n"]),
        ("{print: a, end: ''}", ["print a"]),
        ("{print: a, end: '{x}{y}'}", ["read x", "read y", "print a", "print 01"]),
        ("print:", ["print", "print \n"]),
    ],
)  # fmt: skip
def test_the_steps_of_a_verb(line: str, expected: list[str]) -> None:
    # `print` touches the output, which has no name; its text is what shows.
    found = [
        f"{e.verb} {e.text}" if e.verb == "print" and e.text else s
        for s, e in zip(steps(body(line)), ran(body(line)).result.events, strict=True)
    ]
    assert found == expected


def test_local_work_happens_with_the_step_before_it() -> None:
    done = ran(body("step: first", "let: {a: 1}", "raise: oops", "step: never"))
    assert done.steps == 1
    (error,) = done.defects
    assert (error.type, error.step) == ("error", 0)


def test_a_thread_without_steps_ends_with_its_start() -> None:
    done = ran("threads: {t: [pass]}\n")
    assert (done.outcome, done.steps) == ("completed", 0)


def test_a_failure_at_the_start_has_no_step() -> None:
    (error,) = ran("threads: {t: [{raise: oops}]}\n").defects
    assert error.step is None


def test_the_program_ends_with_its_last_thread_that_is_no_daemon() -> None:
    text = "threads:\n  t: [step: a]\n  d: {daemon: true, do: [{forever: [step: b]}]}\n"
    assert ran(text).outcome == "completed"


def test_only_daemons_end_at_once() -> None:
    done = ran("threads:\n  d: {daemon: true, do: [{forever: [step: b]}]}\n")
    assert (done.outcome, done.steps) == ("completed", 0)


@pytest.mark.parametrize("way", ["{raise: oops}", "{assert: false}", "{release: B}", "return"])
def test_with_releases_however_it_is_left(way: str) -> None:
    found = steps(body(f"{{with: [A, R], do: [{way}]}}"))
    assert found[-2:] == ["release R", "release A"]


def test_break_and_continue_release_what_is_open_inside_the_loop() -> None:
    found = steps(
        body(
            "{with: B, do: [{repeat: 2, index: i, do: [{with: A, do: [{if: i, then: [break]}, continue]}]}]}"
        )
    )
    assert found == ["acquire B"] + ["acquire A", "release A"] * 2 + ["release B"]


def test_plain_acquires_stay_held_after_a_failure() -> None:
    done = ran(body("acquire: A", "raise: oops"))
    assert done.result.situation.threads[0].holds[0].object == "A"


def test_a_lock_given_back_inside_its_with_is_a_misuse_once() -> None:
    done = ran(body("{with: A, do: [{release: A}]}"))
    assert [found.type for found in done.defects] == ["misuse"]


def test_return_leaves_the_procedure_alone() -> None:
    text = HEAD + "procedures: {p: [{with: A, do: [return]}, {step: never}]}\n"
    text += "threads: {t: [{call: p}, {step: after}]}\n"
    assert steps(text) == ["acquire A", "release A", "step after"]


def test_a_procedure_has_arguments_and_locals_of_its_own() -> None:
    text = HEAD + (
        "procedures:\n  p:\n    args: [lock, n]\n    do:\n      - with: lock\n        do:\n"
        "          - let: {a: n + 1}\n          - step: 'a is {a}'\n"
        "threads: {t: [{let: {a: 5}}, {call: p, args: [A, x]}, {call: p, args: [B, a]}, {step: '{a}'}]}\n"
    )
    assert steps(text) == [
        "read x", "acquire A", "step a is 1", "release A",
        "acquire B", "step a is 6", "release B", "step 5",
    ]  # fmt: skip


def test_locals_of_a_procedure_have_no_value_at_its_next_call() -> None:
    text = (
        "procedures: {p: {args: [first], do: [{if: first, then: [{let: {a: 1}}]}, {step: '{a}'}]}}\n"
        "threads: {t: [{call: p, args: [true]}, {call: p, args: [false]}]}\n"
    )
    done = ran(text)
    assert [found.type for found in done.defects] == ["misuse"]
    assert "before it has a value" in done.defects[0].message  # type: ignore[union-attr]


def test_a_variable_is_handed_over_by_name_where_the_procedure_writes_it() -> None:
    text = (
        "variables: {a: 1, b: 2}\n"
        "procedures: {swap: {args: [p, q], do: [{let: {old: p}}, {write: p, value: q}, {write: q, value: old}]}}\n"
        "threads: {t: [{call: swap, args: [a, b]}]}\n"
    )
    assert ran(text).variables == {"a": 2, "b": 1}


def test_an_index_that_is_read_is_kept_while_blocked() -> None:
    text = (
        "locks: ['a[2]']\nvariables: {turn: 0}\n"
        "threads:\n"
        "  t: [{acquire: 'a[turn]'}, {step: got}]\n"
        "  u: [{acquire: 'a[0]'}, {write: turn, value: 1}, {release: 'a[0]'}]\n"
        "schedule: [u, t, u, u]\n"
    )
    assert steps(text) == ["read turn", "acquire a[0]", "step got"]


def test_what_stands_left_of_a_read_is_worked_out_before_it() -> None:
    done = ran("variables: {x: 1}\nthreads: {t: [{let: {a: 0}}, {let: {b: 1 // a + x}}]}\n")
    assert done.steps == 0
    assert done.defects[0].type == "misuse"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("release: A", "releases A, which it does not hold"),
        ("join: t", "joins t, which is itself"),
        ("{add: 'v[y + 2]'}", "uses index 3 of 'v', which has 0 to 2"),
        ("let: {a: b, b: 1}", "reads 'b' before it has a value"),
        ("let: {a: 1 // x}", "divides by zero"),
        ("let: {a: 1 % x}", "divides by zero"),
        ("let: {a: 2 ** (x - 1)}", "negative power"),
        ("{write: x, value: y + null}", "uses '+' on an integer and null"),
        ("let: {a: 2 ** (62 + y)}", "2**63"),
        ("let: {a: '[1][y]'}", "uses index 1 of a list that has 1 items"),
        ("sleep: x - 1", "uses -1 as the time to sleep; it wants 0 or more"),
        ("let: {a: min(range(x))}", "nothing in it"),
    ],
)
def test_misuse_ends_the_thread(line: str, message: str) -> None:
    done = ran(body(line, "step: never"))
    (found,) = done.defects
    assert found.type == "misuse"
    assert message in found.message  # type: ignore[union-attr]
    assert done.verdict == "refuted"


def test_start_of_a_started_thread_of_an_array_starts_none() -> None:
    text = (
        "threads:\n  main: [{start: 'w[1]'}, {start: w}]\n"
        "  w[3]: {autostart: false, do: [step: works]}\n"
    )
    done = ran(text)
    assert [f.message for f in done.defects] == ["starts w[1], which was started before"]  # type: ignore[union-attr]
    assert done.steps == 3


def test_join_waits_for_an_array() -> None:
    text = "threads:\n  main: [{join: w}, {step: after}]\n  w[2]: [step: a, step: b]\n"
    assert ran(text).schedule[-1] == "main"
    assert steps(text, "main") == ["join w", "step after"]


def test_a_runaway_names_its_line() -> None:
    done = ran("variables: {x: 0}\nthreads:\n  t:\n    - step: a\n    - forever:\n        - pass\n")
    (found,) = done.defects
    assert (found.type, found.step, found.place.line) == ("error", 0, 5)  # type: ignore[union-attr]


def test_an_atomic_block_is_one_step_and_keeps_what_it_wrote_when_it_fails() -> None:
    done = ran(body("atomic: [{write: x, value: 7}, {assert: x == 1}, {write: x, value: 8}]"))
    assert done.variables["x"] == 7
    assert [(found.type, found.step) for found in done.defects] == [("assertion", 0)]


def test_a_tuple_is_stored_as_a_list() -> None:
    text = "variables: {s: []}\nthreads: {t: [{write: s, value: '(1, 2)'}, {print: '{s}'}]}\n"
    assert ran(text).output == ["[1, 2]"]


def test_text_shows_values_as_python_does() -> None:
    text = "variables: {a: true, b: null, c: \"['x', [1]]\"}\nthreads: {t: [{print: '{{{a}}} {b} {c} {(1,)}'}]}\n"
    assert ran(text).output == ["{True} None ['x', [1]] (1,)"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", None),
        ("yes", None),
        ("010", 10),
        ("0x10", 16),
        ("0o10", 8),
        ("true", True),
        ("~", None),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(written: str, value: object) -> None:
    text = f"params: {{on: 3, yes: 4}}\nvariables: {{x: {written}}}\nthreads: {{t: [step: a]}}\n"
    expected = {"on": 3, "yes": 4}.get(written, value)
    assert ran(text).variables["x"] == expected


def test_a_choice_is_recorded_and_replayed() -> None:
    text = "threads: {t: [{choose: [5, 6, 7], into: a}, {print: '{a}'}]}\n"
    done = ran(text, seed=3)
    name = done.schedule[0]
    assert name.startswith("t#")
    assert done.output == [str(5 + int(name[2:]))]


def test_the_clock_orders_sleepers() -> None:
    text = (
        "threads:\n  late: [{sleep: 5}, {print: late}]\n  soon: [{sleep: 2}, {print: soon}]\n"
        "  busy: [{repeat: 5, do: [step: works]}, {print: busy}]\n"
    )
    assert ran(text, strategy="random", seed=5).output == ["busy", "soon", "late"]


def test_a_thread_that_spins_does_not_stop_time() -> None:
    text = (
        "variables: {done: false}\nthreads:\n"
        "  spins: [{while: not done, do: [yield]}]\n"
        "  sleeps: [{sleep: 9}, {write: done, value: true}]\n"
    )
    assert ran(text).outcome == "completed"


def test_invariants_hold_first_and_last() -> None:
    text = "variables: {x: 0}\nthreads: {t: [{write: x, value: 1}]}\ninvariants: [x == 1, x == 0]\n"
    found = ran(text).defects
    assert [(one.type, one.step, one.place.line) for one in found] == [  # type: ignore[union-attr]
        ("invariant", None, 3),
        ("invariant", 0, 3),
    ]


def test_claims_can_ask_locks_and_threads() -> None:
    text = (
        "locks: [A]\nthreads: {t: [{acquire: A}, {release: A}], u: [step: a]}\n"
        "invariants: ['not locked(A) or holder(A) == ''t''', 'not (finished(t) and locked(A))']\n"
        "expect: {final: finished(t) and finished(u) and holder(A) == null}\n"
    )
    assert ran(text).verdict == "as-expected"


@pytest.mark.parametrize(
    ("threads", "signal"),
    [
        ("a[2]: [{acquire: s}, {release: s}]", False),
        ("a[2]: [{with: s, do: []}]", False),
        ("a: [{acquire: s}]\n  b: [{acquire: s}, {release: s}]", False),  # one forgets it
        ("a: [{acquire: s}]", False),  # as they all do
        ("a: [{acquire: s}]\n  b: [{release: s}]", True),
        ("a: [{acquire: s}, {release: s}]\n  b: [{release: s}]", True),
        ("a: [{release: s}]", True),
    ],
)
def test_a_permit_has_an_owner_where_nobody_else_gives_it_back(threads: str, signal: bool) -> None:
    def signals(value: int) -> list[str]:
        text = f"semaphores: {{s: {value}}}\nthreads:\n  {threads}\n"
        world = System(loads(text).program).world
        return [world.name(number) for number in world.signals]

    assert signals(1) == (["s"] if signal else [])
    assert signals(0) == ["s"]
