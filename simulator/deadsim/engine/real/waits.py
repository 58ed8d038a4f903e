"""Real objects on which one waits in several steps, or which Python does not have.

A real `wait` cannot be cut into steps. So these are built as CPython builds its own: a lock for each
waiter, in a first-come queue, which notify, set or the last arrival releases; an event keeps a real
Event for its flag. An rwlock and a pipe stand on a real lock and a real deque.
"""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from deadsim.errors import InternalError
from deadsim.kernel.operation import Operation, Outcome
from deadsim.model import objects
from deadsim.model.values import Value


class Waiters:
    """A first-come queue of waiters: each has a lock, which is released to wake it."""

    def __init__(self) -> None:
        self.waiting: deque[int] = deque()
        self.locks: dict[int, threading.Lock] = {}

    def join(self) -> None:
        """Let the worker that calls wait."""
        me = threading.get_ident()
        self.locks[me] = threading.Lock()
        self.locks[me].acquire()
        self.waiting.append(me)

    def wake(self, count: int | None = None) -> None:
        """Wake those who have waited longest; None wakes all."""
        count = len(self.waiting) if count is None else min(count, len(self.waiting))
        for _ in range(count):
            self.locks[self.waiting.popleft()].release()

    def give_up(self) -> None:
        """Take the worker that calls off the waiters."""
        self.waiting.remove(threading.get_ident())

    def leave(self) -> bool:
        """End the wait of the worker that calls; tell whether it was woken."""
        return self.locks.pop(threading.get_ident()).acquire(False)

    def withdraw(self) -> None:
        """Take the worker that calls out, whether or not it was woken."""
        me = threading.get_ident()
        if me in self.waiting:
            self.waiting.remove(me)
        del self.locks[me]

    @property
    def among(self) -> bool:
        """Tell whether the worker that calls waits, or was woken and has not gone on."""
        return threading.get_ident() in self.locks


class RealCondition:
    """A condition over the real lock that it was declared with."""

    def __init__(self, number: int, condition: objects.Condition) -> None:
        self.number = number
        self.mutex = condition.lock
        self.lock: Any = None
        self.waiters = Waiters()
        self.unasked: set[int] = set()  # who woke without a notify, and has not the lock back

    def wait(self, operation: Operation, outcome: Outcome) -> None:
        me = threading.get_ident()
        if outcome.phase == "begin":
            depth = outcome.objects[self.number][-1].depth
            self.waiters.join()
            for _ in range(depth):
                self.lock.release()
        elif outcome.stays:
            if self.waiters.locks[me].acquire(False):
                raise disagreement("a condition", "wait")
            self.unasked.add(me)
        else:
            for _ in range(outcome.objects[self.mutex][1]):
                if not self.lock.acquire(False):
                    raise disagreement("a condition's lock", "wait")
            woken = self.waiters.leave()
            if me in self.unasked:  # only now is it off the list, if no notify took it off before
                self.unasked.remove(me)
                if not woken:
                    self.waiters.give_up()
            elif not woken:
                raise disagreement("a condition", "wait")

    def leave(self, operation: Operation, outcome: Outcome) -> None:
        for _ in range(outcome.objects[self.mutex][1]):
            if not self.lock.acquire(False):
                raise disagreement("a condition's lock", "leave")
        self.waiters.withdraw()
        self.unasked.discard(threading.get_ident())

    def notify(self, operation: Operation, outcome: Outcome) -> None:
        self.waiters.wake(max(0, getattr(operation, "count", 1)))

    def notify_all(self, operation: Operation, outcome: Outcome) -> None:
        self.waiters.wake()

    def answer(self, question: str) -> Value:
        """Answer a question."""
        return len(self.waiters.waiting)

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state: how many are on the list, and how many have not gone on."""
        listed = sum(waiter.listed for waiter in state[self.number])
        real = self.waiters
        return (len(real.waiting), len(real.locks)) == (listed, len(state[self.number]))

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds: its lock does that."""


class RealEvent:
    """An event: a real one for the flag, and its waiters."""

    def __init__(self, number: int, event: objects.Event) -> None:
        self.number = number
        self.flag = threading.Event()
        if event.set:
            self.flag.set()
        self.waiters = Waiters()

    def wait(self, operation: Operation, outcome: Outcome) -> None:
        if outcome.phase == "begin":
            self.waiters.join()
        elif outcome.phase is None:
            if not self.flag.wait(0):
                raise disagreement("an event", "wait")
        else:
            if not outcome.success:
                self.waiters.give_up()
            if self.waiters.leave() is not outcome.success:
                raise disagreement("an event", "wait")

    def leave(self, operation: Operation, outcome: Outcome) -> None:
        self.waiters.withdraw()

    def set(self, operation: Operation, outcome: Outcome) -> None:
        self.flag.set()
        self.waiters.wake()

    def clear(self, operation: Operation, outcome: Outcome) -> None:
        self.flag.clear()

    def answer(self, question: str) -> Value:
        """Answer a question."""
        return self.flag.is_set() if question == "is_set" else len(self.waiters.waiting)

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state: the flag, and how many wait."""
        flag = state[self.number]
        waiting = sum(not woken for _, woken in flag.waiters)
        return self.flag.is_set() is flag.set and len(self.waiters.waiting) == waiting

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds: nothing."""


class RealBarrier:
    """A barrier, as CPython has it: its count, and whether it fills, leaves, is reset or broken."""

    FILLS, LEAVES, RESETS, BROKEN = "fills", "leaves", "resets", "broken"

    def __init__(self, number: int, barrier: objects.Barrier) -> None:
        self.number = number
        self.parties = barrier.parties
        self.waiters = Waiters()
        self.phase = self.FILLS
        self.places: dict[int, int] = {}  # of those who are in it, by their workers
        self.door: set[int] = set()

    def wait(self, operation: Operation, outcome: Outcome) -> None:
        me = threading.get_ident()
        said = self.go_on(me) if me in self.places else self.enter(me)
        results = outcome.results[0] if outcome.results else None
        expected = "stays" if outcome.stays else self.BROKEN if outcome.wrong else results
        if said != expected:
            raise disagreement("a barrier", "wait")

    def enter(self, me: int) -> int | str:
        """Come in, or to the door; the last to arrive goes on at once."""
        if self.phase in (self.LEAVES, self.RESETS):
            self.door.add(me)
            return "stays"
        self.door.discard(me)
        if self.phase == self.BROKEN:
            return self.BROKEN
        place = len(self.places)
        if place + 1 == self.parties:
            self.wake(self.LEAVES)
            self.settle()
            return place
        self.places[me] = place
        self.waiters.join()
        return "stays"

    def leave(self, operation: Operation, outcome: Outcome) -> None:
        me = threading.get_ident()
        if me in self.door:
            self.door.remove(me)
            return
        self.waiters.withdraw()
        del self.places[me]
        if self.phase == self.FILLS:  # who came after it has its place
            self.places = {other: place for place, other in enumerate(self.places)}
        self.settle()

    def go_on(self, me: int) -> int | str:
        """Go on, or find it broken; who was not woken has run out of time, and breaks it."""
        if self.phase == self.FILLS:
            self.waiters.give_up()
            self.wake(self.BROKEN)
        elif not self.waiters.locks[me].acquire(False):
            raise disagreement("a barrier", "wait")
        self.waiters.locks.pop(me)
        place = self.places.pop(me)
        goes = self.phase == self.LEAVES
        self.settle()
        return place if goes else self.BROKEN

    def wake(self, phase: str) -> None:
        """Wake all who wait in it, to find it so."""
        self.phase = phase
        self.waiters.wake()

    def settle(self) -> None:
        """Let the next round begin, once the last one has left."""
        if not self.places and self.phase in (self.LEAVES, self.RESETS):
            self.phase = self.FILLS

    def abort(self, operation: Operation, outcome: Outcome) -> None:
        self.wake(self.BROKEN)

    def reset(self, operation: Operation, outcome: Outcome) -> None:
        if not self.places:
            self.phase = self.FILLS
        elif self.phase != self.LEAVES:
            self.wake(self.RESETS)

    def answer(self, question: str) -> Value:
        """Answer a question."""
        if question == "broken":
            return self.phase == self.BROKEN
        return len(self.places) if self.phase == self.FILLS else 0

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state: who is in it, at the door, and whether it is broken."""
        arrived, freed, failing, door, broken = state[self.number]
        inside = (len(arrived), len(freed), len(failing))
        count = len(self.places)
        real = {
            self.FILLS: (count, 0, 0),
            self.LEAVES: (0, count, 0),
            self.RESETS: (0, 0, count),
            self.BROKEN: (0, 0, count),
        }[self.phase]
        return (
            real == inside
            and len(self.door) == len(door)
            and (self.phase == self.BROKEN) is broken
            and len(self.waiters.waiting) == len(arrived)
        )

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds: nothing."""


class RealRWLock:
    """An rwlock over one real lock, which the first reader takes and the last one gives back."""

    def __init__(self, number: int, rwlock: objects.RWLock) -> None:
        self.number = number
        self.room = threading.Lock()
        self.readers: deque[int] = deque()
        self.writer: int | None = None
        self.queued: deque[int] = deque()

    def acquire(self, operation: Operation, outcome: Outcome) -> None:
        me = threading.get_ident()
        after = outcome.objects[self.number]
        if outcome.phase == "begin":
            self.queued.append(me)
            done = self.room.locked()
        elif not outcome.success:
            done = self.room.locked() or bool(self.queued)
        elif after.writer is not None:
            done = self.room.acquire(False)
            self.writer = me
            if outcome.phase == "end":
                self.queued.remove(me)
        else:
            done = bool(self.readers) or self.room.acquire(False)
            self.readers.append(me)
        if not done:
            raise disagreement("an rwlock", "acquire")

    def leave(self, operation: Operation, outcome: Outcome) -> None:
        self.queued.remove(threading.get_ident())

    def release(self, operation: Operation, outcome: Outcome) -> None:
        me = threading.get_ident()
        if self.writer == me:
            self.writer = None
        else:
            self.readers.remove(me)
        if not self.readers:
            self.room.release()

    def answer(self, question: str) -> Value:
        """Answer a question."""
        return self.room.locked()

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state: who is in, and how many wait."""
        writer, readers, queued = state[self.number]
        return (
            self.room.locked() is (writer is not None or bool(readers))
            and (self.writer is None) is (writer is None)
            and len(self.readers) == sum(count for _, count in readers)
            and len(self.queued) == len(queued)
        )

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds."""
        me = threading.get_ident()
        within = self.writer == me or me in self.readers
        while me in self.readers:
            self.readers.remove(me)
        if self.writer == me:
            self.writer = None
        if within and not self.readers and self.writer is None:
            self.room.release()


class RealPipe:
    """A pipe: a deque under a lock; for one without room another class."""

    def __new__(cls, number: int, pipe: objects.Pipe) -> Any:
        if pipe.capacity:
            return super().__new__(cls)
        from deadsim.engine.real.channels import RealChannel

        return RealChannel(number, pipe)

    def __init__(self, number: int, pipe: objects.Pipe) -> None:
        self.number = number
        self.capacity = pipe.capacity
        self.guard = threading.Lock()
        self.items: deque[Value] = deque()
        self.closed: set[str] = set()

    def send(self, operation: Operation, outcome: Outcome) -> None:
        with self.guard:
            if self.closed or len(self.items) >= self.capacity:
                raise disagreement("a pipe", "send")
            self.items.append(outcome.objects[self.number].items[-1])

    def receive(self, operation: Operation, outcome: Outcome) -> None:
        with self.guard:
            item = (self.items.popleft(), True) if self.items else (None, False)
            if item != outcome.results:
                raise disagreement("a pipe", "receive")

    def close(self, operation: Operation, outcome: Outcome) -> None:
        with self.guard:
            self.closed.update(outcome.objects[self.number].closed)

    def answer(self, question: str) -> Value:
        """Answer a question."""
        return len(self.items)

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state: the items, and which ends are closed."""
        items, closed = state[self.number]
        return tuple(self.items) == items and self.closed == set(closed)

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds: nothing."""


def disagreement(what: str, verb: str) -> InternalError:
    """Make the error for a real object that does not do what the kernel says."""
    return InternalError(f"{what} does not '{verb}' as the kernel does")
