"""Locks that are held in modes: a request waits while another thread holds a mode that conflicts.

State: who holds what how often; with `prefer: queue` the requests that wait, in order; with victims
also who stands before a request at all, so that a circle of waits can be seen. Then each thread on a
closed circle may take, in place of its blocked step, one that fails and gives back all it holds of
such locks. That a thread comes to stand before a request is a part of the step that leads it there.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from deadsim.kernel.operation import (
    Attempt,
    Fact,
    Needs,
    Objects,
    Operation,
    Outcome,
    Phase,
    View,
    Wrong,
    replaced,
    wanted,
)
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.lock import TAKEN, not_held
from deadsim.model.failures import VICTIM
from deadsim.model.objects import ModeLock
from deadsim.trace.effect import Channel


class Request(NamedTuple):
    """A thread stands before a request; it waits there only once it is queued, if it `queues`."""

    thread: int
    mode: str
    queues: bool


class Grants(NamedTuple):
    """Who holds which mode how often, whose requests are queued, and who stands before one."""

    held: tuple[tuple[int, str, int], ...] = ()
    queued: tuple[tuple[int, str], ...] = ()
    asking: tuple[Request, ...] = ()

    def owners(self) -> tuple[int, ...]:
        """List who holds it."""
        return tuple(dict.fromkeys(thread for thread, _, _ in self.held))

    def of(self, thread: int) -> dict[str, int]:
        """Give how often a thread holds which mode."""
        return {mode: count for other, mode, count in self.held if other == thread}

    def with_more(self, thread: int, mode: str, more: int) -> "Grants":
        """Count a mode once more, or with -1 less."""
        counts = {(other, one): count for other, one, count in self.held}
        counts[thread, mode] = counts.get((thread, mode), 0) + more
        held = tuple(sorted((*key, count) for key, count in counts.items() if count))
        return self._replace(held=held)

    def without(self, thread: int) -> "Grants":
        """Take away all that a thread holds, and its request."""
        held = tuple(one for one in self.held if one[0] != thread)
        return self._replace(held=held, queued=self.requests_but(thread))

    def requests_but(self, thread: int) -> tuple[tuple[int, str], ...]:
        """Give the queue without a thread."""
        return tuple(one for one in self.queued if one[0] != thread)


Locks: TypeAlias = Mapping[int, ModeLock]
"""All locks of which a circle of waits is broken, by number."""


def initial(lock: ModeLock) -> Grants:
    """Give the state that the object begins with."""
    return Grants()


def threads_in(state: Grants) -> tuple[int, ...]:
    """List the threads that the state mentions, first to last."""
    asking = (request.thread for request in state.asking)
    return (*state.owners(), *(thread for thread, _ in state.queued), *asking)


def renamed(state: Grants, names: Sequence[int]) -> Grants:
    """Give the state with each thread called by another's number."""
    return Grants(
        tuple(sorted((names[thread], mode, count) for thread, mode, count in state.held)),
        tuple((names[thread], mode) for thread, mode in state.queued),
        tuple(sorted(one._replace(thread=names[one.thread]) for one in state.asking)),
    )


def conflicting(lock: ModeLock, mode: str) -> tuple[str, ...]:
    """List the modes that one conflicts with."""
    return next(others for one, others in lock.modes if one == mode)


def channel(number: int, lock: ModeLock, mode: str) -> Channel:
    """Name the channel from those who held a mode; none is that of another object."""
    place = next(place for place, (one, _) in enumerate(lock.modes, 1) if one == mode)
    return -(place << 40) - number


def ahead(lock: ModeLock, state: Grants, thread: int, mode: str) -> tuple[int, ...]:
    """List whom a request waits for: who holds what conflicts, or has asked for it earlier."""
    conflicts = conflicting(lock, mode)
    found = [other for other, one, _ in state.held if other != thread and one in conflicts]
    if lock.prefer == "queue" and not state.of(thread):
        for other, one in state.queued:
            if other == thread:
                break
            if one in conflicts:
                found.append(other)
    return tuple(dict.fromkeys(found))


def on_circle(locks: Locks, objects: View, thread: int) -> bool:
    """Decide whether a thread is on a closed circle of threads that wait for such locks."""
    waits: dict[int, tuple[int, ...]] = {}
    for number, lock in locks.items():
        state: Grants = objects[number]
        for other, mode, queues in state.asking:
            if not queues or (other, mode) in state.queued:
                waits[other] = ahead(lock, state, other, mode)
    seen: set[int] = set()
    front = [thread]
    while front:
        for other in waits.get(front.pop(), ()):
            if other == thread:
                return True
            if other not in seen:
                seen.add(other)
                front.append(other)
    return False


class Acquire(Operation):
    """Take a lock in a mode; with `queues` queue before that, if it cannot be had at once.

    `locks` are those of which a circle of waits is broken, none where this is not one of them.
    """

    verb = "acquire"
    can_block = True

    def __init__(self, number: int, lock: ModeLock, mode: str, queues: bool, locks: Locks) -> None:
        self.number = number
        self.lock = lock
        self.mode = self.text = mode
        self.queues = queues
        self.locks = locks
        self.objects = self.acquires = (number,)
        self.sees = tuple(other for other in locks if other != number)
        self.takes = tuple(channel(number, lock, one) for one in conflicting(lock, mode))

    def ahead(self, objects: View, thread: int) -> tuple[int, ...]:
        """List whom the thread has to wait for."""
        return ahead(self.lock, objects[self.number], thread, self.mode)

    def is_queued(self, objects: View, thread: int) -> bool:
        """Decide whether the request is in the queue."""
        return (thread, self.mode) in objects[self.number].queued

    def may_fail(self, objects: View, thread: int) -> bool:
        """Decide whether the thread may be the victim of a deadlock, now that it has to wait."""
        return bool(self.locks) and on_circle(self.locks, objects, thread)

    def ways(self, objects: View, thread: int) -> int:
        if not self.ahead(objects, thread):
            return 1
        if self.queues and not self.is_queued(objects, thread):
            return 1
        return 1 if self.may_fail(objects, thread) else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        state: Grants = objects[number]
        queued = self.is_queued(objects, thread)
        phase: Phase = "end" if queued else None
        if not self.ahead(objects, thread):
            entered = state.with_more(thread, self.mode, 1)
            entered = entered._replace(queued=state.requests_but(thread))
            return Outcome(replaced(objects, number, entered), TAKEN, phase=phase)
        if self.queues and not queued:
            queueing = state._replace(queued=(*state.queued, (thread, self.mode)))
            return Outcome(
                replaced(objects, number, queueing), stays=True, phase="begin", ordering=Ordering()
            )
        return self.victim(objects, thread)._replace(phase=phase)

    def victim(self, objects: Objects, thread: int) -> Outcome:
        """Fail, and give back all that the thread holds of such locks."""
        gives: list[Channel] = []
        freed: list[int] = []
        after = objects
        for number, lock in self.locks.items():
            state: Grants = objects[number]
            for mode, count in state.of(thread).items():
                gives.append(channel(number, lock, mode))
                freed.extend([number] * count)
            if thread in threads_in(state):
                after = replaced(after, number, state.without(thread))
        wrong = Wrong(
            "is the victim of a deadlock at {}", self.number, "error", VICTIM, raises=True
        )
        ordering = Ordering(tuple(gives))
        return Outcome(after, success=False, wrong=wrong, ordering=ordering, freed=tuple(freed))

    def needs(self, objects: Objects, thread: int) -> Needs:
        closes: tuple[Fact, ...] = tuple(("contends", number) for number in self.locks)
        owners = self.ahead(objects, thread)
        return Needs((("left", self.number),), owners=owners, closes=closes)


class Patient(Attempt):
    """A request that gives up at some time, and may be the victim of a deadlock until then."""

    wanted: Acquire
    can_choose = True

    def ways(self, objects: View, thread: int) -> int:
        acquire = self.wanted
        free = not acquire.ahead(objects, thread)
        return 1 if free or not acquire.may_fail(objects, thread) else 2

    def ready(self, objects: View, thread: int) -> bool:
        acquire = self.wanted
        return not acquire.ahead(objects, thread) or acquire.may_fail(objects, thread)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        if not self.wanted.ahead(objects, thread):
            return self.wanted.apply(objects, thread, way)
        if way:
            return self.wanted.victim(objects, thread)
        return Outcome(objects, self.failed, success=False, by="time")


class Release(Operation):
    """Give a mode back, without one the only one that is held; a misuse by whoever does not hold it.

    One that is `leaving` is on the way out of a thread that was the victim of a deadlock: what it held is
    given back already.
    """

    verb = "release"

    def __init__(self, number: int, lock: ModeLock, mode: str | None, leaving: bool) -> None:
        self.number = number
        self.lock = lock
        self.mode = self.text = mode
        self.leaving = leaving
        self.objects = self.releases = (number,)

    def meant(self, state: Grants, thread: int) -> str | None:
        """Find the mode that is given back; None where it is not held."""
        own = state.of(thread)
        if self.mode is None:
            return next(iter(own)) if len(own) == 1 else None
        return self.mode if self.mode in own else None

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        state: Grants = objects[number]
        mode = self.meant(state, thread)
        if mode is not None:
            left = replaced(objects, number, state.with_more(thread, mode, -1))
            return Outcome(left, ordering=Ordering((channel(number, self.lock, mode),)))
        if self.mode is None and state.of(thread):
            wrong = Wrong("releases {} without a mode, and holds it in several", number)
            return Outcome(objects, success=False, wrong=wrong)
        if self.leaving:
            return Outcome(objects, ordering=Ordering(), freed=())
        if self.mode is None or not state.of(thread):
            return Outcome(objects, success=False, wrong=not_held(number))
        mode = self.mode.replace("{", "{{").replace("}", "}}")
        wrong = Wrong(f"releases {{}} in mode '{mode}', in which it does not hold it", number)
        return Outcome(objects, success=False, wrong=wrong)


def request_of(operation: Operation | None) -> Acquire | None:
    """Give the request that a thread stands before, where others see it wait."""
    if operation is None or (isinstance(operation, Attempt) and operation.duration is None):
        return None
    acquire = wanted(operation)
    return acquire if isinstance(acquire, Acquire) and acquire.locks else None


def moved_on(
    objects: Objects, thread: int, before: Operation | None, after: Operation | None
) -> Objects:
    """Note that a thread no longer stands before one step, and stands before another."""
    left, come = request_of(before), request_of(after)
    if left is come:
        return objects
    if left is not None:
        state: Grants = objects[left.number]
        rest = tuple(one for one in state.asking if one.thread != thread)
        objects = replaced(objects, left.number, state._replace(asking=rest))
    if come is not None:
        state = objects[come.number]
        request = Request(thread, come.mode, come.queues)
        asking = tuple(sorted((*state.asking, request)))
        objects = replaced(objects, come.number, state._replace(asking=asking))
    return objects


QUERIES = {
    "locked": lambda world, number, state: bool(state.held),
    "holder": lambda world, number, state: (
        world.name(state.owners()[0]) if len(state.owners()) == 1 else None
    ),
}
