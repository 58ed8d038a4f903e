"""Where everything of a graph goes: rings first, side by side; the rest under them, by Graphviz or by ourselves."""

from collections import Counter
from collections.abc import Iterable, Sequence

from deadsim.draw.graphs import ring
from deadsim.draw.graphs.boxes import Box, Placed, Route, sized, smooth
from deadsim.draw.graphs.columns import column_route, columns
from deadsim.draw.graphs.engine import engine, engine_layout
from deadsim.draw.graphs.graph import Edge, Graph
from deadsim.draw.graphs.labels import apart
from deadsim.draw.graphs.paint import paint

BELOW = 60.0
"""Points between the rings and what stands under them."""
APART = 24.0
"""Points between nodes that nothing joins."""
NEAR = 100
"""Labels placed last, which the next one keeps away from."""
ACROSS = 560.0
"""How wide a row of those gets, where nothing else is wider."""


def lay_out(graph: Graph, asked: str | None = None) -> Placed:
    """Place a graph; `asked` is the Graphviz program to use.

    Raises UsageError where what was asked for is none. One that fails later is done without.
    """
    boxes = [sized(node) for node in graph.nodes]
    routes: list[Route | None] = [None] * len(graph.edges)
    centres = tile(graph.rings, boxes)
    in_ring = {number: turn for turn, members in enumerate(graph.rings) for number in members}
    pairs = {(edge.start, edge.end) for edge in graph.edges}
    for number, edge in enumerate(graph.edges):
        turn = in_ring.get(edge.start)
        if turn is not None and turn == in_ring.get(edge.end):
            routes[number] = ring.route(boxes, edge, pairs, centres[turn])
    joined = {number for edge in graph.edges for number in (edge.start, edge.end)}
    rest = [number for number in range(len(boxes)) if number in joined and number not in in_ring]
    if rest:
        place_rest(graph, rest, boxes, routes, engine(asked))
    done = [boxes[number] for number in (*in_ring, *rest)]
    rows(
        [number for number in range(len(boxes)) if number not in joined and number not in in_ring],
        boxes,
        done,
    )
    between(graph.edges, boxes, routes)
    ways = [route for route in routes if route is not None]
    return Placed(tuple(boxes), apart(graph.edges, boxes, ways))


def draw_graph(graph: Graph, asked: str | None = None) -> str:
    """Draw a graph as SVG."""
    return paint(graph, lay_out(graph, asked))


def tile(rings: Iterable[Sequence[int]], boxes: list[Box]) -> list[tuple[float, float]]:
    """Put rings side by side; gives their centres."""
    centres = []
    x = 0.0
    for members in rings:
        placed = ring.around([boxes[number] for number in members])
        left = min(box.x - box.rx for box in placed)
        top = min(box.y - box.ry for box in placed)
        for number, box in zip(members, placed, strict=True):
            boxes[number] = box.at(box.x - left + x, box.y - top)
        centres.append((x - left, -top))
        x += max(box.x + box.rx for box in placed) - left + ring.GAP
    return centres


def place_rest(
    graph: Graph,
    rest: Sequence[int],
    boxes: list[Box],
    routes: list[Route | None],
    program: str | None,
) -> None:
    """Place what is in no ring, under the rings: by Graphviz, or without one by ourselves."""
    position = {number: place for place, number in enumerate(rest)}
    inner = [
        n for n, edge in enumerate(graph.edges) if edge.start in position and edge.end in position
    ]
    nodes = [graph.nodes[number] for number in rest]
    edges = [
        graph.edges[n]._replace(
            start=position[graph.edges[n].start], end=position[graph.edges[n].end]
        )
        for n in inner
    ]
    mine = [boxes[number] for number in rest]
    found = engine_layout(program, nodes, edges, mine) if program else None
    placed = found[0] if found else columns(nodes, edges, mine)
    down = right = 0.0
    rings = [boxes[number] for members in graph.rings for number in members]
    if rings:
        down = max(box.y + box.ry for box in rings) + BELOW - min(box.y - box.ry for box in placed)
        wide = max(box.x + box.rx for box in rings)
        own = max(box.x + box.rx for box in placed) + min(box.x - box.rx for box in placed)
        right = max(0.0, (wide - own) / 2)
    for number, box in zip(rest, placed, strict=True):
        boxes[number] = box.at(box.x + right, box.y + down)
    if found:
        for number, way in zip(inner, found[1], strict=True):
            routes[number] = moved(way, right, down)


def rows(free: Sequence[int], boxes: list[Box], done: Sequence[Box]) -> None:
    """Place nodes that nothing joins in rows, under all others."""
    left = min((box.x - box.rx for box in done), default=0.0)
    right = max(left + ACROSS, *(box.x + box.rx for box in done), left)
    top = max((box.y + box.ry + APART for box in done), default=0.0)
    x, high = left, 0.0
    for number in free:
        box = boxes[number]
        if x > left and x + 2 * box.rx > right:
            x, top, high = left, top + high + APART, 0.0
        boxes[number] = box.at(x + box.rx, top + box.ry)
        x += 2 * box.rx + APART
        high = max(high, 2 * box.ry)


def moved(route: Route, right: float, down: float) -> Route:
    """Give a way of Graphviz's at another place."""
    points = [(x + right, y + down) for x, y in route.reach]
    there = smooth(points, (route.label[0] + right, route.label[1] + down))
    return there._replace(tip=(route.tip[0] + right, route.tip[1] + down), angle=route.angle)


def between(edges: Sequence[Edge], boxes: Sequence[Box], routes: list[Route | None]) -> None:
    """Find the ways of all arrows that have none yet."""
    pairs = [frozenset((edge.start, edge.end)) for edge in edges]
    several = Counter(pairs)
    seen: Counter[frozenset[int]] = Counter()
    labels = [route.label for route in routes if route is not None]
    for number, (edge, pair) in enumerate(zip(edges, pairs, strict=True)):
        if routes[number] is None:
            way = column_route(boxes, edge, several[pair], seen[pair], labels[-NEAR:])
            seen[pair] += 1
            routes[number] = way
            labels.append(way.label)
