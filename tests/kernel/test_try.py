"""Failures that are caught: `try` does what Python's does."""

import pytest

import deadsim
from deadsim.trace.finding import Failed
from portion import few_and_all
from sequential import Maker, run_in_python, scenario

ALWAYS, NEVER, POSSIBLE = "always", "never", "possible"

LINE = "pipes: {line: {capacity: 1}}\n"
LOCK = "locks: [A]\n"


def levels(text: str) -> dict[str, str]:
    """Decide a scenario, and give what can fail."""
    claims = deadsim.explore(deadsim.loads(text)).claims
    return {
        type: claims[type].found
        for type in ("error", "misuse", "assertion")
        if claims[type].possible
    }


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("[{try: [{raise: X}], except: {X: []}}]", {}),
        ("[{try: [{raise: 'X: why'}], except: {X: []}}]", {}),
        ("[{try: [{raise: X}], except: {any: []}}]", {}),
        ("[{try: [{raise: of none}], except: {Misuse: []}}]", {"error": ALWAYS}),
        ("[{try: [{raise: of none}], except: {any: []}}]", {}),
        ("[{try: [{raise: X}], except: {any: [{assert: false}], X: []}}]", {}),  # any comes last
        ("[{try: [{raise: X}], finally: [{step: x}]}]", {"error": ALWAYS}),
        ("[{try: [{raise: X}], finally: [return]}]", {}),
        ("[{try: [{assert: false}], except: {any: []}}]", {"assertion": ALWAYS}),
        ("[{try: [{assert: false}], finally: [return]}]", {"assertion": ALWAYS}),
        ("[{try: [{forever: [pass]}], except: {any: []}}]", {"error": ALWAYS}),
        ("[{try: [{let: {x: 1 // 0}}], except: {Misuse: []}}]", {}),
        ("[{try: [{release: A}], except: {Misuse: []}}]", {}),
        ("[{try: [{release: A}], finally: [{raise: X}]}]", {"error": ALWAYS}),  # in its place
        ("[{try: [{raise: X}], finally: [{release: A}]}]", {"misuse": ALWAYS}),
        ("[{try: [{release: A}], except: {any: [raise]}}]", {"misuse": ALWAYS}),
        ("[{raise: Misuse}]", {"misuse": ALWAYS}),
        ("[{try: [{close: line}, {send: line, value: 1}], except: {BrokenPipe: []}}]", {}),
        ("[{close: line}, {send: line, value: 1}]", {"error": ALWAYS}),
        # What a `with` does on the way out may be caught in place of what led there.
        ("[{try: [{with: A, do: [{release: A}, {raise: X}]}], except: {Misuse: []}}]", {}),
        (
            "[{try: [{with: A, do: [{release: A}, {raise: X}]}], except: {X: []}}]",
            {"misuse": ALWAYS},
        ),
        ("[{try: [{with: A, do: [{raise: X}]}], except: {Misuse: []}}]", {"error": ALWAYS}),
        (
            "[{try: [{raise: X}], except: {X: [{try: [{raise: Y}], except: {Y: []}}, raise]}}]",
            {"error": ALWAYS},
        ),
        ("[{try: [{atomic: [{assert: false}]}], finally: [{step: x}]}]", {"assertion": ALWAYS}),
        ("[{try: [{atomic: [{write: v, value: 1 // 0}]}], except: {Misuse: []}}]", {}),
        ("[{try: [{call: p}], except: {P: []}}]", {}),
        ("[{with: A, do: [{call: q}]}]", {}),
        ("[{forever: [{try: [{raise: X}], finally: [break]}]}]", {}),
        (
            "[{forever: [{try: [{raise: X}], except: {X: [continue]}}]}]",
            {"error": ALWAYS},
        ),  # runs away
        ("[{forever: [{try: [{forever: [pass]}], finally: [continue]}]}]", {"error": ALWAYS}),
    ],
)
def test_what_is_caught_is_no_defect(body: str, found: dict[str, str]) -> None:
    procedures = "procedures: {p: [{raise: P}], q: [{try: [{raise: Q}], except: {Q: [return]}}], y: [{raise: Y}]}\n"
    assert levels(f"{LOCK}{LINE}variables: {{v: 0}}\n{procedures}threads: {{t: {body}}}\n") == found


def test_a_lock_is_given_back_before_the_failure_is_caught() -> None:
    text = f"{LOCK}threads: {{t: [{{try: [{{with: A, do: [{{raise: X}}]}}], except: {{X: [{{acquire: A}}]}}}}]}}\n"
    assert [event.verb for event in deadsim.run(deadsim.loads(text)).result.events] == [
        "acquire",
        "release",
        "acquire",
    ]


@pytest.mark.parametrize(
    ("body", "step"),
    [
        ("{try: [{step: a}, {raise: X}], except: {Misuse: []}}", 0),
        (
            "{try: [{with: A, do: [{raise: X}]}], except: {of: []}}",
            0,
        ),  # at once: nothing can stop it
        ("{try: [{step: a}, {raise: X}], finally: [{step: b}, {step: c}]}", 2),
        ("{try: [{with: A, do: [{raise: X}]}], except: {Misuse: []}}", 1),
        ("{try: [{step: a}, {assert: false}], finally: [{step: b}]}", 0),
    ],
)
def test_a_failure_is_shown_once_nothing_can_stop_it(body: str, step: int) -> None:
    text = f"{LOCK}procedures: {{p: [{{raise: of}}]}}\nthreads:\n  t:\n    - {body}\n"
    (failed,) = deadsim.run(deadsim.loads(text)).defects
    assert failed.step == step
    assert failed.place.line == 5


@pytest.mark.parametrize("programs", few_and_all(300, 5_000))
def test_random_bodies_do_what_python_does(programs: int) -> None:
    ended = {True: 0, False: 0}
    for seed in range(programs):
        steps, lines = Maker(seed).body()
        wanted = run_in_python(lines)
        result = deadsim.run(deadsim.loads(scenario(steps)))
        assert list(result.output) == wanted.output, seed
        failed = [one for one in result.defects if isinstance(one, Failed)]
        shown = [one.message for one in failed if one.type == "assertion"]
        assert shown == wanted.asserted, seed
        errors = [one.message for one in failed if one.type == "error"]
        fatal = wanted.uncaught is None or wanted.uncaught in wanted.asserted
        assert errors == ([] if fatal else [wanted.uncaught]), seed
        ended[wanted.uncaught is None] += 1
    assert min(ended.values()) > programs / 10
