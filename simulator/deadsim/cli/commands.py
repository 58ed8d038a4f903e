"""The commands. What one needs is imported when it runs, so that `--help` is quick."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from deadsim import __version__
from deadsim.cli import completions, pictures
from deadsim.cli.output import INTERRUPTED, WRONG, Output, problem_rows, progress, status, warn
from deadsim.errors import ScenarioError, UsageError
from deadsim.strategies.registry import NAMES, SAMPLING, WITH_DEPTH

if TYPE_CHECKING:
    from deadsim.api import Scenario
    from deadsim.model.program import Timeouts
    from deadsim.runs.result import Run


F = TypeVar("F", bound=Callable[..., Any])


def apply(options: tuple[Callable[[F], F], ...]) -> Callable[[F], F]:
    """Make one decorator of several."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


FORMAT: Callable[[F], F] = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="What standard output gets.",
)
PARAM: Callable[[F], F] = click.option(
    "--param",
    "-p",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a param.",
    shell_complete=completions.params,
)
ON_A_FILE: tuple[Callable[[F], F], ...] = (
    PARAM,
    FORMAT,
    click.option("--quiet", is_flag=True, help="Say the result alone."),
    click.option("--no-color", is_flag=True, help="No colours, as with NO_COLOR."),
    click.option(
        "--output",
        metavar="FILE",
        help="Write the report to a file.",
        shell_complete=completions.files,
    ),
)
TIMEOUTS: Callable[[F], F] = click.option(
    "--timeouts",
    type=click.Choice(["free", "last", "off"]),
    help="When time runs out: at any point while its step is blocked, only where nobody can go on, never.",
)
SCHEDULING: tuple[Callable[[F], F], ...] = (
    click.option("--strategy", type=click.Choice(NAMES), help="Who goes next."),
    click.option("--seed", type=click.IntRange(min=0), help="Seed of what is left to chance (0)."),
    click.option("--depth", type=click.IntRange(min=1), help="Of pct: how deep a bug may be (3)."),
    click.option(
        "--schedule",
        metavar="FILE",
        help="Follow a saved schedule.",
        shell_complete=completions.files,
    ),
    click.option("--max-steps", type=click.IntRange(min=1), help="How long a run may get."),
    click.option("--keep-going", is_flag=True, help="Run on after a deadlock, with who still can."),
    TIMEOUTS,
)
SAVE_SCHEDULE: Callable[[F], F] = click.option(
    "--save-schedule",
    metavar="FILE",
    help="Save the schedule for `replay`.",
    shell_complete=completions.files,
)


ELSEWHERE = {
    **dict.fromkeys(("explore", "check"), "explore_command"),
    "graph": "graph_command",
    **dict.fromkeys(("new", "explain", "export", "doctor", "completion"), "help_commands"),
}
"""Commands that stand in files of their own, which are loaded when one of theirs is asked for."""


class Commands(click.Group):
    """The commands, those in files of their own among them."""

    def get_command(self, ctx: click.Context | None, cmd_name: str) -> click.Command | None:
        file = ELSEWHERE.get(cmd_name)
        if file is not None and cmd_name not in self.commands:
            import_module(f"deadsim.cli.{file}")
        return self.commands.get(cmd_name)

    def list_commands(self, ctx: click.Context | None) -> list[str]:
        return sorted({*self.commands, *ELSEWHERE})


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="deadsim")
def deadsim() -> None:
    """Find and explain deadlocks and race conditions in a scenario of threads and locks."""


@deadsim.command()
@click.argument("file", shell_complete=completions.scenarios)
@apply(SCHEDULING)
@click.option("--runs", type=click.IntRange(min=1), help="Run often, one seed after another.")
@SAVE_SCHEDULE
@apply(pictures.OPTIONS)
@apply(pictures.LAYOUT)
@apply(ON_A_FILE)
def run(file: str, runs: int | None, **options: Any) -> int:
    """Run a scenario once on real threads, and say what happened and why.

    FILE is a scenario file, the name of one that ships (see `deadsim scenarios`), or - for standard
    input.
    """
    output = Output(options)
    with output.reporting("run"):
        output.check_writable(*pictures.files(options), options["save_schedule"])
        scenario = given(file, options["params"], options["timeouts"])
        if runs is not None:
            return many_runs(scenario, runs, options, output)
        return output.finish(single_run(scenario, options), options)
    return output.status


@deadsim.command()
@click.argument("file", shell_complete=completions.scenarios)
@click.argument("names", required=False)
@click.option("--max-steps", type=click.IntRange(min=1), help="How long a run may get.")
@click.option("--keep-going", is_flag=True, help="Run on after a deadlock, with who still can.")
@TIMEOUTS
@SAVE_SCHEDULE
@apply(pictures.OPTIONS)
@apply(pictures.LAYOUT)
@apply(ON_A_FILE)
def replay(file: str, names: str | None, **options: Any) -> int:
    """Run a schedule again: a saved one, or a scenario FILE with the NAMES of who takes each step."""
    output = Output(options)
    with output.reporting("replay"):
        output.check_writable(*pictures.files(options), options["save_schedule"])
        from deadsim import api

        if names is None:
            saved = api.saved_schedule(file, pairs(options["params"]), options["timeouts"])
            warn(saved.warning)
            scenario, choices = saved.scenario, saved.choices
        else:
            from deadsim.trace.schedule import parse_names

            scenario = given(file, options["params"], options["timeouts"])
            if os.path.isfile(names):
                from deadsim.report.text import argument

                raise UsageError(
                    f"{names} is a file; a saved schedule is replayed alone, or with"
                    f" deadsim run {argument(file)} --schedule {argument(names)}"
                )
            choices = parse_names(names)
        with progress() as watchers:
            done = api.replay_with(
                scenario,
                choices,
                watchers,
                max_steps=options["max_steps"],
                keep_going=options["keep_going"],
            )
        return output.finish(done, options)
    return output.status


@deadsim.command()
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", shell_complete=completions.scenarios
)
@apply(ON_A_FILE)
def lint(paths: tuple[str, ...], **options: Any) -> int:
    """Check the form of scenario files, and of all under a folder; nothing is run."""
    output = Output(options)
    with output.reporting("lint"):
        from deadsim import api
        from deadsim.language.scenario import load as read_scenario

        wrong: list[ScenarioError] = []
        checked = 0
        for path, data in api.scenarios_under(paths):
            checked += 1
            try:
                read_scenario(data, path, pairs(options["params"]))
            except ScenarioError as error:
                wrong.append(error)
        if options["form"] == "json":
            found = [row for one in wrong for row in problem_rows(one)]
            output.write(
                api.dump({"deadsim": 1, "command": "lint", "files": checked, "problems": found})
            )
        else:
            for one in wrong:
                output.explain(one)
            if not options["quiet"]:
                bad = f"{len(wrong)} of {checked}" if wrong else "none"
                output.write(
                    f"{checked} scenario{'' if checked == 1 else 's'}, {bad} with problems"
                )
        return WRONG if wrong else 0
    return output.status


@deadsim.command()
@click.option(
    "--output", metavar="FILE", help="Write it to a file.", shell_complete=completions.files
)
def schema(**options: Any) -> int:
    """Print the JSON Schema of a scenario file, for editors."""
    output = Output({**options, "form": "text"}, "JSON")
    with output.reporting("schema"):
        from deadsim.language.schema import schema as make
        from deadsim.report.as_json import dump

        output.write(dump(make()))
        return 0
    return output.status


@deadsim.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def scenarios(**options: Any) -> int:
    """List the scenarios that ship with deadsim; `deadsim run NAME` runs one."""
    output = Output(options)
    with output.reporting("scenarios"):
        from deadsim import api, gallery

        rows = []
        for name in gallery.names():
            program = api.load(name).program
            rows.append({"name": name, "title": program.name, "description": program.description})
        if options["form"] == "json":
            output.write(api.dump({"deadsim": 1, "command": "scenarios", "scenarios": rows}))
        else:
            widest = max(len(row["name"]) for row in rows)
            output.write("\n".join(f"{row['name']:<{widest}}  {row['title']}" for row in rows))
        return 0
    return output.status


# What the commands share.


def pairs(params: tuple[str, ...]) -> dict[str, str]:
    """Read `NAME=VALUE` options."""
    found: dict[str, str] = {}
    for param in params:
        name, equals, value = param.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--param wants NAME=VALUE, not '{param}'")
        found[name.strip()] = value
    return found


def given(file: str, params: tuple[str, ...], timeouts: Timeouts | None = None) -> Scenario:
    """Load the scenario that a command names."""
    from deadsim import api
    from deadsim.language.scenario import load as read_scenario

    program = read_scenario(api.contents(file), file, pairs(params))
    return api.Scenario(program.with_timeouts(timeouts))


def single_run(scenario: Scenario, options: dict[str, Any]) -> Run:
    """Run once, by the options of `run`."""
    from deadsim import api

    if options["schedule"] is not None:
        if options["strategy"] is not None:
            raise UsageError("--strategy and --schedule exclude one another")
        saved = api.saved_choices(options["schedule"], scenario.program)
        if saved.digest != scenario.program.digest:
            warn(f"{scenario.program.file} is not as it was when the schedule was saved")
        script = scenario.program.plan._replace(script=saved.choices)
        program = scenario.program._replace(plan=script)
        scenario = api.Scenario(program.with_timeouts(options["timeouts"] or saved.timeouts))
    plan = api.planned(scenario.program, options["strategy"], options["seed"], options["depth"])
    if options["depth"] is not None and plan.strategy not in WITH_DEPTH:
        raise UsageError(f"--depth is for --strategy {', '.join(WITH_DEPTH)}")
    with progress() as watchers:
        return api.run_with(
            scenario,
            plan,
            watchers,
            max_steps=options["max_steps"],
            keep_going=options["keep_going"],
        )


def many_runs(scenario: Scenario, runs: int, options: dict[str, Any], output: Output) -> int:
    """Run one seed after another, and count how the runs ended."""
    from deadsim import api

    for option in ("save_schedule", *pictures.NAMES, "schedule"):
        if options[option] is not None:
            raise UsageError(f"--{option.replace('_', '-')} and --runs exclude one another")
    own = scenario.program.plan.strategy
    # Without a strategy that draws, every run would be the same.
    strategy: Any = options["strategy"] or (own if own in SAMPLING else "random")
    plan = api.planned(scenario.program, strategy, options["seed"], options["depth"])
    with progress(runs) as watchers:
        counted = api.run_often(
            scenario,
            plan,
            runs,
            watchers,
            max_steps=options["max_steps"],
            keep_going=options["keep_going"],
        )
    if options["form"] == "json":
        output.write(api.dump(counted.to_dict()))
    else:
        output.write("\n".join(counted.lines(options["quiet"])))
    return status(counted.verdict, counted.interrupted)


def main() -> NoReturn:
    """Run the command line; never a traceback for what a user did."""
    # What is imported from here on lives as long as the program: nothing to collect, nor to look
    # through when it ends, which would take a fifth of the time.
    gc.set_threshold(100_000, 50, 50)
    atexit.register(gc.freeze)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        result = deadsim.main(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as exit:
        result = exit.exit_code
    except click.ClickException as error:
        error.show()
        result = WRONG
    except (click.Abort, KeyboardInterrupt):
        result = INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        result = 128 + 13
    sys.exit(result if isinstance(result, int) else 0)
