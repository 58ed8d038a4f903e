"""A graph as PNG: drawn by Graphviz from where everything is placed."""

from deadsim.draw.graphs.dot import pinned
from deadsim.draw.graphs.engine import engine, rendered
from deadsim.draw.graphs.graph import Graph
from deadsim.draw.graphs.layout import lay_out
from deadsim.errors import UsageError


def png(graph: Graph, asked: str | None = None) -> bytes:
    """Draw a graph as PNG. Raises UsageError where there is no Graphviz, or it fails."""
    found = engine(asked)
    if found is None:
        raise missing()
    drawn = rendered(
        found, pinned(graph, lay_out(graph, asked)), "-Kneato", "-n2", "-Tpng", "-Gdpi=144"
    )
    if drawn is None:
        raise UsageError(f"'{found}' could not draw the PNG")
    return drawn


def missing() -> UsageError:
    """Say that there is no Graphviz, and what to do."""
    return UsageError(
        "PNG wants Graphviz: install it (on Debian and Ubuntu `apt install graphviz`), or "
        "`pip install 'deadsim[dot]'`; SVG works without"
    )
