"""Scenarios that were read and checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from deadsim.api.files import contents
from deadsim.errors import UsageError
from deadsim.language.scenario import load as read_scenario
from deadsim.model.program import TIMEOUTS, Program, Timeouts

if TYPE_CHECKING:
    from os import PathLike


Source: TypeAlias = "Scenario | str | PathLike[str] | Mapping[str, Any]"
"""A scenario, its file or the name of one that ships, its text (of several lines), or its data."""


class _Read(NamedTuple):
    program: Program


class Scenario(_Read):
    """A scenario that was read and checked; or made of plain data, as the YAML would give it.

    >>> locks = {"locks": ["A"], "threads": {"one": [{"with": "A", "do": ["pass"]}]}}
    >>> Scenario(locks).name
    '<dict>'

    Plain data is written as YAML first, so that its parts have lines: `text` is that. Raises
    ScenarioError with every problem that was found.
    """

    __slots__ = ()

    def __new__(cls, source: Program | Mapping[str, Any], **params: Any) -> Scenario:
        if isinstance(source, Program):
            return super().__new__(cls, source)
        if isinstance(source, str | os.PathLike):
            raise UsageError("a Scenario is made of data; deadsim.load reads a file, loads a text")
        from deadsim.language.reading.yaml_text import rendered

        text = rendered(source, "<dict>")
        return super().__new__(cls, read_scenario(text.encode(), "<dict>", given(params)))

    @property
    def name(self) -> str:
        """Give its name."""
        return self.program.name

    @property
    def file(self) -> str:
        """Give the file that it was read from."""
        return self.program.file

    @property
    def params(self) -> dict[str, Any]:
        """Give the params and their values."""
        return dict(self.program.params)

    @property
    def text(self) -> str:
        """Give the text of the file."""
        return self.program.source

    def _repr_html_(self) -> str:
        from deadsim.api.display import preformatted

        return preformatted(self.text)

    def __repr__(self) -> str:
        return f"<Scenario {self.name!r}: {len(self.program.threads)} threads, {self.file}>"


def load(path: str | PathLike[str], **params: Any) -> Scenario:
    """Read a scenario file, or one that ships with deadsim by its name.

    >>> load("dining", n=3).params
    {'n': 3}

    Raises ScenarioError with every problem that was found, UsageError where there is no such file.
    """
    if not isinstance(path, str | os.PathLike):
        raise UsageError(f"load wants the path of a scenario, or its name, not {kind(path)}")
    data = contents(str(path))
    return Scenario(read_scenario(data, str(path), given(params)))


def loads(text: str, **params: Any) -> Scenario:
    """Read a scenario from a text.

    >>> loads("threads: {one: [pass]}").name
    '<text>'
    """
    if not isinstance(text, str):
        raise UsageError(f"loads wants the text of a scenario, not {kind(text)}")
    return Scenario(read_scenario(text.encode("utf-8", "surrogatepass"), "<text>", given(params)))


def loaded(source: Source, **params: Any) -> Scenario:
    """Read a scenario, whatever it was given as.

    >>> loaded("dining", n=3).params == loaded({"params": {"n": 3}, "threads": {"a": []}}).params
    True

    Raises ScenarioError with every problem that was found, UsageError where it can be no scenario.
    """
    if isinstance(source, Scenario) and not params:
        return source
    if isinstance(source, Mapping):
        return Scenario(source, **params)
    if isinstance(source, str) and "\n" in source:
        return loads(source, **params)
    if isinstance(source, str | os.PathLike):
        return load(source, **params)
    raise UsageError(
        "a scenario is what deadsim.load gives, its path, the name of one that ships, or a mapping;"
        f" not {kind(source)}"
    )


def timed(scenario: Scenario, timeouts: Timeouts | None) -> Scenario:
    """Give a scenario with other time-outs than its own, where some are asked for.

    Raises UsageError for a word that is none of those.
    """
    if timeouts is None:
        return scenario
    if timeouts not in TIMEOUTS:
        raise UsageError(f"there are no timeouts '{timeouts}'; they are {', '.join(TIMEOUTS)}")
    return Scenario(scenario.program.with_timeouts(timeouts))


def kind(value: object) -> str:
    """Name what was given in place of something else."""
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    return "data" if isinstance(value, Mapping) else f"a {type(value).__name__}"


def given(params: Mapping[str, Any]) -> dict[str, str]:
    """Write the values of params as the command line takes them."""
    return {name: written(value) for name, value in params.items()}


def written(value: object) -> str:
    """Write the value of a param as the command line takes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
