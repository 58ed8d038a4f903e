"""The ring of a deadlock: threads and what they wait for alternate, clockwise, in a circle.

A deadlock without a circle is a row: the thread, what it waits for, and who had it last.
"""

from math import atan2, cos, hypot, pi, sin
from typing import NamedTuple

from deadsim.draw import svg
from deadsim.draw.measure import shortened, width
from deadsim.draw.shapes import BY, ROOM, SHAPES, Shape, outline
from deadsim.draw.tokens import LIGHT
from deadsim.report.sentences import count, place_of, wait_sentence
from deadsim.runs.result import Run
from deadsim.trace.finding import Deadlock, Wait

SIZE = 13.0
MOST = 260.0  # how wide a name gets before it is cut
MARGIN = 24.0
LINE = 20.0


class Node(NamedTuple):
    """A thread (an ellipse) or an object (a box), with its centre and half its size."""

    kind: str
    name: str
    below: str
    x: float
    y: float
    rx: float
    ry: float
    tooltip: str
    shape: Shape


def sized(kind: str, name: str, below: str, tooltip: str, shape: Shape | None = None) -> Node:
    """Make a node as large as its text."""
    shape = shape or ("box" if kind == "lock" else "ellipse")
    wider, higher = ROOM.get(shape, (0, 0))
    shown = shortened(name, SIZE, MOST)
    widest = max(width(shown, SIZE, True), width(below, 11))
    rx = widest / 2 * (1.25 if kind != "lock" else 1) + 14
    ry = 24 if below else 19
    return Node(kind, shown, below, 0, 0, max(rx, 34) + wider, ry + higher, tooltip, shape)


def draw_node(node: Node, identifier: str) -> str:
    """Draw a node."""
    stroke = {"thread": "wait", "lock": "hold", "gone": "dim"}[node.kind]
    fill = {"thread": "threadfill", "lock": "lockfill", "gone": "bg"}[node.kind]
    style: dict[str, str | float] = {
        "class_": node.kind,
        "fill": LIGHT[fill],
        "stroke": LIGHT[stroke],
        "stroke_width": 2.8 if node.kind != "gone" else 1.2,
    }
    shape = outline(node.shape, node.x, node.y, node.rx, node.ry, style)
    bold: dict[str, str | float] = {} if node.kind == "gone" else {"font_weight": "bold"}
    first = node.y - 2 if node.below else node.y + 4.5
    parts = [shape, svg.text(node.x, first, node.name, **bold)]
    if node.below:
        parts.append(svg.text(node.x, node.y + 13, node.below, 11, "dim"))
    return svg.group(parts, node.tooltip, id=identifier, class_="node")


def border(node: Node, angle: float, gap: float) -> tuple[float, float]:
    """Find where a ray from a node's centre leaves it, and a little further."""
    dx, dy = cos(angle), sin(angle)
    if node.kind == "lock":
        reach = min(
            node.rx / abs(dx) if abs(dx) > 1e-9 else 1e9,
            node.ry / abs(dy) if abs(dy) > 1e-9 else 1e9,
        )
    else:
        reach = 1 / hypot(dx / node.rx, dy / node.ry)
    return node.x + dx * (reach + gap), node.y + dy * (reach + gap)


def connect(start: Node, end: Node, kind: str, bend: float = 0.0) -> tuple[str, float, float]:
    """Draw an arrow from one node to another, and give its middle; `bend` moves it sideways."""
    angle = atan2(end.y - start.y, end.x - start.x)
    middle = ((start.x + end.x) / 2, (start.y + end.y) / 2)
    control = (middle[0] + bend * sin(angle), middle[1] - bend * cos(angle))
    out = atan2(control[1] - start.y, control[0] - start.x) if bend else angle
    back = atan2(control[1] - end.y, control[0] - end.x) if bend else angle + pi
    x1, y1 = border(start, out, 2)
    x2, y2 = border(end, back, 3)
    n = svg.number
    path = f"M{n(x1)},{n(y1)} L{n(x2)},{n(y2)}"
    if bend:
        path = f"M{n(x1)},{n(y1)} Q{n(control[0])},{n(control[1])} {n(x2)},{n(y2)}"
    middle = ((x1 + x2) / 2, (y1 + y2) / 2)
    if bend:
        middle = ((x1 + 2 * control[0] + x2) / 4, (y1 + 2 * control[1] + y2) / 4)
    return svg.arrow(path, (x2, y2), back + pi, kind, 3.4), *middle


class _Edge(NamedTuple):
    start: int
    end: int
    kind: str
    label: str


def heading(found: Deadlock) -> str:
    """Give the title of a deadlock's picture."""
    threads = count(len(found.threads), "thread")
    objects = {wait.object for wait in found.waits if wait.want != "end"}
    noun = "lock" if all(wait.want in ("owner", "end") for wait in found.waits) else "object"
    return f"DEADLOCK: {threads}" + (f", {count(len(objects), noun)}" if objects else "")


def sentences(found: Deadlock) -> list[str]:
    """Give the numbered sentences under a deadlock's picture."""
    return [
        f"{position}. {wait.thread} {wait_sentence(wait, found.kind)}"
        for position, wait in enumerate(in_order(found), 1)
    ]


def in_order(found: Deadlock) -> list[Wait]:
    """List the waits of the core, along the circle where there is one."""
    by_thread = {wait.thread: wait for wait in found.waits}
    return [by_thread[name] for name in found.cycle or found.threads]


def place(waits: list[Wait], found: Deadlock, stem: str) -> tuple[list[Node], list[_Edge]]:
    """Make the nodes, in the order of the circle, and the edges between them."""
    nodes: list[Node] = []
    edges: list[_Edge] = []
    circle = bool(found.cycle)
    for position, wait in enumerate(waits, 1):
        tooltip = f"{wait.thread} {wait_sentence(wait, found.kind)}"
        thread = len(nodes)
        nodes.append(sized("thread", wait.thread, f"{stem}:{wait.place.line}", tooltip))
        word = "waits for" if wait.blocked else "will wait for"
        if wait.want == "end" and circle:
            edges.append(_Edge(thread, thread + 1, "wait", f"{position}. {word} its end"))
            continue
        label = f"{position}. {word}" + (" its end" if wait.want == "end" else "")
        edges.append(_Edge(thread, thread + 1, "wait", label))
        about = f"{wait.object}: {tooltip}"
        nodes.append(sized("lock", wait.object, "", about, SHAPES[wait.want]))
        by = BY.get(wait.want, "held by")
        # Only what is held is a fact; that somebody could help is drawn as a wait.
        kind = "hold" if wait.want == "owner" else "wait"
        if circle:
            edges.append(_Edge(thread + 1, thread + 2, kind, by))
        else:
            for waker in wait.wakers if wait.want in ("owner", "permit") else ():
                edges.append(_Edge(thread + 1, len(nodes), "hold", "taken by"))
                state = "never gives it back"
                nodes.append(sized("gone", waker, state, f"{waker} {state}"))
    if circle:
        edges = [edge._replace(end=edge.end % len(nodes)) for edge in edges]
    return nodes, edges


def around(nodes: list[Node]) -> list[Node]:
    """Put nodes on a circle, the first at twelve o'clock, clockwise."""
    m = len(nodes)
    if m == 2:
        gap = nodes[0].rx + nodes[1].rx + 130
        return [nodes[0]._replace(x=0, y=0), nodes[1]._replace(x=gap, y=0)]
    mean = sum(2 * node.rx for node in nodes) / m
    radius = 118.0 if m == 4 else 29.0 * m
    radius = max(radius, (mean + 115) * m / (2 * pi))
    stretch = (1.5, 0.8) if m == 4 else (1.22, 0.82)
    return [
        node._replace(
            x=radius * stretch[0] * cos(2 * pi * k / m - pi / 2),
            y=radius * stretch[1] * sin(2 * pi * k / m - pi / 2),
        )
        for k, node in enumerate(nodes)
    ]


def in_a_row(nodes: list[Node]) -> list[Node]:
    """Put nodes side by side."""
    placed: list[Node] = []
    x = 0.0
    for node in nodes:
        x += node.rx
        placed.append(node._replace(x=x, y=0))
        x += node.rx + 120
    return placed


def ring(run: Run, found: Deadlock) -> str:
    """Draw one deadlock of a run as SVG."""
    stem = run.program.file.replace("\\", "/").rsplit("/", 1)[-1]
    nodes, edges = place(in_order(found), found, stem)
    nodes = around(nodes) if found.cycle else in_a_row(nodes)
    ids = svg.Ids()
    drawn: list[str] = []
    boxes = [(n.x - n.rx, n.y - n.ry, n.x + n.rx, n.y + n.ry) for n in nodes]
    for edge in edges:
        start, end = nodes[edge.start], nodes[edge.end]
        both_ways = len(nodes) == 2 and bool(found.cycle)
        path, x, y = connect(start, end, edge.kind, 34 if both_ways else 0)
        half = width(edge.label, 12) / 2
        norm = hypot(x, y) or 1.0
        nx, ny = (x / norm, y / norm) if found.cycle and len(nodes) > 2 else (0.0, -1.0)
        if both_ways:
            ny = -1.0 if edge.start == 0 else 1.0
        if found.cycle and len(nodes) > 2:
            along = atan2(end.y - start.y, end.x - start.x)
            side = 1 if nx * sin(along) - ny * cos(along) > 0 else -1
            nx, ny = side * sin(along), -side * cos(along)
        away = half * abs(nx) + 7 * abs(ny) + 9
        lx = x + nx * away
        ly = y + ny * away + 4
        drawn.append(path)
        drawn.append(svg.text(lx, ly, edge.label, 12, edge.kind))
        boxes.append((lx - half, ly - 12, lx + half, ly + 5))
    drawn.extend(draw_node(n, ids.make("thread" if n.kind != "lock" else "lock", n.name)) for n in nodes)
    left = min(box[0] for box in boxes) - MARGIN
    top = min(box[1] for box in boxes)
    right = max(box[2] for box in boxes) + MARGIN
    bottom = max(box[3] for box in boxes)
    caption = captions(run, found)
    across = max(right - left, *(width(line, 12.5) + 2 * MARGIN for line in caption), 320)
    shift = (across - (right - left)) / 2 - left
    title = heading(found)
    head = [
        svg.text(MARGIN, 34, title, 18, text_anchor="start", font_weight="bold"),
        svg.text(
            MARGIN,
            54,
            shortened(f"{run.program.name}, {place_of(found.step)}", 12.5, across - 2 * MARGIN),
            12.5,
            "dim",
            text_anchor="start",
        ),
    ]
    dy = 84 - top
    body = svg.element("g", "\n".join(drawn), transform=f"translate({svg.number(shift)},{svg.number(dy)})")
    y = bottom + dy + 34
    foot = []
    for line in caption:
        foot.append(svg.text(MARGIN, y, line, 12.5, text_anchor="start"))
        y += LINE
    description = " ".join(caption)
    return svg.picture(across, y + 4, [*head, body, *foot], title, description)


def captions(run: Run, found: Deadlock) -> list[str]:
    """Say in words what the picture shows, and who else is concerned."""
    lines = sentences(found)
    standing = {one.thread: one for one in run.situation.threads}
    for name in found.also_stuck:
        wait = standing[name].wait
        words = wait_sentence(wait) if wait else "is bound to get stuck too"
        lines.append(f"stuck behind the deadlock: {name} {words}")
    if found.still_running:
        lines.append(f"not touched by it: {', '.join(found.still_running)}")
    return [shortened(line, 12.5, 1100) for line in lines]
