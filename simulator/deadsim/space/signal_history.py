"""What of the past decides the kind of a deadlock, as a part of the state.

A notify that found nobody, one that woke another waiter, an event that was set and cleared, who took
a permit: the same state may have come about with them or without (`detect.deadlocks.lost_signals` and
`detect.holdings` read it from the events).
"""

from typing import NamedTuple, TypeAlias

from deadsim.kernel.programs.linked import Stop
from deadsim.kernel.system import System
from deadsim.model.objects import Barrier, Condition, Event, Semaphore
from deadsim.space.packed import Info

Mark: TypeAlias = tuple[str, int, int]
"""What happened, to which object, and for which thread that waits (-1: to nobody yet)."""

Holder: TypeAlias = tuple[int, int]
"""A semaphore, and a thread that has one of its permits."""


class Past(NamedTuple):
    """Which signals went astray, and who has a permit; as often as he has one, in order."""

    marks: frozenset[Mark] = frozenset()
    holders: tuple[Holder, ...] = ()


class Pasts:
    """Numbers the pasts of a program; 0 is that nothing happened.

    `exact` says that they are all of the past that decides a kind. Who has permits is not followed
    where some are given by the count: those could be had without end.
    """

    def __init__(self, system: System) -> None:
        self.semaphores = frozenset(
            number for number, one in system.world.shared() if isinstance(one, Semaphore)
        )
        self.exact = not (self.semaphores and gives_by_count(system))
        if not self.exact:
            self.semaphores = frozenset()
        shared = [*system.world.shared()]
        self.conditions = frozenset(n for n, one in shared if isinstance(one, Condition))
        waited = Condition | Event | Barrier
        self.waited = frozenset(n for n, one in shared if isinstance(one, waited))
        signals = any(isinstance(one, Condition | Event) for _, one in shared)
        self.matters = signals or bool(self.semaphores)
        self.pasts: list[Past] = [Past()]
        self.numbers: dict[Past, int] = {Past(): 0}

    def after(self, number: int, info: Info) -> int:
        """Give the past after a step."""
        effect = info.result.effect
        if not self.matters or not (
            effect.signals or effect.clears or effect.acquires or effect.releases or effect.phase
        ):
            return number
        past = self.follow(self.pasts[number], info)
        found = self.numbers.get(past)
        if found is None:
            found = self.numbers[past] = len(self.pasts)
            self.pasts.append(past)
        return found

    def follow(self, past: Past, info: Info) -> Past:
        """Give what of the past matters after a step."""
        effect, thread = info.result.effect, info.result.row.thread
        holders = past.holders
        for number in effect.acquires:
            if number in self.semaphores:
                holders = tuple(sorted((*holders, (number, thread))))
        for number in effect.releases:
            if number in self.semaphores:
                holders = without_one(holders, number, thread)
        return Past(self.astray(past.marks, info), holders)

    def astray(self, past: frozenset[Mark], info: Info) -> frozenset[Mark]:
        """Give which signals went astray after a step."""
        row, outcome, effect = info.result.row, info.result.outcome, info.result.effect
        for number in self.conditions.intersection(effect.signals):
            if not effect.notified:
                return past | {("lost", number, -1)}
            waiting = (one for one in outcome.objects[number] if one.status == "waiting")
            return past | {("stolen", number, one.thread) for one in waiting}
        for number in effect.clears:
            return past | {("cleared", number, -1)} if info.before.objects[number].set else past
        if effect.phase is None or row.touches[0] not in self.waited:
            return past
        mine = frozenset(mark for mark in past if mark[2] != row.thread)
        if effect.phase == "end":
            return past if outcome.stays else mine
        number = row.touches[0]
        inherited = {(what, n, row.thread) for what, n, who in mine if n == number and who < 0}
        return mine | inherited


def without_one(holders: tuple[Holder, ...], number: int, thread: int) -> tuple[Holder, ...]:
    """Take a permit from who gives it back, or if he has none from the first who has one."""
    mine = (number, thread)
    given = mine if mine in holders else next((h for h in holders if h[0] == number), None)
    if given is None:
        return holders
    place = holders.index(given)
    return holders[:place] + holders[place + 1 :]


def gives_by_count(system: System) -> bool:
    """Decide whether a thread gives back permits by a count."""
    return any(
        entry.form.counts and any(entry.form.releases(number) for number in entry.numbers)
        for linked in system.linked
        for entry in linked.entries
        if isinstance(entry, Stop) and entry.form is not None
    )
