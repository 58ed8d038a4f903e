"""What one run says about the claims of its scenario."""

from collections.abc import Sequence

from deadsim.kernel.state_query import state_evaluator, true
from deadsim.kernel.system import State, System
from deadsim.model.claims import DEFECT_TYPES, KindClaim
from deadsim.model.program import Program
from deadsim.runs.result import Outcome, Verdict, lines
from deadsim.trace.finding import ClaimBroken, Deadlock, Finding, Race

NOBODY = "no thread takes a step, which shows nothing of the claims"
"""Why a scenario in which nobody does anything is undecided."""


def broken_claims(
    system: System, state: State, outcome: Outcome, ended: bool, step: int | None, output: str
) -> tuple[ClaimBroken, ...]:
    """Find the claims about the end and about the output that this run contradicts.

    `ended` says that nothing could have followed: then its output is whole. An end of the program is
    `completed`; a deadlock is none.
    """
    program = system.program
    found: list[ClaimBroken] = []
    if outcome == "completed":
        for claim in program.claims.final:
            holds = true(state_evaluator(system.world, claim.expression), state.objects)
            if claim.level == "always" and not holds:
                message = f"at the end this is false: {claim.text}"
                found.append(ClaimBroken("final", claim.key, step, claim.place, message))
            if claim.level == "never" and holds:
                message = f"at the end this is true: {claim.text}"
                found.append(ClaimBroken("final", claim.key, step, claim.place, message))
    if ended:
        printed = lines(output)
        for wanted in program.claims.output:
            if wanted.level == "always" and not wanted.is_met(printed):
                message = f"this line was not printed: {wanted.lines[0]}"
                found.append(ClaimBroken("output", wanted.key, step, wanted.place, message))
    return tuple(found)


def judge(
    program: Program, outcome: Outcome, ended: bool, defects: Sequence[Finding], steps: int
) -> tuple[Verdict, tuple[str, ...]]:
    """Decide whether a run of so many steps contradicts a claim, with a sentence for what is no defect."""
    refuted = False
    reasons: list[str] = []
    shown = {found.type for found in defects}
    here = {found.type for found in defects if not predicted(found)}
    for type in (*DEFECT_TYPES, "timeout"):
        claim = program.claims.kinds.get(type, KindClaim("never"))
        if claim.level == "never" and type in shown:
            refuted = True
        if claim.level == "always" and type not in here and ended:
            refuted = True
            reasons.append(f"{type} is claimed 'always', but this run ended without")
        if type == "race" and claim.on is not None:
            other = [f.variable for f in defects if isinstance(f, Race) and not _among(f, claim)]
            if other:
                refuted = True
                reasons.append(f"a race on {', '.join(other)} is not among those claimed")
    if shown & {"final", "output"}:
        refuted = True
    if refuted:
        return "refuted", tuple(reasons)
    if outcome in ("budget", "interrupted"):
        return "undecided", ()
    if steps == 0 and not defects:
        return "undecided", (NOBODY,)
    return "as-expected", ()


def predicted(found: Finding) -> bool:
    """Decide whether a defect is one of another schedule than that of the run."""
    return isinstance(found, Deadlock) and found.schedule is not None


def _among(race: Race, claim: KindClaim) -> bool:
    """Decide whether a race is on a variable that the claim names, by itself or by its array."""
    named = claim.on or ()
    return race.variable in named or race.variable.split("[")[0] in named
