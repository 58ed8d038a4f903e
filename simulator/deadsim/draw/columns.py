"""Our own layout of a graph: two columns, in an order in which few edges cross.

For machines without Graphviz. Of a resource graph the threads stand on the left and the objects on
the right; of a wait-for graph those who wait on the left and those they wait for on the right.
"""

from math import atan2, pi

from deadsim.draw import svg
from deadsim.draw.graph import Graph, GraphNode
from deadsim.draw.measure import shortened, width
from deadsim.draw.ring import LINE, MARGIN, Node, border, draw_node, sized

ROW = 78.0
ROUNDS = 8


def columns(graph: Graph) -> str:
    """Draw a graph as SVG."""
    if not graph.nodes:
        return svg.picture(360, 80, [svg.text(MARGIN, 34, graph.title, 18, text_anchor="start")], graph.title, "")
    sides = split(graph)
    order = arranged(graph, sides)
    made = [shape(node) for node in graph.nodes]
    gap = max((width(edge.label, 12) for edge in graph.edges), default=60) + 90
    widest = [max((made[n].rx for n in column), default=0) for column in order]
    placed: dict[int, Node] = {}
    x = widest[0] + MARGIN
    for side, column in enumerate(order):
        for row, number in enumerate(column):
            placed[number] = made[number]._replace(x=x, y=110 + row * ROW)
        if side == 0:
            x += widest[0] + gap + widest[1]
    rows = max(len(column) for column in order)
    across = max(
        x + widest[1] + MARGIN,
        *(width(line, 12.5) + 2 * MARGIN for line in graph.sentences),
        width(graph.title, 18, True) + 2 * MARGIN,
    )
    parts = [
        svg.text(MARGIN, 34, graph.title, 18, text_anchor="start", font_weight="bold"),
        *arrows(graph, placed),
    ]
    ids = svg.Ids()
    for number, node in placed.items():
        parts.append(draw_node(node, ids.make(graph.nodes[number].kind, graph.nodes[number].name)))
    y = 110 + rows * ROW
    for sentence in graph.sentences:
        parts.append(svg.text(MARGIN, y, shortened(sentence, 12.5, 1100), 12.5, text_anchor="start"))
        y += LINE
    return svg.picture(across, y + 4, parts, graph.title, " ".join(graph.sentences))


def shape(node: GraphNode) -> Node:
    """Make a node as large as its text."""
    return sized(
        "gone" if node.idle else node.kind, node.name, node.below, node.tooltip, node.shape
    )


def split(graph: Graph) -> tuple[list[int], list[int]]:
    """Tell the two columns apart."""
    objects = [n for n, node in enumerate(graph.nodes) if node.kind == "lock"]
    if objects:
        return [n for n, node in enumerate(graph.nodes) if node.kind != "lock"], objects
    # Among threads: by how far each is from a thread that waits for nobody.
    left: list[int] = []
    right: list[int] = []
    for number in range(len(graph.nodes)):
        pointed = sum(1 for e in graph.edges if e.end == number and e.start in left)
        points = sum(1 for e in graph.edges if e.start == number and e.end in left)
        (right if pointed or points else left).append(number)
    return left, right


def arranged(graph: Graph, sides: tuple[list[int], list[int]]) -> tuple[list[int], list[int]]:
    """Order both columns so that few edges cross: each node near the mean of its neighbours.

    The barycentre method (Sugiyama, Tagawa, Toda: Methods for Visual Understanding of Hierarchical
    System Structures, 1981).
    """
    near: dict[int, list[int]] = {n: [] for n in range(len(graph.nodes))}
    for edge in graph.edges:
        near[edge.start].append(edge.end)
        near[edge.end].append(edge.start)
    order = (list(sides[0]), list(sides[1]))
    for turn in range(ROUNDS):
        fixed, moved = order[turn % 2], order[1 - turn % 2]
        at = {number: row for row, number in enumerate(fixed)}

        def mean(number: int, at: dict[int, int] = at) -> float:
            rows = [at[other] for other in near[number] if other in at]
            return sum(rows) / len(rows) if rows else len(at)

        moved.sort(key=lambda number: (mean(number), number))
    return order


def arrows(graph: Graph, placed: dict[int, Node]) -> list[str]:
    """Draw the edges; several between the same two nodes are bent apart.

    A label stands near where its edge begins, so that those of edges which cross do not meet.
    """
    drawn: list[str] = []
    labels: list[str] = []
    pairs = [frozenset((edge.start, edge.end)) for edge in graph.edges]
    seen: dict[frozenset[int], int] = {}
    for edge, pair in zip(graph.edges, pairs, strict=True):
        start, end = placed[edge.start], placed[edge.end]
        seen[pair] = seen.get(pair, 0) + 1
        bend = 0.0 if pairs.count(pair) == 1 else 46.0 * (1 if seen[pair] % 2 else -1)
        cx, cy = (start.x + end.x) / 2, (start.y + end.y) / 2 + bend
        if abs(start.x - end.x) < 1:
            cx += 70 + start.rx  # within a column: round the side
        x1, y1 = border(start, atan2(cy - start.y, cx - start.x), 2)
        back = atan2(cy - end.y, cx - end.x)
        x2, y2 = border(end, back, 3)
        n = svg.number
        path = f"M{n(x1)},{n(y1)} Q{n(cx)},{n(cy)} {n(x2)},{n(y2)}"
        drawn.append(svg.arrow(path, (x2, y2), back + pi, edge.kind, 3.4 if edge.strong else 1.6))
        t = 0.36 if abs(start.x - end.x) > 1 else 0.5
        lx = (1 - t) ** 2 * x1 + 2 * t * (1 - t) * cx + t * t * x2
        ly = (1 - t) ** 2 * y1 + 2 * t * (1 - t) * cy + t * t * y2
        half = width(edge.label, 12) / 2 + 3
        plate = {"x": lx - half, "y": ly - 9, "width": 2 * half, "height": 17}
        labels.append(svg.element("rect", class_="bg", fill="#ffffff", **plate))
        labels.append(svg.text(lx, ly + 4, edge.label, 12, edge.kind))
    return drawn + labels
