"""Threads, objects and what links them at one moment, as nodes and arrows; deadlocks stand out."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from deadsim.detect.deadlocks.situation import Standing
from deadsim.detect.deadlocks.wait_for import Link
from deadsim.draw.graphs.deadlock import BY, in_order, word
from deadsim.draw.graphs.graph import Edge, Node
from deadsim.draw.graphs.objects import appearance
from deadsim.model.objects import SharedObject
from deadsim.report.sentences import at, held, in_mode, wait_sentence
from deadsim.trace.finding import Deadlock, Hold, Wait

STUCK = "stuck behind the deadlock"


class Core(NamedTuple):
    """What stands out of a graph: the threads and objects of deadlocks, and their arrows.

    `waits` are those of the core, by thread and object, with their numbers in the sentences and the kinds of
    their deadlocks.
    """

    threads: frozenset[str]
    objects: frozenset[str]
    victims: frozenset[str]
    waits: Mapping[tuple[str, str], int]
    kinds: Mapping[str, str]

    def number(self, link: Link) -> int | None:
        """Give the number of an arrow's sentence; None where it is of no core."""
        about = link.about
        return self.waits.get((link.start, about.object)) if isinstance(about, Wait) else None

    def has(self, link: Link) -> bool:
        """Decide whether an arrow stands out."""
        if isinstance(link.about, Wait):
            return self.number(link) is not None
        return link.start in self.objects and link.end in self.threads


def core_of(deadlocks: Iterable[Deadlock]) -> Core:
    """Put together what stands out."""
    found = list(deadlocks)
    waits: dict[tuple[str, str], int] = {}
    for deadlock in found:
        for wait in in_order(deadlock):
            waits.setdefault((wait.thread, wait.object), len(waits) + 1)
    return Core(
        frozenset(name for one in found for name in one.threads),
        frozenset(name for one in found for name in one.objects),
        frozenset(name for one in found for name in one.also_stuck),
        waits,
        {wait.thread: one.kind for one in found for wait in one.waits},
    )


def thread_lines(standing: Standing, core: Core) -> tuple[str, ...]:
    """Say below a thread's name how it is, where it is not blocked."""
    if standing.thread in core.victims:
        return (STUCK,)
    return () if standing.status == "blocked" else (standing.status,)


def sentence(standing: Standing, kind: str = "") -> str:
    """Say how a thread is, what it holds and what it waits for."""
    name, wait = standing.thread, standing.wait
    if wait is not None:
        return f"{name} {wait_sentence(wait, kind)}"
    holds = held(standing.holds)
    where = f" (line {standing.place.line})" if standing.place else ""
    return f"{name} is {standing.status}{where}" + (f", {holds}" if holds else "")


def is_idle(standing: Standing) -> bool:
    """Decide whether a thread has ended, or not begun."""
    return standing.status in ("finished", "failed", "not started")


def thread_node(standing: Standing, file: str, core: Core) -> Node:
    """Draw a thread."""
    name = standing.thread
    return Node(
        name,
        "thread",
        thread_lines(standing, core),
        sentence(standing, core.kinds.get(name, "")),
        strong=name in core.threads,
        victim=name in core.victims,
        idle=is_idle(standing),
        place=f"{file}:{standing.place.line}" if standing.place else None,
    )


def by_object(standings: Iterable[Standing]) -> dict[str, list[Standing]]:
    """List for each object who holds it or waits for it."""
    found: dict[str, list[Standing]] = {}
    for one in standings:
        names = [hold.object for hold in one.holds] + ([one.wait.object] if one.wait else [])
        for name in dict.fromkeys(names):
            found.setdefault(name, []).append(one)
    return found


def object_node(
    declared: SharedObject,
    state: Any,
    core: Core,
    users: Iterable[Standing],
    signal: bool = False,
) -> Node:
    """Draw an object; `users` hold it or wait for it, `signal` as in `appearance`."""
    looks = appearance(declared, state, signal)
    name = declared.name
    concerned = [sentence(one, core.kinds.get(one.thread, "")) for one in users]
    tooltip = (
        f"{name}: {'; '.join(concerned)}"
        if concerned
        else f"{name}: nobody holds it or waits for it"
    )
    return Node(
        name,
        "object",
        (looks.note,) if looks.note else (),
        tooltip,
        looks.shape,
        strong=name in core.objects,
        dots=looks.dots,
        double=looks.double,
    )


def link_edge(link: Link, start: int, end: int, core: Core, between_threads: bool = False) -> Edge:
    """Draw what links a thread and an object, or with `between_threads` two threads."""
    about = link.about
    strong = core.has(link)
    if isinstance(about, Hold):
        times = f" x{about.times}" if about.times > 1 else ""
        label = in_mode(f"held by{times}", about.mode)
        return Edge(
            start,
            end,
            "hold",
            label,
            f"{link.end} holds {about.object} {at(about.mode, about.place.line)}",
            strong,
        )
    number = core.number(link)
    words = word(about) + (
        " its end" if about.want == "end" else f" {about.object}" if between_threads else ""
    )
    label = in_mode(words if number is None else f"{number}. {words}", about.mode)
    tooltip = f"{about.thread} {wait_sentence(about, core.kinds.get(about.thread, ''))}"
    return Edge(start, end, "wait", label, tooltip, strong, about.want == "notify")


def helpers(
    deadlocks: Iterable[Deadlock], linked: Collection[tuple[str, str]]
) -> Iterator[tuple[Wait, str]]:
    """List who of a core could help whom, where nothing is held that says so: `linked` are those pairs."""
    seen = set(linked)
    for deadlock in deadlocks:
        for wait in in_order(deadlock):
            for waker in wait.wakers if wait.want != "end" else ():
                if waker in deadlock.threads and (wait.object, waker) not in seen:
                    seen.add((wait.object, waker))
                    yield wait, waker


def helping(wait: Wait, start: int, end: int, waker: str) -> Edge:
    """Draw that a thread of a core could help: no fact, so it is drawn as a wait."""
    label = BY.get(wait.want, "held by")
    return Edge(start, end, "wait", label, f"{wait.object} {label} {waker}", True)
