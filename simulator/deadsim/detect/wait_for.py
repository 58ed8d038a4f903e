"""The wait-for graph and the resource graph of a moment, as networkx graphs.

They are for people to see and ask questions of. The verdict does not come from them: a cycle in a
graph of threads is blind to much of what can hold a thread up, and wrong about some of it.
"""

from typing import TYPE_CHECKING

from deadsim.detect.situation import Situation, Standing

if TYPE_CHECKING:
    import networkx


def wait_for_graph(situation: Situation) -> "networkx.MultiDiGraph[str]":
    """Give a graph of threads, with an edge to each thread that another waits for.

    Nodes have `kind` ("thread"), `status`, `daemon` and `line`; edges `kind` ("waits for"), `verb`,
    `want` (`trace.finding.Want`), `object` and `line`.
    """
    import networkx

    graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    for standing in situation.threads:
        _add_thread(graph, standing)
    for standing in situation.threads:
        wait = standing.wait
        if wait is None or standing.status != "blocked":
            continue  # one that gives up after some time waits for nobody for good
        for other in wait.wakers:
            graph.add_edge(
                standing.thread,
                other,
                kind="waits for",
                verb=wait.verb,
                want=wait.want,
                object=wait.object,
                line=wait.place.line,
            )
    return graph


def resource_graph(situation: Situation) -> "networkx.MultiDiGraph[str]":
    """Give a graph of threads and of the objects that they hold or wait for.

    An edge "held by" leads from an object to its holder, one "waits for" from a thread to what it
    waits for (Holt: Some Deadlock Properties of Computer Systems, 1972); `timeout` is after how many
    virtual seconds it gives up, or None. Nodes of objects have `kind` "object".
    """
    import networkx

    graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
    for standing in situation.threads:
        _add_thread(graph, standing)
    for standing in situation.threads:
        for hold in standing.holds:
            graph.add_node(hold.object, kind="object")
            graph.add_edge(hold.object, standing.thread, kind="held by", line=hold.place.line)
        wait = standing.wait
        if wait is None:
            continue
        if wait.object not in graph:
            graph.add_node(wait.object, kind="object", want=wait.want)
        graph.add_edge(
            standing.thread,
            wait.object,
            kind="waits for",
            verb=wait.verb,
            want=wait.want,
            line=wait.place.line,
            timeout=wait.timeout,
        )
    return graph


def _add_thread(graph: "networkx.MultiDiGraph[str]", standing: Standing) -> None:
    graph.add_node(
        standing.thread,
        kind="thread",
        status=standing.status,
        daemon=standing.daemon,
        line=standing.place.line if standing.place else None,
    )
