"""Leaving a step that is half done: nothing is gained by it, and of a condition its lock is taken back."""

from collections.abc import Iterable, Sequence

from deadsim.kernel.abstract.form import Approach, Declared, Form, Passage
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.primitives.barrier import leavers
from deadsim.kernel.primitives.leave import Leave, LeaveWithLock
from deadsim.model.objects import Barrier, Condition, RWLock
from deadsim.model.values import Value
from deadsim.trace.effect import Numbers


class LeaveForm(Form):
    """How a step is left that works as `half` says."""

    safe = True

    def __init__(self, declared: Declared, half: Form, number: int) -> None:
        super().__init__(declared, ())
        self.half = half
        self.can_block = self.lock(number) is not None

    def lock(self, number: int) -> int | None:
        """Give the lock that is taken back before: a condition's."""
        declared = self.declared[number]
        return declared.lock if isinstance(declared, Condition) else None

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        half, lock = self.half.operation(objects, operands), self.lock(objects[0])
        return Leave(half) if lock is None else LeaveWithLock(half, lock)

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, lock = a.number, self.lock(a.number)
        depth = max((a.held.get((status, number), 0) for status in STATUSES), default=0)
        kept = {k: n for k, n in a.held.items() if not (isinstance(k, tuple) and k[1] == number)}
        if lock is None:
            left = isinstance(self.declared[number], RWLock)
            yield Passage(kept, facts=(("left", number, a.thread),) if left else ())
        elif ("free", lock) in a.facts.known:
            yield Passage({**kept, lock: depth or 1})

    def possible(self, number: int) -> Sequence[Fact]:
        match self.declared[number]:
            case RWLock():
                return (("left", number),)
            case Barrier():
                return (leavers(number),)
            case _:
                return ()

    def parks(self, number: int) -> Numbers:
        return self.half.parks(number)


STATUSES = ("waiting", "notified", "spurious", "timeout", "late")
