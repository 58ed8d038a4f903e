"""Scenario files as tests: one for each claim that is named, and one for all that are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import deadsim
from deadsim.api.all_schedules import Exploration
from deadsim.api.matrix import label, written_matrix
from deadsim.errors import InternalError, ScenarioError, UsageError
from deadsim.language.scenario import is_scenario
from deadsim.model.claims import DEFECT_TYPES, FinalClaim, OutputClaim
from deadsim.model.program import Program
from deadsim.pytest_plugin.players import keep_claims
from deadsim.report.exploration import claim_of, report_on
from deadsim.trace.schedule import text

REST = "nothing-else"


class Failed(Exception):
    """A claim does not hold; its text is the report."""


def collected(
    path: Path, parent: pytest.Collector, always: bool, named: bool, patterns: list[str]
) -> ScenarioFile | None:
    """Take a file that is meant; one that is no scenario only where its name says that it is."""
    root = parent.config.rootpath
    if not always:
        if not (named or any(matches(path, root, pattern) for pattern in patterns)):
            return None
        try:
            if not is_scenario(path.read_bytes()):
                return None
        except OSError:
            return None  # nobody can say what it is; a file that is named always is reported
    return ScenarioFile.from_parent(parent, path=path)


def matches(path: Path, root: Path, pattern: str) -> bool:
    """Decide whether a pattern means a file: a name, or with a slash a path from the root.

    `*` stays within a folder, `**` does not.
    """
    if "/" not in pattern:
        return path.match(pattern)
    try:
        where = path.relative_to(root).as_posix()
    except ValueError:
        return False
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.removeprefix("./"))
    meant = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return (
        re.fullmatch("".join(meant.get(part, re.escape(part)) for part in parts), where) is not None
    )


class ScenarioFile(pytest.File):
    """A scenario file; it is explored once for each of its params, when the first test wants it."""

    def collect(self) -> Iterator[pytest.Item]:
        """Give a test for each claim, with each of the params."""
        for params in self.matrix():
            try:
                scenario = deadsim.load(self.path, **params)
            except (ScenarioError, UsageError) as error:
                raise self.CollectError(in_file(error, self)) from None
            explored = Explored(scenario, self.config)
            for name, keys, line in tests_of(scenario.program):
                full = f"{name}[{label(params)}]" if params else name
                yield ClaimTest.from_parent(
                    self, name=full, keys=keys, line=line, explored=explored
                )

    def matrix(self) -> Iterable[Mapping[str, Any]]:
        """Give the params that the ini file lists for this file."""
        for line in self.config.getini("deadsim_matrix"):
            pattern, colon, wanted = line.rpartition(":")
            if not colon:
                raise self.CollectError(
                    f"deadsim_matrix: '{line}' wants a pattern and a colon, as in 'FILE: n=2..4'"
                )
            if matches(self.path, self.config.rootpath, pattern.strip()):
                try:
                    return written_matrix(wanted.split())
                except UsageError as error:
                    raise self.CollectError(f"deadsim_matrix: {error}") from None
        return [{}]


def in_file(error: ScenarioError | UsageError, file: pytest.File) -> str:
    """Say what is wrong with a file, as pytest names it."""
    if isinstance(error, UsageError):
        return str(error)
    where = file.nodeid
    return "\n".join(
        f"{where}:{p.place.line}:{p.place.column}: {p.message}" for p in error.problems
    )


def tests_of(program: Program) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """List the tests of a scenario: a name, the keys of the claims, the line."""
    claims = program.claims
    for type, claim in claims.kinds.items():
        yield type, (type,), claim.place.line if claim.place else 1
    parts: tuple[FinalClaim | OutputClaim, ...] = (*claims.final, *claims.output)
    for part in parts:
        yield part.key, (part.key,), part.place.line
    rest = tuple(type for type in DEFECT_TYPES if type not in claims.kinds)
    if rest:
        yield REST, rest, 1


class Explored:
    """The exploration of one scenario, made when it is asked for."""

    def __init__(self, scenario: deadsim.Scenario, config: pytest.Config) -> None:
        self.scenario = scenario
        self.seconds = config.getoption("deadsim_max_seconds")
        self.result: Exploration | None = None
        self.error: InternalError | None = None

    def __call__(self) -> Exploration:
        if self.error is not None:
            raise self.error
        if self.result is None:
            try:
                self.result = deadsim.explore(self.scenario, max_seconds=self.seconds)
            except InternalError as error:
                self.error = error
                raise
        return self.result


class ClaimTest(pytest.Item):
    """The test of one claim, or of all types of defects that no claim names."""

    def __init__(
        self, *, keys: tuple[str, ...], line: int, explored: Explored, **rest: Any
    ) -> None:
        super().__init__(**rest)
        self.keys = keys
        self.line = line
        self.explored = explored
        self.add_marker("deadsim")

    def runtest(self) -> None:
        """Explore, and hold the claim against what was found."""
        result = self.explored().result
        if result.interrupted:
            raise KeyboardInterrupt
        of_these = [one for one in result.claims if one.key in self.keys]
        for found in result.defects:
            if claim_of(found) in self.keys:
                self.user_properties.append(("deadsim_schedule", text(found.replay)))
                if found.run.seed is not None:
                    self.user_properties.append(("deadsim_seed", found.run.seed))
        if not all(one.holds for one in of_these):
            keep_claims(self, result, self.keys)
            raise Failed("\n".join(report_on(result, self.keys)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Give the report of a refuted claim; no traceback."""
        if isinstance(excinfo.value, Failed | deadsim.DeadsimError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where in the file the claim stands."""
        return self.path, self.line - 1, f"{self.parent.name if self.parent else ''}: {self.name}"
