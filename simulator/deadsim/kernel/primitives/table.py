"""Which file of the kernel stands behind which kind of object: the one that is called as its noun."""

from collections.abc import Sequence
from typing import Any

from deadsim.kernel.primitives.files import Files
from deadsim.model.objects import SharedObject

PRIMITIVES: dict[type, Any] = Files(__package__)


def initial_state(declared: SharedObject) -> Any:
    """Give the state that an object begins with."""
    return PRIMITIVES[type(declared)].initial(declared)


def mentions_threads(declared: SharedObject) -> bool:
    """Decide whether the states of an object mention threads."""
    file = PRIMITIVES[type(declared)]
    return hasattr(file, "renamed") and getattr(file, "mentions", bool)(declared)


def threads_in(declared: SharedObject, state: Any) -> tuple[int, ...]:
    """List the threads that the state of an object mentions, first to last."""
    found: tuple[int, ...] = PRIMITIVES[type(declared)].threads_in(state)
    return found


def renamed_state(declared: SharedObject, state: Any, names: Sequence[int]) -> Any:
    """Give the state of an object with each thread called by another's number."""
    return PRIMITIVES[type(declared)].renamed(state, names)


def answer_of(world: Any, question: str, number: int, state: Any) -> Any:
    """Say what an object of a world answers in a state of it."""
    return PRIMITIVES[type(world[number])].QUERIES[question](world, number, state)


def missing_at(declared: object, state: Any) -> int:
    """Count how much of what one waits for at an object a thread that comes now would wait for."""
    count = getattr(PRIMITIVES[type(declared)], "missing", None)
    return 1 if count is None else int(count(declared, state))
