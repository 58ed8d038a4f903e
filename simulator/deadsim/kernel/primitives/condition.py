"""Conditions. State: those who wait, in order of arrival, until they have their lock back.

A waiter that was notified, woke unasked, or ran out of time waits for nothing but the lock.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from deadsim.kernel.abstract.form import (
    ENDLESS,
    Approach,
    Declared,
    Facts,
    Form,
    Held,
    Passage,
    Stock,
    more,
    without,
)
from deadsim.kernel.expressions.operators import amount
from deadsim.kernel.operation import Fact, Needs, Objects, Operation, Outcome, Wrong, replaced
from deadsim.kernel.ordering import Mark, Ordering, Store
from deadsim.kernel.primitives import lock
from deadsim.kernel.primitives.lock import free
from deadsim.model.objects import Condition
from deadsim.model.values import Value

Status: TypeAlias = Literal["waiting", "notified", "spurious", "timeout"]


class Waiter(NamedTuple):
    """A thread that waits: how often it held the lock, and whether it may run out of time."""

    thread: int
    depth: int
    timed: bool
    status: Status


def initial(condition: Condition) -> tuple[Waiter, ...]:
    """Give the state that the object begins with."""
    return ()


def threads_in(state: tuple[Waiter, ...]) -> tuple[int, ...]:
    """List the threads that the state mentions, first to last."""
    return tuple(waiter.thread for waiter in state)


def renamed(state: tuple[Waiter, ...], names: Sequence[int]) -> tuple[Waiter, ...]:
    """Give the state with each thread called by another's number."""
    return tuple(waiter._replace(thread=names[waiter.thread]) for waiter in state)


def notifies(number: int) -> Stock:
    """Name what wakes one waiter as something that is counted."""
    return ("notifies", number)


def offer(
    number: int,
    condition: Condition,
    state: tuple[Waiter, ...],
    facts: Facts,
    holding: dict[int, Held],
) -> None:
    """Note for relaxed progress who waits, behind how many others."""
    ahead = 0
    for waiter in state:
        held = holding.setdefault(waiter.thread, {})
        held[waiter.status, number] = waiter.depth
        if waiter.status == "waiting":
            if ahead:
                held[notifies(number)] = ahead
            if not waiter.timed and not condition.spurious:
                ahead += 1


def woken_by(number: int, thread: int) -> Store:
    """Name the store that keeps which step woke a waiter."""
    return ("woken", number, thread)


def without_lock(verb: str, number: int) -> Wrong:
    """Say that a thread uses a condition without its lock."""
    return Wrong(f"calls '{verb}' of {{}} without holding its lock", number)


def holds(objects: Objects, mutex: int, thread: int) -> int:
    """Count how often a thread holds the lock of a condition."""
    owned = objects[mutex]
    return owned[1] if owned is not None and owned[0] == thread else 0


class Wait(Operation):
    """Release the lock wholly and join the waiters; when woken, take the lock back."""

    verb = "wait"
    can_block = True

    def __init__(
        self, number: int, mutex: int, spurious: bool, duration: int | None, continues: bool
    ) -> None:
        self.number = number
        self.mutex = mutex
        self.spurious = spurious
        self.duration = duration
        self.continues = continues
        self.can_choose = spurious and duration is not None
        self.objects = (number, mutex)

    def own(self, objects: Objects, thread: int) -> Waiter | None:
        """Find the thread among the waiters."""
        return next((waiter for waiter in objects[self.number] if waiter.thread == thread), None)

    def ways(self, objects: Objects, thread: int) -> int:
        own = self.own(objects, thread)
        if own is None:
            return 1
        if own.status == "waiting":
            return (self.duration is not None) + self.spurious
        return 1 if objects[self.mutex] is None else 0

    def ready(self, objects: Objects, thread: int) -> bool:
        own = self.own(objects, thread)
        return own is None or own.status != "waiting" or self.spurious

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        own = self.own(objects, thread)
        if own is None:
            return self.begin(objects, thread)
        waiters = objects[self.number]
        if own.status == "waiting":
            timeout = self.duration is not None and way == 0
            off = own._replace(status="timeout" if timeout else "spurious")
            rest = tuple(off if waiter == own else waiter for waiter in waiters)
            return Outcome(
                replaced(objects, self.number, rest),
                (not timeout,),
                success=not timeout,
                stays=True,
                phase="end",
                ordering=Ordering(),
            )
        rest = tuple(waiter for waiter in waiters if waiter != own)
        after = replaced(replaced(objects, self.number, rest), self.mutex, (thread, own.depth))
        marks: tuple[Mark, ...] = ()
        if own.status == "notified":
            marks = (Mark(woken_by(self.number, thread), 0, False),)
        return Outcome(
            after,
            (own.status != "timeout",),
            phase="end",
            ordering=Ordering((), (self.mutex,), marks),
        )

    def begin(self, objects: Objects, thread: int) -> Outcome:
        depth = holds(objects, self.mutex, thread)
        if not depth:
            return Outcome(objects, success=False, wrong=without_lock("wait", self.number))
        joined = (
            *objects[self.number],
            Waiter(thread, depth, self.duration is not None, "waiting"),
        )
        after = replaced(replaced(objects, self.number, joined), self.mutex, None)
        return Outcome(after, stays=True, phase="begin", ordering=Ordering((self.mutex,)))

    def about(self, objects: Objects, thread: int) -> int:
        own = self.own(objects, thread)
        return self.number if own is None or own.status == "waiting" else self.mutex

    def needs(self, objects: Objects, thread: int) -> Needs:
        own = self.own(objects, thread)
        assert own is not None
        if own.status != "waiting":
            return free(self.mutex, objects)
        waiting = [waiter.thread for waiter in objects[self.number] if waiter.status == "waiting"]
        rank = waiting.index(thread)
        lock_back = (("given back", self.mutex),)
        return Needs((notifies(self.number),), rank + 1, also=lock_back)


class Notify(Operation):
    """Wake waiters, those first who have waited longest: `count` of them, or with None all."""

    def __init__(self, verb: str, number: int, mutex: int, count: int | None) -> None:
        self.verb = verb
        self.number = number
        self.mutex = mutex
        self.count = count
        self.objects = (number, mutex)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        if not holds(objects, self.mutex, thread):
            return Outcome(objects, success=False, wrong=without_lock(self.verb, self.number))
        waiters = objects[self.number]
        waiting = [waiter for waiter in waiters if waiter.status == "waiting"]
        woken = waiting if self.count is None else waiting[: max(0, self.count)]
        if not woken:
            return Outcome(objects)
        after = tuple(
            waiter._replace(status="notified") if waiter in woken else waiter for waiter in waiters
        )
        marks = tuple(Mark(woken_by(self.number, waiter.thread), 0, True) for waiter in woken)
        return Outcome(replaced(objects, self.number, after), ordering=Ordering((), (), marks))


class WaitForm(Form):
    """`wait` for a condition; flags "timed" (the operand is the timeout) and "again"."""

    in_stages = True
    varies = True

    def __init__(self, declared: Declared, flags: tuple[str, ...]) -> None:
        super().__init__(declared, flags)
        self.can_block = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        number = objects[0]
        condition: Any = self.declared[number]
        timed = "timed" in self.flags
        duration = amount(operands[0], "a timeout", 0) if timed else None
        return Wait(number, condition.lock, condition.spurious, duration, "again" in self.flags)

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, held = a.number, a.held
        condition: Any = self.declared[number]
        mutex = condition.lock
        can_lock = ("free", mutex) in a.facts.known
        for status in ("notified", "spurious", "timeout"):
            depth = held.get((status, number))
            if depth:
                if can_lock:
                    after = without(held, (status, number))
                    yield Passage({**after, mutex: depth}, (status != "timeout",))
                return
        depth = held.get(("waiting", number), 0)
        if depth:
            waiting = without(held, ("waiting", number))
            if can_lock and a.available(notifies(number)) > 0:
                yield Passage({**more(waiting, notifies(number)), mutex: depth}, (True,))
            if condition.spurious:
                yield Passage({**waiting, ("spurious", number): depth}, stays=True)
            if "timed" in self.flags:
                yield Passage({**waiting, ("timeout", number): depth}, stays=True)
            return
        depth = held.get(mutex, 0)
        if depth or not a.operation:
            begun = {**without(held, mutex), ("waiting", number): max(1, depth)}
            yield Passage(begun, facts=(("free", mutex),), stays=True)
        if not depth:
            yield Passage(held, fails=True)

    def possible(self, number: int) -> Sequence[Fact]:
        condition: Any = self.declared[number]
        return (("free", condition.lock),)

    def wants(self, number: int) -> Sequence[Fact]:
        return (notifies(number),)


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
        if held or not a.operation:
            yield Passage(a.held, supplies=((notifies(a.number), self.count(a)),))
        if not held:
            yield Passage(a.held, fails=True)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return self.mutex(number) not in held

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


class AcquireForm(lock.AcquireForm):
    """`acquire` of the lock of a condition, by the condition's name."""

    def lock(self, number: int) -> int:
        condition: Any = self.declared[number]
        return int(condition.lock)


class ReleaseForm(lock.ReleaseForm):
    """`release` of the lock of a condition, by the condition's name."""

    def lock(self, number: int) -> int:
        condition: Any = self.declared[number]
        return int(condition.lock)


QUERIES = {"waiting": lambda program, state: sum(one.status == "waiting" for one in state)}

FORMS: dict[str, type[Form]] = {
    "wait": WaitForm,
    "notify": NotifyForm,
    "notify_all": NotifyAllForm,
    "acquire": AcquireForm,
    "release": ReleaseForm,
}
