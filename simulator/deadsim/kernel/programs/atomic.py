"""Atomic blocks: several instructions as one step."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from deadsim.kernel.failure import Failing
from deadsim.kernel.operation import Objects, Operation, Outcome
from deadsim.kernel.primitives.question import Ask
from deadsim.kernel.programs.linked import Linked, Slots, Stop, store
from deadsim.model.values import Slot, Value

Answers: TypeAlias = Mapping[tuple[str, tuple[int, ...]], Value]
"""What is answered to each question about some objects."""


class Block(NamedTuple):
    """What an atomic block did: where its thread stands after it, and what it read and wrote.

    It only looked at what it `looks` at, and comes after what made the answers of `hears` true.
    """

    position: int
    slots: Slots
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    failure: Failing | None
    looks: tuple[int, ...] = ()
    hears: tuple[int, ...] = ()

    @property
    def touched(self) -> tuple[int, ...]:
        """List all that it has read, written or looked at."""
        return tuple(dict.fromkeys(self.reads + self.writes + self.looks))


class AtomicBlock(Operation):
    """Several instructions as one step, ordered against others that touch the same variables."""

    verb = "atomic"

    def __init__(self, linked: Linked, position: int, slots: tuple[Slot, ...]) -> None:
        self.linked = linked
        self.position = position
        self.slots = slots

    def stops(self) -> Iterator[Stop]:
        """List the reads, writes and questions in it."""
        for entry in self.linked.entries[self.position :]:
            if isinstance(entry, Stop):
                if entry.kind == "atomic-end":
                    return
                yield entry

    @property
    def touches(self) -> tuple[int, ...]:
        """List what it may read, write or look at."""
        return tuple(dict.fromkeys(number for stop in self.stops() for number in stop.numbers))

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return self.taken(objects, thread)

    def taken(self, objects: Objects, thread: int, answers: Answers | None = None) -> Outcome:
        """Take the block; with `answers` these are what its questions are answered."""
        slots = list(self.slots)
        entries = self.linked.entries
        position = self.position
        reads: dict[int, None] = {}
        writes: dict[int, None] = {}
        looks: dict[int, None] = {}
        hears: dict[int, None] = {}
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
                if isinstance(operation, Ask):
                    looks.update(dict.fromkeys(operation.objects))
                    if answers is not None:
                        key = operation.verb, operation.objects
                        outcome = operation.told(objects, answers[key])
                    else:
                        outcome = operation.apply(objects, thread, 0)
                    hears.update(dict.fromkeys(outcome.ordering.takes if outcome.ordering else ()))
                else:
                    outcome = operation.apply(objects, thread, 0)
                objects = outcome.objects
                store(entry.into, outcome.results, slots)
                position += 1
        except Failing as failed:
            failure = failed
        done = Block(
            position, slots, tuple(reads), tuple(writes), failure, tuple(looks), tuple(hears)
        )
        return Outcome(objects, success=failure is None, block=done)
