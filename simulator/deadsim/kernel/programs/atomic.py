"""Atomic blocks: several instructions as one step."""

from typing import NamedTuple

from deadsim.kernel.failure import Failing
from deadsim.kernel.operation import Objects, Operation, Outcome
from deadsim.kernel.programs.linked import Linked, Slots, Stop, store
from deadsim.model.values import Slot


class Block(NamedTuple):
    """What an atomic block did: where its thread stands after it, and what it read and wrote."""

    position: int
    slots: Slots
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    failure: Failing | None


class AtomicBlock(Operation):
    """Several instructions as one step, ordered against others that touch the same variables."""

    verb = "atomic"

    def __init__(self, linked: Linked, position: int, slots: tuple[Slot, ...]) -> None:
        self.linked = linked
        self.position = position
        self.slots = slots

    @property
    def variables(self) -> tuple[int, ...]:
        """List the variables that it may read or write."""
        found: dict[int, None] = {}
        for entry in self.linked.entries[self.position :]:
            if isinstance(entry, Stop):
                if entry.kind == "atomic-end":
                    break
                found.update(dict.fromkeys(entry.numbers))
        return tuple(found)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        slots = list(self.slots)
        entries = self.linked.entries
        position = self.position
        reads: dict[int, None] = {}
        writes: dict[int, None] = {}
        failure: Failing | None = None
        try:
            while True:
                entry = entries[position]
                if not isinstance(entry, Stop):
                    position = entry(slots)
                    continue
                if entry.kind == "atomic-end":
                    position += 1
                    break
                assert entry.build is not None
                operation = entry.operation or entry.build(slots)
                reads.update(dict.fromkeys(operation.reads))
                writes.update(dict.fromkeys(operation.writes))
                outcome = operation.apply(objects, thread, 0)
                objects = outcome.objects
                store(entry.into, outcome.results, slots)
                position += 1
        except Failing as failed:
            failure = failed
        done = Block(position, slots, tuple(reads), tuple(writes), failure)
        return Outcome(objects, success=failure is None, block=done)
