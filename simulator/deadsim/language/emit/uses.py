"""What the text of all threads says of each object: what its declaration does not.

A permit of a semaphore has an owner where the text shows it: those who release it take from it too, and
it begins with some. Any other is a message, a signal, and nobody holds it. So it is with a lock without an owner. A queue refuses only where
some step shuts it down, and a barrier breaks only where some step aborts or resets it, or has a timeout.
Who waits for a condition, or offers, leaves only where a finalizer may have failed meanwhile.
"""

from collections.abc import Iterable

from deadsim.model.instructions import LEAVES, Step
from deadsim.model.objects import Barrier, Condition, Lock, Pipe, Queue, Semaphore, SharedObject
from deadsim.model.program import Thread


def told_apart(
    threads: Iterable[Thread], objects: Iterable[SharedObject], first: int
) -> tuple[SharedObject, ...]:
    """Note in each object what is done with it; `first` is the number of the first object."""
    locks = {n: one.lock for n, one in enumerate(objects, first) if isinstance(one, Condition)}
    users: dict[tuple[str, int], set[str]] = {}
    for thread in threads:
        for instruction in thread.code.instructions:
            for step in instruction.each if isinstance(instruction, Step) else ():
                timed = [flag for flag in ("timed", LEAVES) if flag in step.flags]
                for number in step.target.candidates() if step.target else ():
                    for use in (step.verb, *timed):
                        for about in {number, locks.get(number, number)}:
                            users.setdefault((use, about), set()).add(thread.name)
    return tuple(noted(one, users, number) for number, one in enumerate(objects, first))


def given_by_others(users: dict[tuple[str, int], set[str]], number: int) -> bool:
    """Decide whether some thread gives back what it never takes."""
    return bool(users.get(("release", number), set()) - users.get(("acquire", number), set()))


def noted(one: SharedObject, users: dict[tuple[str, int], set[str]], number: int) -> SharedObject:
    """Note in an object what is done with it."""
    match one:
        case Semaphore():
            return one._replace(signal=one.value == 0 or given_by_others(users, number))
        case Lock() if not one.owned:
            return one._replace(signal=given_by_others(users, number))
        case Queue():
            return one._replace(shuts=("shutdown", number) in users)
        case Barrier():
            breaks = any((use, number) in users for use in ("abort", "reset", "timed"))
            return one._replace(breaks=breaks)
        case Condition() | Pipe():
            return one._replace(left=(LEAVES, number) in users)
        case _:
            return one
