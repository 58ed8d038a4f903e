"""A run as text for a terminal."""

import shlex

from deadsim.model.program import Choice, Program
from deadsim.model.values import as_given
from deadsim.report.sentences import count, details, headline, visible
from deadsim.report.table import padded, shortened, table, width
from deadsim.runs.result import Run
from deadsim.trace.finding import ClaimBroken, Deadlock, Finding, Livelock
from deadsim.trace.schedule import switches, text

INLINE = 500  # characters of a schedule that a command line still carries
MOST_OUTPUT = 20


def titled(left: str, right: str, columns: int) -> str:
    """Put a name at the right end of a line, where there is room."""
    if width(left) + 2 + width(right) <= columns:
        return padded(left, columns - width(right)) + right
    return left


def outcome(run: Run) -> str:
    """Say how a run without a defect ended."""
    steps = count(len(run.events), "step")
    match run.outcome:
        case "completed" if not run.schedule:
            return "NOTHING TO SEE: the program ended without a step"
        case "completed":
            return f"OK after {steps}: the program ended"
        case "budget":
            return f"BUDGET SPENT after {steps}: the run was not over (--max-steps gives it more)"
        case "interrupted":
            return f"INTERRUPTED after {steps}: the run was not over"
        case "stuck":
            return f"STUCK after {steps}"


def verdict(run: Run) -> str:
    """Say what the run means for the claims."""
    claims = run.program.claims
    shown = [found.type for found in run.defects]
    named = [
        f"{type}: {claims.level(type)}"
        for type in claims.types
        if type in shown or claims.level(type) != "never"
    ]
    named += [found.claim for found in run.defects if isinstance(found, ClaimBroken)]
    about = f" ({', '.join(dict.fromkeys(named))})" if named else ""
    match run.verdict:
        case "as-expected":
            return f"as expected{about or ' (this run shows no defect)'}"
        case "refuted":
            return f"refuted{about}"
        case "undecided":
            why = "; ".join(run.reasons)
            return f"undecided: {why or 'nothing seen contradicts the claims so far'}"


def command(run: Run, schedule: tuple[Choice, ...] | None = None) -> str | None:
    """Give the command that replays a run, or another schedule; None where that is too long for one."""
    return command_for(run.program, run.schedule if schedule is None else schedule)


NO_FILES = ("<text>", "<dict>")
"""What stands for a file, where there is none."""


def command_for(program: Program, schedule: tuple[Choice, ...]) -> str | None:
    """Give the command that replays a schedule; None where that is too long for one.

    Of a scenario that is no file, the call in Python.
    """
    names = text(schedule)
    if len(names) > INLINE:
        return None
    if program.file in NO_FILES:
        how = f", timeouts={program.timeouts!r}" if program.tells_timeouts else ""
        return f"deadsim.replay(scenario, {names!r}{how})"
    params = [
        f"-p {shlex.quote(f'{name}={as_given(value)}')} " for name, value in program.given.items()
    ]
    if program.tells_timeouts:
        params.append(f"--timeouts {program.timeouts} ")
    return f"deadsim replay {''.join(params)}{argument(program.file)} {shlex.quote(names)}"


def argument(file: str) -> str:
    """Write a file so that it can be pasted behind a command: quoted, and no option."""
    return shlex.quote(f"./{file}" if file.startswith("-") and file != "-" else file)


def player_for(program: Program, schedule: tuple[Choice, ...]) -> str:
    """Give the command that writes the player of a schedule, or where that is too long say how."""
    replay = command_for(program, schedule)
    if replay is None:
        return "with --html FILE"
    if program.file in NO_FILES:
        return f"{replay}.html()"
    stem = program.file.replace("\\", "/").rsplit("/", 1)[-1].rpartition(".")
    name = (stem[0] or stem[2]).strip("-") or "run"
    return f"{replay} --html {shlex.quote(f'{name}.html')}"


def finding(found: Finding) -> list[str]:
    """Explain one finding in a few lines."""
    return [visible(headline(found)), *(f"  {visible(line)}" for line in details(found))]


def predicted(run: Run, found: Finding) -> list[str]:
    """Say how to see a deadlock that another schedule has."""
    if not isinstance(found, Deadlock) or found.schedule is None:
        return []
    replay = command(run, found.schedule)
    return [] if replay is None else [f"  replay: {replay}"]


def report(run: Run, columns: int = 80) -> list[str]:
    """Explain a run."""
    lines: list[str] = []
    blocks = [finding(found) + predicted(run, found) for found in run.defects] or [[outcome(run)]]
    if run.defects and run.outcome in ("budget", "interrupted"):
        blocks.append([outcome(run)])
    for number, block in enumerate(blocks):
        if number == 0:
            first = block[0] + under(run.program)
            block[0] = titled(first, visible(run.program.name), columns)
        lines.extend(block)
    for found in run.suspicions:
        why = "it may go on for ever" if isinstance(found, Livelock) else "no schedule shows it"
        lines.append(f"suspicion ({why}, no defect):")
        lines.extend(f"  {line}" for line in finding(found))
    for leak in run.leaks:
        lines.append(f"leak (daemons, no defect): {visible(headline(leak))}")
    if run.events:
        lines.append("")
        lines.extend(table(run, columns))
    if run.output:
        lines.append("")
        lines.append("output:")
        printed = run.output_lines
        lines.extend(f"  | {visible(line)}" for line in printed[:MOST_OUTPUT])
        if len(printed) > MOST_OUTPUT:
            lines.append(f"  ... {len(printed) - MOST_OUTPUT} more lines")
    if run.variables:
        shown = ", ".join(f"{name} = {value!r}" for name, value in run.variables.items())
        lines.append(shortened(f"variables: {shown}", max(columns, 80)))
    lines.append("")
    lines.extend(closing(run))
    return lines


def closing(run: Run) -> list[str]:
    """Say the verdict, and how to see the run again."""
    lines = [f"verdict:  {verdict(run)}"]
    if run.verdict == "refuted":
        lines += [f"          {reason}" for reason in run.reasons]
    if not run.events:
        return lines
    names = text(run.schedule)
    changes = count(switches(choice.thread for choice in run.schedule), "context switch")
    seed = "" if run.seed is None else f", seed {run.seed}"
    replay = command(run)
    if replay is None:
        lines.append(
            f"schedule: {count(len(run.schedule), 'step')} ({changes}; {run.strategy}{seed})"
        )
        lines.append("replay:   with --save-schedule FILE, then: deadsim replay FILE")
    else:
        lines.append(f"schedule: {names} ({changes})")
        lines.append(f"replay:   {replay}")
    lines.append(f"player:   {player_for(run.program, run.schedule)}")
    return lines


def summary(run: Run) -> list[str]:
    """Say in two lines what happened, and in one more what goes round, if anything does."""
    found = [visible(headline(one)) for one in run.defects] or [outcome(run)]
    round_ = [visible(headline(one)) for one in run.suspicions if isinstance(one, Livelock)]
    found[0] += under(run.program)
    return [*found, *round_, f"verdict:  {verdict(run)}"]


def under(program: Program) -> str:
    """Say how time runs out, where that is not at any point."""
    return "" if program.timeouts == "free" else f" (timeouts: {program.timeouts})"
