"""Which semaphores are signals: their permits are given by others than who takes them.

A permit has an owner where the text shows it: those who release a semaphore take from it too, and it
begins with some. Any other is a message, and nobody holds it.
"""

from collections.abc import Iterable

from deadsim.model.instructions import Step
from deadsim.model.objects import Semaphore, SharedObject
from deadsim.model.program import Thread


def told_apart(
    threads: Iterable[Thread], objects: Iterable[SharedObject], first: int
) -> tuple[SharedObject, ...]:
    """Mark the semaphores that are signals; `first` is the number of the first object."""
    takers: dict[int, set[str]] = {}
    givers: dict[int, set[str]] = {}
    uses = {"acquire": takers, "release": givers}
    for thread in threads:
        for instruction in thread.code.instructions:
            for step in instruction.each if isinstance(instruction, Step) else ():
                for number in step.target.candidates() if step.target else ():
                    if step.verb in uses:
                        uses[step.verb].setdefault(number, set()).add(thread.name)
    found: list[SharedObject] = []
    for number, one in enumerate(objects, first):
        if isinstance(one, Semaphore):
            given = givers.get(number, set()) - takers.get(number, set())
            one = one._replace(signal=one.value == 0 or bool(given))
        found.append(one)
    return tuple(found)
