"""What of the past decides the kind of a deadlock, as a part of the state.

A notify that found nobody, one that woke another waiter, an event that was set and cleared, who took
a permit: the same state may have come about with them or without (`detect.deadlocks.lost_signals` and
`detect.holdings` read it from the events).
"""

from typing import NamedTuple, TypeAlias

from deadsim.kernel.system import System
from deadsim.model.instructions import Step
from deadsim.model.objects import Condition, Event, Semaphore
from deadsim.model.program import Program
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
        self.exact = not (self.semaphores and gives_by_count(system.program))
        if not self.exact:
            self.semaphores = frozenset()
        signals = any(isinstance(one, Condition | Event) for _, one in system.world.shared())
        self.matters = signals or bool(self.semaphores)
        self.pasts: list[Past] = [Past()]
        self.numbers: dict[Past, int] = {Past(): 0}

    def after(self, number: int, info: Info) -> int:
        """Give the past after a step."""
        if not self.matters or info.operation.verb not in CHANGING:
            return number
        past = self.follow(self.pasts[number], info)
        found = self.numbers.get(past)
        if found is None:
            found = self.numbers[past] = len(self.pasts)
            self.pasts.append(past)
        return found

    def follow(self, past: Past, info: Info) -> Past:
        """Give what of the past matters after a step."""
        verb = info.operation.verb
        if verb not in ("acquire", "release"):
            return past._replace(marks=follow(past.marks, info))
        number = info.operation.objects[0]
        if number not in self.semaphores or not info.transition.outcome.success:
            return past
        mine = (number, info.thread)
        if verb == "acquire":
            return past._replace(holders=tuple(sorted((*past.holders, mine))))
        given = (
            mine
            if mine in past.holders
            else next((h for h in past.holders if h[0] == number), None)
        )
        if given is None:
            return past
        place = past.holders.index(given)
        return past._replace(holders=past.holders[:place] + past.holders[place + 1 :])


CHANGING = ("notify", "notify_all", "clear", "wait", "acquire", "release")
"""Verbs that change what of the past matters."""


def gives_by_count(program: Program) -> bool:
    """Decide whether a thread gives back permits by a count."""
    return any(
        isinstance(instruction, Step) and instruction.verb == "release" and instruction.operands
        for thread in program.threads
        for instruction in thread.code.instructions
    )


def follow(past: frozenset[Mark], info: Info) -> frozenset[Mark]:
    """Give which signals went astray after a step."""
    operation, outcome = info.operation, info.transition.outcome
    if not outcome.success and operation.verb != "wait":
        return past
    number = operation.objects[0]
    match operation.verb:
        case "notify" | "notify_all":
            if outcome.ordering is None:
                return past | {("lost", number, -1)}
            waiting = (one for one in outcome.objects[number] if one.status == "waiting")
            return past | {("stolen", number, one.thread) for one in waiting}
        case "clear":
            return past | {("cleared", number, -1)} if info.before.objects[number].set else past
        case _:
            mine = frozenset(mark for mark in past if mark[2] != info.thread)
            if outcome.phase != "begin":
                return mine if outcome.phase == "end" and not outcome.stays else past
            inherited = {(what, n, info.thread) for what, n, who in mine if n == number and who < 0}
            return mine | inherited
