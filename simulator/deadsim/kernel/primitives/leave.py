"""Leaving a step that is half done: what its thread does on its way out, when its finalizer has failed there.

It is off the waiters then, or out of the round, or its offer is taken back. A waiter of a condition
takes its lock back first, as CPython's does, and may block.
"""

from deadsim.kernel.operation import Needs, Objects, Operation, Outcome, View
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.lock import free

NOTHING = Ordering()


def gone(after: Objects, ordering: Ordering = NOTHING) -> Outcome:
    """Give what is done by who has left."""
    return Outcome(after, phase="end", ordering=ordering)


class Leave(Operation):
    """Leave a step that is half done, with nothing gained."""

    verb = "leave"

    def __init__(self, half: Operation) -> None:
        self.half = half
        self.objects = half.objects
        self.parks = half.parks

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return self.half.left(objects, thread)


class LeaveWithLock(Leave):
    """Leave the waiters of a condition, with its lock."""

    can_block = True

    def __init__(self, half: Operation, lock: int) -> None:
        super().__init__(half)
        self.lock = lock

    def ways(self, objects: View, thread: int) -> int:
        return 1 if objects[self.lock] is None else 0

    def about(self, objects: Objects, thread: int) -> int:
        return self.lock

    def needs(self, objects: Objects, thread: int) -> Needs:
        return free(self.lock, objects)
