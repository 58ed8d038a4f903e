"""Conditions: who could still be notified, and by how many notifies."""

from collections.abc import Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract import lock
from deadsim.kernel.abstract.form import (
    ENDLESS,
    Approach,
    Declared,
    Facts,
    Form,
    Held,
    Passage,
    more,
    without,
)
from deadsim.kernel.abstract.question import waiting
from deadsim.kernel.expressions.operators import amount
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.primitives.condition import (
    Notify,
    Wait,
    Waiter,
    notifies,
)
from deadsim.kernel.primitives.lock import is_owned, unlocked
from deadsim.model.objects import Condition
from deadsim.model.values import Value
from deadsim.trace.effect import Numbers


class AcquireForm(lock.AcquireForm):
    """`acquire` of the lock of a condition, by the condition's name."""

    def lock(self, number: int) -> int:
        condition: Any = self.declared[number]
        return int(condition.lock)


class ReleaseForm(lock.ReleaseForm):
    """`release` of the lock of a condition, by the condition's name; that may be one without an owner."""

    varies = True

    def lock(self, number: int) -> int:
        condition: Any = self.declared[number]
        return int(condition.lock)


def offer(
    number: int,
    condition: Condition,
    state: tuple[Waiter, ...],
    facts: Facts,
    holding: dict[int, Held],
) -> None:
    """Note for relaxed progress who waits, behind how many others that only a notify lets go on.

    One that ran out of time, or may, is none of those: it may leave before a notify comes to it.
    """
    ahead = 0
    for waiter in state:
        held = holding.setdefault(waiter.thread, {})
        held[waiter.status, number] = waiter.depth
        if waiter.status == "waiting":
            if ahead:
                held[notifies(number)] = ahead
            if not (waiter.timed or condition.spurious or condition.left):
                ahead += 1


class WaitForm(Form):
    """`wait` for a condition; flags "timed" (the operand is the timeout) and "again"."""

    in_stages = True
    varies = True
    results = "integers"

    def __init__(self, declared: Declared, flags: tuple[str, ...]) -> None:
        super().__init__(declared, flags)
        self.can_block = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        number = objects[0]
        condition: Any = self.declared[number]
        duration = self.duration(operands)
        mutex: Any = self.declared[condition.lock]
        again = "again" in self.flags
        return Wait(
            number,
            condition.lock,
            condition.spurious,
            duration,
            again,
            mutex.owned,
            mutex.signal,
        )

    def owned(self, number: int) -> bool:
        """Decide whether the condition's lock has an owner."""
        condition: Any = self.declared[number]
        return is_owned(self.declared[condition.lock])

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, held = a.number, a.held
        condition: Any = self.declared[number]
        mutex = condition.lock
        owned = self.owned(number)

        def back(after: Held, depth: int) -> Held:
            """Give what it holds with the lock; of one without an owner nobody is sure."""
            return {**after, mutex: depth} if owned else after

        can_lock = ("free", mutex) in a.facts.known
        for status in ("notified", "spurious", "timeout", "late"):
            depth = held.get((status, number))
            if depth:
                if can_lock:
                    after = without(held, (status, number))
                    yield Passage(back(after, depth), (status not in ("timeout", "late"),))
                return
        depth = held.get(("waiting", number), 0)
        if depth:
            waiting = without(held, ("waiting", number))
            if can_lock and a.available(notifies(number)) > 0:
                yield Passage(back(more(waiting, notifies(number)), depth), (True,))
            if condition.spurious:
                yield Passage({**waiting, ("spurious", number): depth}, stays=True)
            if "timed" in self.flags:
                yield Passage({**waiting, ("timeout", number): depth}, stays=True)
            return
        depth = held.get(mutex, 0)
        if depth or not a.operation or not owned:
            begun = {**without(held, mutex), ("waiting", number): max(1, depth)}
            yield Passage(begun, facts=(("free", mutex),), stays=True)
        if not depth:
            yield Passage(held, fails=True)

    def wakes_unasked(self, numbers: Sequence[int]) -> bool:
        declared: Any = self.declared
        return any(declared[number].spurious for number in numbers)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        condition: Any = self.declared[number]
        return condition.lock not in held

    def parks(self, number: int) -> Numbers:
        condition: Any = self.declared[number]
        return (int(condition.lock),)

    def possible(self, number: int) -> Sequence[Fact]:
        condition: Any = self.declared[number]
        return lock.provided(self.declared, int(condition.lock))

    def wants(self, number: int) -> Sequence[Fact]:
        condition: Any = self.declared[number]
        mutex = int(condition.lock)
        return (notifies(number),) if self.owned(number) else (notifies(number), unlocked(mutex))


class NotifyForm(Form):
    """`notify`, with the flag "count" as many as the operand says."""

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        count = amount(operands[0], "the number of waiters", -ENDLESS) if operands else 1
        return Notify("notify", objects[0], self.mutex(objects[0]), count)

    def mutex(self, number: int) -> int:
        """Give the number of a condition's lock."""
        condition: Any = self.declared[number]
        return int(condition.lock)

    def passages(self, a: Approach) -> Iterable[Passage]:
        held = self.mutex(a.number) in a.held
        if held or not a.operation or not is_owned(self.declared[self.mutex(a.number)]):
            yield Passage(a.held, supplies=((notifies(a.number), self.count(a)),))
        if not held:
            yield Passage(a.held, fails=True)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return self.mutex(number) not in held

    def is_safe(self, numbers: Sequence[int], held: frozenset[int]) -> bool:
        return not any(self.may_fail(number, held) for number in numbers)

    def count(self, a: Approach) -> int:
        """Count how many waiters the step may wake."""
        if isinstance(a.operation, Notify):
            return ENDLESS if a.operation.count is None else a.operation.count
        return ENDLESS if "count" in self.flags else 1

    def certain(self, number: int) -> Sequence[Fact]:
        return () if "count" in self.flags else (notifies(number),)

    def possible(self, number: int) -> Sequence[Fact]:
        return (notifies(number),)


class NotifyAllForm(NotifyForm):
    """`notify_all`."""

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Notify("notify_all", objects[0], self.mutex(objects[0]), None)

    def count(self, a: Approach) -> int:
        return ENDLESS

    def certain(self, number: int) -> Sequence[Fact]:
        return (notifies(number), ("all of", *notifies(number)))


FORMS: dict[str, type[Form]] = {
    "wait": WaitForm,
    "notify": NotifyForm,
    "notify_all": NotifyAllForm,
    "acquire": AcquireForm,
    "release": ReleaseForm,
}

ANSWERS = {"waiting": waiting}
