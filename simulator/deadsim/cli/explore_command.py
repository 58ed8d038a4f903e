"""`explore` and `check`: every claim over all schedules."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from deadsim.cli import ci_reports as for_ci
from deadsim.cli import completions, pictures
from deadsim.cli.commands import ON_A_FILE, TIMEOUTS, apply, deadsim, pairs
from deadsim.cli.files import numbered, save
from deadsim.cli.output import (
    INTERRUPTED,
    WRONG,
    Output,
    searching,
    status,
    telling,
    terminal_columns,
    warn,
)
from deadsim.errors import ScenarioError, UsageError
from deadsim.strategies.registry import SAMPLING

if TYPE_CHECKING:
    from deadsim.api.all_schedules import Exploration
    from deadsim.api.worker_processes import Task
    from deadsim.model.program import Program

BUDGETS = (
    click.option(
        "--claims",
        metavar="KEYS",
        help="Decide these alone, such as deadlock,race.",
        shell_complete=completions.claims,
    ),
    click.option("--max-steps", type=click.IntRange(min=1), help="How long a schedule may get."),
    click.option("--max-states", type=click.IntRange(min=1), help="How many states (1,000,000)."),
    click.option("--max-executions", type=click.IntRange(min=1), help="How many executions."),
    click.option(
        "--max-seconds", type=click.FloatRange(min=0.0), help="How long it may take (60)."
    ),
    click.option("--max-memory", type=click.IntRange(min=1), help="How many MiB (1,024)."),
    click.option(
        "--preemptions", type=click.IntRange(min=0), help="Schedules with no more of them."
    ),
    click.option(
        "--sample",
        type=click.Choice(SAMPLING),
        help="Draw schedules instead of covering all.",
    ),
    click.option(
        "--engine",
        type=click.Choice(["memory", "threads"]),
        default="memory",
        help="Search states in memory, or carry executions out on real threads.",
    ),
    click.option(
        "--reduction",
        type=click.Choice(["auto", "none"]),
        default="auto",
        help="Leave out what can show nothing new, or look at every state.",
    ),
    click.option("--workers", type=click.IntRange(min=1), default=1, help="How many processes."),
    click.option("--all", "every", is_flag=True, help="Show each distinct defect, not one a kind."),
    click.option(
        "--canary",
        is_flag=True,
        help="Plant one defect at a time, and say which the claims do not find; verdict and exit "
        "status are those without.",
    ),
    click.option(
        "--examples",
        type=click.IntRange(min=1, max=100),
        help="Show so many runs that are far apart.",
    ),
    TIMEOUTS,
)


@deadsim.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...", shell_complete=completions.scenarios
)
@apply(BUDGETS)
@click.option("--write-expect", is_flag=True, help="Write what was found into the file's `expect`.")
@click.option(
    "--save-schedule",
    metavar="FILE",
    help="Save the schedule of the first defect.",
    shell_complete=completions.files,
)
@apply(pictures.OPTIONS)
@apply(pictures.LAYOUT)
@apply(for_ci.OPTIONS)
@apply(ON_A_FILE)
def explore(files: tuple[str, ...], **options: Any) -> int:
    """Decide every claim of a scenario over all schedules.

    With a proof, or with the schedule that takes the fewest context switches, replayed on real
    threads. Several files, or `-p n=2..6`, are answered line by line, as by `check`.
    """
    output = Output(options)
    with output.reporting("explore"):
        many = len(files) > 1 or has_range(options["params"])
        if many:
            for option in ("save_schedule", *pictures.NAMES, "write_expect"):
                if options[option]:
                    raise UsageError(
                        f"--{option.replace('_', '-')} wants one file, without a range"
                    )
            return check_all(files, options, output)
        named = pictures.files(options)
        output.check_writable(*named, options["save_schedule"], options["junit"], options["sarif"])
        from deadsim import api
        from deadsim.language.scenario import load as read_scenario

        params = pairs(options["params"])
        try:
            program = read_scenario(api.contents(files[0]), files[0], params)
        except ScenarioError as error:
            for_ci.report([], [error], options, output)
            raise
        result = explored(program, options, output)
        if options["write_expect"] and write_expect(result):
            result = explored(
                read_scenario(api.contents(files[0]), files[0], params), options, output
            )
        write_files(result, options)
        if output.form == "json":
            output.write(result.to_json())
        else:
            from deadsim.cli.output import colored
            from deadsim.report.exploration import brief

            quiet = "\n".join(brief(result.result))
            text = quiet if output.quiet else result.report(terminal_columns())
            lines = text.split("\n")
            if output.file is None and output.color is None:
                lines = [colored(line) for line in lines]
            output.write("\n".join(lines))
        for_ci.report([result.result], [], options, output)
        return status(result.verdict, result.result.interrupted)
    return output.status


@deadsim.command()
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", shell_complete=completions.scenarios
)
@apply(BUDGETS)
@apply(for_ci.OPTIONS)
@apply(ON_A_FILE)
def check(paths: tuple[str, ...], **options: Any) -> int:
    """Explore every scenario under the paths: a line each, and a summary.

    The exit status is 1 where a claim is refuted, 3 where one is undecided, 2 where a file is wrong.
    """
    output = Output(options)
    with output.reporting("check"):
        return check_all(paths, options, output)
    return output.status


def task(program: Program, options: dict[str, Any]) -> Task:
    """Say what the options ask of a scenario."""
    from deadsim.api.all_schedules import chosen
    from deadsim.api.scenario import Scenario
    from deadsim.api.worker_processes import Task
    from deadsim.exploration.explorer import Request
    from deadsim.model.program import Limits

    budgets = ("max_steps", "max_states", "max_executions", "max_seconds", "max_memory")
    if options["sample"] is not None and options["preemptions"] is not None:
        raise UsageError("--sample and --preemptions exclude one another")
    if options["preemptions"] is not None and options["engine"] == "threads":
        raise UsageError("--preemptions bounds the search in memory, not --engine threads")
    program = program.with_timeouts(options["timeouts"])
    claims = None
    if options["claims"] is not None:
        claims = [name.strip() for name in options["claims"].split(",") if name.strip()]
        if not claims:
            raise UsageError("--claims wants names, such as deadlock,race")
    return Task(
        program,
        Request(
            chosen(Scenario(program), claims),
            Limits(*(options[name] for name in budgets)),
            options["every"],
            options["engine"],
            options["preemptions"],
            options["sample"],
            options["reduction"],
            options["canary"],
            options["examples"] or 0,
        ),
    )


def explored(program: Program, options: dict[str, Any], output: Output) -> Exploration:
    """Explore one scenario; on a terminal with progress, and with the verdict as soon as it stands."""
    from deadsim.api.worker_processes import explore_each, joined, split

    parts = split(task(program, options), options["workers"])
    workers = min(len(parts), options["workers"])
    early = sys.stdout.isatty() and output.form != "json" and output.file is None
    if early and len(parts) == 1 and not (output.quiet or options["write_expect"]):
        with telling(output) as (look, tell):
            return joined(list(explore_each(parts, workers, look, tell)))
    with searching() as shown:
        return joined(list(explore_each(parts, workers, shown)))


def write_expect(result: Exploration) -> bool:
    """Write into the file how often each defect was found, where it claims something else."""
    from deadsim import api
    from deadsim.language.expect_block import with_levels

    types = result.result.program.claims.types
    claims = {key: claim for key, claim in result.claims.items() if key in types}
    wrong = {str(key): str(claim.found) for key, claim in claims.items() if claim.holds is False}
    unknown = [key for key, claim in claims.items() if claim.holds is None]
    if unknown and result.result.complete is False:
        warn(f"nothing is written of what is undecided: {', '.join(unknown)}")
    if not wrong:
        return False
    file = result.file
    if not os.path.isfile(file):
        raise UsageError(f"--write-expect wants a scenario file; {file} is none")
    data = with_levels(api.contents(file), file, wrong)
    save(file, data)
    return True


def write_files(result: Exploration, options: dict[str, Any]) -> None:
    """Write the schedules and pictures of the defects: NAME.ext of the first, NAME-2.ext, ..."""
    from deadsim import api

    if options["save_schedule"] is not None:
        for number, found in enumerate(result.defects, 1):
            path = numbered(options["save_schedule"], number)
            save(path, api.schedule_text(result.result.program, found.replay, path))
    pictures.write(result.result, options)


def check_all(paths: tuple[str, ...], options: dict[str, Any], output: Output) -> int:
    """Explore many scenarios, or one with many params."""
    from deadsim import api
    from deadsim.api.all_schedules import Check
    from deadsim.api.worker_processes import explore_each
    from deadsim.language.scenario import load as read_scenario
    from deadsim.report.exploration import brief

    output.check_writable(options["junit"], options["sarif"])
    tasks: list[Task] = []
    wrong: list[ScenarioError] = []
    for path, data in api.scenarios_under(paths):
        for params in each(options["params"]):
            try:
                tasks.append(task(read_scenario(data, path, params), options))
            except ScenarioError as error:
                wrong.append(error)
                output.explain(error)
    results: list[Exploration] = []
    interrupted = False
    text = output.form != "json"
    with searching() as look:
        for result in explore_each(tasks, options["workers"], look):
            results.append(result)
            if text and not (output.quiet and nothing_to_say(result)):
                for line in brief(result.result):
                    output.line(line)
            interrupted = interrupted or result.result.interrupted
            if interrupted:
                break
    done = Check(tuple(results))
    if not text:
        output.write(done.to_json())
    else:
        for line in table(results, options["params"]):
            output.line(line)
        parts = f"{done.passed} passed, {done.failed} failed, {done.undecided} undecided"
        output.line(parts + (f", {len(wrong)} could not be read" if wrong else ""))
        output.flush()
    for_ci.report([result.result for result in results], wrong, options, output)
    if interrupted:
        return INTERRUPTED
    if wrong:
        return WRONG
    return status(
        "refuted" if done.failed else "undecided" if done.undecided else "as-expected", False
    )


def nothing_to_say(result: Exploration) -> bool:
    """Decide whether a scenario is as it should be, and every defect that was planted was found."""
    planted = result.canaries or ()
    return result.verdict == "as-expected" and all(one.found for one in planted)


def each(params: tuple[str, ...]) -> list[dict[str, str]]:
    """Give the params of each exploration: `n=2..6` is each in turn."""
    from deadsim.api.matrix import combinations, values_of

    return combinations(
        {name: values_of(f"--param {name}", value) for name, value in pairs(params).items()}
    )


def has_range(params: tuple[str, ...]) -> bool:
    """Decide whether a param has several values."""
    from deadsim.api.matrix import is_range

    return any(is_range(param.partition("=")[2]) for param in params)


def table(results: list[Exploration], params: tuple[str, ...]) -> list[str]:
    """Say of a range of a param what holds, how it grows, and the smallest that breaks."""
    if not has_range(params) or not results:
        return []
    rows = [("", "deadlock", "race", "other", "states", "seconds", "claims")]
    broken = None
    for one in results:
        given = " ".join(f"{name}={value}" for name, value in one.result.program.given.items())
        claims = one.claims
        others = [
            key
            for key in (
                "livelock",
                "starvation",
                "assertion",
                "invariant",
                "misuse",
                "error",
                "timeout",
            )
            if key in claims and claims[key].possible
        ]
        verdict = {"as-expected": "hold", "refuted": "REFUTED", "undecided": "undecided"}[
            one.verdict
        ]
        rows.append(
            (given, claims["deadlock"].found, claims["race"].found, ", ".join(others) or "none",
             f"{one.states:,}", f"{one.seconds:.2f}", verdict)
        )  # fmt: skip
        if broken is None and one.verdict == "refuted":
            broken = given
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [""]
    for row in rows:
        cells = [
            text.rjust(width) if column in (4, 5) else text.ljust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    lines.append(f"the first that breaks a claim: {broken}" if broken else "no claim is broken")
    return lines
