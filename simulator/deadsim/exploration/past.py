"""What of the past decides the kind of a deadlock, as a part of the state.

A notify that found nobody, one that woke another waiter, an event that was set and cleared: the same
state may have come about with them or without (`detect.history` reads it from the events).
"""

from typing import TypeAlias

from deadsim.engine.memory import Info
from deadsim.model.objects import Condition, Event
from deadsim.model.program import Program

Mark: TypeAlias = tuple[str, int, int]
"""What happened, to which object, and for which thread that waits (-1: to nobody yet)."""

Past: TypeAlias = frozenset[Mark]


class Pasts:
    """Numbers the pasts of a program; 0 is that nothing happened."""

    def __init__(self, program: Program) -> None:
        self.matters = any(isinstance(one, Condition | Event) for one in program.objects)
        self.pasts: list[Past] = [frozenset()]
        self.numbers: dict[Past, int] = {frozenset(): 0}

    def after(self, number: int, info: Info) -> int:
        """Give the past after a step."""
        if not self.matters or info.operation.verb not in ("notify", "notify_all", "clear", "wait"):
            return number
        past = follow(self.pasts[number], info)
        found = self.numbers.get(past)
        if found is None:
            found = self.numbers[past] = len(self.pasts)
            self.pasts.append(past)
        return found


def follow(past: Past, info: Info) -> Past:
    """Give what of the past matters after a step."""
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
