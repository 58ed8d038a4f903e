"""Scenarios that were read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from deadsim.api.files import contents
from deadsim.language.scenario import load as read_scenario
from deadsim.model.program import Program

if TYPE_CHECKING:
    from os import PathLike


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
    data = contents(str(path))
    return Scenario(read_scenario(data, str(path), given(params)))


def loads(text: str, **params: Any) -> Scenario:
    """Read a scenario from a text.

    >>> loads("threads: {one: [pass]}").name
    '<text>'
    """
    return Scenario(read_scenario(text.encode("utf-8", "surrogatepass"), "<text>", given(params)))


def given(params: Mapping[str, Any]) -> dict[str, str]:
    """Write the values of params as the command line takes them."""
    return {name: written(value) for name, value in params.items()}


def written(value: object) -> str:
    """Write the value of a param as the command line takes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
