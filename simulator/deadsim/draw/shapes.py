"""The outlines of nodes: a shape for each kind of thing, so that no meaning hangs on colour alone."""

from typing import Literal, TypeAlias

from deadsim.draw import svg
from deadsim.trace.finding import Want

Shape: TypeAlias = Literal["ellipse", "box", "hexagon", "diamond", "cylinder", "bar"]

SHAPES: dict[Want, Shape] = {
    "owner": "box",
    "end": "box",
    "permit": "box",
    "notify": "hexagon",
    "set": "diamond",
    "arrivals": "bar",
    "item": "cylinder",
    "room": "cylinder",
    "task_done": "cylinder",
}
"""What an object looks like, by what a thread wants of it."""

ROOM: dict[Shape, tuple[float, float]] = {
    "hexagon": (16, 0),
    "diamond": (34, 10),
    "cylinder": (4, 6),
    "bar": (6, 0),
}
"""How much wider and higher than its text a shape has to be, on each side."""

BY: dict[Want, str] = {
    "owner": "held by",
    "permit": "released by",
    "notify": "notified by",
    "set": "set by",
    "arrivals": "waits for",
    "item": "filled by",
    "room": "emptied by",
    "task_done": "done by",
}
"""What leads on from an object to who could help."""


def outline(
    shape: Shape, x: float, y: float, rx: float, ry: float, style: dict[str, str | float]
) -> str:
    """Draw a shape around a centre, with half its size."""
    n = svg.number
    match shape:
        case "ellipse":
            return svg.element("ellipse", cx=x, cy=y, rx=rx, ry=ry, **style)
        case "hexagon":
            points = [(-rx, 0), (12 - rx, -ry), (rx - 12, -ry), (rx, 0), (rx - 12, ry), (12 - rx, ry)]
        case "diamond":
            points = [(-rx, 0), (0, -ry), (rx, 0), (0, ry)]
        case "cylinder":
            top = y - ry + 5
            path = (
                f"M{n(x - rx)},{n(top)} A{n(rx)},5 0 0 1 {n(x + rx)},{n(top)} V{n(y + ry - 5)} "
                f"A{n(rx)},5 0 0 1 {n(x - rx)},{n(y + ry - 5)} Z"
            )
            rim = f"M{n(x - rx)},{n(top)} A{n(rx)},5 0 0 0 {n(x + rx)},{n(top)}"
            return svg.element("path", d=path, **style) + svg.element(
                "path", d=rim, **{**style, "fill": "none"}
            )
        case _:
            box = svg.element(
                "rect", x=x - rx, y=y - ry, width=2 * rx, height=2 * ry, rx=3, **style
            )
            if shape == "box":
                return box
            edge = {**style, "stroke_width": 6}
            bar = svg.element("line", x1=x - rx + 3, y1=y - ry, x2=x - rx + 3, y2=y + ry, **edge)
            return box + bar
    written = " ".join(f"{n(x + dx)},{n(y + dy)}" for dx, dy in points)
    return svg.element("polygon", points=written, **style)
