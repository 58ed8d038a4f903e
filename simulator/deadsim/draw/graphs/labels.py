"""Labels of arrows, moved where one would stand on another or on a node."""

from collections.abc import Iterator, Sequence
from math import atan2, cos, sin
from typing import NamedTuple

from deadsim.draw.graphs.boxes import LABEL, Box, Point, Route
from deadsim.draw.graphs.graph import Edge
from deadsim.draw.measure import width

ALONG = (0.5, 0.36, 0.64, 0.25, 0.75, 0.15, 0.85)
"""Parts of an arrow's way at which its label may stand, the best first."""
ASIDE = (0.0, 12.0, -12.0, 26.0, -26.0)
"""Points beside the way; a label that was moved has a plate."""
MOST = 400
"""Labels that are looked at; of a graph with more nobody reads them one by one."""


class Area(NamedTuple):
    """A rectangle: what a label or a node covers."""

    left: float
    top: float
    right: float
    bottom: float

    def common(self, other: "Area") -> float:
        """Measure what two areas both cover."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide * high if wide > 0 and high > 0 else 0.0


def label_area(label: str, place: Point) -> Area:
    """Give what a label covers that stands at a place."""
    half = width(label, LABEL) / 2
    return Area(place[0] - half, place[1] - 11, place[0] + half, place[1] + 3)


def box_area(box: Box) -> Area:
    """Give what a node covers."""
    return Area(box.x - box.rx, box.y - box.ry, box.x + box.rx, box.y + box.ry)


def apart(
    edges: Sequence[Edge], boxes: Sequence[Box], routes: Sequence[Route]
) -> tuple[Route, ...]:
    """Move labels that cover another or a node, each along its own arrow to where most of it is free."""
    placed = list(routes)
    if len(placed) > MOST:
        return tuple(placed)
    nodes = [box_area(box) for box in boxes]
    areas = [label_area(edge.label, route.label) for edge, route in zip(edges, placed, strict=True)]
    for number, (edge, route) in enumerate(zip(edges, placed, strict=True)):
        if not edge.label:
            continue
        others = [*nodes, *areas[:number], *areas[number + 1 :]]

        def covered(area: Area, others: Sequence[Area] = others) -> float:
            return sum(area.common(other) for other in others)

        least = covered(areas[number])
        if least < 1:
            continue
        for point in places(route):
            area = label_area(edge.label, point)
            there = covered(area)
            if there < least - 1:
                least, areas[number] = there, area
                placed[number] = route._replace(label=point, plate=True)
            if least < 1:
                break
    return tuple(placed)


def places(route: Route) -> Iterator[Point]:
    """List where the label of an arrow may stand: on its line, or beside it."""
    for aside in ASIDE:
        for part in ALONG:
            (x, y), angle = along(route.reach, part)
            yield x + aside * sin(angle), y - aside * cos(angle) + 4


def along(reach: Sequence[Point], part: float) -> tuple[Point, float]:
    """Give a point of a way and its direction there: straight, a curve through a middle, or cubic pieces."""
    if len(reach) == 2:
        curve = [reach[0], reach[0], reach[1], reach[1]]
    elif len(reach) == 3:
        start, middle, end = reach
        control = tuple(2 * m - (a + b) / 2 for m, a, b in zip(middle, start, end, strict=True))
        curve = [
            start,
            *(
                (tip[0] + 2 / 3 * (control[0] - tip[0]), tip[1] + 2 / 3 * (control[1] - tip[1]))
                for tip in (start, end)
            ),
            end,
        ]
    else:
        pieces = (len(reach) - 1) // 3
        piece = min(pieces - 1, int(part * pieces))
        curve = list(reach[3 * piece : 3 * piece + 4])
        part = part * pieces - piece
    here, soon = on(curve, part), on(curve, min(1.0, part + 0.01))
    if here == soon:
        here, soon = on(curve, part - 0.01), here
    return on(curve, part), atan2(soon[1] - here[1], soon[0] - here[0])


def on(curve: Sequence[Point], t: float) -> Point:
    """Give a point of a cubic curve (Bezier's)."""
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    x, y = (
        sum(weight * point[axis] for weight, point in zip(weights, curve, strict=True))
        for axis in (0, 1)
    )
    return x, y
