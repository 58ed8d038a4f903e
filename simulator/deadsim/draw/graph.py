"""What a graph shows, before anybody decides where: boxes, arrows and their words."""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.detect.wait_for import resource_graph, wait_for_graph
from deadsim.draw.shapes import SHAPES, Shape
from deadsim.report.sentences import count, wait_sentence
from deadsim.runs.result import Run

GraphKind: TypeAlias = Literal["wait-for", "resources"]
NodeKind: TypeAlias = Literal["thread", "lock"]

MOST_NODES = 40


class GraphNode(NamedTuple):
    """A thread or an object: `below` is a second line, `strong` marks a deadlock's core."""

    name: str
    kind: NodeKind
    below: str
    tooltip: str
    strong: bool
    idle: bool
    shape: Shape = "ellipse"


class GraphEdge(NamedTuple):
    """An arrow between nodes, by their positions: held by (solid), or waits for (dashed)."""

    start: int
    end: int
    kind: Literal["hold", "wait"]
    label: str
    strong: bool


class Graph(NamedTuple):
    """A graph with its title and the sentences that say the same."""

    title: str
    sentences: tuple[str, ...]
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]


def graph_of(run: Run, kind: GraphKind, all_nodes: bool = False) -> Graph:
    """Make the wait-for or the resource graph of a run's last moment.

    Of more than `MOST_NODES` nodes only those are shown that are joined to a blocked thread.
    """
    import networkx

    make = wait_for_graph if kind == "wait-for" else resource_graph
    data = make(run.situation)
    stem = run.program.file.replace("\\", "/").rsplit("/", 1)[-1]
    standing = {one.thread: one for one in run.situation.threads}
    core = {name for found in run.deadlocks for name in found.threads}
    names = list(data.nodes)
    hidden = 0
    if len(names) > MOST_NODES and not all_nodes:
        blocked = {one.thread for one in run.situation.threads if one.wait}
        shown: set[str] = set()
        for part in networkx.weakly_connected_components(data):
            if part & blocked:
                shown |= part
        hidden = len(names) - len(shown)
        names = [name for name in names if name in shown]
    nodes = []
    sentences = []
    for name in names:
        one = standing.get(name)
        if one is None or data.nodes[name]["kind"] != "thread":
            shape = SHAPES[data.nodes[name].get("want", "owner")]
            nodes.append(GraphNode(name, "lock", "", name, False, False, shape))
            continue
        if one.wait is not None:
            below = f"{stem}:{one.wait.place.line}"
            tooltip = f"{name} {wait_sentence(one.wait)}"
            sentences.append(tooltip)
        else:
            below = one.status
            tooltip = f"{name} is {one.status}"
        idle = one.status in ("finished", "failed", "not started")
        nodes.append(GraphNode(name, "thread", below, tooltip, name in core, idle))
    position = {node.name: number for number, node in enumerate(nodes)}
    edges = []
    for start, end, values in data.edges(data=True):
        if start not in position or end not in position:
            continue
        held = values["kind"] == "held by"
        label = values["kind"]
        if kind == "wait-for":
            ends = values["want"] == "end"
            label = "waits for its end" if ends else f"waits for {values['object']}"
        elif values.get("want") == "end":
            label = "waits for its end"
        strong = start in core and end in core
        edges.append(
            GraphEdge(position[start], position[end], "hold" if held else "wait", label, strong)
        )
    if run.deadlocks:
        title = f"DEADLOCK: {count(len(core), 'thread')}"
    else:
        title = f"{run.program.name}: {run.outcome} after {count(len(run.events), 'step')}"
    if hidden:
        sentences.append(f"+{hidden} idle nodes not shown")
    if not sentences:
        sentences.append("no thread waits for another")
    return Graph(title, tuple(sentences), tuple(nodes), tuple(edges))
