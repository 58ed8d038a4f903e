"""What grows while states are gone through: values that go on and on getting larger, or smaller.

Looked at whenever twice as many states were visited: what has grown again and again, up to late, is told.
That it will never end is not proved by that.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from deadsim.exploration.verdicts.result import Growing
from deadsim.kernel.primitives.pipe import Content as PipeContent
from deadsim.kernel.primitives.queue import Content as QueueContent
from deadsim.kernel.programs.walk import Frame
from deadsim.model.expressions import Local
from deadsim.model.instructions import Code
from deadsim.model.objects import Pipe, Queue, Semaphore, Variable
from deadsim.space.packed import Space

FIRST = 16
"""States that were visited at the first look."""

OFTEN = 3
"""Looks at which it has to have grown."""

FAR = 16
"""How far apart the least and the most have to be."""

RECENT = 16
"""How many times fewer states there may have been when it did so last: some are gone through again."""

Measure = Callable[[Any], int | None]
"""How large one value is; None where it has no size."""


class Growth:
    """Watches the values that the fields of a space take on."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.looks: list[tuple[int, list[int]]] = []
        self.visited, self.next = 0, FIRST

    def look(self, visited: int) -> None:
        """Note how many values there are, if it is time for that."""
        self.visited = visited
        if visited >= self.next:
            self.next = 2 * visited
            self.looks.append((visited, [len(values) for values in self.space.values]))

    def found(self) -> tuple[Growing, ...]:
        """List what has grown at one look after the other: from which number to which."""
        found: dict[str, Growing] = {}
        for field, name, measure in self.measures():
            values = self.space.values[field]
            grown = [*self.wider(field, [measure(value) for value in values])]
            if len(grown) >= OFTEN and RECENT * grown[-1] >= self.visited:
                known = [size for size in map(measure, values) if size is not None]
                if max(known) - min(known) >= FAR:
                    found.setdefault(name, Growing(name, min(known), max(known)))
        return tuple(found.values())

    def wider(self, field: int, sizes: Sequence[int | None]) -> Iterator[int]:
        """Give how many states there were each time that a field was seen to have got larger or smaller."""
        before: tuple[int, int] | None = None
        for visited, counts in self.looks:
            known = [size for size in sizes[: counts[field]] if size is not None]
            reached = (min(known), max(known)) if known else None
            if before is not None and reached != before:
                yield visited
            before = reached

    def measures(self) -> Iterator[tuple[int, str, Measure]]:
        """Give for each field that can grow its name, and how large its values are."""
        world = self.space.system.world
        for number, declared in world.shared():
            match declared:
                case Variable() | Semaphore():
                    yield number, world.name(number), number_of
                case Queue() | Pipe():
                    yield number, world.name(number), items_of
        for thread in self.space.threads:
            code = self.space.system.linked[thread].code
            for slot, name in named_slots(code).items():
                field = len(self.space.objects) + thread
                yield field, f"{name} of {world.name(thread)}", in_slot(slot)


def number_of(value: Any) -> int | None:
    """Give a number as it is."""
    return value if type(value) is int else None


def items_of(value: QueueContent | PipeContent) -> int:
    """Count what is in a queue or pipe."""
    return len(value.items)


def in_slot(slot: int) -> Measure:
    """Give what a thread has in one of its slots, if that is a number."""

    def measure(frame: Frame) -> int | None:
        return number_of(frame.slots[slot]) if slot < len(frame.slots) else None

    return measure


def named_slots(code: Code) -> dict[int, str]:
    """Find what the user calls the slots of a thread, as far as they are read."""
    found: dict[int, str] = {}
    todo: list[Any] = [*code.instructions]
    while todo:
        part = todo.pop()
        if isinstance(part, Local):
            if part.name:
                found[part.slot] = part.name
        elif isinstance(part, tuple):
            todo.extend(part)
    return dict(sorted(found.items()))
