"""A player for each failure: what a test has run and explored, written as pages beside one another."""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from deadsim.api.pictures import Result, players
from deadsim.errors import DeadsimError

RESULTS: pytest.StashKey[list[Result]] = pytest.StashKey()
"""What a test has run and explored, in that order."""

LONGEST = 120
"""Characters of a test's name that its files keep."""


def keep(item: pytest.Item, result: Result) -> None:
    """Note a result of a test, for the case that it fails; where nobody wants players, nothing is kept."""
    if item.config.getoption("deadsim_html", None):
        item.stash.setdefault(RESULTS, []).append(result)


def keep_claims(item: pytest.Item, result: Any, keys: Collection[str]) -> None:
    """Note what was explored, with those defects alone that some claims are about; where none is, with all."""
    from deadsim.report.exploration import claim_of

    about = tuple(one for one in result.defects if claim_of(one) in keys)
    keep(item, result._replace(defects=about or result.defects))


def write(item: pytest.Item, folder: Path) -> list[Path]:
    """Write the pages of all results of a test; gives the files."""
    pages: list[str] = []
    for result in item.stash.get(RESULTS, []):
        try:
            pages += players(result)
        except DeadsimError as error:  # a picture that fails must not hide what the test has found
            item.add_report_section("call", "deadsim", f"no player: {error}")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, page in enumerate(pages, 1):
        file = folder / f"{stem(item.nodeid)}{'' if number == 1 else f'-{number}'}.html"
        file.write_text(page, encoding="utf-8")
        files.append(file)
    return files


def stem(nodeid: str) -> str:
    """Name the files of a test: by what can stand in a file's name, and no two tests alike."""
    plain = re.sub(r"[^\w.-]+", "-", nodeid).strip("-")[-LONGEST:]
    return f"{plain}-{sha256(nodeid.encode()).hexdigest()[:8]}"
