"""Livelock and starvation under fairness, decided on the graph of all states."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from deadsim.exploration.states.bottom_components import Component
from deadsim.exploration.states.fair_components import Graph
from deadsim.exploration.verdicts.goal import Path
from deadsim.exploration.verdicts.level import Known
from deadsim.model.claims import Claims, DefectType, Fair
from deadsim.model.program import Program
from deadsim.space.packed import Packed


class Question(NamedTuple):
    """What is asked: whether such an endless schedule exists; of starvation also whose."""

    type: DefectType
    fair: Fair
    victim: int | None = None


class FairCycle(NamedTuple):
    """That there is one: the `parts` of the states in which one can stay, and a shortest way in.

    One comes in by `entries`: there a victim cannot move.
    """

    question: Question
    parts: tuple[frozenset[Packed], ...]
    entries: frozenset[Packed]
    path: Path

    def moved(self, to: Callable[[Packed], Packed]) -> "FairCycle":
        """Give the same of a space that was widened since."""
        parts = tuple(frozenset(map(to, part)) for part in self.parts)
        return self._replace(parts=parts, entries=frozenset(map(to, self.entries)))


def questions(program: Program, asked: Collection[str]) -> tuple[Question, ...]:
    """List what the claims ask of fair schedules."""
    found: list[Question] = []
    kinds = program.claims.kinds
    livelock, starvation = kinds.get("livelock"), kinds.get("starvation")
    if livelock is not None and livelock.fair is not None and "livelock" in asked:
        found.append(Question("livelock", livelock.fair))
    if starvation is not None and starvation.fair is not None and "starvation" in asked:
        named = starvation.threads or ()
        for number, thread in enumerate(program.threads):
            if thread.name in named or thread.name.split("[")[0] in named:
                found.append(Question("starvation", starvation.fair, number))
    return tuple(found)


def decide(graph: Graph, asked: Iterable[Question]) -> list[FairCycle]:
    """Find for each question the endless schedules that it is about, where there are some."""
    found = (answer(graph, question) for question in asked)
    return [one for one in found if one is not None]


def missed(claims: Claims, known: Known) -> bool:
    """Decide whether a livelock is claimed that does not exist; then a weakly fair one may be meant."""
    claim = claims.kinds.get("livelock")
    if claim is None or claim.level == "never" or claim.fair == "weak":
        return False
    return known.found == "never"


def with_hint(graph: Graph, known: Known) -> Known:
    """Say of a livelock that does not exist whether a weakly fair one does."""
    if next(components(graph, Question("livelock", "weak")), None) is None:
        return known
    return known._replace(hint="a weakly fair one exists: {claim: possible, fair: weak}")


def answer(graph: Graph, question: Question) -> FairCycle | None:
    """Find the endless schedules that a question is about; None where there are none."""
    victim = question.victim
    bit = 0 if victim is None else 1 << victim
    parts: list[frozenset[Packed]] = []
    entries: set[int] = set()
    for part in components(graph, question):
        entries.update(node for node in part.nodes if not graph.able[node] & bit)
        parts.append(frozenset(graph.states[node] for node in part.nodes))
    if not parts:
        return None
    states = frozenset(graph.states[node] for node in entries)
    return FairCycle(question, tuple(parts), states, graph.way_to(min(entries)))


def components(graph: Graph, question: Question) -> Iterator[Component]:
    """Find the fair components that a question is about."""
    if question.victim is None:
        lasting = sum(1 << thread for thread in graph.space.system.lasting)
        for part in graph.fair(question.fair, range(len(graph.states))):
            if part.movers & lasting:
                yield part
        return
    victim, space = question.victim, graph.space
    nodes = [n for n, state in enumerate(graph.states) if space.running(state, victim)]
    could: bytearray | None = None
    for part in graph.fair(question.fair, nodes, without=victim):
        if could is None:
            able = (node for node in nodes if graph.able[node] >> victim & 1)
            could = graph.leading_to(able)
        if could[part.nodes[0]]:  # else it is stuck, which is a deadlock
            yield part
