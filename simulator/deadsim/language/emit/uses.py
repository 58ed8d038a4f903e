"""What the text of all threads says of each object: what its declaration does not.

A permit of a semaphore has an owner where the text shows it: those who release it take from it too, and
it begins with some. Any other is a message, a signal, and nobody holds it. A queue refuses only where
some step shuts it down, and a barrier breaks only where some step aborts or resets it, or has a timeout.
Who waits for a condition, or offers, leaves only where a finalizer may have failed meanwhile.
"""

from collections.abc import Iterable

from deadsim.model.instructions import LEAVES, Step
from deadsim.model.objects import Barrier, Condition, Pipe, Queue, Semaphore, SharedObject
from deadsim.model.program import Thread


def told_apart(
    threads: Iterable[Thread], objects: Iterable[SharedObject], first: int
) -> tuple[SharedObject, ...]:
    """Note in each object what is done with it; `first` is the number of the first object."""
    users: dict[tuple[str, int], set[str]] = {}
    for thread in threads:
        for instruction in thread.code.instructions:
            if isinstance(instruction, Step) and instruction.target:
                timed = [flag for flag in ("timed", LEAVES) if flag in instruction.flags]
                for number in instruction.target.candidates():
                    for use in (instruction.verb, *timed):
                        users.setdefault((use, number), set()).add(thread.name)
    return tuple(noted(one, users, number) for number, one in enumerate(objects, first))


def noted(one: SharedObject, users: dict[tuple[str, int], set[str]], number: int) -> SharedObject:
    """Note in an object what is done with it."""
    match one:
        case Semaphore():
            given = users.get(("release", number), set()) - users.get(("acquire", number), set())
            return one._replace(signal=one.value == 0 or bool(given))
        case Queue():
            return one._replace(shuts=("shutdown", number) in users)
        case Barrier():
            breaks = any((use, number) in users for use in ("abort", "reset", "timed"))
            return one._replace(breaks=breaks)
        case Condition() | Pipe():
            return one._replace(left=(LEAVES, number) in users)
        case _:
            return one
