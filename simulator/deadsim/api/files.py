"""Scenario files: named, under a folder, shipped, or from standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from deadsim import gallery
from deadsim.errors import UsageError
from deadsim.language.scenario import is_scenario


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
    from deadsim.language.expressions.names import nearest

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
