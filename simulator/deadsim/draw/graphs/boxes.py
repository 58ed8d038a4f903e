"""Where nodes and arrows are: their sizes, their borders, and the ways between them."""

from collections.abc import Sequence
from math import atan2, cos, hypot, pi, sin
from typing import NamedTuple, TypeAlias

from deadsim.draw import svg
from deadsim.draw.graphs.graph import Node
from deadsim.draw.graphs.objects import Shape
from deadsim.draw.measure import mono_width, shortened, width

SIZE = 13.0
"""Points of a name."""
SMALL = 11.0
"""Points of what stands below a name."""
LABEL = 12.0
"""Points of what stands at an arrow."""
MOST = 260.0
"""How wide a name gets before it is cut."""

ROOM: dict[Shape, tuple[float, float]] = {
    "ellipse": (0, 5),
    "hexagon": (16, 0),
    "diamond": (34, 10),
    "cylinder": (4, 6),
    "bar": (6, 0),
}
"""How much wider and higher than its text a shape has to be, on each side."""

Point: TypeAlias = tuple[float, float]


class Box(NamedTuple):
    """The place of a node: its centre, and half its size."""

    x: float
    y: float
    rx: float
    ry: float
    shape: Shape

    def at(self, x: float, y: float) -> "Box":
        """Give it at another place."""
        return self._replace(x=x, y=y)


class Route(NamedTuple):
    """The way of an arrow: a path of SVG, its tip and its direction there (radians), and where its label is.

    A label on a `plate` covers what is behind it. `reach` are points that are within the arrow's bounds.
    """

    path: str
    tip: Point
    angle: float
    label: Point
    plate: bool
    reach: tuple[Point, ...]


class Placed(NamedTuple):
    """Where everything of a graph is, in the order of its nodes and edges."""

    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]


def text_height(node: Node) -> float:
    """Give the height of what is written in a node."""
    return 17 + 14 * len(node.below) + (15 if node.dots else 0)


def sized(node: Node) -> Box:
    """Make a box as large as its text, at (0, 0)."""
    wider, higher = ROOM.get(node.shape, (0, 0))
    shown = shortened(node.name, SIZE, MOST)
    widest = max(
        width(shown, SIZE, True),
        *(width(line, SMALL) for line in node.lines),
        mono_width(node.place or "", SMALL),
    )
    if node.dots:
        widest = max(widest, 13 * sum(node.dots))
    rx = widest / 2 * (1.25 if node.shape == "ellipse" else 1) + 14
    return Box(0, 0, max(rx, 34) + wider, text_height(node) / 2 + 9 + higher, node.shape)


def border(box: Box, angle: float, gap: float) -> Point:
    """Find where a ray from a box's centre leaves it, and a little further."""
    dx, dy = cos(angle), sin(angle)
    if box.shape == "ellipse":
        reach = 1 / hypot(dx / box.rx, dy / box.ry)
    elif box.shape == "diamond":
        reach = 1 / (abs(dx) / box.rx + abs(dy) / box.ry)
    else:
        reach = min(
            box.rx / abs(dx) if abs(dx) > 1e-9 else 1e9,
            box.ry / abs(dy) if abs(dy) > 1e-9 else 1e9,
        )
    return box.x + dx * (reach + gap), box.y + dy * (reach + gap)


def straight(start: Box, end: Box, label: str, centre: Point | None) -> Route:
    """Go straight from one box to another; the label stands beside the middle, away from `centre` (else above)."""
    angle = atan2(end.y - start.y, end.x - start.x)
    x1, y1 = border(start, angle, 2)
    x2, y2 = border(end, angle + pi, 3)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    nx, ny = sin(angle), -cos(angle)
    away = (x - centre[0], y - centre[1]) if centre else (0.0, -1.0)
    if nx * away[0] + ny * away[1] < 0:
        nx, ny = -nx, -ny
    n = svg.number
    place = beside((x, y), (nx, ny), label)
    return Route(
        f"M{n(x1)},{n(y1)} L{n(x2)},{n(y2)}", (x2, y2), angle, place, False, ((x1, y1), (x2, y2))
    )


def beside(point: Point, normal: Point, label: str) -> Point:
    """Put a label beside a point, in the direction of a normal: half its width further where that goes sideways."""
    away = width(label, LABEL) / 2 * abs(normal[0]) + 7 * abs(normal[1]) + 9
    return point[0] + normal[0] * away, point[1] + normal[1] * away + 4


def bent(start: Box, end: Box, label: str, bend: float, at: float | None = None) -> Route:
    """Go from one box to another in a curve, `bend` points to the left of straight.

    The label stands on the line, `at` this part of its way, or without it beyond the middle of the curve.
    """
    angle = atan2(end.y - start.y, end.x - start.x)
    cx = (start.x + end.x) / 2 + bend * sin(angle)
    cy = (start.y + end.y) / 2 - bend * cos(angle)
    x1, y1 = border(start, atan2(cy - start.y, cx - start.x), 2)
    back = atan2(cy - end.y, cx - end.x)
    x2, y2 = border(end, back, 3)
    plate = at is not None
    t = 0.5 if at is None else at
    x = (1 - t) ** 2 * x1 + 2 * t * (1 - t) * cx + t * t * x2
    y = (1 - t) ** 2 * y1 + 2 * t * (1 - t) * cy + t * t * y2
    side = 1 if bend >= 0 else -1
    place = (x, y + 4) if plate else beside((x, y), (side * sin(angle), -side * cos(angle)), label)
    n = svg.number
    path = f"M{n(x1)},{n(y1)} Q{n(cx)},{n(cy)} {n(x2)},{n(y2)}"
    return Route(path, (x2, y2), back + pi, place, plate, ((x1, y1), (x, y), (x2, y2)))


def smooth(points: Sequence[Point], label: Point) -> Route:
    """Go along a piecewise cubic curve: the first point, then three for each piece."""
    n = svg.number
    first, *rest = points
    path = f"M{n(first[0])},{n(first[1])} C" + " ".join(f"{n(x)},{n(y)}" for x, y in rest)
    (x0, y0), (x1, y1) = points[-2], points[-1]
    return Route(path, points[-1], atan2(y1 - y0, x1 - x0), label, True, tuple(points))


def bounds(placed: Placed, labels: Sequence[str]) -> tuple[float, float, float, float]:
    """Give the rectangle around everything: left, top, right, bottom."""
    xs: list[float] = []
    ys: list[float] = []
    for box in placed.boxes:
        xs += (box.x - box.rx, box.x + box.rx)
        ys += (box.y - box.ry, box.y + box.ry)
    for route, label in zip(placed.routes, labels, strict=True):
        half = width(label, LABEL) / 2 + 3
        xs += (route.label[0] - half, route.label[0] + half, *(x for x, _ in route.reach))
        ys += (route.label[1] - 13, route.label[1] + 6, *(y for _, y in route.reach))
    return (min(xs), min(ys), max(xs), max(ys)) if xs else (0, 0, 0, 0)
