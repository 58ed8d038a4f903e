"""What a graph shows, before anybody decides where: nodes, arrows and their words."""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.draw.graphs.objects import Dots, Shape

NodeKind: TypeAlias = Literal["thread", "object"]
EdgeKind: TypeAlias = Literal["hold", "wait", "order", "inversion"]

COLORS: dict[EdgeKind, str] = {"hold": "hold", "wait": "wait", "order": "dim", "inversion": "wait"}
"""The colours of arrows, by their names among the tokens."""

MOST_NODES = 40
"""Nodes of which all are drawn, idle ones too."""


class Node(NamedTuple):
    """A thread or an object: below its name stand its `place` in the file (None: nowhere), then `lines`.

    `strong` marks who is in a deadlock's core, `victim` who is stuck behind it, `idle` who has ended or not
    begun; `double` is a second border.
    """

    name: str
    kind: NodeKind
    lines: tuple[str, ...]
    tooltip: str
    shape: Shape = "ellipse"
    strong: bool = False
    victim: bool = False
    idle: bool = False
    dots: Dots | None = None
    double: bool = False
    place: str | None = None

    @property
    def below(self) -> tuple[str, ...]:
        """List what stands below the name."""
        return self.lines if self.place is None else (self.place, *self.lines)

    @property
    def classes(self) -> tuple[str, ...]:
        """Name what it is, for style sheets."""
        marks = {"core": self.strong, "victim": self.victim, "idle": self.idle}
        return (self.kind, *(name for name, marked in marks.items() if marked))


class Edge(NamedTuple):
    """An arrow between nodes, by their positions: what is held is solid, what is waited for dashed.

    `dotted` is for a condition's waiters, who wait for nobody in particular, and for what is not certain.
    """

    start: int
    end: int
    kind: EdgeKind
    label: str
    tooltip: str
    strong: bool = False
    dotted: bool = False

    @property
    def color(self) -> str:
        """Name its colour."""
        return COLORS[self.kind]

    @property
    def dashes(self) -> str | None:
        """Give the pattern of its line; None where it is solid."""
        return "1 5" if self.dotted else "6 4" if self.kind == "wait" else None


class Graph(NamedTuple):
    """A graph with its title and the sentences that say the same.

    `rings` are nodes that stand in a circle, clockwise. `weak` says that whatever is not strong steps back.
    """

    title: str
    sentences: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    rings: tuple[tuple[int, ...], ...] = ()

    @property
    def weak(self) -> bool:
        """Tell whether something stands out, so that the rest steps back."""
        return any(node.strong for node in self.nodes)
