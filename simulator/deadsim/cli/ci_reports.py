"""What a CI job reads of `explore` and `check`: annotations, JUnit, SARIF."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from deadsim.cli import completions
from deadsim.cli.files import save
from deadsim.cli.output import Output
from deadsim.errors import ScenarioError

if TYPE_CHECKING:
    from deadsim.exploration.verdicts.result import Exploration

OPTIONS = (
    click.option(
        "--github",
        is_flag=True,
        envvar="GITHUB_ACTIONS",
        help="Annotate the lines on GitHub; by itself in a workflow there.",
    ),
    click.option(
        "--junit",
        metavar="FILE",
        help="Write a report in the form of JUnit.",
        shell_complete=completions.files,
    ),
    click.option(
        "--sarif", metavar="FILE", help="Write a report in SARIF.", shell_complete=completions.files
    ),
)


def report(
    results: Sequence[Exploration],
    errors: Sequence[ScenarioError],
    options: dict[str, Any],
    output: Output,
) -> None:
    """Write what was asked for: on standard error where standard output is one object of JSON."""
    if not (options["github"] or options["junit"] or options["sarif"]):
        return
    from deadsim.report.troubles import Trouble, troubles, wrong

    found: list[Trouble] = [trouble for result in results for trouble in troubles(result)]
    found += [trouble for error in errors for trouble in wrong(error)]
    if options["github"]:
        annotate(found, output)
    if options["junit"]:
        from deadsim.report.junit import junit

        save(options["junit"], junit(results, errors) + "\n")
    if options["sarif"]:
        from deadsim import __version__
        from deadsim.report.as_json import dump
        from deadsim.report.sarif import sarif

        save(options["sarif"], dump(sarif(found, __version__)) + "\n")


def annotate(found: Iterable[Any], output: Output) -> None:
    """Write workflow commands, which GitHub finds on either stream."""
    from deadsim.report.github import annotation

    apart = output.form == "json" or output.file is not None
    for trouble in found:
        click.echo(annotation(trouble), err=apart, color=False)
