"""What all schedules show: as text for a terminal, and as JSON."""

from collections.abc import Collection
from typing import Any

from deadsim.exploration.verdicts.level import Known
from deadsim.exploration.verdicts.result import Defect, Exploration, Judged
from deadsim.model.claims import KindClaim, OutputClaim
from deadsim.model.program import Choice
from deadsim.model.values import plain
from deadsim.report.as_json import finding, schedule
from deadsim.report.sentences import FAIRLY, count, details, headline, visible
from deadsim.report.table import table
from deadsim.report.text import command_for, player_for, titled, under
from deadsim.runs.judge import NOBODY
from deadsim.trace.finding import ClaimBroken
from deadsim.trace.schedule import switches, text


def expected(claim: Judged) -> Any:
    """Give what was written for a claim: a text, or a map."""
    wanted = claim.expected
    if isinstance(wanted, KindClaim):
        parts = wanted._asdict()
        level = parts.pop("level")
        del parts["place"]
        given = {key: plain(value) for key, value in parts.items() if value is not None}
        return {"claim": level, **given} if given else level
    if isinstance(wanted, OutputClaim):
        return list(wanted.lines) if wanted.level == "exactly" else wanted.lines[0]
    return wanted.text


def as_dict(result: Exploration, traces: bool = True) -> dict[str, Any]:
    """Give an exploration as JSON has it; without `traces`, the defects have no steps."""
    program = result.program
    return {
        "deadsim": 1,
        "command": "explore",
        "scenario": program.name,
        "file": program.file,
        "params": {name: plain(value) for name, value in program.params.items()},
        "engine": result.engine,
        "timeouts": program.timeouts,
        "verdict": result.verdict,
        "complete": result.complete,
        "claims": {
            claim.key: {
                "expected": expected(claim),
                "found": claim.found,
                "holds": claim.holds,
                **({} if claim.why is None else {"why": claim.why}),
                **({} if claim.hint is None else {"hint": claim.hint}),
                **({"fair": claim.fair} if claim.key in ("livelock", "starvation") else {}),
            }
            for claim in result.claims
        },
        "executions": result.executions,
        "states": result.states,
        "transitions": result.transitions,
        "seconds": round(result.seconds, 3),
        "reduction": result.reduction,
        "covered": result.covered,
        "reasons": list(result.reasons),
        "interrupted": result.interrupted,
        "defects": [defect(one) for one in result.defects],
    }


def defect(found: Defect) -> dict[str, Any]:
    """Give a defect with the schedule that shows it."""
    good = found.nearest_good
    return {
        **finding(found.finding),
        "schedule": schedule(found.schedule),
        "context_switches": found.switches,
        "minimal": found.minimal,
        "nearest_good": None if good is None else schedule(good),
        "confirmed_on_threads": True,
    }


def size(result: Exploration) -> str:
    """Say how much was looked at."""
    parts = []
    if result.executions is not None:
        parts.append(count(result.executions, "execution"))
    if result.states is not None:
        parts.append(count(result.states, "state"))
    return f"{', '.join(parts)}, {result.seconds:.2f} s"


def claim_lines(result: Exploration) -> list[str]:
    """List what was found of each claim, the many that are never and claimed so in one line."""
    plain_ones = []
    rows: list[tuple[str, str, str]] = []
    for claim in result.claims:
        if not claim.asked:
            continue
        fine = claim.holds or claim.why == NOBODY
        if fine and claim.found == "never" and expected(claim) == "never":
            plain_ones.append(which(claim))
            continue
        mark = {True: "", False: "  REFUTED", None: "  undecided"}[claim.holds]
        hint = f": {claim.hint}" if claim.hint and not claim.holds else ""
        rows.append((which(claim), claim.found, f"claimed: {shown(expected(claim))}{mark}{hint}"))
    lines = []
    for name, found, rest in rows:
        width = max(len(row[0]) for row in rows)
        lines.append(f"  {name:<{width}}  {found:<8}  {visible(rest)}")
    if plain_ones:
        how = "never, as nobody takes a step" if result.reasons else "never, as claimed"
        lines.append(f"  {how}: {', '.join(plain_ones)}")
    return lines


def which(claim: Judged) -> str:
    """Name a claim, and say of a livelock which one was decided: where none can be, it is all of them."""
    if claim.fair is not None:
        return f"{claim.key} ({FAIRLY[claim.fair]})"
    if claim.key == "livelock" and claim.why is None:
        return "livelock (no way out)"
    return claim.key


def shown(value: Any) -> str:
    """Write what was expected in one line."""
    if isinstance(value, dict):
        level = [shown(value["claim"])] if "claim" in value else []
        rest = [f"{key} {shown(inner)}" for key, inner in value.items() if key != "claim"]
        return ", ".join([*level, *rest])
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def report(result: Exploration, columns: int = 80) -> list[str]:
    """Explain an exploration."""
    program = result.program
    whole = "ALL SCHEDULES" if result.complete else "NOT ALL SCHEDULES"
    first = f"{whole}: {size(result)}{under(program)}"
    lines = [titled(first, visible(program.name), columns)]
    if result.covered is not None:
        lines.append(f"  covered: {result.covered}")
    lines += claim_lines(result)
    for found in result.defects:
        lines += about(result, found, columns)
    lines.append("")
    lines.append(f"verdict:  {verdict(result)}")
    return lines


def about(result: Exploration, found: Defect, columns: int) -> list[str]:
    """Explain a defect, and how it is seen again."""
    lines = ["", visible(headline(found.finding))]
    lines += [f"  {visible(line)}" for line in details(found.finding)]
    lines.append("")
    lines += table(found.run, columns)
    lines.append("")
    return lines + how_to_see(result, found)


def report_on(result: Exploration, keys: Collection[str], columns: int = 80) -> list[str]:
    """Explain what some of the claims come to, where they do not hold, and the defects they are about."""
    lines = []
    for claim in result.claims:
        if claim.key in keys and not claim.holds:
            lines.append(visible(against(claim)))
    if result.covered is not None:
        lines.append(f"  covered: {result.covered}")
    for one in result.defects:
        if claim_of(one) in keys:
            lines += about(result, one, columns)
    return lines


def against(claim: Judged) -> str:
    """Say in a sentence what was found of a claim that does not hold, or is undecided."""
    if claim.why == NOBODY:
        return f"{claim.key} is claimed {shown(expected(claim))}: {NOBODY}"
    found: str = "undecided" if claim.found == "unknown" else claim.found
    if claim.holds is None and found != "undecided":
        found += ", and more is undecided"
    elif (
        isinstance(claim.expected, KindClaim)
        and claim.found != "never"
        and claim.expected.level != "never"
    ):
        other = Known(True, claim.found != "always", True).holds(claim.expected.level)
        found += ", but not as claimed" if other else ""
    hint = f"; {claim.hint}" if claim.hint else ""
    return f"{which(claim)} is claimed {shown(expected(claim))}: it is {found}{hint}"


def claim_of(found: Defect) -> str:
    """Give the key of the claim that a defect is about."""
    return found.finding.claim if isinstance(found.finding, ClaimBroken) else found.finding.type


def how_to_see(result: Exploration, found: Defect) -> list[str]:
    """Say how a defect is seen again, and how nearly it was missed."""
    replay = command_for(result.program, found.replay)
    lines = [f"schedule: {in_words(found, briefly=replay is None)}"]
    if replay is None:
        lines.append("replay:   with --save-schedule FILE, then: deadsim replay FILE")
    else:
        lines.append(f"replay:   {replay}")
    lines.append(f"player:   {player_for(result.program, found.replay)}")
    good = found.nearest_good
    if good is not None:
        step = len(good) - 1
        lines.append(
            f"nearest good run: at step {step} let {good[-1].thread} go on in place of "
            f"{found.schedule[step].thread}"
        )
    return lines


def in_words(found: Defect, briefly: bool) -> str:
    """Write the schedule that shows a defect, or how long it is, and what goes on after it for ever."""

    def written(part: tuple[Choice, ...]) -> str:
        return count(len(part), "step") if briefly else text(part)

    changes = count(switches(choice.thread for choice in found.schedule), "context switch")
    fewest = ", the fewest" if found.minimal else ""
    way_in = f"{written(found.schedule)} ({changes}{fewest})"
    once_round = found.replay[len(found.schedule) :]
    if not once_round:
        return way_in
    after = f"{way_in}, then " if found.schedule else ""
    return f"{after}{written(once_round)}, again and again"


def verdict(result: Exploration) -> str:
    """Say what it means for the claims."""
    match result.verdict:
        case "as-expected":
            return (
                "as expected" if result.complete else "as expected (all that is claimed was shown)"
            )
        case "refuted":
            names = [claim.key for claim in result.claims if claim.holds is False]
            return f"refuted ({', '.join(names)})"
        case "undecided" if result.reasons:
            return f"undecided: {'; '.join(result.reasons)}"
        case "undecided":
            names = [c.key for c in result.claims if c.asked and c.holds is None]
            return f"undecided ({', '.join(names)})"


def summary(result: Exploration) -> str:
    """Say it in one line, as `check` does."""
    word = {"as-expected": "ok", "refuted": "REFUTED", "undecided": "undecided"}[result.verdict]
    params = " ".join(f"{name}={value}" for name, value in result.program.given.items())
    about = f"{result.program.file} {params}".strip()
    rest = "" if result.verdict == "as-expected" else f"  {verdict(result)}"
    return f"{word:<9}  {about}  ({size(result)}){under(result.program)}{rest}"
