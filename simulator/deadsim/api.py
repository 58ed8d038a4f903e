"""What deadsim offers to Python programs: load a scenario, run it, look at what happened."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from deadsim import gallery
from deadsim.engine.interrupts import noted
from deadsim.engine.pool import Pool
from deadsim.engine.threads import Watcher
from deadsim.errors import UsageError
from deadsim.language.scenario import is_scenario
from deadsim.language.scenario import load as read_scenario
from deadsim.model.program import Choice, Plan, Program, StrategyName
from deadsim.model.values import plain
from deadsim.runs import result
from deadsim.runs.count import Count
from deadsim.runs.once import Runner
from deadsim.runs.result import Outcome, Verdict
from deadsim.trace import schedule as schedules
from deadsim.trace.finding import Deadlock, Finding

if TYPE_CHECKING:
    from os import PathLike

    import networkx


class Scenario(NamedTuple):
    """A scenario that was read and checked."""

    program: Program

    @property
    def name(self) -> str:
        """Give its name."""
        return self.program.name


class Run(NamedTuple):
    """One run of a scenario; its attributes bear the names of the JSON's keys."""

    result: result.Run

    @property
    def command(self) -> str:
        """Say what was asked for: run or replay."""
        return self.result.command

    @property
    def scenario(self) -> str:
        """Give the scenario's name."""
        return self.result.program.name

    @property
    def file(self) -> str:
        """Give the scenario's file."""
        return self.result.program.file

    @property
    def params(self) -> dict[str, Any]:
        """Give the params and their values."""
        return dict(self.result.program.params)

    @property
    def engine(self) -> str:
        """Say what carried it out."""
        return "threads"

    @property
    def strategy(self) -> str:
        """Name what chose the schedule."""
        return self.result.strategy

    @property
    def seed(self) -> int | None:
        """Give the seed; None where nothing was drawn."""
        return self.result.seed

    @property
    def outcome(self) -> Outcome:
        """Say how it ended: completed, stuck, budget or interrupted."""
        return self.result.outcome

    @property
    def reasons(self) -> tuple[str, ...]:
        """Say why the claims are refuted, where that is no defect."""
        return self.result.reasons

    @property
    def verdict(self) -> Verdict:
        """Say what it means for the claims: as-expected, refuted or undecided."""
        return self.result.verdict

    @property
    def steps(self) -> int:
        """Count the steps."""
        return len(self.result.events)

    @property
    def schedule(self) -> tuple[str, ...]:
        """Name who took each step."""
        return tuple(schedules.words(self.result.schedule))

    @property
    def defects(self) -> tuple[Finding, ...]:
        """Give what was found."""
        return self.result.defects

    @property
    def suspicions(self) -> tuple[Finding, ...]:
        """Give what may be a defect of other schedules; it fails nothing."""
        return self.result.suspicions

    @property
    def leaks(self) -> tuple[Deadlock, ...]:
        """Give the daemons that were stuck, which is no defect."""
        return self.result.leaks

    @property
    def trace(self) -> list[dict[str, Any]]:
        """Give the steps, as in the JSON."""
        from deadsim.report.as_json import trace

        return trace(self.result.program, self.result.events)

    @property
    def deadlocks(self) -> tuple[Deadlock, ...]:
        """Give the deadlocks that were found."""
        return self.result.deadlocks

    @property
    def output(self) -> list[str]:
        """Give the lines that were printed."""
        return self.result.output_lines

    @property
    def variables(self) -> dict[str, Any]:
        """Give the shared variables at the end, lists as lists."""
        return {name: plain(value) for name, value in self.result.variables.items()}

    def wait_for_graph(self) -> networkx.MultiDiGraph[str]:
        """Give the wait-for graph of the last moment."""
        from deadsim.detect.wait_for import wait_for_graph

        return wait_for_graph(self.result.situation)

    def svg(self) -> str:
        """Draw the ring of the first deadlock, or the wait-for graph where there is none."""
        return pictures(self.result)[0]

    def to_json(self) -> str:
        """Write the run as JSON."""
        return dump(as_dict(self.result))

    def report(self, columns: int = 80) -> str:
        """Explain the run in words."""
        from deadsim.report.text import report

        return "\n".join(report(self.result, columns))


def load(path: str | PathLike[str], **params: Any) -> Scenario:
    """Read a scenario file, or one that ships with deadsim by its name.

    Raises ScenarioError with every problem that was found, UsageError where there is no such file.
    """
    data = contents(str(path))
    return Scenario(read_scenario(data, str(path), {k: written(v) for k, v in params.items()}))


def loads(text: str, **params: Any) -> Scenario:
    """Read a scenario from a text."""
    given = {name: written(value) for name, value in params.items()}
    return Scenario(read_scenario(text.encode("utf-8", "surrogatepass"), "<text>", given))


def written(value: object) -> str:
    """Write the value of a param as the command line takes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def contents(path: str) -> bytes:
    """Read a file, a scenario that ships by its name, or with - standard input."""
    if path == "-":
        return sys.stdin.buffer.read((1 << 20) + 1)
    file = path
    if "\0" in path or not os.path.exists(path):
        shipped = gallery.find(path)
        if shipped is None:
            raise UsageError(missing(path))
        file = shipped
    if os.path.isdir(file):
        raise UsageError(f"{path}: is a folder; name a scenario file in it")
    try:
        with open(file, "rb") as stream:
            return stream.read((1 << 20) + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({reason(error)})") from None


def missing(path: str) -> str:
    """Say that there is no such file, and which scenario is near."""
    from deadsim.language.names import nearest

    hint = nearest(os.path.splitext(os.path.basename(path))[0], gallery.names())
    return f"{path}: no such file, and no scenario of that name ships with deadsim{hint}"


def reason(error: OSError) -> str:
    """Say why the system refused, in words that do not depend on the platform's."""
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, NotADirectoryError):
        return "a part of the path is no folder"
    return (error.strerror or "it failed").lower()


def run(
    scenario: Scenario,
    *,
    strategy: StrategyName | None = None,
    seed: int | None = None,
    depth: int | None = None,
    max_steps: int | None = None,
    keep_going: bool = False,
) -> Run:
    """Run a scenario once, on real threads; what is not said here the scenario's `schedule` says."""
    plan = planned(scenario.program, strategy, seed, depth)
    return Run(run_with(scenario, plan, max_steps=max_steps, keep_going=keep_going))


def run_with(
    scenario: Scenario, plan: Plan, watchers: Sequence[Watcher] = (), **options: Any
) -> result.Run:
    """Run a scenario once by a plan, with others looking on."""
    with noted() as interrupt, Pool() as pool:
        return Runner(scenario.program).run(
            pool, plan, interrupt=interrupt, watchers=watchers, **options
        )


def replay_with(
    scenario: Scenario,
    choices: tuple[Choice, ...],
    watchers: Sequence[Watcher] = (),
    **options: Any,
) -> result.Run:
    """Run a scenario by the names of a schedule, with others looking on."""
    return run_with(scenario, Plan(), watchers, replay=choices, **options)


def run_often(
    scenario: Scenario,
    plan: Plan,
    runs: int,
    watchers: Sequence[Watcher] = (),
    **options: Any,
) -> Count:
    """Run a scenario with one seed after another, and count how the runs ended."""
    first = plan.seed or 0
    count = Count(scenario.program, plan.strategy, runs, first)
    with noted() as interrupt, Pool() as pool:
        runner = Runner(scenario.program)
        for seed in range(first, first + runs):
            one = plan._replace(seed=seed)
            run = runner.run(
                pool, one, interrupt=interrupt, watchers=watchers, predict=False, **options
            )
            count.add(seed, run)
            if interrupt.asked:
                break
    return count


def replay(
    what: Scenario | str | PathLike[str],
    names: str | tuple[Choice, ...] | None = None,
    *,
    max_steps: int | None = None,
    keep_going: bool = False,
) -> Run:
    """Run a schedule again: a saved one by its path, or the names of one on a scenario.

    Raises ReplayDiverged where it does not fit. That the scenario has changed since a schedule was
    saved is a warning (`UserWarning`).
    """
    if names is None:
        if isinstance(what, Scenario):
            raise UsageError("the names of a schedule are missing")
        saved = saved_schedule(str(what))
        if saved.warning:
            warnings.warn(saved.warning, stacklevel=2)
        scenario, choices = saved.scenario, saved.choices
    else:
        scenario = what if isinstance(what, Scenario) else load(what)
        choices = schedules.parse_names(names) if isinstance(names, str) else names
    return Run(replay_with(scenario, choices, max_steps=max_steps, keep_going=keep_going))


class Saved(NamedTuple):
    """A schedule that was read from its file, with the scenario it belongs to."""

    scenario: Scenario
    choices: tuple[Choice, ...]
    warning: str | None


def saved_schedule(path: str, params: Mapping[str, str] | None = None) -> Saved:
    """Read a schedule file and its scenario; `params` take the place of those it was saved with."""
    saved = saved_choices(path)
    file = os.path.normpath(os.path.join(os.path.dirname(path), saved.scenario))
    named = file if os.path.exists(file) else saved.scenario
    program = read_scenario(contents(named), named, {**saved.params, **(params or {})})
    warning = None
    if saved.digest != program.digest:
        warning = f"{named} has changed since the schedule was saved"
    return Saved(Scenario(program), saved.choices, warning)


def saved_choices(path: str) -> schedules.ScheduleFile:
    """Read a schedule file alone."""
    try:
        with open(path, "rb") as stream:
            content = stream.read().decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({reason(error)})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is no text; a schedule file is") from None
    return schedules.read(content, path)


def schedule_text(run: result.Run, path: str) -> str:
    """Write the schedule of a run as the text of a schedule file that will stand at `path`."""
    program = run.program
    scenario = program.file
    if os.path.exists(scenario):
        folder = os.path.abspath(os.path.dirname(path))
        scenario = os.path.relpath(os.path.abspath(scenario), folder).replace(os.sep, "/")
    params = {name: written(value) for name, value in program.given.items()}
    return schedules.write(
        schedules.ScheduleFile(scenario, program.digest, params, run.schedule)
    )


def as_dict(run: result.Run) -> dict[str, Any]:
    """Give a run as JSON has it."""
    from deadsim.report import as_json

    return as_json.run(run)


def dump(value: object) -> str:
    """Write JSON."""
    from deadsim.report import as_json

    return as_json.dump(value)


def scenarios_under(paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Give the scenario files that are named, and all those in folders that are.

    A file that is no scenario is passed over in a folder; named, it is read like any other.
    """
    for path in paths:
        if not os.path.isdir(path):
            yield path, contents(path)
            continue
        found = [os.path.join(parent, file) for parent, _, files in os.walk(path) for file in files]
        for file in sorted(found):
            if file.endswith((".yaml", ".yml")) and os.path.isfile(file):
                data = contents(file)
                if is_scenario(data):
                    yield file, data


def planned(
    program: Program, strategy: StrategyName | None, seed: int | None, depth: int | None
) -> Plan:
    """Give the scenario's plan with what is asked for in place of its own."""
    plan = program.plan
    if strategy is not None:
        plan = Plan(strategy, plan.seed, plan.depth)
    if seed is not None:
        plan = plan._replace(seed=seed)
    if depth is not None:
        plan = plan._replace(depth=depth)
    return plan


def pictures(run: result.Run, layout: str | None = None, all_nodes: bool = False) -> list[str]:
    """Draw the ring of each deadlock, or the wait-for graph where there is none."""
    if run.deadlocks:
        from deadsim.draw.ring import ring

        return [ring(run, found) for found in run.deadlocks]
    from deadsim.draw.graph import graph_of
    from deadsim.draw.layout import lay_out

    return [lay_out(graph_of(run, "wait-for", all_nodes), layout)]

