"""Graphs as flowcharts in Mermaid, which GitHub and many others draw."""

from deadsim.draw.graphs.graph import Graph, Node
from deadsim.draw.graphs.objects import Shape

SHAPES: dict[Shape, tuple[str, str]] = {
    "ellipse": ("([", "])"),
    "box": ("[", "]"),
    "hexagon": ("{{", "}}"),
    "diamond": ("{", "}"),
    "cylinder": ("[(", ")]"),
    "bar": ("[[", "]]"),
}
"""What stands around a label for a shape."""


JOINER = "\u2060"
"""A mark that is not to be seen, and keeps apart what stands beside it."""


def escaped(text: str) -> str:
    """Make a text safe anywhere in Mermaid: all but letters, digits and a few marks as numbered entities.

    Line breaks are spaces; control characters are replaced, as in the other pictures. What Mermaid takes for a line
    break or for a formula even then (`\\n`, `$$`) is kept apart by a mark that is not to be seen.
    """
    apart = text.replace("\n", " ").replace("\\n", f"\\{JOINER}n").replace("$$", f"${JOINER}$")
    return "".join(c if c == JOINER else _character(c) for c in apart)


def _character(c: str) -> str:
    if c.isalnum() or c in " .,()":
        return c
    if not c.isprintable() and not 0x600 <= ord(c) <= 0x20FF:
        return "\ufffd"
    return f"#{ord(c)};"


def flowchart(graph: Graph) -> str:
    """Write a graph as a flowchart."""
    lines = ["flowchart LR", f"  %% {escaped(graph.title)}"]
    for number, node in enumerate(graph.nodes):
        before, after = SHAPES[node.shape]
        lines.append(f'  n{number}{before}"{"<br/>".join(words(node))}"{after}:::{look(node)}')
    for edge in graph.edges:
        arrow = "-.->" if edge.dashes else "==>" if edge.strong else "-->"
        lines.append(f'  n{edge.start} {arrow}|"{escaped(edge.label)}"| n{edge.end}')
    if graph.sentences:
        said = "<br/>".join(escaped(line) for line in (graph.title, *graph.sentences))
        lines.append(f'  said["{said}"]:::said')
    lines += [
        "  classDef thread stroke:#a63f00,fill:#fff6ec,color:#1b1f24",
        "  classDef object stroke:#005a8f,fill:#e6f1fa,color:#1b1f24",
        "  classDef idle stroke:#57606a,fill:#ffffff,color:#57606a",
        "  classDef core stroke:#a63f00,stroke-width:3px,fill:#fff6ec,color:#1b1f24",
        "  classDef coreobject stroke:#005a8f,stroke-width:3px,fill:#e6f1fa,color:#1b1f24",
        "  classDef said fill:none,stroke:none,text-align:left",
    ]
    return "\n".join(lines) + "\n"


def words(node: Node) -> list[str]:
    """List the lines of a node."""
    lines = [escaped(node.name), *(escaped(line) for line in node.below)]
    if node.dots:
        lines.append("●" * node.dots.taken + "○" * node.dots.free)
    return lines


def look(node: Node) -> str:
    """Name the class of a node."""
    if node.idle:
        return "idle"
    if node.strong:
        return "core" if node.kind == "thread" else "coreobject"
    return node.kind
