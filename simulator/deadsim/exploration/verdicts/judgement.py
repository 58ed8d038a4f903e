"""What is known after a search, held against what a scenario claims."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from deadsim.exploration.verdicts.identity import Named
from deadsim.exploration.verdicts.level import UNKNOWN, Known
from deadsim.exploration.verdicts.result import Judged
from deadsim.model.claims import (
    DeadlockKind,
    FinalClaim,
    KindClaim,
    Level,
    OutputClaim,
)
from deadsim.model.program import Program
from deadsim.runs.judge import NOBODY


def judged(
    program: Program,
    asked: Collection[str],
    known: Mapping[str, Known],
    racy: frozenset[str],
    deadlocks: Collection[Named],
    hunted: bool,
    cores: Collection[Named] | None = None,
) -> Iterator[Judged]:
    """Hold every claim against what is known; `hunted` says that every kind of deadlock was seen.

    Else `cores` are all that can close, where they are known; what happened before may make another kind of one.
    """
    claims = program.claims
    for type in claims.types:
        claim = claims.kinds.get(type, KindClaim("never"))
        if type not in asked:
            yield Judged(type, claim, "unknown", None, asked=False)
            continue
        found = known.get(type, UNKNOWN)
        holds = found.holds(claim.level)
        if holds and type == "deadlock" and (claim.kind or claim.threads or claim.objects):
            ruled_out = hunted or (cores is not None and not could_match(claim, cores))
            holds = True if has_match(claim, deadlocks) else False if ruled_out else None
        if holds and type == "race" and claim.on is not None and claim.level != "never":
            holds = on_exactly(claim.on, racy, found.complete)
        yield Judged(type, claim, found.found, holds, found.why, hint=found.hint)
    parts: tuple[FinalClaim | OutputClaim, ...] = (*claims.final, *claims.output)
    for part in parts:
        if part.key not in asked:
            yield Judged(part.key, part, "unknown", None, asked=False)
            continue
        found = known.get(part.key, UNKNOWN)
        level: Level = "possible" if part.level == "exactly" else part.level
        yield Judged(part.key, part, found.found, found.holds(level), found.why)


def of_nobody(claims: Iterable[Judged]) -> Iterator[Judged]:
    """Leave undecided what holds where nobody takes a step: it would hold of anything."""
    for claim in claims:
        yield claim._replace(holds=None, why=NOBODY)


def has_match(claim: KindClaim, deadlocks: Collection[Named]) -> bool:
    """Decide whether a deadlock that was seen is as it is claimed to be."""
    return any(matches(claim, one) for one in deadlocks)


def could_match(claim: KindClaim, cores: Collection[Named]) -> bool:
    """Decide whether one of these cores could be as it is claimed to be, whatever happened before."""
    kind = None if claim.kind in BY_HISTORY else claim.kind
    return has_match(claim._replace(kind=kind), cores)


BY_HISTORY: tuple[DeadlockKind, ...] = ("lost-wakeup", "missed-signal", "wrong-waiter")
"""Kinds that only what happened before makes."""


def matches(claim: KindClaim, one: Named) -> bool:
    """Decide whether a deadlock is as it is claimed to be."""
    return (
        claim.kind in (None, one.kind)
        and (claim.threads is None or sorted(claim.threads) == sorted(one.threads))
        and (claim.objects is None or set(claim.objects) == set(one.objects))
    )


def on_exactly(on: tuple[str, ...], racy: frozenset[str], complete: bool) -> bool | None:
    """Decide whether exactly these variables race; the name of an array stands for its elements.

    None where more of them could.
    """
    stood_for = {name: name if name in on else name.split("[")[0] for name in racy}
    if not set(stood_for.values()) <= set(on):
        return False
    if set(stood_for.values()) == set(on):
        return True if complete else None
    return False if complete else None
