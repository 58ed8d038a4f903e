"""The graph of all moments of a run: placed once, so that nothing jumps; and what changes from step to step."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from deadsim.detect.deadlocks.situation import Standing
from deadsim.detect.deadlocks.wait_for import resources
from deadsim.draw import svg
from deadsim.draw.graphs.boxes import Placed, bounds
from deadsim.draw.graphs.deadlock import in_order, stem
from deadsim.draw.graphs.graph import MOST_NODES, Edge, EdgeKind, Graph, Node
from deadsim.draw.graphs.layout import lay_out
from deadsim.draw.graphs.objects import Dots, drawn_objects
from deadsim.draw.graphs.paint import drawing
from deadsim.draw.graphs.run_graph import rings
from deadsim.draw.graphs.standing import (
    Core,
    by_object,
    core_of,
    helpers,
    helping,
    link_edge,
    object_node,
    thread_node,
)
from deadsim.draw.time.film import Film
from deadsim.report.sentences import count
from deadsim.runs.playback import Moment
from deadsim.trace.finding import Deadlock

Key: TypeAlias = tuple[str, str, EdgeKind]
"""An arrow that comes and goes: from where, to where, and which."""


class Scene(NamedTuple):
    """The graph at one moment: how each node looks, and the arrows that are there."""

    nodes: dict[str, Node]
    edges: dict[Key, Edge]


class Scenes(NamedTuple):
    """The graph of all moments, how it is placed, and the scenes in it; names are in the order of its nodes."""

    graph: Graph
    placed: Placed
    names: tuple[str, ...]
    keys: tuple[Key, ...]
    scenes: tuple[Scene, ...]


def standing_deadlocks(film: Film, moment: Moment) -> list[Deadlock]:
    """List the deadlocks that stand at a moment: those of this run, and the one that it is about."""
    focus = film.focus if isinstance(film.focus, Deadlock) else None
    known = [found for found in film.run.deadlocks if found.schedule is None]
    if focus is not None and not any(
        found.threads == focus.threads and found.step == focus.step for found in known
    ):
        known.append(focus)
    return [found for found in known if (-1 if found.step is None else found.step) < moment.taken]


def scenes_of(film: Film, layout: str | None = None, all_nodes: bool = False) -> Scenes:
    """Follow the graph of a run through all of its moments, and place it."""
    maker = Maker(film)
    scenes = tuple(maker.scene(moment) for moment in film.moments)
    names = shown_names(film, all_nodes)
    at = {name: position for position, name in enumerate(names)}
    keys = tuple(
        dict.fromkeys(
            key for scene in scenes for key in scene.edges if key[0] in at and key[1] in at
        )
    )
    last = scenes[-1]
    nodes = tuple(widest([scene.nodes[name] for scene in scenes]) for name in names)
    edges = []
    for key in keys:
        one = last.edges.get(key) or longest(
            scene.edges[key] for scene in scenes if key in scene.edges
        )
        edges.append(one._replace(start=at[key[0]], end=at[key[1]], strong=False))
    deadlocks = standing_deadlocks(film, film.moments[-1])
    shown = [found for found in deadlocks if all(name in at for name in found.threads)]
    circles = tuple(
        rings(
            [found for found in shown if all(w.thread in at for w in in_order(found))],
            at,
            "resources",
        )
    )
    hidden = len(set(film.run.world.names(film.run.world.threads)) - at.keys())
    said = (f"+{count(hidden, 'idle thread')} not shown",) if hidden else ()
    graph = Graph(film.run.program.name, said, nodes, tuple(edges), circles)
    return Scenes(graph, lay_out(graph, layout), tuple(names), keys, scenes)


def shown_names(film: Film, all_nodes: bool) -> list[str]:
    """List the threads and objects that are drawn: of many, those that are joined to a thread that once waits."""
    world = film.run.world
    names = [*world.names(world.threads), *drawn_objects(world)]
    if len(names) <= MOST_NODES or all_nodes:
        return names
    waiting = {one.wait.thread for one in film.waited}
    wanted = {one.wait.object for one in film.waited}
    held = {one.object for one in film.held if world.name(one.thread) in waiting}
    holders = {world.name(one.thread) for one in film.held if one.object in wanted}
    return [name for name in names if name in waiting | wanted | held | holders]


class Maker:
    """Makes scenes; what has not changed since the one before is kept."""

    def __init__(self, film: Film) -> None:
        self.film = film
        self.file = stem(film.run.program.file)
        self.objects = drawn_objects(film.run.world)
        self.threads: dict[tuple[Standing, int], Node] = {}
        self.cores: list[Core] = [core_of(())]
        self.deadlocks: list[list[Deadlock]] = [[]]

    def core(self, moment: Moment) -> int:
        """Find which deadlocks stand at a moment: the number of their core."""
        found = standing_deadlocks(self.film, moment)
        if found != self.deadlocks[-1]:
            self.deadlocks.append(found)
            self.cores.append(core_of(found))
        return len(self.cores) - 1

    def scene(self, moment: Moment) -> Scene:
        """Make the scene of a moment; they are made in order."""
        number = self.core(moment)
        core = self.cores[number]
        nodes: dict[str, Node] = {}
        for standing in moment.situation.threads:
            node = self.threads.get((standing, number))
            if node is None:
                node = thread_node(standing, self.file, core)
                # Where there is no place now, its room is kept for when there is one.
                node = self.threads[standing, number] = node._replace(place=node.place or "")
            nodes[standing.thread] = node
        users = by_object(moment.situation.threads)
        for name, (place, declared) in self.objects.items():
            nodes[name] = object_node(
                declared,
                moment.state.objects[place],
                core,
                users.get(name, ()),
                place in self.film.run.world.signals,
            )
        edges: dict[Key, Edge] = {}
        for link in resources(moment.situation):
            kind: EdgeKind = "hold" if link.kind == "held by" else "wait"
            edges[link.start, link.end, kind] = link_edge(link, 0, 0, core)
        linked = {(start, end) for start, end, _ in edges}
        for wait, waker in helpers(self.deadlocks[number], linked):
            edges[wait.object, waker, "wait"] = helping(wait, 0, 0, waker)
        return Scene(nodes, edges)


def widest(nodes: Sequence[Node]) -> Node:
    """Give the last of these, with room for what is written in any of them."""
    different = list(dict.fromkeys(nodes))
    lines = max(len(node.lines) for node in different)
    wide = tuple(
        max((n.lines[k] for n in different if len(n.lines) > k), key=len) for k in range(lines)
    )
    most = max((sum(node.dots) for node in different if node.dots), default=0)
    longest_place = max((node.place or "" for node in different), key=len)
    place = None if nodes[-1].kind == "object" else longest_place
    return nodes[-1]._replace(lines=wide, place=place, dots=Dots(0, most) if most else None)


def filled(node: Node, room: Node) -> Node:
    """Give a node with as many lines and dots as there is room for."""
    lines = node.lines + ("",) * (len(room.lines) - len(node.lines))
    most = sum(room.dots) if room.dots else 0
    there = node.dots or Dots(0, 0)
    return node._replace(
        lines=lines, dots=there._replace(spare=most - sum(there)) if most else None
    )


def longest(edges: Iterable[Edge]) -> Edge:
    """Give the one with the longest label."""
    return max(edges, key=lambda edge: len(edge.label))


def drawn(scenes: Scenes) -> tuple[str, str]:
    """Draw the graph as it is at the end, with all that comes and goes; and give its box."""
    last = scenes.scenes[-1]
    nodes = tuple(filled(last.nodes[node.name], node) for node in scenes.graph.nodes)
    edges = tuple(
        edge._replace(strong=key in last.edges and last.edges[key].strong)
        for key, edge in zip(scenes.keys, scenes.graph.edges, strict=True)
    )
    hidden = [number for number, key in enumerate(scenes.keys) if key not in last.edges]
    graph = scenes.graph._replace(nodes=nodes, edges=edges)
    left, top, right, bottom = bounds(scenes.placed, [edge.label for edge in scenes.graph.edges])
    box = " ".join(
        svg.number(value) for value in (left - 12, top - 12, right - left + 24, bottom - top + 24)
    )
    return "\n".join(drawing(graph, scenes.placed, hidden)), box
