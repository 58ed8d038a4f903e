"""A graph in the DOT language: for people to change, and for Graphviz to lay out."""

from collections.abc import Sequence

from deadsim.draw.graphs.boxes import LABEL, SIZE, Box, Placed
from deadsim.draw.graphs.graph import Edge, Graph, Node
from deadsim.draw.svg import Ids
from deadsim.draw.tokens import LIGHT

FONT = "Helvetica,Arial,sans-serif"
POINTS = 72  # to an inch


def quoted(text: str) -> str:
    """Make a text safe within a label: no entities, no control characters but line breaks."""
    import graphviz

    clean = "".join(c if c == "\n" or _printable(c) else "\ufffd" for c in text)
    return str(graphviz.escape(clean.replace("&", "&amp;"))).replace("\n", "\\n")


def plain(label: str) -> str:
    """Mark a whole label as no markup: one in angle brackets would be taken for it."""
    import graphviz

    marked: str = graphviz.nohtml(label)
    return marked


def _printable(c: str) -> bool:
    return (
        c >= " "
        and not "\x7f" <= c <= "\x9f"
        and not "\ud800" <= c <= "\udfff"
        and c not in "\ufffe\uffff"
    )


SHAPES = {"bar": "box"}  # what Graphviz calls a shape otherwise


def dot(graph: Graph) -> str:
    """Write a graph in DOT; node names are numbers, and what users wrote stands in labels alone."""
    return _written(graph.title, graph.sentences, graph.nodes, graph.edges, None, None)


def source(nodes: Sequence[Node], edges: Sequence[Edge], boxes: Sequence[Box]) -> str:
    """Write what Graphviz has to know to place boxes of these sizes."""
    return _written("", (), nodes, edges, boxes, None)


def pinned(graph: Graph, placed: Placed) -> str:
    """Write a graph whose nodes and labels are placed already, for `neato -n2`."""
    return _written(graph.title, graph.sentences, graph.nodes, graph.edges, placed.boxes, placed)


def _written(
    title: str,
    sentences: Sequence[str],
    nodes: Sequence[Node],
    edges: Sequence[Edge],
    boxes: Sequence[Box] | None,
    placed: Placed | None,
) -> str:
    import graphviz

    ids = Ids()
    caption = plain("".join(f"{quoted(line)}\\l" for line in (title, *sentences) if line))
    drawn = graphviz.Digraph(
        "deadsim",
        graph_attr={
            "rankdir": "LR",
            "label": caption,
            "labelloc": "b",
            "labeljust": "l",
            "fontname": FONT,
            "fontsize": "13",
            "bgcolor": LIGHT["bg"],
            "nodesep": "0.4",
            "ranksep": "0.8",
        },
        node_attr={"fontname": FONT, "fontsize": f"{SIZE:g}", "style": "filled"},
        edge_attr={"fontname": FONT, "fontsize": f"{LABEL:g}"},
    )
    for number, node in enumerate(nodes):
        drawn.node(f"n{number}", label(node), **_node(node, ids), **_sized(number, boxes, placed))
    for number, edge in enumerate(edges):
        words = {} if placed else {"label": plain(quoted(f" {edge.label} "))}
        drawn.edge(f"n{edge.start}", f"n{edge.end}", comment=f"e{number}", **words, **_edge(edge))
    for number, edge in enumerate(edges if placed else ()):
        assert placed is not None
        x, y = placed.routes[number].label
        about = {
            "shape": "plain",
            "style": "",
            "fontsize": f"{LABEL:g}",
            "fontcolor": LIGHT[edge.color],
        }
        drawn.node(f"l{number}", plain(quoted(edge.label)), pos=f"{x:.1f},{4 - y:.1f}!", **about)
    return str(drawn.source)


def label(node: Node) -> str:
    """Write all that stands in a node."""
    lines = [quoted(node.name), *(quoted(line) for line in node.below)]
    if node.dots:
        lines.append("●" * node.dots.taken + "○" * node.dots.free)
    return plain("\\n".join(lines))


def _node(node: Node, ids: Ids) -> dict[str, str]:
    thread = node.kind == "thread"
    return {
        "shape": SHAPES.get(node.shape, node.shape),
        "fillcolor": LIGHT["bg" if node.idle else "threadfill" if thread else "lockfill"],
        "color": LIGHT["dim" if node.idle else "wait" if thread else "hold"],
        "fontcolor": LIGHT["dim" if node.idle else "ink"],
        "penwidth": "2.8" if node.strong else "1.2",
        "peripheries": "2" if node.double else "1",
        "tooltip": plain(quoted(node.tooltip)),
        "id": ids.make(node.kind, node.name),
        "class": " ".join(node.classes),
    }


def _sized(number: int, boxes: Sequence[Box] | None, placed: Placed | None) -> dict[str, str]:
    if boxes is None:
        return {}
    box = boxes[number]
    size = {
        "width": f"{2 * box.rx / POINTS:.3f}",
        "height": f"{2 * box.ry / POINTS:.3f}",
        "fixedsize": "true",
    }
    return {**size, "pos": f"{box.x:.1f},{-box.y:.1f}!"} if placed else size


def _edge(edge: Edge) -> dict[str, str]:
    return {
        "style": {None: "solid", "1 5": "dotted"}.get(edge.dashes, "dashed"),
        "color": LIGHT[edge.color],
        "fontcolor": LIGHT[edge.color],
        "penwidth": "3.4" if edge.strong else "1.6",
        "tooltip": plain(quoted(edge.tooltip)),
        "class": edge.kind,
    }
