"""What relaxed progress finds, and where it begins.

Let every thread run on optimistically and never take anything away: a lock that was once let go
stays free for all, a value that was once written may be read at any time, a thread that could end
has ended. Whoever still cannot move is stuck; whoever cannot get to its end is doomed. That never
calls a thread stuck that could move under some schedule; it may miss one.
"""

from collections.abc import Hashable
from typing import NamedTuple

from deadsim.kernel.abstract.form import Facts, Held, Passage
from deadsim.kernel.abstract.table import offer
from deadsim.kernel.primitives.thread import ENDED, NEW, RUNNING
from deadsim.kernel.system import State, System


class Progress(NamedTuple):
    """Who is stuck, and who is doomed: it can still move, but not get to its end.

    `halts` has for each of them the positions at which it is held up, with what it certainly holds
    there; none for a thread that goes round for ever.
    """

    stuck: frozenset[int]
    doomed: frozenset[int]
    halts: dict[int, dict[int, Held]]
    ended: frozenset[int]


def beginning(system: System, state: State) -> tuple[Facts, dict[int, Held]]:
    """Note what a state provides, and who holds what in it."""
    objects = state.objects
    threads = range(len(state.frames))
    facts = Facts(frozenset(thread for thread in threads if objects[thread] == NEW))
    for thread in threads:
        if objects[thread] != NEW:
            facts.known.add(("started", thread))
        if objects[thread] == ENDED:
            facts.known.add(("ended", thread))
    holding: dict[int, Held] = {}
    for number, _ in system.world.shared():
        offer(system.world, number, objects[number], facts, holding)
    return facts, holding


def provide(facts: Facts, thread: int, place: Hashable, passage: Passage) -> bool:
    """Note all that a step provides which a thread takes at one place of its program.

    Tell whether there is more of something that is counted.
    """
    for fact in passage.facts:
        facts.provide(fact)
    for number, value in passage.values:
        facts.store(number, value)
    news = [facts.add(stock, thread, place, amount) for stock, amount in passage.supplies]
    return any(news)


def conclusion(
    state: State,
    facts: Facts,
    ended: frozenset[int],
    moved: frozenset[int],
    waiting: dict[int, dict[int, Held]],
) -> Progress:
    """Say who is stuck and who is doomed, when nothing more can be provided."""
    running = [t for t in range(len(state.frames)) if state.objects[t] == RUNNING]
    return Progress(
        frozenset(t for t in running if t not in moved),
        frozenset(t for t in running if t in moved and t not in ended and waiting[t]),
        {t: waiting[t] for t in running if t not in ended},
        ended,
    )


def ended(state: State, facts: Facts) -> frozenset[int]:
    """List the threads that have ended, or could."""
    return frozenset(t for t in range(len(state.frames)) if ("ended", t) in facts.known)


def both(one: Held, other: Held) -> Held:
    """Give what is certain on two ways that meet: of everything the least."""
    least: Held = {}
    for key in {**one, **other}:
        amount = min(one.get(key, 0), other.get(key, 0))
        if amount:
            least[key] = amount
    return least
