"""Which file of the kernel stands behind which kind of object: the one table of primitives."""

from collections.abc import Sequence
from typing import Any

from deadsim.kernel.primitives import (
    barrier,
    condition,
    event,
    lock,
    pipe,
    queue,
    rwlock,
    semaphore,
    variable,
)
from deadsim.model.objects import (
    Barrier,
    Condition,
    Event,
    Lock,
    Pipe,
    Queue,
    RWLock,
    Semaphore,
    SharedObject,
    Variable,
)

PRIMITIVES: dict[type, Any] = {
    Lock: lock,
    RWLock: rwlock,
    Semaphore: semaphore,
    Condition: condition,
    Event: event,
    Barrier: barrier,
    Queue: queue,
    Pipe: pipe,
    Variable: variable,
}


def initial_state(declared: SharedObject) -> Any:
    """Give the state that an object begins with."""
    return PRIMITIVES[type(declared)].initial(declared)


def mentions_threads(declared: SharedObject) -> bool:
    """Decide whether the states of an object mention threads."""
    return hasattr(PRIMITIVES[type(declared)], "renamed")


def threads_in(declared: SharedObject, state: Any) -> tuple[int, ...]:
    """List the threads that the state of an object mentions, first to last."""
    found: tuple[int, ...] = PRIMITIVES[type(declared)].threads_in(state)
    return found


def renamed_state(declared: SharedObject, state: Any, names: Sequence[int]) -> Any:
    """Give the state of an object with each thread called by another's number."""
    return PRIMITIVES[type(declared)].renamed(state, names)
