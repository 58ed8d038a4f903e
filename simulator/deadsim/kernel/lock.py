"""Locks, plain and reentrant. State: None while free, else (owner, how often it holds it)."""

from collections.abc import Sequence
from typing import Any

from deadsim.kernel.operation import (
    Facts,
    Form,
    Held,
    Objects,
    Operation,
    Outcome,
    Reach,
    Sure,
    replaced,
)
from deadsim.model.objects import Lock
from deadsim.model.values import Value


def initial(lock: Lock) -> Any:
    """Give the state that the object begins with."""
    return None


def offer(number: int, state: Any, facts: Facts, holding: dict[int, Held]) -> None:
    """Note for relaxed progress whether it is free, or who holds it."""
    if state is None:
        facts.free.add(number)
    else:
        holding.setdefault(state[0], {})[number] = state[1]


TAKEN = (True,)


class Acquire(Operation):
    """Take a lock; blocked while another thread holds it, or this one a plain one."""

    verb = "acquire"
    can_block = True

    def __init__(self, number: int, reentrant: bool) -> None:
        self.number = number
        self.reentrant = reentrant
        self.objects = self.takes = (number,)

    def ways(self, objects: Objects, thread: int) -> int:
        owned = objects[self.number]
        return 1 if owned is None or (self.reentrant and owned[0] == thread) else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        owned = objects[number]
        depth = 1 if owned is None else owned[1] + 1
        return Outcome(replaced(objects, number, (thread, depth)), TAKEN)

    def awaits(self, objects: Objects, thread: int) -> tuple[int, ...]:
        return (objects[self.number][0],)


class Release(Operation):
    """Give a lock back; a misuse by whoever does not hold it."""

    verb = "release"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.gives = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        owned = objects[self.number]
        if owned is None or owned[0] != thread:
            wrong = ("releases {}, which it does not hold", self.number)
            return Outcome(objects, success=False, misuse=wrong)
        rest = (thread, owned[1] - 1) if owned[1] > 1 else None
        return Outcome(replaced(objects, self.number, rest))


class AcquireForm(Form):
    """`acquire` of a lock."""

    can_block = True

    def __init__(self, lock: Lock) -> None:
        self.reentrant = lock.reentrant

    def operation(
        self, objects: tuple[int, ...], operands: tuple[Value, ...], flags: tuple[str, ...]
    ) -> Operation:
        return Acquire(objects[0], self.reentrant)

    def may_pass(self, thread: int, reach: Reach, facts: Facts, held: Held) -> bool:
        if self.reentrant:
            return any(number in facts.free or number in held for number in reach.numbers)
        return any(number in facts.free and number not in held for number in reach.numbers)

    def relax(self, thread: int, reach: Reach, facts: Facts, held: Held) -> None:
        if len(reach.numbers) == 1:
            number = reach.numbers[0]
            held[number] = held.get(number, 0) + 1


class ReleaseForm(Form):
    """`release` of a lock."""

    def __init__(self, lock: Lock) -> None:
        self.reentrant = lock.reentrant

    def operation(
        self, objects: tuple[int, ...], operands: tuple[Value, ...], flags: tuple[str, ...]
    ) -> Operation:
        return Release(objects[0])

    def misuses(self, thread: int, reach: Reach, facts: Facts, held: Held, exact: bool) -> Sure:
        if len(reach.numbers) == 1 and reach.numbers[0] in held:
            return "no"
        return "yes" if exact else "maybe"

    def relax(self, thread: int, reach: Reach, facts: Facts, held: Held) -> None:
        for number in reach.numbers:
            depth = held.pop(number, 0)
            if depth > 1:
                held[number] = depth - 1
            if depth <= 1 or len(reach.numbers) > 1:
                facts.provide(facts.free, number)

    def frees(self, reach: Reach) -> Sequence[int]:
        return () if self.reentrant else reach.numbers


QUERIES = {
    "locked": lambda program, state: state is not None,
    "holder": lambda program, state: None if state is None else program.threads[state[0]].name,
}

FORMS = {"acquire": AcquireForm, "release": ReleaseForm}
