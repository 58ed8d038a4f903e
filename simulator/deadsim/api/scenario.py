"""Scenarios that were read and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from deadsim.api.files import contents
from deadsim.language.scenario import load as read_scenario
from deadsim.model.program import Program

if TYPE_CHECKING:
    from os import PathLike


class Scenario(NamedTuple):
    """A scenario that was read and checked."""

    program: Program

    @property
    def name(self) -> str:
        """Give its name."""
        return self.program.name


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
