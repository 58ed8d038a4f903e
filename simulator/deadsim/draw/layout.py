"""A graph as SVG: laid out by Graphviz where there is one, else by ourselves."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from deadsim.draw.columns import columns
from deadsim.draw.dot import dot
from deadsim.draw.graph import Graph
from deadsim.draw.svg import element, escape, title
from deadsim.draw.tokens import DARK
from deadsim.errors import UsageError

PATIENCE = 30  # seconds that an engine may take

_STYLE = "\n".join(
    (
        "@media (prefers-color-scheme: dark) {",
        f"  .graph > polygon {{ fill: {DARK['bg']}; }}",
        f"  text {{ fill: {DARK['ink']}; }}",
        f"  .thread ellipse {{ fill: {DARK['threadfill']}; stroke: {DARK['wait']}; }}",
        f"  .lock polygon {{ fill: {DARK['lockfill']}; stroke: {DARK['hold']}; }}",
        f"  .gone ellipse {{ fill: {DARK['bg']}; stroke: {DARK['dim']}; }}",
        f"  .hold path, .hold polygon {{ stroke: {DARK['hold']}; }}",
        f"  .wait path, .wait polygon {{ stroke: {DARK['wait']}; }}",
        f"  .hold polygon, .hold text {{ fill: {DARK['hold']}; }}",
        f"  .wait polygon, .wait text {{ fill: {DARK['wait']}; }}",
        "}",
    )
)


def engine(asked: str | None = None) -> str | None:
    """Find the layout engine: what was asked for, `dot`, the one of `deadsim[dot]`; or None."""
    named = asked or os.environ.get("DEADSIM_DOT")
    if named:
        found = shutil.which(named)
        if found is None:
            raise UsageError(f"'{named}' is no program that can be run (--layout, DEADSIM_DOT)")
        return found
    return shutil.which("dot") or _bundled()


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


def lay_out(graph: Graph, asked: str | None = None) -> str:
    """Draw a graph as SVG."""
    found = engine(asked)
    if found is None:
        return columns(graph)
    try:
        done = subprocess.run(
            [found, "-Tsvg"],
            input=dot(graph).encode(),
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        if asked:
            raise UsageError(f"the layout engine '{found}' did not do its work") from error
        return columns(graph)
    svg = done.stdout.decode("utf-8", "replace")
    if done.returncode or "<svg" not in svg:
        if asked:
            raise UsageError(f"the layout engine '{found}' ended with status {done.returncode}")
        return columns(graph)
    return dressed(svg, graph)


def dressed(svg: str, graph: Graph) -> str:
    """Take away what differs between engines, and add a title, a description and dark colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.S)
    end = svg.index(">")
    inner = (
        title(graph.title)
        + element("desc", escape(" ".join(graph.sentences)))
        + element("style", _STYLE)
    )
    return f'{svg[:end]} role="img">\n{inner}{svg[end + 1 :]}'.rstrip() + "\n"
