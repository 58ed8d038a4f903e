"""A graph in the DOT language."""

from deadsim.draw.graph import Graph
from deadsim.draw.svg import Ids
from deadsim.draw.tokens import LIGHT


def quoted(text: str) -> str:
    """Make a text safe as a label: no markup, no entities, no control characters."""
    import graphviz

    clean = "".join(c if c >= " " and not "\x7f" <= c <= "\x9f" else "\ufffd" for c in text)
    safe = graphviz.escape(clean.replace("&", "&amp;"))
    return str(graphviz.nohtml(safe))


DOT = {"bar": "box"}  # what Graphviz calls a shape otherwise


def dot(graph: Graph) -> str:
    """Write a graph in DOT; node names are numbers, and what users wrote stands in labels alone."""
    import graphviz

    ids = Ids()
    sentences = "\\n".join(quoted(sentence) for sentence in graph.sentences)
    drawn = graphviz.Digraph(
        "deadsim",
        graph_attr={
            "rankdir": "LR",
            "label": f"{quoted(graph.title)}\\n{sentences}",
            "labelloc": "b",
            "labeljust": "l",
            "fontname": "Helvetica,Arial,sans-serif",
            "fontsize": "13",
            "bgcolor": LIGHT["bg"],
            "nodesep": "0.4",
            "ranksep": "0.8",
        },
        node_attr={"fontname": "Helvetica,Arial,sans-serif", "fontsize": "13", "style": "filled"},
        edge_attr={"fontname": "Helvetica,Arial,sans-serif", "fontsize": "12"},
    )
    for number, node in enumerate(graph.nodes):
        label = quoted(node.name) + (f"\\n{quoted(node.below)}" if node.below else "")
        thread = node.kind == "thread"
        drawn.node(
            f"n{number}",
            label,
            shape=DOT.get(node.shape, node.shape),
            fillcolor=LIGHT["bg" if node.idle else "threadfill" if thread else "lockfill"],
            color=LIGHT["dim" if node.idle else "wait" if thread else "hold"],
            fontcolor=LIGHT["dim" if node.idle else "ink"],
            penwidth="2.8" if node.strong else "1.2",
            tooltip=quoted(node.tooltip),
            id=ids.make(node.kind, node.name),
            **{"class": "gone" if node.idle else node.kind},
        )
    for edge in graph.edges:
        drawn.edge(
            f"n{edge.start}",
            f"n{edge.end}",
            label=quoted(f" {edge.label} "),
            style="solid" if edge.kind == "hold" else "dashed",
            color=LIGHT[edge.kind],
            fontcolor=LIGHT[edge.kind],
            penwidth="3.4" if edge.strong else "1.6",
            **{"class": edge.kind},
        )
    return str(drawn.source)
