"""Nodes in a circle, clockwise, the first at twelve o'clock: how a deadlock is drawn. Others in a row."""

from collections.abc import Collection, Sequence
from math import cos, pi, sin
from typing import TypeAlias

from deadsim.draw.graphs.boxes import Box, Placed, Point, Route, bent, sized, straight
from deadsim.draw.graphs.deadlock import deadlock_graph
from deadsim.draw.graphs.graph import Edge, Graph
from deadsim.draw.graphs.labels import apart
from deadsim.draw.graphs.paint import paint
from deadsim.report.sentences import place_of
from deadsim.runs.result import Run
from deadsim.trace.finding import Deadlock

Pair: TypeAlias = tuple[int, int]
"""The two ends of an arrow, by the positions of their nodes."""

GAP = 120.0
"""Between the nodes of a row, and between rings."""


def around(boxes: Sequence[Box]) -> list[Box]:
    """Put boxes on a circle around (0, 0); two of them side by side."""
    m = len(boxes)
    if m < 3:
        return in_a_row(boxes)
    mean = sum(2 * box.rx for box in boxes) / m
    radius = max(118.0 if m == 4 else 29.0 * m, (mean + 115) * m / (2 * pi))
    stretch = (1.5, 0.8) if m == 4 else (1.22, 0.82)
    return [
        box.at(
            radius * stretch[0] * cos(2 * pi * k / m - pi / 2),
            radius * stretch[1] * sin(2 * pi * k / m - pi / 2),
        )
        for k, box in enumerate(boxes)
    ]


def in_a_row(boxes: Sequence[Box]) -> list[Box]:
    """Put boxes side by side."""
    placed: list[Box] = []
    x = 0.0
    for box in boxes:
        x += box.rx
        placed.append(box.at(x, 0))
        x += box.rx + GAP
    return placed


def route(boxes: Sequence[Box], edge: Edge, pairs: Collection[Pair], centre: Point) -> Route:
    """Find the way of an arrow in a ring: its label stands outside; arrows to and fro are bent apart.

    `pairs` are the ends of all arrows.
    """
    start, end = boxes[edge.start], boxes[edge.end]
    if (edge.end, edge.start) in pairs:
        return bent(start, end, edge.label, 34)
    return straight(start, end, edge.label, centre)


def ring(graph: Graph) -> Placed:
    """Place a graph that is one ring, or without one a row."""
    boxes = [sized(node) for node in graph.nodes]
    boxes = around(boxes) if graph.rings else in_a_row(boxes)
    centre = (0.0, 0.0) if graph.rings and len(boxes) > 2 else None
    pairs = {(edge.start, edge.end) for edge in graph.edges}
    routes = [
        route(boxes, edge, pairs, centre) if centre else row_route(boxes, edge, pairs)
        for edge in graph.edges
    ]
    return Placed(tuple(boxes), apart(graph.edges, boxes, routes))


def row_route(boxes: Sequence[Box], edge: Edge, pairs: Collection[Pair]) -> Route:
    """Find the way of an arrow in a row: over what stands in between, and to and fro apart."""
    start, end = boxes[edge.start], boxes[edge.end]
    between = abs(edge.start - edge.end) - 1
    if (edge.end, edge.start) in pairs or between > 0:
        return bent(start, end, edge.label, 34 + 40 * max(0, between))
    return straight(start, end, edge.label, None)


def draw_ring(run: Run, found: Deadlock) -> str:
    """Draw one deadlock of a run as SVG."""
    graph = deadlock_graph(run, found)
    return paint(graph, ring(graph), f"{run.program.name}, {place_of(found.step)}")
