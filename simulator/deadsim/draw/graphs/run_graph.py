"""The wait-for graph and the resource graph of a run's last moment."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from deadsim.detect.deadlocks.situation import Situation
from deadsim.detect.deadlocks.wait_for import Link, resource_graph, resources, wait_for_graph, waits
from deadsim.draw.graphs.deadlock import in_order, numbered, sizes, stem
from deadsim.draw.graphs.graph import MOST_NODES, Graph, Node
from deadsim.draw.graphs.objects import drawn_objects
from deadsim.draw.graphs.standing import (
    Core,
    by_object,
    core_of,
    helpers,
    helping,
    link_edge,
    object_node,
    sentence,
    thread_node,
)
from deadsim.report.sentences import count
from deadsim.runs.result import Run
from deadsim.trace.finding import Deadlock

RunGraph: TypeAlias = Literal["wait-for", "resources"]


def graph_of(run: Run, kind: RunGraph, all_nodes: bool = False) -> Graph:
    """Make the wait-for graph (of threads alone) or the resource graph (after Holt) of a run's end.

    Of more than `MOST_NODES` nodes only those are shown that are joined to a blocked thread, unless `all_nodes`.
    """
    state, situation = run.state, run.situation
    deadlocks = [found for found in run.deadlocks if found.schedule is None]
    core = core_of(deadlocks)
    standing = {one.thread: one for one in situation.threads}
    links = list(waits(situation) if kind == "wait-for" else resources(situation))
    objects = {} if kind == "wait-for" else drawn_objects(run.world)
    names = [*standing, *objects]
    shown = (
        names if all_nodes or len(names) <= MOST_NODES else concerned(situation, kind, names, core)
    )
    file = stem(run.program.file)
    users = by_object(situation.threads)
    nodes: list[Node] = []
    for name in shown:
        if name in standing:
            nodes.append(thread_node(standing[name], file, core))
        else:
            number, declared = objects[name]
            signal = number in run.world.signals
            nodes.append(
                object_node(declared, state.objects[number], core, users.get(name, ()), signal)
            )
    at = {name: position for position, name in enumerate(shown)}
    edges = [
        link_edge(link, at[link.start], at[link.end], core, kind == "wait-for")
        for link in links
        if fits(link, at)
    ]
    if kind == "resources":
        linked = {(link.start, link.end) for link in links}
        edges += [
            helping(wait, at[wait.object], at[waker], waker)
            for wait, waker in helpers(deadlocks, linked)
            if wait.object in at and waker in at
        ]
    hidden = [name for name in names if name not in at]
    return Graph(
        title(run, deadlocks),
        tuple(sentences(deadlocks, situation, core, hidden)),
        tuple(nodes),
        tuple(edges),
        tuple(rings(deadlocks, at, kind)),
    )


def fits(link: Link, at: Mapping[str, int]) -> bool:
    """Decide whether both ends of a link are shown."""
    return link.start in at and link.end in at


def concerned(situation: Situation, kind: RunGraph, names: list[str], core: Core) -> list[str]:
    """List those that are joined to a blocked thread, or are in a deadlock's core, where some may still be on their way."""
    import networkx

    data = wait_for_graph(situation) if kind == "wait-for" else resource_graph(situation)
    blocked = {one.thread for one in situation.threads if one.status == "blocked"}
    joined: set[str] = {*core.threads, *core.objects}
    for part in networkx.weakly_connected_components(data):
        if part & blocked:
            joined |= part
    return [name for name in names if name in joined]


def rings(
    deadlocks: list[Deadlock], at: Mapping[str, int], kind: RunGraph
) -> list[tuple[int, ...]]:
    """List the circles: threads, or threads and objects in turn; each node stands in one at most."""
    found: list[tuple[int, ...]] = []
    used: set[int] = set()
    for deadlock in sorted(
        (one for one in deadlocks if one.cycle), key=lambda one: min(at[name] for name in one.cycle)
    ):
        members = []
        for wait in in_order(deadlock):
            members.append(at[wait.thread])
            if kind == "resources" and wait.want != "end" and wait.object in at:
                members.append(at[wait.object])
        if len(set(members)) == len(members) and not used & set(members):
            used |= set(members)
            found.append(tuple(members))
    return found


def title(run: Run, deadlocks: list[Deadlock]) -> str:
    """Say in a few words what is to be seen."""
    if not deadlocks:
        return f"{run.program.name}: {run.outcome} after {count(len(run.events), 'step')}"
    threads = {name for found in deadlocks for name in found.threads}
    every = tuple(wait for found in deadlocks for wait in found.waits)
    objects = {wait.object for wait in every if wait.want != "end"}
    several = f"{len(deadlocks)} DEADLOCKS: " if len(deadlocks) > 1 else "DEADLOCK: "
    return several + sizes(len(threads), len(objects), every)


def sentences(
    deadlocks: list[Deadlock], situation: Situation, core: Core, hidden: list[str]
) -> list[str]:
    """Say the same in words: the cores, with their numbers, then all others who wait."""
    lines: list[str] = []
    for found in deadlocks:
        lines += numbered(found, len(lines) + 1)
    for one in situation.threads:
        if one.thread in core.victims:
            words = sentence(one) if one.wait else f"{one.thread} is bound to get stuck too"
            lines.append(f"stuck behind the deadlock: {words}")
        elif one.wait and one.thread not in core.threads:
            lines.append(sentence(one))
    known = {one.thread for one in situation.threads}
    idle = [name for name in hidden if name in known]
    if idle:
        lines.append(f"+{count(len(idle), 'idle thread')} not shown")
    if len(hidden) > len(idle):
        lines.append(f"+{count(len(hidden) - len(idle), 'object')} not shown")
    return lines or ["no thread waits for another"]
