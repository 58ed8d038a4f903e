"""Procedures that call themselves: each call is a frame, and there is an end to how many are open."""

import pytest

import deadsim
from deadsim.kernel.system import System
from deadsim.model.instructions import Step

TOWER = """
params: {{n: 3}}
locks: {{A: {{reentrant: true}}, 'L[5]': null, B: null}}
variables: {{x: 0}}
limits: {{recursion: 4}}
procedures:
{0}
threads:
{1}
"""


def scenario(procedures: str, threads: str) -> deadsim.Scenario:
    rows = ("\n".join(f"  {line}" for line in part.split(" | ")) for part in (procedures, threads))
    return deadsim.loads(TOWER.format(*rows))


@pytest.mark.parametrize(
    ("procedures", "threads", "output"),
    [
        # Arguments and locals are each call's own.
        (
            "p: {args: [k], do: [{let: {m: k}}, {if: k, then: [{call: p, args: [k - 1]}]}, {print: '{m}{k}'}]}",
            "t: [{call: p, args: [2]}]",
            "00 11 22",
        ),
        (
            "even: {args: [k], do: [{if: k, then: [{call: odd, args: [k - 1]}], else: [{print: even}]}]} | odd: {args: [k], do: [{if: k, then: [{call: even, args: [k - 1]}], else: [{print: odd}]}]}",
            "t: [{call: even, args: [3]}, {call: even, args: [2]}]",
            "odd even",
        ),
        # A return leaves one call.
        (
            "p: {args: [k], do: [{if: k == 0, then: [return]}, {call: p, args: [k - 1]}, {print: '{k}'}]}",
            "t: [{call: p, args: [2]}]",
            "1 2",
        ),
        # Objects change places.
        (
            "p: {args: [k, a, b], do: [{with: a, do: [{if: k, then: [{call: p, args: [k - 1, b, a]}]}]}]}",
            "t: [{call: p, args: [1, A, B]}, {print: done}]",
            "done",
        ),
        (
            "p: {args: [k, a], do: [{with: a, do: [{if: k, then: [{call: p, args: [k - 1, 'L[k]']}]}]}]}",
            "t: [{call: p, args: [3, 'L[4]']}, {print: done}]",
            "done",
        ),
        # Each of the open calls gives back what it took.
        (
            "p: [{with: A, do: [{call: p}]}]",
            "t: [{try: [{call: p}], except: {RecursionError: [{print: caught}]}}, {acquire: A, blocking: false, into: got}, {print: '{got}'}]",
            "caught True",
        ),
        # A variable by name.
        (
            "p: {args: [k, v], do: [{write: v, value: k}, {if: k, then: [{call: p, args: [k - 1, v]}]}]}",
            "t: [{call: p, args: [2, x]}, {print: '{x}'}]",
            "0",
        ),
    ],
)
def test_a_procedure_calls_itself(procedures: str, threads: str, output: str) -> None:
    result = deadsim.run(scenario(procedures, threads))
    assert not result.defects
    assert " ".join(result.output) == output


@pytest.mark.parametrize(("calls", "error"), [(3, "never"), (4, "always")])
def test_there_is_an_end_to_open_calls(calls: int, error: str) -> None:
    text = scenario(
        "p: {args: [k], do: [{if: k, then: [{call: p, args: [k - 1]}]}]}",
        f"t: [{{call: p, args: [{calls}]}}, {{call: p, args: [{calls}]}}]",
    )
    assert deadsim.explore(text).claims["error"].found == error


def test_without_a_limit_sixteen_calls_may_be_open() -> None:
    text = "procedures: {{p: {{args: [k], do: [{{step: x}}, {{if: k > 1, then: [{{call: p, args: [k - 1]}}]}}]}}}}\nthreads: {{t: [{{call: p, args: [{}]}}]}}\n"
    assert not deadsim.run(deadsim.loads(text.format(16))).defects
    (failed,) = deadsim.run(deadsim.loads(text.format(17))).defects
    assert failed.message == "calls 'p' while 16 such calls are open"


def test_calls_are_frames_and_not_copies() -> None:
    made = scenario(
        "p: {args: [k], do: [{step: a}, {if: k, then: [{call: p, args: [k - 1]}]}]}",
        "t: [{call: p, args: [n]}, {call: p, args: [1]}]",
    )
    (linked,) = System(made.program).linked
    assert sum(isinstance(one, Step) for one in linked.code.instructions) == 1


def test_a_deadlock_in_frames_is_found() -> None:
    made = scenario(
        "p: {args: [k, a, b], do: [{acquire: a}, {if: k, then: [{call: p, args: [k - 1, b, a]}]}, {release: a}]}",
        "t: [{call: p, args: [1, 'L[0]', B]}] | u: [{call: p, args: [1, B, 'L[0]']}]",
    )
    result = deadsim.explore(made)
    assert result.claims["deadlock"].found == "possible"
    assert {one.kind for one in result.deadlocks} == {"circular-wait"}


def test_locals_that_nobody_needs_after_a_call_make_no_states() -> None:
    made = scenario(
        "p: {args: [k], do: [{choose: [0, 1], into: m}, {if: k, then: [{call: p, args: [k - 1]}]}, {step: x}]}",
        "t: [{call: p, args: [3]}]",
    )
    assert (
        deadsim.explore(made).states == 9
    )  # at each of four choices, and before each of four steps, and the end
