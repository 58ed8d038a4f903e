"""Graphviz, as a program of its own: found, tried, and asked where things go."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from math import atan2
from pathlib import Path
from typing import Any

from deadsim.draw.graphs.boxes import Box, Point, Route, smooth
from deadsim.draw.graphs.dot import source
from deadsim.draw.graphs.graph import Edge, Node
from deadsim.errors import UsageError

PATIENCE = 30.0
"""Seconds that it may take."""


def engine(asked: str | None = None) -> str | None:
    """Find the layout engine: what was asked for, `dot`, the one of `deadsim[dot]`; or None.

    What was asked for (`--layout`, `DEADSIM_DOT`) is tried out. Raises UsageError where it is none.
    """
    named = asked or os.environ.get("DEADSIM_DOT")
    if not named:
        return shutil.which("dot") or _bundled()
    found = shutil.which(named)
    if found is None:
        raise UsageError(f"'{named}' is no program that can be run (--layout, DEADSIM_DOT)")
    if _json(found, "digraph { a }") is None:
        raise UsageError(
            f"'{named}' does not lay out a graph as Graphviz does (--layout, DEADSIM_DOT)"
        )
    return found


def _bundled() -> str | None:
    from importlib import metadata

    try:
        files = metadata.files("graphviz-pure") or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if Path(str(file)).stem == "graphviz-pure":
            path = Path(str(file.locate()))
            if path.is_file() and os.access(path, os.X_OK):
                return str(path)
    return None


def rendered(program: str, text: str, *options: str) -> bytes | None:
    """Give what Graphviz makes of a graph; None where it fails, or takes too long."""
    try:
        done = subprocess.run(
            [program, *options],
            input=text.encode(),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 and done.stdout else None


def _json(program: str, text: str) -> dict[str, Any] | None:
    written = rendered(program, text, "-Tjson")
    try:
        read = json.loads(written or b"")
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def engine_layout(
    program: str, nodes: Sequence[Node], edges: Sequence[Edge], boxes: Sequence[Box]
) -> tuple[list[Box], list[Route]] | None:
    """Let Graphviz place nodes and arrows; None where it does not."""
    found = _json(program, source(nodes, edges, boxes))
    try:
        return _read(found, nodes, edges, boxes) if found else None
    except (KeyError, ValueError, IndexError):
        return None


def _read(
    found: dict[str, Any], nodes: Sequence[Node], edges: Sequence[Edge], boxes: Sequence[Box]
) -> tuple[list[Box], list[Route]]:
    """Read positions; in Graphviz y grows upwards."""
    places = {one["name"]: _point(one["pos"]) for one in found.get("objects", ())}
    lines = {one["comment"]: one for one in found.get("edges", ())}
    placed = [box.at(*places[f"n{number}"]) for number, box in enumerate(boxes)]
    routes = [_route(lines[f"e{number}"], edge) for number, edge in enumerate(edges)]
    return placed, routes


def _point(text: str) -> Point:
    x, y = text.split(",")
    return round(float(x), 1), round(-float(y), 1)


def _route(line: dict[str, Any], edge: Edge) -> Route:
    tip = None
    points: list[Point] = []
    for part in line["pos"].split():
        if part.startswith("e,"):
            tip = _point(part[2:])
        elif not part.startswith("s,"):
            points.append(_point(part))
    if tip is not None:
        points += [points[-1], tip, tip]  # the head lies between the end of the line and the tip
    x, y = _point(line["lp"]) if "lp" in line else points[len(points) // 2]
    way = smooth(points, (x, y + 4))
    if tip is None:
        return way
    end = points[-3]
    return way._replace(tip=tip, angle=atan2(tip[1] - end[1], tip[0] - end[0]))
