"""What all schedules show: as text for a terminal, and as JSON."""

from collections.abc import Collection
from typing import Any

from deadsim.exploration.verdicts.level import Known
from deadsim.exploration.verdicts.result import Canary, Defect, Exploration, Judged
from deadsim.model.claims import KindClaim, OutputClaim
from deadsim.model.program import Choice
from deadsim.model.values import plain
from deadsim.report.as_json import finding, position, schedule
from deadsim.report.sentences import FAIRLY, count, details, headline, visible
from deadsim.report.suggestions import suggestions
from deadsim.report.table import table
from deadsim.report.text import command_for, player_for, titled, under
from deadsim.runs.judge import NOBODY
from deadsim.trace.finding import ClaimBroken
from deadsim.trace.schedule import switches, text, words


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
        "decided_in": None if result.decided_in is None else round(result.decided_in, 3),
        "reduction": result.reduction,
        "covered": result.covered,
        "reasons": list(result.reasons),
        "grows": [
            {"object": name, "from": least, "to": most} for name, least, most in result.grows
        ],
        "try": [*suggestions(result)],
        "interrupted": result.interrupted,
        "defects": [defect(one) for one in result.defects],
        "unreached": unreached(result),
        **canaries(result),
        **examples(result),
    }


def unreached(result: Exploration) -> list[dict[str, Any]] | None:
    """List the steps that no schedule reaches, for each thread that has them."""
    if result.unreached is None:
        return None
    return [
        {**position(one.place), "thread": thread}
        for one in result.unreached
        for thread in one.threads
    ]


def examples(result: Exploration) -> dict[str, Any]:
    """Give the runs that are far apart, where that was asked for."""
    if result.examples is None:
        return {}
    runs = result.examples.runs
    return {"examples": [{"schedule": schedule(r.schedule), "outcome": r.outcome} for r in runs]}


def canaries(result: Exploration) -> dict[str, Any]:
    """Give the defects that were planted, where that was asked for."""
    if result.canaries is None:
        return {}
    rows = [
        {
            **position(one.place),
            "edit": one.edit,
            "text": ", ".join(one.steps),
            "found": one.found,
            "claim": one.claim,
        }
        for one in result.canaries.planted
    ]
    why = {} if result.canaries.why is None else {"not_planted": result.canaries.why}
    return {"canaries": rows, **why}


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
        begins = any(thread.code.finalizer for thread in result.program.threads)
        classes = ", one of each class" if result.complete and not begins else ""
        parts.append(f"{count(result.executions, 'execution')}{classes}")
    if result.states is not None and (result.states or not result.complete):
        graph = "" if result.reduction == "none" else " of a reduced graph"
        parts.append(f"{count(result.states, 'state')}{graph}")
    elif result.states is not None:
        parts.append("by the text alone")
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
        hint += f" ({claim.why})" if claim.why else ""
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
    lines += covering(result)
    lines += claim_lines(result)
    lines += unreached_lines(result)
    for found in result.defects:
        lines += about(result, found, columns)
    lines += example_lines(result)
    lines.append("")
    lines.append(f"verdict:  {verdict(result)}")
    lines += canary_lines(result)
    for number, command in enumerate(suggestions(result)):
        lines.append(f"{'' if number else 'try:':<9} {visible(command)}")
    return lines


def at_once(result: Exploration) -> list[str]:
    """Say what is known as soon as the verdict stands, while shorter schedules are looked for."""
    took = 0.0 if result.decided_in is None else result.decided_in
    lines = [f"verdict:  {verdict(result)}, after {took:.2f} s"]
    for found in result.defects:
        lines.append(visible(headline(found.finding)))
        lines += how_to_see(result, found)[:2]
    return [*lines, "looking for the fewest context switches; Ctrl-C ends that", ""]


def covering(result: Exploration) -> list[str]:
    """Say what was covered, and what kept on growing, where not everything was."""
    lines = [] if result.covered is None else [f"  covered: {result.covered}"]
    for name, least, most in result.grows:
        lines.append(visible(f"  {name} grows, as far as was looked: {least:,} to {most:,}"))
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
    lines += covering(result)
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
        other = found.schedule[step]
        one, in_place = good[-1].thread, other.thread
        if one == in_place:  # it is the result of its step that differs
            one, in_place = next(words(good[-1:])), next(words((other,)))
        lines.append(f"nearest good run: at step {step} let {one} go on in place of {in_place}")
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


MOST_UNREACHED = 5


def unreached_lines(result: Exploration) -> list[str]:
    """Say which steps no schedule reaches."""
    missing = result.unreached or ()
    lines = [
        f"  never reached: line {one.place.line} ({visible(one.step)}) of {', '.join(one.threads)}"
        for one in missing[:MOST_UNREACHED]
    ]
    if len(missing) > MOST_UNREACHED:
        lines.append(f"  never reached: {count(len(missing) - MOST_UNREACHED, 'more step')}")
    return lines


def example_lines(result: Exploration) -> list[str]:
    """Show some runs that are far apart, where they were asked for, each with how it is seen again."""
    if result.examples is None:
        return []
    runs, classes, every = result.examples
    if not runs:
        return ["", "examples: none: no run was found that comes to an end"]
    all_ = "all " if every else ""
    seen = "" if every else " that were looked at"
    of = "" if len(runs) == classes else f"{len(runs)} far apart of "
    lines = ["", f"examples: {of}{all_}{count(classes, 'class')} of runs{seen}"]
    width = max(len(run.outcome) for run in runs)
    for run in runs:
        replay = command_for(result.program, run.schedule) or count(len(run.schedule), "step")
        lines.append(f"  {run.outcome:<{width}}  {replay}")
    return lines


def brief(result: Exploration) -> list[str]:
    """Say it in one line, and below it what examples and canaries were asked for."""
    more = [line for line in (*example_lines(result), *canary_lines(result)) if line]
    return [summary(result), *(f"{'':11}{line}" for line in more)]


def canary_lines(result: Exploration) -> list[str]:
    """Say which of the defects that were planted were found, where they were asked for."""
    canaries = result.canaries
    if canaries is None:
        return []
    if canaries.why is not None:
        return [f"canaries: none planted: {canaries.why}"]
    found = {value: [one for one in canaries.planted if one.found is value] for value in FOUND}
    parts = [f"{len(canaries.planted)} planted, {len(found[True])} found"]
    for value, said in FOUND.items():
        if found[value] and said:
            parts.append(f"{said}: {', '.join(planted(one) for one in found[value])}")
    return [f"canaries: {'; '.join(parts)}"]


FOUND = {True: "", False: "not found", None: "not decided"}


def planted(one: Canary) -> str:
    """Say which defect was planted, and where."""
    steps = " and ".join(f"`{visible(step)}`" for step in one.steps)
    if one.edit == "release taken out":
        of = "" if one.steps[0].startswith("release") else "the release of "
        return f"line {one.place.line}: {of}{steps} taken out"
    return f"line {one.place.line}: {steps} {one.edit.rpartition(' ')[2]}"
