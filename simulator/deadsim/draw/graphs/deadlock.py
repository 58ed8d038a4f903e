"""One deadlock as a graph: who waits for what, and who could help; in a circle where there is one."""

from collections.abc import Mapping

from deadsim.draw.graphs.graph import Edge, EdgeKind, Graph, Node
from deadsim.draw.graphs.objects import Appearance, appearance, drawn_objects
from deadsim.model.primitives import WANTED
from deadsim.report.sentences import by_thread, count, in_mode, unconcerned, wait_sentence
from deadsim.runs.result import Run
from deadsim.trace.finding import Deadlock, Wait, Want

BY: dict[Want, str] = {
    "owner": "held by",
    **{one.want: one.by for one in WANTED.values()},
}
"""What leads on from an object to who could help."""


def stem(file: str) -> str:
    """Give the name of a file without its folders."""
    return file.replace("\\", "/").rsplit("/", 1)[-1]


def heading(found: Deadlock) -> str:
    """Give the title of a deadlock's picture."""
    objects = {wait.object for wait in found.waits if wait.want != "end"}
    return "DEADLOCK: " + sizes(len(found.threads), len(objects), found.waits)


def sizes(threads: int, objects: int, waits: tuple[Wait, ...]) -> str:
    """Say how many threads and objects a deadlock is of."""
    noun = "lock" if all(wait.want in ("owner", "unlock", "end") for wait in waits) else "object"
    return count(threads, "thread") + (f", {count(objects, noun)}" if objects else "")


def in_order(found: Deadlock) -> list[Wait]:
    """List the waits of the core, along the circle where there is one."""
    waits = {wait.thread: wait for wait in by_thread(found.waits)}
    names = found.cycle or found.threads
    following = dict(zip(names, (*names[1:], names[0]), strict=True)) if found.cycle else {}
    return [towards(waits[name], following.get(name)) for name in names]


def towards(wait: Wait, other: str | None) -> Wait:
    """Of what a thread waits for, put first what another thread could provide."""
    each = (wait._replace(more=()), *wait.more)
    first = next((one for one in each if other in one.wakers), each[0])
    rest = tuple(one._replace(holds=()) for one in each if one is not first)
    return first._replace(holds=wait.holds, more=rest)


def numbered(found: Deadlock, first: int = 1) -> list[str]:
    """Say in a sentence each who of the core waits for what."""
    return [
        f"{position}. {wait.thread} {wait_sentence(wait, found.kind)}"
        for position, wait in enumerate(in_order(found), first)
    ]


def word(wait: Wait) -> str:
    """Say that a thread waits, or will."""
    if wait.timeout is not None:
        return f"waits ({wait.timeout} s)"
    return "waits for" if wait.blocked else "will wait for"


def deadlock_graph(run: Run, found: Deadlock) -> Graph:
    """Make the graph of a deadlock's core: threads and objects in turn."""
    file = stem(run.program.file)
    look = looks(run, found)
    nodes: list[Node] = []
    edges: list[Edge] = []
    circle = bool(found.cycle)
    for position, wait in enumerate(in_order(found), 1):
        tooltip = f"{wait.thread} {wait_sentence(wait, found.kind)}"
        thread = len(nodes)
        place = f"{file}:{wait.place.line}"
        nodes.append(Node(wait.thread, "thread", (), tooltip, strong=True, place=place))
        label = f"{position}. {word(wait)}" + (" its end" if wait.want == "end" else "")
        label = in_mode(label, wait.mode)
        dotted = wait.want == "notify"
        edges.append(Edge(thread, thread + 1, "wait", label, tooltip, True, dotted))
        if wait.want == "end" and circle:
            continue
        about = f"{wait.object}: {tooltip}"
        nodes.append(waited_for(wait, about, look))
        if circle:
            # Only what is held is a fact; that somebody could help is drawn as a wait.
            by = BY["owner"] if wait.want == "unlock" and wait.taken else BY[wait.want]
            fact: EdgeKind = "hold" if by == BY["owner"] else "wait"
            by = in_mode(by, wait.met[0] if wait.met else None)
            edges.append(Edge(thread + 1, thread + 2, fact, by, about, True))
            continue
        for waker in wait.wakers if wait.want == "owner" or wait.taken else ():
            gone = f"{waker} never gives it back"
            modes = dict(zip(wait.wakers, wait.met or wait.wakers, strict=True))
            by = in_mode("taken by", modes[waker] if wait.met else None)
            edges.append(Edge(thread + 1, len(nodes), "hold", by, gone, True))
            nodes.append(Node(waker, "thread", ("never gives it back",), gone, idle=True))
    if circle:
        edges = [edge._replace(end=edge.end % len(nodes)) for edge in edges]
        nodes, edges = once_each(nodes, edges)
    # Two threads that wait for one object stand on either side of it.
    rings = (tuple(range(len(nodes))),) if circle and len(nodes) != 3 else ()
    return Graph(
        heading(found),
        (*numbered(found), *around_it(run, found)),
        tuple(nodes),
        tuple(edges),
        rings,
    )


def once_each(nodes: list[Node], edges: list[Edge]) -> tuple[list[Node], list[Edge]]:
    """Let everything stand once, also what several threads of a circle wait for."""
    kept: dict[tuple[str, str], Node] = {}
    for node in nodes:
        first = kept.get((node.kind, node.name))
        tooltip = f"{first.tooltip}; {node.tooltip}" if first else node.tooltip
        kept[node.kind, node.name] = (first or node)._replace(tooltip=tooltip)
    at = {key: number for number, key in enumerate(kept)}
    where = [at[node.kind, node.name] for node in nodes]
    return list(kept.values()), [
        edge._replace(start=where[edge.start], end=where[edge.end]) for edge in edges
    ]


def looks(run: Run, found: Deadlock) -> dict[str, Appearance]:
    """Find what the objects look like at the end of the run that shows a deadlock; nothing of one that another shows."""
    if found.schedule is not None:
        return {}
    objects = drawn_objects(run.world)
    return {
        name: appearance(declared, run.state.objects[number], number in run.world.signals)
        for name, (number, declared) in objects.items()
    }


def waited_for(wait: Wait, about: str, look: Mapping[str, Appearance]) -> Node:
    """Draw what a thread waits for."""
    if wait.want == "end":
        return Node(wait.object, "thread", (), about, strong=True)
    now = look.get(wait.object, Appearance("box"))
    lines = (now.note,) if now.note else ()
    return Node(
        wait.object, "object", lines, about, now.shape, True, dots=now.dots, double=now.double
    )


def around_it(run: Run, found: Deadlock) -> list[str]:
    """Say who else is concerned, and who is not."""
    lines = []
    standing = {one.thread: one for one in run.situation.threads}
    for name in found.also_stuck:
        wait = standing[name].wait
        words = wait_sentence(wait) if wait else "is bound to get stuck too"
        lines.append(f"stuck behind the deadlock: {name} {words}")
    return [*lines, *unconcerned(found)]
