"""Canaries: what is planted, and that what the claims do not find breaks none of them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import deadsim
import oracle
import programs
from commands import deadsim as command
from deadsim.exploration.verdicts.result import Canary
from deadsim.language.mutants import Edit, Mutants
from deadsim.model.program import Program
from portion import few_and_all, one_in

GALLERY = sorted((Path(__file__).parent.parent.parent / "scenarios").rglob("*.yaml"))
MOST_STATES = 20_000

ORDERED = """
locks: [A, B]
threads:
  one: [{acquire: A}, {step: waits}, {acquire: B}, {release: B}, {release: A}]
  two: [{with: [A, B], do: [{step: works}]}]
"""


def planted(text: str) -> list[tuple[int, str, tuple[str, ...]]]:
    return [(e.place.line, e.kind, e.steps) for e in Mutants(deadsim.loads(text).program).edits]


def mutant(text: str, kind: str, *steps: str) -> Program:
    """Plant the one defect of a kind that is about some steps."""
    mutants = Mutants(deadsim.loads(text).program)
    (edit,) = [e for e in mutants.edits if (e.kind, e.steps) == (kind, steps)]
    made = mutants.with_edit(edit)
    assert made is not None
    return made


def verbs(program: Program) -> list[str]:
    """List what the one thread of a program does."""
    run = deadsim.run(deadsim.Scenario(program)).result
    return [f"{event.verb} {run.world.about(event.objects)}" for event in run.events]


def test_releases_are_taken_out_and_neighbouring_acquires_swapped() -> None:
    assert planted(ORDERED) == [
        (4, "acquires swapped", ("acquire: A", "acquire: B")),
        (4, "release taken out", ("release: B",)),
        (4, "release taken out", ("release: A",)),
        (5, "release taken out", ("with: A",)),
        (5, "acquires swapped", ("with: A", "with: B")),
        (5, "release taken out", ("with: B",)),
    ]


@pytest.mark.parametrize(
    ("steps", "edit", "wanted"),
    [
        (
            "[{acquire: A}, {step: x}, {acquire: B}, {release: A}]",
            ("acquires swapped", "acquire: A", "acquire: B"),
            ["acquire B", "step None", "acquire A", "release A"],
        ),
        (
            "[{acquire: A}, {with: B, do: [{step: x}]}, {release: A}]",
            ("acquires swapped", "acquire: A", "with: B"),
            ["acquire B", "acquire A", "step None", "release B", "release A"],
        ),
        (
            "[{with: A, do: [{step: x}, {acquire: B}, {step: y}]}, {release: B}]",
            ("acquires swapped", "with: A", "acquire: B"),
            ["acquire B", "step None", "acquire A", "step None", "release A", "release B"],
        ),
        (
            "[{with: A, do: [{with: B, do: [{step: x}]}]}]",
            ("acquires swapped", "with: A", "with: B"),
            ["acquire B", "acquire A", "step None", "release A", "release B"],
        ),
        (
            "[{with: [A, B, C], do: [{step: x}]}]",
            ("acquires swapped", "with: B", "with: C"),
            ["acquire A", "acquire C", "acquire B", "step None", "release B", "release C", "release A"],
        ),
        (
            "[{with: [A, B], do: [{step: x}]}]",
            ("release taken out", "with: A"),
            ["acquire A", "acquire B", "step None", "release B"],
        ),
    ],
)  # fmt: skip
def test_an_edit_does_what_it_says(steps: str, edit: tuple[str, ...], wanted: list[str]) -> None:
    text = f"locks: [A, B, C]\nthreads: {{a: {steps}}}\n"
    assert verbs(mutant(text, *edit)) == wanted


def test_what_is_left_by_break_and_by_a_failure_keeps_its_lock_too() -> None:
    text = "locks: [A]\nthreads: {a: [{forever: [{with: A, do: [break]}]}, {with: A, do: [{raise: x}]}]}\n"
    mutants = Mutants(deadsim.loads(text).program)
    without_first, without_second = map(mutants.with_edit, mutants.edits)
    assert without_first is not None
    assert without_second is not None
    assert verbs(without_first) == ["acquire A"]
    assert verbs(without_second) == ["acquire A", "release A", "acquire A"]


def test_a_step_of_an_array_or_a_procedure_is_edited_once_for_all() -> None:
    text = """
locks: [A]
events: [go]
procedures: {leave: [{release: A}]}
threads:
  worker[i < 3]: [{acquire: A}, {call: leave}, {set: go}]
  other: [{acquire: A}, {call: leave}]
"""
    assert [kind for _, kind, _ in planted(text)] == ["release taken out", "set dropped"]
    made = mutant(text, "release taken out", "release: A")
    for thread in made.threads:
        assert not any(getattr(i, "verb", "") == "release" for i in thread.code.instructions)


def test_what_nobody_carries_out_is_not_edited() -> None:
    text = "params: {n: 0}\nlocks: [A]\nprocedures: {p: [{release: A}]}\nthreads: {'a[n]': [{release: A}], b: [{yield: }]}\n"
    assert planted(text) == []


def test_a_signal_is_told_from_a_permit() -> None:
    text = """
semaphores: {ready: 0, slots: 2}
threads:
  giver: [{acquire: slots}, {release: ready}, {release: slots}]
  taker: [{acquire: ready}]
"""
    assert [kind for _, kind, _ in planted(text)] == ["signal dropped", "release taken out"]


def test_params_that_were_given_are_kept() -> None:
    scenario = deadsim.load("dining", n=3)
    mutants = Mutants(scenario.program)
    made = mutants.with_edit(mutants.edits[0])
    assert made is not None
    assert made.given == scenario.program.given
    assert len(made.threads) == 3


def broken_claims(program: Program) -> list[str]:
    """List what the plain search finds of a program that is not as claimed."""
    claimed = program.claims.kinds.get("deadlock")
    kinds = claimed is not None and claimed.level != "never"
    return oracle.holds(program.claims, oracle.explore(program, MOST_STATES, kinds=kinds))


def checked(program: Program, canaries: Iterable[Canary]) -> Iterator[bool | None]:
    """Hold what is said of each canary of a program against the plain search, and give it."""
    mutants = Mutants(program)
    made = {key(edit): mutants.with_edit(edit) for edit in mutants.edits}
    for canary in canaries:
        mutant = made[canary.place, canary.edit, canary.steps]
        assert mutant is not None
        yield canary.found
        if canary.found is None:
            continue
        try:
            broken = broken_claims(mutant)
        except oracle.TooManyStates:
            assert canary.found, "what has no end of states is no proof"
            continue
        assert bool(broken) is canary.found, (canary, broken)
        told = " ".join(broken).replace("races on", "race is on")
        assert (canary.claim or "") in told, (canary, broken)


@pytest.mark.parametrize("file", one_in(6, GALLERY), ids=lambda file: file.stem)
def test_what_is_not_found_breaks_no_claim_in_the_plain_search(file: Path) -> None:
    scenario = deadsim.load(file)
    result = deadsim.explore(scenario, canary=True, max_states=MOST_STATES)
    assert result.verdict == "as-expected"
    assert result.canaries is not None
    assert len(list(checked(scenario.program, result.canaries))) == len(result.canaries)


@pytest.mark.parametrize("count", few_and_all(12, 200))
def test_canaries_in_random_programs_against_the_plain_search(count: int) -> None:
    """Claim of each program what it does, and plant defects in it."""
    seen: Counter[bool | None] = Counter()
    for seed in range(count):
        text = programs.scenario(seed)
        text = "".join(line for line in text.splitlines(True) if not line.startswith("expect:"))
        known = deadsim.explore(deadsim.loads(text), max_states=MOST_STATES // 8).claims
        claims = [f"{key}: {one.found}" for key, one in known.items() if one.found != "unknown"]
        scenario = deadsim.loads(f"{text}\nexpect: {{{', '.join(claims)}}}\n")
        result = deadsim.explore(scenario, canary=True, max_states=MOST_STATES // 8)
        if result.verdict == "as-expected":
            seen.update(checked(scenario.program, result.canaries or ()))
    assert seen[True] > count / 6
    assert seen[False] > count / 6


def key(one: Edit) -> tuple[object, str, tuple[str, ...]]:
    return one.place, one.kind, one.steps


def found(text: str, **options: object) -> dict[tuple[str, ...], Canary]:
    result = deadsim.explore(deadsim.loads(text), canary=True, **options)  # type: ignore[arg-type]
    assert result.canaries is not None
    return {(one.edit, *one.steps): one for one in result.canaries}


def test_a_planted_defect_is_found_by_the_claim_that_it_breaks() -> None:
    all_of_them = found(ORDERED)
    swapped = all_of_them["acquires swapped", "acquire: A", "acquire: B"]
    assert (swapped.found, swapped.claim) == (True, "deadlock")
    text = "variables: {x: 0}\nlocks: [A]\nthreads: {a: [{acquire: A}, {add: x}, {release: A}]}\n"
    (unseen,) = found(text).values()
    assert (unseen.found, unseen.claim) == (False, None)


def test_a_kind_that_is_claimed_is_looked_for_too() -> None:
    text = ORDERED.replace("[A, B]", "[B, A]", 2).replace("locks: [B, A]", "locks: [A, B]")
    text += "expect: {deadlock: {claim: possible, kind: circular-wait, threads: [one, two]}}\n"
    assert deadsim.explore(deadsim.loads(text)).verdict == "as-expected"
    known = found(text)
    assert known["acquires swapped", "acquire: A", "acquire: B"].claim == "deadlock"
    assert all(one.found is not None for one in known.values())


def test_a_defect_that_was_not_decided_is_no_defect_that_was_not_found() -> None:
    text = """
rwlocks: {table: {prefer: none}}
threads:
  reader: {daemon: true, do: [{forever: [{with: table, mode: read, do: [{yield: }]}]}]}
  other: [{yield: }]
"""
    (one,) = found(text, max_states=2_000).values()
    assert (one.found, one.claim) == (None, None)


def test_without_time_nothing_is_decided() -> None:
    result = deadsim.explore(deadsim.loads(ORDERED), canary=True, max_seconds=1e-9)
    assert all(one.found is None for one in result.canaries or ())


def test_the_command_line_says_which_were_not_found(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    alone = "  three: [{with: C, do: [{step: counts}]}]\n"
    file.write_text(ORDERED.replace("[A, B]\n", "[A, B, C]\n") + alone)
    done = command("check", str(file), "--canary")
    assert done.status == 0
    assert done.out.splitlines()[1].strip() == (
        "canaries: 7 planted, 6 found; not found: line 6: the release of `with: C` taken out"
    )
    assert "line 6" in command("check", str(file), "--canary", "--quiet").out
    (report,) = command("check", str(file), "--canary", "--format", "json").json["results"]
    assert len(report["canaries"]) == 7
    assert report["canaries"][0] == {
        "line": 4, "column": 10, "edit": "acquires swapped", "text": "acquire: A, acquire: B",
        "found": True, "claim": "deadlock",
    }  # fmt: skip
    assert "canaries" not in command("explore", str(file), "--format", "json").json
    assert "canaries: 7 planted" in command("explore", str(file), "--canary").out


def test_nothing_is_planted_where_the_claims_do_not_hold(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(ORDERED + "expect: {deadlock: possible}\n")
    done = command("explore", str(file), "--canary")
    assert done.status == 1
    assert "canaries: none planted: its claims do not hold" in done.out.splitlines()
    report = command("explore", str(file), "--canary", "--format", "json").json
    assert (report["canaries"], report["not_planted"]) == ([], "its claims do not hold")


def test_two_workers_plant_what_one_does(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(ORDERED)
    one = command("explore", str(file), "--canary", "--format", "json").json
    two = command("explore", str(file), "--canary", "--workers", "2", "--format", "json").json
    assert one["canaries"] == two["canaries"]
