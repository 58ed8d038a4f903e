"""A placed graph as SVG."""

from collections.abc import Collection, Sequence

from deadsim.draw import svg
from deadsim.draw.graphs.boxes import (
    LABEL,
    MOST,
    SIZE,
    SMALL,
    Box,
    Placed,
    Route,
    bounds,
    text_height,
)
from deadsim.draw.graphs.graph import Edge, Graph, Node
from deadsim.draw.graphs.objects import Dots, Shape
from deadsim.draw.measure import shortened, width
from deadsim.draw.svg import Values
from deadsim.draw.tokens import LIGHT, MONO, OF_GRAPHS

MARGIN = 24.0
LINE = 20.0
WIDEST = 1100.0
"""How wide a line of words under a picture gets before it is cut; the whole is in the description."""


def paint(graph: Graph, placed: Placed, subtitle: str = "") -> str:
    """Draw a graph with its title and its sentences."""
    left, top, right, bottom = bounds(placed, [edge.label for edge in graph.edges])
    sentences = [shortened(line, 12.5, WIDEST) for line in graph.sentences]
    across = max(
        right - left + 2 * MARGIN,
        *(width(line, 12.5) + 2 * MARGIN for line in sentences),
        width(graph.title, 18, True) + 2 * MARGIN,
        320,
    )
    head = [svg.text(MARGIN, 34, graph.title, 18, text_anchor="start", font_weight="bold")]
    if subtitle:
        words = shortened(subtitle, 12.5, across - 2 * MARGIN)
        head.append(svg.text(MARGIN, 54, words, 12.5, "dim", text_anchor="start"))
    down = (84 if subtitle else 64) - top
    shift = (across - (right - left)) / 2 - left
    move = f"translate({svg.number(shift)},{svg.number(down)})"
    body = svg.element("g", "\n".join(drawing(graph, placed)), transform=move, class_=shade(graph))
    y = bottom + down + 34
    foot = []
    for line in sentences:
        foot.append(svg.text(MARGIN, y, line, 12.5, text_anchor="start"))
        y += LINE
    return svg.picture(
        across, y + 4, [*head, body, *foot], graph.title, " ".join(graph.sentences), OF_GRAPHS
    )


def shade(graph: Graph) -> str:
    """Say whether what does not stand out steps back."""
    return "graph weak" if graph.weak else "graph"


def drawing(graph: Graph, placed: Placed, hidden: Collection[int] = ()) -> list[str]:
    """Draw the arrows and the nodes; arrows that are `hidden` are there, and not to be seen."""
    lines, labels = [], []
    for number, (edge, route) in enumerate(zip(graph.edges, placed.routes, strict=True)):
        line, label = draw_edge(edge, route, number, number in hidden, graph.weak)
        lines.append(line)
        labels.append(label)
    ids = svg.Ids()
    nodes = [
        draw_node(node, box, ids.make(node.kind, node.name), graph.weak)
        for node, box in zip(graph.nodes, placed.boxes, strict=True)
    ]
    return [*lines, *labels, *nodes]


def draw_edge(edge: Edge, route: Route, number: int, hidden: bool, weak: bool) -> tuple[str, str]:
    """Draw an arrow, and apart from it its label: no line may cover one."""
    state = "".join(f" {name}" for name, on in (("strong", edge.strong), ("off", hidden)) if on)
    style: Values = {"stroke_dasharray": edge.dashes} if edge.dashes else {}
    if edge.dotted:
        style["stroke_linecap"] = "round"
    if weak and not edge.strong:
        style["opacity"] = 0.55
    line = svg.element(
        "path",
        d=route.path,
        fill="none",
        class_="line",
        stroke=LIGHT[edge.color],
        stroke_width=3.4 if edge.strong else 1.2 if weak else 1.6,
        **style,
    )
    tip = svg.head(*route.tip, route.angle, edge.color)
    arrow = svg.group(
        (line, tip), edge.tooltip, id=f"edge-{number}", class_=f"edge {edge.color}{state}"
    )
    x, y = route.label
    words = svg.text(x, y, edge.label, LABEL, edge.color)
    if route.plate:
        half = width(edge.label, LABEL) / 2 + 3
        words = (
            svg.element(
                "rect",
                class_="bg",
                fill=LIGHT["bg"],
                x=x - half,
                y=y - 13,
                width=2 * half,
                height=17,
            )
            + words
        )
    return arrow, svg.element("g", words, id=f"label-{number}", class_=f"label {edge.color}{state}")


def draw_node(node: Node, box: Box, identifier: str, weak: bool = False) -> str:
    """Draw a node."""
    look = (
        ("dim", "bg")
        if node.idle
        else ("wait", "threadfill")
        if node.kind == "thread"
        else ("hold", "lockfill")
    )
    style: Values = {
        "class_": "outline",
        "fill": LIGHT[look[1]],
        "stroke": LIGHT[look[0]],
        "stroke_width": 2.8 if node.strong else 1.2,
    }
    if weak and not node.strong and not node.victim:
        style["opacity"] = 0.55  # what is written stays as it is
    parts = [outline(box, style)]
    if node.double:
        parts.append(
            outline(
                box._replace(rx=box.rx - 4, ry=box.ry - 4),
                {**style, "fill": "none", "stroke_width": 1.2},
            )
        )
    y = box.y - text_height(node) / 2 + 13
    bold: Values = {} if node.idle else {"font_weight": "bold"}
    parts.append(
        svg.text(
            box.x, y, shortened(node.name, SIZE, MOST), SIZE, "dim" if node.idle else "ink", **bold
        )
    )
    if node.dots:
        y += 15
        parts += dots(box.x, y - 4, node.dots)
    for number, line in enumerate(node.below):
        y += 14
        font: Values = {"font_family": MONO} if number == 0 and node.place is not None else {}
        parts.append(svg.text(box.x, y, shortened(line, SMALL, MOST), SMALL, "dim", **font))
    return svg.group(parts, node.tooltip, id=identifier, class_=" ".join(("node", *node.classes)))


def dots(x: float, y: float, permits: Dots) -> list[str]:
    """Draw permits side by side: filled ones are taken."""
    first = x - 13 * (sum(permits) - 1) / 2
    looks = ["dot taken"] * permits.taken + ["dot"] * permits.free + ["dot off"] * permits.spare
    return [
        svg.element(
            "circle",
            cx=first + 13 * number,
            cy=y,
            r=4.5,
            class_=look,
            fill=LIGHT["hold" if "taken" in look else "bg"],
            stroke=LIGHT["hold"],
        )
        for number, look in enumerate(looks)
    ]


def outline(box: Box, style: Values) -> str:
    """Draw the outline of a shape."""
    x, y, rx, ry, shape = box
    points = corners(shape, rx, ry)
    n = svg.number
    if points:
        written = " ".join(f"{n(x + dx)},{n(y + dy)}" for dx, dy in points)
        return svg.element("polygon", points=written, **style)
    if shape == "ellipse":
        return svg.element("ellipse", cx=x, cy=y, rx=rx, ry=ry, **style)
    if shape == "cylinder":
        top = y - ry + 5
        path = (
            f"M{n(x - rx)},{n(top)} A{n(rx)},5 0 0 1 {n(x + rx)},{n(top)} V{n(y + ry - 5)} "
            f"A{n(rx)},5 0 0 1 {n(x - rx)},{n(y + ry - 5)} Z"
        )
        rim = f"M{n(x - rx)},{n(top)} A{n(rx)},5 0 0 0 {n(x + rx)},{n(top)}"
        return svg.element("path", d=path, **style) + svg.element(
            "path", d=rim, **{**style, "fill": "none", "class_": "outline rim"}
        )
    rect = svg.element("rect", x=x - rx, y=y - ry, width=2 * rx, height=2 * ry, rx=3, **style)
    if shape == "box":
        return rect
    bar = svg.element(
        "line", x1=x - rx + 3, y1=y - ry, x2=x - rx + 3, y2=y + ry, **{**style, "stroke_width": 6}
    )
    return rect + bar


def corners(shape: Shape, rx: float, ry: float) -> Sequence[tuple[float, float]]:
    """Give the corners of a polygon around (0, 0); none of a shape that is round."""
    if shape == "hexagon":
        return ((-rx, 0), (12 - rx, -ry), (rx - 12, -ry), (rx, 0), (rx - 12, ry), (12 - rx, ry))
    if shape == "diamond":
        return ((-rx, 0), (0, -ry), (rx, 0), (0, ry))
    return ()
