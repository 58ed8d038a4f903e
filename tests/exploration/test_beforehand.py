"""What the text decides alone must never be "fine" where a schedule can fail."""

import pytest

import deadsim
import oracle
from deadsim.exploration.static.ruled_out import impossible
from deadsim.kernel.system import System

MOST = 2**63 - 1

CAN_FAIL = {
    "a variable that is at its bound": f"variables: {{x: {MOST}}}\nthreads: {{a: [{{add: x}}]}}\n",
    "a local that is at its bound": f"threads:\n  a: [{{let: {{i: {MOST}}}}}, {{let: {{j: i + 1}}}}]\n",
    "a choice that is at its bound": f"threads:\n  a: [{{choose: [{MOST}], into: i}}, {{let: {{j: i + 1}}}}]\n",
    "doubling": "variables: {x: 1}\nthreads:\n"
    "  a: [{repeat: 62, do: [{atomic: [{write: x, value: x + x}]}]}, {write: x, value: x - 1},"
    " {write: x, value: x + x}, {add: x}, {add: x}]\n",
    "permits at their bound": f"semaphores: {{s: {MOST}}}\nthreads: {{a: [{{release: s}}]}}\n",
    "permits by the count": f"semaphores: {{s: {2**62}}}\nthreads: {{a: [{{release: s, count: {2**62}}}]}}\n",
    "a text that is at its bound": f'variables: {{x: {MOST - 1}}}\nthreads:\n  a: [{{print: "{"y" * 9_990}{{x}}"}}]\n',
    "a lock that nobody holds": "locks: [A]\nthreads: {a: [{release: A}]}\n",
    "a condition without its lock": "conditions: [c]\nthreads: {a: [{notify: c}]}\n",
    "a closed pipe": "pipes: {p: {capacity: 1}}\nthreads: {a: [{close: p}, {send: p, value: 1}]}\n",
    "a second start": "threads:\n  a: [{start: b}, {start: b}]\n  b: {autostart: false, do: [{yield: }]}\n",
    "items that do not compare": "queues: {q: {order: priority}}\n"
    "threads: {a: [{put: q, value: 1}, {put: q, value: \"'x'\"}]}\n",
    "local work without an end": "threads: {a: [{forever: [pass]}]}\n",
}


@pytest.mark.parametrize("text", CAN_FAIL.values(), ids=CAN_FAIL)
def test_what_can_fail_is_not_called_impossible(text: str) -> None:
    program = deadsim.loads(text).program
    wanted = oracle.explore(program).levels
    assert "always" in (wanted["misuse"], wanted["error"])
    assert not {"misuse", "error"} & impossible(System(program)).keys()
    found = deadsim.explore(deadsim.loads(text)).claims
    assert {type: found[type].found for type in ("misuse", "error")} == {
        type: wanted[type] for type in ("misuse", "error")
    }


def test_counting_for_ever_is_not_called_impossible_to_fail() -> None:
    text = "variables: {x: 0}\nthreads: {a: [{forever: [{add: x}]}]}\n"
    assert "misuse" not in impossible(System(deadsim.loads(text).program))


def test_what_cannot_fail_is_known() -> None:
    text = "locks: [A]\nvariables: {x: 0}\nthreads:\n  'a[2]': [{with: A, do: [{add: x}]}]\n"
    assert {"misuse", "error", "race", "livelock"} <= impossible(
        System(deadsim.loads(text).program)
    ).keys()
