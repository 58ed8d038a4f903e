"""The JSON Schema: it ships beside the scenarios, and each of them names it."""

from pathlib import Path

import pytest

from commands import deadsim


def test_every_scenario_names_its_schema_for_editors(root: Path) -> None:
    folder = root / "scenarios"
    for file in sorted(folder.rglob("*.yaml")):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        where = first.removeprefix("# yaml-language-server: $schema=")
        assert where != first, file
        assert (file.parent / where).resolve() == folder / "scenario.schema.json"


def test_the_schema_that_ships_is_the_one_that_is_printed(request: pytest.FixtureRequest, root: Path) -> None:
    shipped = root / "scenarios" / "scenario.schema.json"
    printed = deadsim("schema").out
    if request.config.getoption("--update-golden"):
        shipped.write_text(printed, encoding="utf-8")
    assert shipped.read_text(encoding="utf-8") == printed
