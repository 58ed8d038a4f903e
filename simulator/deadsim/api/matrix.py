"""Params with several values: each combination in turn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from deadsim.errors import UsageError

MOST = 1_000
"""Values of a range."""

_RANGE = re.compile(r"\s*(-?\d{1,9})\s*\.\.\s*(-?\d{1,9})\s*")


def is_range(value: str) -> bool:
    """Decide whether a value is written as several: `2..6`."""
    return _RANGE.fullmatch(value) is not None


def values_of(name: str, value: str) -> list[str]:
    """List the values that are written: `2..6` is each from the first to the last.

    Raises UsageError where there are none, or too many.
    """
    found = _RANGE.fullmatch(value)
    if found is None:
        return [value]
    first, last = int(found[1]), int(found[2])
    if last < first or last - first >= MOST:
        raise UsageError(f"{name}={value}: a range is FIRST..LAST, up to {MOST:,}")
    return [str(number) for number in range(first, last + 1)]


def combinations(values: Mapping[str, Iterable[Any]]) -> list[dict[str, Any]]:
    """Give each combination of values, the last name's changing first."""
    return [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


def written_matrix(pairs: Iterable[str]) -> list[dict[str, Any]]:
    """Read `n=2..4 m=1,2`: each combination of values. Raises UsageError where it is none."""
    values: dict[str, list[str]] = {}
    for pair in pairs:
        name, equals, several = pair.partition("=")
        if not (name and equals and several):
            raise UsageError(f"'{pair}' wants a param and its values, as in n=2..4 or n=1,2")
        values[name] = [one for part in several.split(",") for one in values_of(name, part)]
    return combinations(values)


def label(params: Mapping[str, Any]) -> str:
    """Write params as an id."""
    return "-".join(f"{name}={value}" for name, value in params.items())
