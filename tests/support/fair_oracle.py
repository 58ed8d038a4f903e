"""Livelock and starvation under fairness, decided otherwise: by who moves again and again, set by set.

For each set of threads it looks for a component in which exactly these move. Others then have to be unable
to move in some state of it (weak fairness), or in all (strong). There are as many sets as 2 ** threads.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import networkx

from deadsim.kernel.primitives.thread import RUNNING
from deadsim.kernel.system import State, System
from deadsim.model.program import Program


class Whole(NamedTuple):
    """All states: the graph of their numbers with `thread` on its edges, and who can move in each."""

    system: System
    states: list[State]
    graph: "networkx.MultiDiGraph[int]"
    able: list[frozenset[int]]


def whole(program: Program, max_states: int = 200_000) -> Whole:
    """Visit every state by the kernel alone."""
    system = System(program)
    states = [system.initial().state]
    numbers: dict[Any, int] = {repr(states[0].key()): 0}
    graph: networkx.MultiDiGraph[int] = networkx.MultiDiGraph()
    able: list[frozenset[int]] = []
    graph.add_node(0)
    while len(able) < len(states):
        number = len(able)
        state = states[number]
        able.append(frozenset(system.enabled(state)))
        for thread in () if system.over(state.objects) else range(len(state.frames)):
            for way, result in enumerate(system.results(state, thread)):
                after = system.step(state, thread, way).state
                key = repr(after.key())
                if key not in numbers:
                    assert len(states) < max_states
                    numbers[key] = len(states)
                    states.append(after)
                graph.add_node(numbers[key])
                if not result.begins:  # a finalizer never has to
                    graph.add_edge(number, numbers[key], thread=thread)
    return Whole(system, states, graph, able)


def levels(program: Program, max_states: int = 200_000) -> dict[str, str]:
    """Decide what is claimed of fair schedules."""
    found: dict[str, str] = {}
    livelock, starvation = (program.claims.kinds.get(t) for t in ("livelock", "starvation"))
    fair = livelock is not None and livelock.fair is not None
    if not fair and starvation is None:
        return found
    all_states = whole(program, max_states)
    if livelock is not None and livelock.fair is not None:
        found["livelock"] = word(has_livelock(all_states, livelock.fair))
    if starvation is not None:
        assert starvation.fair is not None
        found["starvation"] = word(
            any(
                is_starved(all_states, starvation.fair, number)
                for number, thread in enumerate(program.threads)
                if {thread.name, thread.name.split("[")[0]} & {*(starvation.threads or ())}
            )
        )
    return found


def word(some: bool) -> str:
    return "possible" if some else "never"


def has_livelock(all_states: Whole, fair: str) -> bool:
    """Decide whether a thread that is no daemon can move for ever, fairly."""
    lasting = frozenset(all_states.system.lasting)
    return any(movers & lasting for movers, _ in cycles(all_states, fair))


def is_starved(all_states: Whole, fair: str, victim: int) -> bool:
    """Decide whether a thread that is not stuck can be kept from moving for ever, fairly."""
    for movers, part in cycles(all_states, fair):
        one = next(iter(part))
        if victim in movers or all_states.states[one].objects[victim] != RUNNING:
            continue
        later = networkx.descendants(all_states.graph, one) | {one}
        if any(victim in all_states.able[number] for number in later):
            return True
    return False


def cycles(all_states: Whole, fair: str) -> Iterator[tuple[frozenset[int], set[int]]]:
    """Give for each set of threads the components in which all of them move, no others, and fairly so."""
    _, states, graph, able = all_states
    threads = range(len(states[0].frames))
    for count in range(1, len(threads) + 1):
        for movers in map(frozenset, combinations(threads, count)):
            kept: networkx.DiGraph[int] = networkx.DiGraph()
            for start, end, thread in graph.edges(data="thread"):
                if thread in movers and (
                    fair == "weak" or (able[start] <= movers and able[end] <= movers)
                ):
                    who = kept.get_edge_data(start, end, {"who": frozenset()})["who"]
                    kept.add_edge(start, end, who=who | {thread})
            for part in networkx.strongly_connected_components(kept):
                inside = kept.subgraph(part).edges(data="who")
                moved = frozenset(thread for _, _, who in inside for thread in who)
                still = frozenset.intersection(*(able[number] for number in part))
                if moved == movers and (fair == "strong" or still <= movers):
                    yield movers, part
