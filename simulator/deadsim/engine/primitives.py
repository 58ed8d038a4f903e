"""The real objects behind the scenario's: each step is performed on them too.

A real object must do what the kernel says. Where it does not, that is an internal error, which is
never swallowed. Objects are made anew for each execution. Misuse is decided before the real call,
which then is not made.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeAlias

from deadsim.errors import InternalError
from deadsim.kernel.operation import Operation, Outcome
from deadsim.model import objects
from deadsim.model.objects import SharedObject


class RealLock:
    """A `threading.Lock` or `RLock`.

    It has a method for each verb, which the worker of the thread that takes the step calls.
    """

    def __init__(self, lock: objects.Lock) -> None:
        self.reentrant = lock.reentrant
        self.lock: Any = threading.RLock() if lock.reentrant else threading.Lock()

    def acquire(self, operation: Operation, outcome: Outcome) -> None:
        if self.lock.acquire(False) is not outcome.success:
            raise disagreement("a lock", "acquire")

    def release(self, operation: Operation, outcome: Outcome) -> None:
        self.lock.release()

    def agrees(self, state: Any) -> bool:
        """Compare with the kernel's state; an RLock answers its owner alone, by what it lets it do."""
        return self.reentrant or self.lock.locked() is (state is not None)

    def let_go(self, state: Any, thread: int) -> None:
        """Release what a thread that is unwound still holds; its own worker calls this."""
        if state is not None and state[0] == thread:
            for _ in range(state[1]):
                self.lock.release()


class RealVariable:
    """A place in the memory that the workers share."""

    def __init__(self, variable: objects.Variable) -> None:
        self.value = variable.initial

    def read(self, operation: Operation, outcome: Outcome) -> None:
        if self.value is not outcome.results[0]:
            raise disagreement("a variable", "read")

    def write(self, operation: Operation, outcome: Outcome) -> None:
        self.value = outcome.objects[operation.objects[0]]

    def agrees(self, state: Any) -> bool:
        """Compare with the kernel's state."""
        return self.value is state

    def let_go(self, state: Any, thread: int) -> None:
        """Release what a thread that is unwound still holds: nothing."""


Real: TypeAlias = RealLock | RealVariable

_REAL: dict[type, Callable[[Any], Real]] = {
    objects.Lock: RealLock,
    objects.Variable: RealVariable,
}


def disagreement(what: str, verb: str) -> InternalError:
    """Make the error for a real object that does not do what the kernel says."""
    return InternalError(f"{what} of Python does not '{verb}' as the kernel does")


def make(declared: SharedObject) -> Real:
    """Make the real object behind a declared one."""
    return _REAL[type(declared)](declared)
