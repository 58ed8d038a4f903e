"""Where the report of a command goes, what becomes of its errors, and its exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import click

from deadsim.cli.endings import check_ending, check_endings
from deadsim.cli.files import save
from deadsim.errors import DeadsimError, InternalError, Problem, ScenarioError, UsageError

if TYPE_CHECKING:
    from deadsim.runs.result import Run

REFUTED, WRONG, UNDECIDED, INTERRUPTED, INTERNAL = 1, 2, 3, 130, 70


def status(verdict: str, interrupted: bool) -> int:
    """Give the exit status of a verdict."""
    if interrupted:
        return INTERRUPTED
    return {"as-expected": 0, "refuted": REFUTED}.get(verdict, UNDECIDED)


def warn(message: str | None) -> None:
    """Say something on standard error."""
    if message:
        click.echo(f"warning: {message}", err=True)


@contextmanager
def progress(runs: int | None = None) -> Iterator[tuple[Any, ...]]:
    """Show on a terminal how far a run has come, or many; gives the watchers that tell it."""
    if not sys.stderr.isatty():
        yield ()
        return
    from deadsim.report.progress import Progress

    with closing(Progress(runs)) as shown:
        yield (shown,)


@contextmanager
def searching() -> Iterator[Callable[[Any], None] | None]:
    """Show on a terminal how far a search has come; gives what looks at its budget."""
    if not sys.stderr.isatty():
        yield None
        return
    from deadsim.report.progress import Searching

    with closing(Searching()) as shown:
        yield shown.look


@contextmanager
def telling(output: Output) -> Iterator[tuple[Callable[[Any], None], Callable[[Any], None]]]:
    """Say on a terminal what a search has decided as soon as that stands; gives what looks and what is told."""
    from deadsim.report.exploration import at_once
    from deadsim.report.progress import Early, Searching

    def say(result: Any) -> None:
        lines = at_once(result)
        output.write("\n".join(map(colored, lines) if output.color is None else lines))

    shown = Searching() if sys.stderr.isatty() else None
    early = Early(say, shown)
    try:
        yield early.look, early.tell
    finally:
        if shown is not None:
            shown.close()


def problem_rows(error: ScenarioError) -> list[dict[str, Any]]:
    """Give the problems of a file as JSON has them."""
    return [
        {
            "file": error.file,
            "line": problem.place.line,
            "column": problem.place.column,
            "message": problem.message,
        }
        for problem in error.problems
    ]


class Output:
    """Where a command's report goes, and what becomes of its errors."""

    def __init__(self, options: dict[str, Any], writes: str | None = None) -> None:
        self.options = options
        self.writes = writes
        self.form: str = options.get("form", "text")
        self.file: str | None = options.get("output")
        self.quiet: bool = options.get("quiet", False)
        self.color: bool | None = False if options.get("no_color") else None
        self.status = 0
        self.command = ""
        self.lines: list[str] = []

    def reporting(self, command: str) -> Output:
        """Name the command for its errors."""
        self.command = command
        return self

    def __enter__(self) -> Output:
        try:
            check_endings(self.options)
            writes = self.writes or ("JSON" if self.form == "json" else "text")
            check_ending("output", writes, self.file)
            self.check_writable(self.file)
        except UsageError as error:
            self.file = None  # it is not to be written, this error neither
            self.fail(error)
            raise click.exceptions.Exit(WRONG) from None
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, DeadsimError):
            return False
        self.fail(error)
        self.status = INTERNAL if isinstance(error, InternalError) else WRONG
        return True

    def fail(self, error: DeadsimError) -> None:
        """Report an error: on standard error, and as the one object of JSON."""
        if isinstance(error, ScenarioError):
            self.explain(error)
        else:
            click.echo(f"deadsim: {error}", err=True)
        if self.form == "json":
            from deadsim.report.as_json import dump

            problems = problem_rows(error) if isinstance(error, ScenarioError) else []
            report = {
                "deadsim": 1,
                "command": self.command,
                "error": type(error).__name__,
                "message": str(error),
                "problems": problems,
            }
            self.write(dump(report))

    def explain(self, error: ScenarioError) -> None:
        """Say what is wrong with a file; on a terminal with the lines it is about."""
        for line, problem in zip(error.lines(), error.problems, strict=True):
            click.echo(line, err=True)
            if sys.stderr.isatty():
                for extra in excerpt(error.source, problem):
                    click.echo(extra, err=True)

    def check_writable(self, *files: str | None) -> None:
        """Refuse to begin where a file could not be written at the end."""
        for file in files:
            if file is None:
                continue
            existed = os.path.exists(file)
            try:
                with open(file, "ab"):
                    pass
            except OSError as error:
                from deadsim.api import reason

                raise UsageError(f"{file}: cannot be written ({reason(error)})") from None
            if not existed:
                os.unlink(file)

    def write(self, text: str) -> None:
        """Write the report to where it belongs."""
        if self.file is not None:
            save(self.file, text + "\n")
            return
        click.echo(text, color=self.color)

    def line(self, text: str) -> None:
        """Write one line of a report that grows: at once, or with the others into its file."""
        if self.file is None:
            click.echo(text, color=self.color)
        else:
            self.lines.append(text)

    def flush(self) -> None:
        """Write what was kept for the file."""
        if self.file is not None:
            save(self.file, "".join(f"{line}\n" for line in self.lines))

    def finish(self, done: Run, options: dict[str, Any]) -> int:
        """Report a run, and write what else was asked for."""
        from deadsim import api
        from deadsim.cli import pictures

        if options["save_schedule"] is not None:
            path = options["save_schedule"]
            save(path, api.schedule_text(done.program, done.schedule, path))
        pictures.write(done, options)
        if self.form == "json":
            self.write(api.dump(api.as_dict(done)))
        else:
            self.write_text(done)
        return status(done.verdict, done.outcome == "interrupted")

    def write_text(self, done: Run) -> None:
        from deadsim.report.text import report, summary

        lines = summary(done) if self.quiet else report(done, terminal_columns())
        if self.file is None and self.color is None:
            lines = [colored(line) for line in lines]
        self.write("\n".join(lines))


def terminal_columns() -> int:
    """Measure the terminal; 80 where there is none."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return 80
    from shutil import get_terminal_size

    return get_terminal_size((80, 24)).columns


def colored(line: str) -> str:
    """Set off what was found, and the verdict; the colours are dropped where there is no terminal."""
    if os.environ.get("NO_COLOR"):
        return line
    word = line.split(" ", 1)[0]
    if word.isupper() and len(word) > 1:
        good = word == "OK"
        return click.style(word, fg="cyan" if good else "yellow", bold=True) + line[len(word) :]
    if word in ("verdict:", "schedule:", "replay:", "player:", "output:", "variables:"):
        return click.style(word, bold=True) + line[len(word) :]
    return line


def excerpt(source: str, problem: Problem) -> list[str]:
    """Show the line of a problem, with carets under what is wrong."""
    from deadsim.report.sentences import visible
    from deadsim.report.table import width

    lines = source.split("\n")
    line, column, length = problem.place[:3]
    if not 0 < line <= len(lines):
        return []
    shown = lines[line - 1]
    head = f"{line:>5} | "
    before = width(visible(shown[: column - 1]))
    carets = max(1, width(visible(shown[column - 1 : column - 1 + length])))
    return [head + visible(shown), " " * (len(head) + before) + "^" * carets]
