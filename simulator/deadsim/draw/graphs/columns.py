"""Our own layout of a graph: two columns, in an order in which few edges cross.

For machines without Graphviz. Of a resource graph the threads stand on the left and the objects on
the right; of a graph of one kind those on the left from which arrows lead.
"""

from collections.abc import Sequence

from deadsim.draw.graphs.boxes import LABEL, Box, Point, Route, bent
from deadsim.draw.graphs.graph import Edge, Node
from deadsim.draw.measure import width

GAP = 26.0
ROUNDS = 8


def columns(nodes: Sequence[Node], edges: Sequence[Edge], boxes: Sequence[Box]) -> list[Box]:
    """Place boxes, the first at the top left; nodes without an edge come last."""
    order = arranged(len(nodes), edges, split(nodes, edges))
    gap = max((width(edge.label, LABEL) for edge in edges), default=20) + 100
    widest = [max((boxes[n].rx for n in column), default=0) for column in order]
    placed = list(boxes)
    x = widest[0]
    for side, column in enumerate(order):
        y = 0.0
        for number in column:
            y += boxes[number].ry
            placed[number] = boxes[number].at(x, y)
            y += boxes[number].ry + GAP
        if side == 0:
            x += widest[0] + gap + widest[1]
    return placed


def split(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[list[int], list[int]]:
    """Tell the two columns apart."""
    kinds = {node.kind for node in nodes}
    if len(kinds) > 1:
        threads = [n for n, node in enumerate(nodes) if node.kind == "thread"]
        return threads, [n for n, node in enumerate(nodes) if node.kind != "thread"]
    # Of one kind: by whether it is joined to somebody on the left already; the free ones fill up the shorter side.
    near = neighbours(len(nodes), edges)
    sides: tuple[list[int], list[int]] = ([], [])
    on_the_left: set[int] = set()
    for number, joined in near.items():
        if not joined:
            continue
        if on_the_left.isdisjoint(joined):
            on_the_left.add(number)
        sides[number not in on_the_left].append(number)
    for number in (number for number, joined in near.items() if not joined):
        min(sides, key=len).append(number)
    return sides


def neighbours(count: int, edges: Sequence[Edge]) -> dict[int, list[int]]:
    """List for each node those that it is joined with."""
    near: dict[int, list[int]] = {n: [] for n in range(count)}
    for edge in edges:
        near[edge.start].append(edge.end)
        near[edge.end].append(edge.start)
    return near


def arranged(
    count: int, edges: Sequence[Edge], sides: tuple[list[int], list[int]]
) -> tuple[list[int], list[int]]:
    """Order both columns so that few edges cross: each node near the mean of its neighbours.

    The barycentre method (Sugiyama, Tagawa, Toda: Methods for Visual Understanding of Hierarchical
    System Structures, 1981).
    """
    near = neighbours(count, edges)
    order = (list(sides[0]), list(sides[1]))
    for turn in range(ROUNDS):
        fixed, moved = order[turn % 2], order[1 - turn % 2]
        at = {number: row for row, number in enumerate(fixed)}

        def mean(number: int, at: dict[int, int] = at) -> float:
            rows = [at[other] for other in near[number] if other in at]
            return sum(rows) / len(rows) if rows else len(at)

        moved.sort(key=lambda number: (mean(number), number))
    return order


def column_route(
    boxes: Sequence[Box], edge: Edge, several: int, turn: int, taken: Sequence[Point]
) -> Route:
    """Find the way of an arrow, the `turn`-th of `several` between the same two nodes: those are bent apart.

    Its label stands where it is farthest from those at `taken`, near its start if there is room.
    """
    start, end = boxes[edge.start], boxes[edge.end]
    if abs(start.x - end.x) < 1:  # within a column: round the side
        away = (70 + start.rx) * (1 if start.y > end.y else -1)
        return bent(start, end, edge.label, away * (1 + turn / 2), 0.5)
    side = (
        1 if edge.start < edge.end else -1
    )  # what is left of an arrow is right of the one that comes back
    bend = side * 52 * (turn - (several - 1) / 2)
    ways = [bent(start, end, edge.label, bend, at) for at in PLACES]
    return max(
        ways,
        key=lambda way: (
            min(ENOUGH, *(far(way.label, other) for other in taken), ENOUGH),
            -ways.index(way),
        ),
    )


PLACES = (0.36, 0.25, 0.5, 0.64)
"""Parts of an arrow's way at which its label may stand."""
ENOUGH = 20.0
"""Points between labels that is enough."""


def far(one: Point, other: Point) -> float:
    """Measure how far two labels are apart: lines of text may be near above one another, not beside."""
    return max(abs(one[0] - other[0]) / 3, abs(one[1] - other[1]))
