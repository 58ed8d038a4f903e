"""The wait-for graph and the resource graph of a moment, as networkx graphs.

They are for people to see and ask questions of. The verdict does not come from them: a cycle in a
graph of threads is blind to much of what can hold a thread up, and wrong about some of it.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Literal, NamedTuple

from deadsim.detect.deadlocks.situation import Situation, Standing
from deadsim.trace.finding import Hold, Wait

if TYPE_CHECKING:
    import networkx


class Link(NamedTuple):
    """An arrow between two names: "held by" leads from an object to a thread, "waits for" from a thread."""

    start: str
    end: str
    kind: Literal["held by", "waits for"]
    about: Hold | Wait


def waits(situation: Situation) -> Iterator[Link]:
    """Give a link from each blocked thread to each thread that it waits for."""
    for standing in situation.threads:
        wait = standing.wait
        # One that gives up after some time waits for nobody for good.
        if wait is not None and standing.status == "blocked":
            for one in (wait, *wait.more):
                for other in one.wakers:
                    yield Link(standing.thread, other, "waits for", one)


def resources(situation: Situation) -> Iterator[Link]:
    """Give a link from each object to who holds it, and from each thread to what it waits for.

    Who waits for the end of threads is linked with them.
    """
    for standing in situation.threads:
        for hold in together(standing.holds):
            yield Link(hold.object, standing.thread, "held by", hold)
        wait = standing.wait
        for one in (wait, *wait.more) if wait is not None else ():
            for end in one.wakers if one.want == "end" else (one.object,):
                yield Link(standing.thread, end, "waits for", one)


def together(holds: tuple[Hold, ...]) -> Iterator[Hold]:
    """Make one of what a thread holds of one lock in several modes."""
    for name, same in groupby(holds, key=lambda hold: hold.object):
        first, *more = same
        if more:
            modes = [
                f"{one.mode} x{one.times}" if one.times > 1 else one.mode for one in (first, *more)
            ]
            yield Hold(name, first.place, 1, ", ".join(map(str, modes)))
        else:
            yield first


def wait_for_graph(situation: Situation) -> "networkx.MultiDiGraph[str]":
    """Give a graph of threads, with an edge to each thread that another waits for.

    Nodes have `kind` ("thread"), `status`, `daemon` and `line`; edges `kind` ("waits for"), `verb`,
    `want` (`trace.finding.Want`), `object` and `line`, and `mode` where the object has modes.
    """
    graph = _threads(situation)
    for link in waits(situation):
        _add(graph, link)
    return graph


def resource_graph(situation: Situation) -> "networkx.MultiDiGraph[str]":
    """Give a graph of threads and of the objects that they hold or wait for.

    An edge "held by" leads from an object to its holder, one "waits for" from a thread to what it
    waits for (Holt: Some Deadlock Properties of Computer Systems, 1972). Nodes of objects have
    `kind` "object".
    """
    graph = _threads(situation)
    for link in resources(situation):
        for name in (link.start, link.end):
            if name not in graph:
                graph.add_node(name, kind="object")
        _add(graph, link)
    return graph


def _threads(situation: Situation) -> "networkx.MultiDiGraph[str]":
    import networkx

    graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    for standing in situation.threads:
        _add_thread(graph, standing)
    return graph


def _add(graph: "networkx.MultiDiGraph[str]", link: Link) -> None:
    about = link.about
    more: dict[str, str] = (
        {}
        if isinstance(about, Hold)
        else {"verb": about.verb, "want": about.want, "object": about.object}
    )
    if about.mode is not None:
        more["mode"] = about.mode
    graph.add_edge(link.start, link.end, kind=link.kind, line=about.place.line, **more)


def _add_thread(graph: "networkx.MultiDiGraph[str]", standing: Standing) -> None:
    graph.add_node(
        standing.thread,
        kind="thread",
        status=standing.status,
        daemon=standing.daemon,
        line=standing.place.line if standing.place else None,
    )
