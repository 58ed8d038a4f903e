"""Schedules, saved and run again."""

from __future__ import annotations

import os
import shlex
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from deadsim import gallery
from deadsim.api.files import contents, reason
from deadsim.api.one_run import Run, run_with
from deadsim.api.scenario import Scenario, Source, loaded, timed, written
from deadsim.engine.moment import Watcher
from deadsim.errors import UsageError
from deadsim.language.scenario import is_scenario
from deadsim.language.scenario import load as read_scenario
from deadsim.model.program import Choice, Plan, Program, Timeouts
from deadsim.report.text import argument, command_for
from deadsim.runs import result
from deadsim.trace import schedule as schedules


def replay_with(
    scenario: Scenario,
    choices: tuple[Choice, ...],
    watchers: Sequence[Watcher] = (),
    **options: Any,
) -> result.Run:
    """Run a scenario by the names of a schedule, with others looking on."""
    return run_with(scenario, Plan(), watchers, replay=choices, **options)


def replay(
    what: Source,
    names: str | Iterable[str | Choice] | None = None,
    *,
    max_steps: int | None = None,
    keep_going: bool = False,
    timeouts: Timeouts | None = None,
) -> Run:
    """Run a schedule again: a saved one by its path, or the names of one on a scenario.

    >>> import deadsim
    >>> scenario = deadsim.load("two_locks")
    >>> deadsim.replay(scenario, "left right").outcome
    'stuck'
    >>> run = deadsim.run(scenario, seed=3, strategy="random")
    >>> deadsim.replay(scenario, run.schedule).trace == run.trace
    True

    Raises ReplayDiverged where it does not fit. That the scenario has changed since a schedule was
    saved is a warning (`UserWarning`).
    """
    if names is None:
        if not isinstance(what, str | os.PathLike):
            raise UsageError("the names of a schedule are missing")
        saved = saved_schedule(str(what), timeouts=timeouts)
        if saved.warning:
            warnings.warn(saved.warning, stacklevel=2)
        scenario, choices = saved.scenario, saved.choices
    else:
        scenario = timed(loaded(what), timeouts)
        choices = schedules.parse_names(names) if isinstance(names, str) else chosen(names)
    return Run(replay_with(scenario, choices, max_steps=max_steps, keep_going=keep_going))


def chosen(names: Iterable[str | Choice]) -> tuple[Choice, ...]:
    """Read names one by one, those with a result (`name#1`) too."""
    read: list[Choice] = []
    for name in names:
        read += [name] if isinstance(name, Choice) else schedules.parse_names(name)
    return tuple(read)


class Saved(NamedTuple):
    """A schedule that was read from its file, with the scenario it belongs to."""

    scenario: Scenario
    choices: tuple[Choice, ...]
    warning: str | None


def saved_schedule(
    path: str, params: Mapping[str, str] | None = None, timeouts: Timeouts | None = None
) -> Saved:
    """Read a schedule file and its scenario; `params` and `timeouts` take the place of those it was saved with."""
    try:
        saved = saved_choices(path)
    except UsageError as error:
        raise UsageError(f"{error}{instead_of_saved(path)}") from None
    file = os.path.normpath(os.path.join(os.path.dirname(path), saved.scenario))
    named = file if os.path.exists(file) else saved.scenario
    program = read_scenario(contents(named), named, {**saved.params, **(params or {})})
    warning = None
    if saved.digest != program.digest:
        warning = f"{named} has changed since the schedule was saved"
    return Saved(timed(Scenario(program), timeouts or saved.timeouts), saved.choices, warning)


def instead_of_saved(path: str) -> str:
    """Say what is missing where a schedule file is asked for and a scenario, or names, are given."""
    file = path if os.path.isfile(path) else gallery.find(path)
    if file is not None and is_scenario(contents(file)):
        return f"; it is a scenario: who takes each step? deadsim replay {argument(path)} 'NAMES'"
    if file is None and " " in path:
        return f"; of which scenario are these names? deadsim replay FILE {shlex.quote(path)}"
    return ""


def saved_choices(path: str, program: Program | None = None) -> schedules.ScheduleFile:
    """Read a schedule file alone; `program` is the scenario it is for, where that is known."""
    try:
        with open(path, "rb") as stream:
            content = stream.read().decode("utf-8")
    except FileNotFoundError as error:
        hint = "" if program is None else f"; {named_instead(path, program)}"
        raise UsageError(f"{path}: cannot be read ({reason(error)}){hint}") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({reason(error)})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is no text; a schedule file is") from None
    return schedules.read(content, path)


def named_instead(names: str, program: Program) -> str:
    """Say what takes names, where a schedule file is asked for that is not there."""
    try:
        choices = schedules.parse_names(names)
    except UsageError:
        choices = ()
    threads = {thread.name for thread in program.threads}
    fits = choices and all(choice.thread in threads for choice in choices)
    command = command_for(program, choices) if fits else None
    if command is None:
        command = f"deadsim replay {argument(program.file)} 'NAMES'"
    return f"a file is wanted that --save-schedule wrote; names of threads are for: {command}"


def schedule_text(program: Program, choices: tuple[Choice, ...], path: str) -> str:
    """Write a schedule as the text of a schedule file that will stand at `path`."""
    scenario = program.file
    if os.path.exists(scenario):
        folder = os.path.abspath(os.path.dirname(path))
        scenario = os.path.relpath(os.path.abspath(scenario), folder).replace(os.sep, "/")
    params = {name: written(value) for name, value in program.given.items()}
    timeouts = program.timeouts if program.tells_timeouts else None
    return schedules.write(
        schedules.ScheduleFile(scenario, program.digest, params, choices, timeouts)
    )
