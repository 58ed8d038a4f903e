"""What a shell completes: scenarios and files, params, claims, kinds of defect."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click
from click.shell_completion import CompletionItem

SAVED = (".yaml", ".yml", ".schedule")
"""Endings of the files that commands take."""


def scenarios(
    context: click.Context, argument: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Complete the name of a scenario that ships, or a file.

    Bash drops all other words once it is told to complete a file by itself: so it is told only where none fits.
    """
    from deadsim import gallery

    shipped = (
        [] if os.sep in begun else [name for name in gallery.names() if name.startswith(begun)]
    )
    if not shipped:
        return files(context, argument, begun)
    return [CompletionItem(word) for word in (*shipped, *beside(begun))]


def beside(begun: str) -> Iterator[str]:
    """List scenarios, saved schedules and folders here whose names begin so."""
    for entry in sorted(os.scandir(), key=lambda entry: entry.name):
        if not entry.name.startswith(begun) or entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield f"{entry.name}/"
        elif entry.name.endswith(SAVED):
            yield entry.name


def files(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Leave a file to the shell."""
    return [CompletionItem(begun, type="file")]


def params(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete the name of a param of the scenarios that are named before it."""
    from deadsim.api import load
    from deadsim.errors import DeadsimError

    found: dict[str, str] = {}
    for file in named(context):
        try:
            values = load(file).params
        except DeadsimError:
            continue
        found.update({f"{name}=": f"{value} where it is not set" for name, value in values.items()})
    return [
        CompletionItem(name, help=value) for name, value in found.items() if name.startswith(begun)
    ]


def claims(context: click.Context, option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete the last of several claims, with commas between them."""
    from deadsim.model.claims import DEFECT_TYPES

    before, comma, last = begun.rpartition(",")
    keys = (*DEFECT_TYPES, "final", "output")
    return [
        CompletionItem(f"{before}{comma}{key}")
        for key in keys
        if key.startswith(last) and key not in before.split(",")
    ]


def kinds(context: click.Context, argument: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete a kind of defect."""
    from deadsim.report.explanations import EXPLANATIONS

    return [
        CompletionItem(name, help=one.what)
        for name, one in EXPLANATIONS.items()
        if name.startswith(begun)
    ]


def named(context: click.Context) -> tuple[str, ...]:
    """List the files that a command line names so far."""
    given = [context.params.get(name) for name in ("file", "files", "paths")]
    # Where an option waits for its value, the words before it are not given to the arguments.
    words = (file for one in given if one for file in ((one,) if isinstance(one, str) else one))
    return (*words, *(word for word in context.args if not word.startswith("-")))


def for_bash(source: str) -> str:
    """Let bash put no space behind what goes on: a folder, the name of a param."""
    return source.replace(
        "COMPREPLY+=($value)",
        "COMPREPLY+=($value)\n            [[ $value == *[=/] ]] && compopt -o nospace",
    )
