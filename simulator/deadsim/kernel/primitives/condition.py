"""Conditions. State: those who wait, in order of arrival, until they have their lock back.

A waiter that was notified, woke unasked, or ran out of time waits for nothing but the lock. Until
it has that, one that was not notified is still on the list, as in CPython and POSIX: a notify goes to
it in its turn, and is spent.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from deadsim.kernel.operation import (
    Needs,
    Objects,
    Operation,
    Outcome,
    Stock,
    View,
    Wrong,
    replaced,
)
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.leave import gone
from deadsim.kernel.primitives.lock import free
from deadsim.model.objects import Condition
from deadsim.trace.effect import Mark, Store

Status: TypeAlias = Literal["waiting", "notified", "spurious", "timeout", "late"]
"""How a waiter stands; one whose time had run out when it was notified is "late"."""


class Waiter(NamedTuple):
    """A thread that waits: how often it held the lock, and whether it may run out of time."""

    thread: int
    depth: int
    timed: bool
    status: Status

    @property
    def listed(self) -> bool:
        """Tell whether a notify may still go to it."""
        return self.status not in ("notified", "late")

    @property
    def gave_up(self) -> bool:
        """Tell whether its time has run out: then nothing wakes it, and nothing orders it."""
        return self.status in ("timeout", "late")

    def notified(self) -> "Waiter":
        """Take it off the list."""
        return self._replace(status="late" if self.gave_up else "notified")


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
        self,
        number: int,
        mutex: int,
        spurious: bool,
        duration: int | None,
        continues: bool,
        owned: bool = True,
        signal: bool = False,
    ) -> None:
        self.number = number
        self.owned = owned
        self.signal = signal
        self.mutex = mutex
        self.spurious = spurious
        self.duration = duration
        self.continues = continues
        self.can_choose = self.may_be_late = spurious and duration is not None
        self.objects = (number, mutex)
        self.parks = (mutex,)

    def own(self, objects: View, thread: int) -> Waiter | None:
        """Find the thread among the waiters."""
        return next((waiter for waiter in objects[self.number] if waiter.thread == thread), None)

    def ways(self, objects: View, thread: int) -> int:
        own = self.own(objects, thread)
        if own is None:
            return 1
        if own.status == "waiting":
            return (self.duration is not None) + self.spurious
        return 1 if objects[self.mutex] is None else 0

    def ready(self, objects: View, thread: int) -> bool:
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
                by="time" if timeout else "nobody",
            )
        rest = tuple(waiter for waiter in waiters if waiter != own)
        after = replaced(replaced(objects, self.number, rest), self.mutex, (thread, own.depth))
        marks: tuple[Mark, ...] = ()
        if own.status == "notified":
            marks = (Mark(woken_by(self.number, thread), 0, False),)
        return Outcome(
            after,
            (not own.gave_up,),
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

    def is_half_done(self, objects: View, thread: int) -> bool:
        return self.own(objects, thread) is not None

    def left(self, objects: Objects, thread: int) -> Outcome:
        own = self.own(objects, thread)
        assert own is not None
        rest = tuple(waiter for waiter in objects[self.number] if waiter != own)
        after = replaced(replaced(objects, self.number, rest), self.mutex, (thread, own.depth))
        marks: tuple[Mark, ...] = ()
        if own.status == "notified":
            marks = (Mark(woken_by(self.number, thread), 0, False),)
        return gone(after, Ordering((), (self.mutex,), marks))

    def about(self, objects: Objects, thread: int) -> int:
        own = self.own(objects, thread)
        return self.number if own is None or own.status == "waiting" else self.mutex

    def needs(self, objects: Objects, thread: int) -> Needs:
        own = self.own(objects, thread)
        assert own is not None
        if own.status != "waiting":
            return free(self.mutex, objects, self.owned, self.signal)
        # Whoever is ahead may leave the list by himself before a notify comes, or take it along.
        listed = [waiter.thread for waiter in objects[self.number] if waiter.listed]
        rank = listed.index(thread)
        lock_back = (("given back", self.mutex),)
        return Needs((notifies(self.number),), rank + 1, also=lock_back)


class Notify(Operation):
    """Notify waiters, those first who have waited longest: `count` of them, or with None all."""

    def __init__(self, verb: str, number: int, mutex: int, count: int | None) -> None:
        self.verb = verb
        self.number = number
        self.mutex = mutex
        self.count = count
        self.objects = (number, mutex)
        self.signals = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        if not holds(objects, self.mutex, thread):
            return Outcome(objects, success=False, wrong=without_lock(self.verb, self.number))
        waiters = objects[self.number]
        listed = [waiter for waiter in waiters if waiter.listed]
        taken = listed if self.count is None else listed[: max(0, self.count)]
        if not taken:
            return Outcome(objects)
        after = tuple(waiter.notified() if waiter in taken else waiter for waiter in waiters)
        marks = tuple(
            Mark(woken_by(self.number, waiter.thread), 0, True)
            for waiter in taken
            if not waiter.gave_up
        )
        return Outcome(
            replaced(objects, self.number, after),
            ordering=Ordering((), (), marks),
            notified=threads_in(tuple(taken)),
        )


QUERIES = {"waiting": lambda world, number, state: sum(one.listed for one in state)}
