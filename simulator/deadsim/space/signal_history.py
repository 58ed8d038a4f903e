"""What of the past decides the kind of a deadlock, as a part of the state.

A notify that found nobody, one that woke another waiter, whether its news was tested or used up, an event
that was set and cleared, who took a permit: the same state may have come about with them or without
(`detect.deadlocks.history` and `detect.holdings` read it from the events).
"""

from typing import NamedTuple, TypeAlias

from deadsim.kernel.primitives.condition import notifies
from deadsim.kernel.programs.linked import Stop
from deadsim.kernel.row import Result
from deadsim.kernel.system import System
from deadsim.model.objects import Condition, Event, Lock, Semaphore
from deadsim.space.packed import Info

Mark: TypeAlias = tuple[str, int, int, int]
"""What happened, to which object, for which thread (-1: to nobody yet), and with which variable (or -1)."""

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
            number
            for number, one in system.world.shared()
            if isinstance(one, Semaphore) and not one.signal
        )
        self.exact = not (self.semaphores and gives_by_count(system))
        if not self.exact:
            self.semaphores = frozenset()
        shared = [*system.world.shared()]
        self.locks = {n: one.lock for n, one in shared if isinstance(one, Condition)}
        self.plain = {n for n, one in shared if isinstance(one, Lock) and not one.reentrant}
        self.events = frozenset(n for n, one in shared if isinstance(one, Event))
        signals = any(isinstance(one, Condition | Event) for _, one in shared)
        self.matters = signals or bool(self.semaphores)
        self.find_news(system)
        self.pasts: list[Past] = [Past()]
        self.numbers: dict[Past, int] = {Past(): 0}

    def find_news(self, system: System) -> None:
        """Find of each condition who waits and who notifies, and which variables could tell its news."""
        self.waiters: dict[int, set[int]] = {}
        self.notifiers: dict[int, set[int]] = {}
        reads: dict[int, set[int]] = {}
        writes: dict[int, set[int]] = {}
        for linked in system.linked:
            thread = linked.thread
            for entry in linked.entries:
                if not isinstance(entry, Stop) or entry.form is None:
                    continue
                for number in entry.numbers:
                    reads.setdefault(thread, set()).update(entry.form.reads(number))
                    writes.setdefault(thread, set()).update(entry.form.writes(number))
                    if entry.form.parks(number) or set(entry.form.wants(number)) & {
                        ("set", number)
                    }:
                        self.waiters.setdefault(number, set()).add(thread)
                    if notifies(number) in entry.form.possible(number):
                        self.notifiers.setdefault(number, set()).add(thread)
        self.news: dict[int, frozenset[int]] = {}
        for number in self.locks:
            read = [reads.get(thread, set()) for thread in self.waiters.get(number, ())]
            written = [writes.get(thread, set()) for thread in self.notifiers.get(number, ())]
            self.news[number] = frozenset(set().union(*read) & set().union(*written))
        self.told = frozenset[int]().union(*self.news.values())

    def after(self, number: int, info: Info) -> int:
        """Give the past after a step."""
        effect = info.result.effect
        if not self.matters or not (
            effect.signals
            or effect.clears
            or effect.acquires
            or effect.releases
            or effect.phase
            or not self.events.isdisjoint(effect.takes)
            or (
                info.result.row.touches[:1]
                and (
                    about(info.result) in self.events
                    or not self.told.isdisjoint((*effect.reads, *effect.writes))
                )
            )
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
        marks = past.marks
        if self.locks:
            marks = self.told_by(marks, info)
        if self.events:
            marks = self.set_before(marks, info)
        return Past(marks, holders)

    def told_by(self, past: frozenset[Mark], info: Info) -> frozenset[Mark]:
        """Follow the news of notifies: who wrote and who tested it, and whether it went astray."""
        result = info.result
        effect, thread = result.effect, result.row.thread
        marks = set(past)
        for number, lock in self.locks.items():
            waiters = self.waiters.get(number, set())
            if thread in waiters and (lock in effect.acquires or lock in effect.resumes):
                marks -= {m for m in marks if m[:3] == ("tested", number, thread)}
                marks -= {m for m in marks if m[1:3] == (number, thread) and m[0] in WAITING}
            if lock in self.plain and lock in effect.releases:  # nobody asks for it any more
                marks -= {m for m in marks if m[:3] == ("tested", number, thread)}
        for number, news in self.news.items():
            if thread in self.waiters.get(number, ()):
                marks.update(("tested", number, thread, v) for v in news.intersection(effect.reads))
            for variable in news.intersection(effect.writes):
                if thread in self.notifiers.get(number, ()):
                    marks.add(("wrote", number, thread, variable))
                used = {m[2] for m in marks if m[:2] == ("hope", number) and m[3] == variable}
                marks -= {m for m in marks if m[1] == number and m[2] in used and m[0] in WAITING}
        for number in self.news.keys() & set(effect.signals):
            wrote = {m[3] for m in marks if m[:3] == ("wrote", number, thread)}
            marks -= {m for m in marks if m[1] == number and m[0] in ("void", "news")}
            marks -= {m for m in marks if m[:3] == ("wrote", number, thread)}
            if not effect.notified:
                marks.add(("void", number, -1, -1))
                marks.update(("news", number, -1, v) for v in wrote)
                continue
            for one in result.outcome.objects[number]:
                if one.status == "waiting":
                    tested = {m[3] for m in marks if m[:3] == ("tested", number, one.thread)}
                    marks -= {
                        m for m in marks if m[1:3] == (number, one.thread) and m[0] in WAITING
                    }
                    marks.add(("wrong", number, one.thread, -1))
                    marks.update(("hope", number, one.thread, v) for v in wrote & tested)
        number = result.row.touches[0] if result.row.touches else -1
        if effect.phase == "begin" and number in self.locks:
            tested = {m[3] for m in marks if m[:3] == ("tested", number, thread)}
            news_of = {m[3] for m in marks if m[:2] == ("news", number)}
            if ("void", number, -1, -1) in marks and not tested & news_of:
                marks.add(("lost", number, thread, -1))
        return frozenset(marks)

    def set_before(self, past: frozenset[Mark], info: Info) -> frozenset[Mark]:
        """Follow the sets of events that were cleared before somebody came to wait."""
        result = info.result
        effect, thread = result.effect, result.row.thread
        marks = set(past)
        for number in self.events.intersection(effect.signals):
            if not info.before.objects[number].set:
                marks -= {m for m in marks if m[:2] == ("seen", number)}
        for number in self.events.intersection(effect.clears):
            if info.before.objects[number].set:
                marks -= {m for m in marks if m[:2] == ("cleared", number)}
                missed = (
                    t for t in self.waiters.get(number, ()) if ("seen", number, t, -1) not in marks
                )
                marks.update(("cleared", number, t, -1) for t in missed)
        number = about(result)
        if effect.phase == "begin" and ("cleared", number, thread, -1) in marks:
            marks.add(("missed", number, thread, -1))
        for number in self.events.intersection(
            effect.takes
        ):  # it has waited, or asked and was told
            if thread in self.waiters.get(number, ()):
                marks.add(("seen", number, thread, -1))
                marks.discard(("missed", number, thread, -1))
                if effect.phase == "end":
                    marks.discard(("cleared", number, thread, -1))
        return frozenset(marks)


def about(result: Result) -> int:
    """Give the number of what a step was about; of several in one, of that which it was."""
    taken = result.outcome.taken
    touches = result.row.touches if taken is None else taken.operation.objects
    return touches[0] if touches else -1


WAITING = ("lost", "wrong", "hope")


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
