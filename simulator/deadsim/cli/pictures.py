"""What commands draw: options that name files, and how those are written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from deadsim.cli import completions
from deadsim.cli.files import numbered, save
from deadsim.errors import UsageError

OPTIONS = (
    click.option(
        "--svg",
        metavar="FILE",
        help="Draw the deadlock, or who waits for whom at the end.",
        shell_complete=completions.files,
    ),
    click.option(
        "--timeline",
        metavar="FILE",
        help="Draw who held what and who waited when, as SVG.",
        shell_complete=completions.files,
    ),
    click.option(
        "--html",
        metavar="FILE",
        help="Write the player: a page to go through it step by step.",
        shell_complete=completions.files,
    ),
    click.option("--quiz", is_flag=True, help="The player asks who can run next."),
    click.option(
        "--teach", is_flag=True, help="The player opens at the start, not on the failure."
    ),
    click.option(
        "--trace",
        metavar="FILE",
        help="Write trace events, for Perfetto or chrome://tracing.",
        shell_complete=completions.files,
    ),
)
LAYOUT = (
    click.option(
        "--layout",
        metavar="PATH",
        help="The Graphviz program to lay graphs out with.",
        shell_complete=completions.files,
    ),
    click.option(
        "--all-nodes",
        is_flag=True,
        help="Draw idle threads and free objects of many too, and all steps of a long timeline.",
    ),
)
NAMES = ("svg", "timeline", "html", "trace")
"""The options that name a file."""


def files(options: dict[str, Any]) -> list[str | None]:
    """List the files that are asked for; raises UsageError for options that do not fit."""
    for option in ("quiz", "teach"):
        if options[option] and options["html"] is None:
            raise UsageError(f"--{option} is for the player: --html FILE")
    if options["layout"] is not None or options["svg"] is not None or options["html"] is not None:
        from deadsim.draw.graphs.engine import engine

        engine(options["layout"])
    return [options[name] for name in NAMES]


def write(result: Any, options: dict[str, Any]) -> None:
    """Write what is asked for of a run or an exploration: NAME.ext of the first defect, NAME-2.ext, ..."""
    if not any(options[name] for name in NAMES):
        return
    from deadsim.api import pictures as picturing

    layout, all_nodes = options["layout"], options["all_nodes"]
    each(options["svg"], picturing.rings(result, layout, all_nodes))
    each(options["timeline"], picturing.timelines(result, all_nodes))
    mode = picturing.mode_of(options["teach"], options["quiz"])
    each(options["html"], picturing.players(result, mode, layout, all_nodes))
    each(options["trace"], picturing.traces(result))


def each(file: str | None, texts: Iterable[str]) -> None:
    """Write each text to a file of its own, if one is named."""
    if file is not None:
        for number, text in enumerate(texts, 1):
            save(numbered(file, number), text)
