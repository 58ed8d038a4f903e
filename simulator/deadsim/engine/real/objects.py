"""The real objects behind the scenario's: each step is performed on them too.

A real object must do what the kernel says. Where it does not, that is an internal error, which is
never swallowed. Objects are made anew for each execution. Misuse is decided before the real call,
which then is not made.

Locks and semaphores are those of `threading`, by their calls that do not wait; a latch is a count under a
lock. Queues are in `engine.real.queues`, what waits in several steps in `engine.real.waits`.
"""

import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from deadsim.errors import InternalError
from deadsim.kernel.operation import Operation, Outcome
from deadsim.kernel.row import Row
from deadsim.kernel.world import World
from deadsim.model import objects
from deadsim.model.values import Value


class RealLock:
    """A `threading.Lock` or `RLock`.

    It has a method for each verb, which the worker of the thread that takes the step calls.
    """

    def __init__(self, number: int, lock: objects.Lock) -> None:
        self.number = number
        self.reentrant = lock.reentrant
        self.lock: Any = threading.RLock() if lock.reentrant else threading.Lock()

    def acquire(self, operation: Operation, outcome: Outcome) -> None:
        if self.lock.acquire(False) is not outcome.success:
            raise disagreement("a lock", "acquire")

    def release(self, operation: Operation, outcome: Outcome) -> None:
        self.lock.release()

    def answer(self, question: str) -> Value:
        """Answer a question; None where it cannot say."""
        return None if self.reentrant else self.lock.locked()

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state; an RLock answers its owner alone, by what it lets it do."""
        return self.reentrant or self.lock.locked() is (state[self.number] is not None)

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds; its own worker calls this."""
        owned = state[self.number]
        if owned is not None and owned[0] == thread:
            for _ in range(owned[1]):
                self.lock.release()


class RealSemaphore:
    """A `threading.Semaphore` or `BoundedSemaphore`."""

    def __init__(self, number: int, semaphore: objects.Semaphore) -> None:
        self.number = number
        make = threading.BoundedSemaphore if semaphore.bounded else threading.Semaphore
        self.semaphore = make(semaphore.value)

    def acquire(self, operation: Operation, outcome: Outcome) -> None:
        if self.semaphore.acquire(False) is not outcome.success:
            raise disagreement("a semaphore", "acquire")

    def release(self, operation: Operation, outcome: Outcome) -> None:
        count = getattr(operation, "count", 1)
        while count > MOST_AT_ONCE:  # it wakes waiters one by one, though there are none
            self.semaphore.release(MOST_AT_ONCE)
            count -= MOST_AT_ONCE
        self.semaphore.release(count)

    def permits(self) -> int:
        """Count the permits, by taking them all and giving them back."""
        count = 0
        while self.semaphore.acquire(False):
            count += 1
        if count:
            self.semaphore.release(count)
        return count

    def answer(self, question: str) -> Value:
        """Answer a question; None where it cannot say: nobody may look at the permits."""
        return None

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state: whether there is a permit."""
        there = self.semaphore.acquire(False)
        if there:
            self.semaphore.release()
        return there is (state[self.number] > 0)

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds: nobody owns a permit."""


class RealLatch:
    """A count under a lock, with a lock that is held until it has come to zero."""

    def __init__(self, number: int, latch: objects.Latch) -> None:
        self.number = number
        self.guard = threading.Lock()
        self.left = latch.value
        self.shut = threading.Lock()
        if self.left:
            self.shut.acquire()

    def wait(self, operation: Operation, outcome: Outcome) -> None:
        opened = self.shut.acquire(False)
        if opened:
            self.shut.release()
        if opened is not outcome.success:
            raise disagreement("a latch", "wait")

    def count_down(self, operation: Operation, outcome: Outcome) -> None:
        with self.guard:
            before, self.left = self.left, max(0, self.left - getattr(operation, "count", 1))
            if before and not self.left:
                self.shut.release()

    def answer(self, question: str) -> Value:
        """Answer a question."""
        return self.left

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state: the count, and whether it is open."""
        return self.left == state[self.number] and self.shut.locked() is bool(self.left)

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds: nothing."""


class RealVariable:
    """A place in the memory that the workers share."""

    def __init__(self, number: int, variable: objects.Variable) -> None:
        self.number = number
        self.value = variable.initial

    def read(self, operation: Operation, outcome: Outcome) -> None:
        if not same(self.value, outcome.results[0]):
            raise disagreement("a variable", "read")

    def write(self, operation: Operation, outcome: Outcome) -> None:
        self.value = outcome.objects[self.number]

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state."""
        return same(self.value, state[self.number])

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds: nothing."""


def same(one: Value, other: Value) -> bool:
    """Decide whether two values are the same; 1 and True are not."""
    return one is other or (one.__class__ is other.__class__ and one == other)


MOST_AT_ONCE = 10_000

Real: TypeAlias = Any
"""A real object: it has a method for each verb, `answer` where it may be asked, `agrees` and `let_go`."""

ELSEWHERE = {
    objects.RWLock: ("waits", "RealRWLock"),
    objects.ModeLock: ("modes", "RealModeLock"),
    objects.Condition: ("waits", "RealCondition"),
    objects.Event: ("waits", "RealEvent"),
    objects.Barrier: ("waits", "RealBarrier"),
    objects.Queue: ("queues", "RealQueue"),
    objects.Pipe: ("waits", "RealPipe"),
}
"""Real objects of other files, which are loaded when one is made."""


class Makers(dict[type, Callable[[int, Any], Real]]):
    """What makes the real object of each class of what is declared."""

    def __missing__(self, declared: type) -> Callable[[int, Any], Real]:
        file, name = ELSEWHERE[declared]
        found: Callable[[int, Any], Real] = getattr(import_module(f"{__package__}.{file}"), name)
        self[declared] = found
        return found


_REAL = Makers(
    {
        objects.Lock: RealLock,
        objects.Semaphore: RealSemaphore,
        objects.Latch: RealLatch,
        objects.Variable: RealVariable,
    }
)


def disagreement(what: str, verb: str) -> InternalError:
    """Make the error for a real object that does not do what the kernel says."""
    return InternalError(f"{what} of Python does not '{verb}' as the kernel does")


Plan: TypeAlias = tuple[tuple[tuple[int, Callable[[int, Any], Real], Any], ...], tuple[int, ...]]
"""What is to be made for a world, and which of it has owners that Python knows."""

_plans: WeakKeyDictionary[World, tuple[int, Plan]] = WeakKeyDictionary()


def plan_of(world: World) -> Plan:
    """Give what is to be made for a world; worked out once, as long as nothing appears in it."""
    size, plan = _plans.get(world, (-1, None))
    if plan is None or size != len(world):
        shared = [*world.shared()]
        made = tuple((number, _REAL[type(declared)], declared) for number, declared in shared)
        plan = made, tuple(number for number, declared in shared if is_owned(declared))
        _plans[world] = len(world), plan
    return plan


def is_owned(declared: objects.SharedObject) -> bool:
    """Decide whether Python knows who has a lock."""
    return isinstance(declared, objects.Lock) and declared.reentrant


class Reals:
    """The real objects of one execution, by number; `owned` are those of which Python knows who has them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.made: dict[int, Real] = {}
        plan, self.owned = plan_of(world)
        for number, make, declared in plan:
            self.made[number] = make(number, declared)
        for condition, mutex in world.conditions:
            self.give_lock(condition, mutex)
        circle = [self.made[number] for number in world.breakable]
        for real in circle:
            real.circle = circle

    def add(self, number: int) -> None:
        """Make what stands behind something that has appeared."""
        declared = self.world.declared(number)
        if declared is not None:
            self.made[number] = _REAL[type(declared)](number, declared)
            if is_owned(declared):
                self.owned = (*self.owned, number)
            if isinstance(declared, objects.Condition):
                self.give_lock(number, declared.lock)

    def give_lock(self, number: int, mutex: int) -> None:
        """Give a condition its lock."""
        self.made[number].lock = self.made[mutex].lock

    def perform(self, row: Row, outcome: Outcome, state: Sequence[Any]) -> bool:
        """Take a step on the real object; tell whether what it touches is as the kernel says then."""
        made, touches = self.made, row.touches
        if outcome.block is not None:
            for number in outcome.block.writes:
                made[number].value = state[number]
            return True
        operation = row.operation
        if outcome.taken is not None:
            operation, outcome, _ = outcome.taken
        elif operation.names_places:
            return True  # none of several steps
        real = made.get(operation.objects[0])
        if real is None:
            return True  # of threads and of the output
        if operation.looks:
            said = real.answer(operation.verb)
            return said is None or same(said, outcome.results[0])
        getattr(real, operation.verb)(operation, outcome)
        if operation is not row.operation:
            touches = operation.objects
        for number in touches:  # noqa: SIM110  # taken at every step
            if not made[number].agrees(state):
                return False
        return True

    def is_owner(self, state: Sequence[Any], thread: int) -> bool:
        """Decide whether a thread holds a lock of which Python knows the owner."""
        held = [state[number] for number in self.owned]
        return any(owned is not None and owned[0] == thread for owned in held)

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds; its own worker calls this."""
        for real in self.made.values():
            real.let_go(state, thread)
