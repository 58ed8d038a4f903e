"""Calls that are frames: what opening and leaving one means for the locals, and where failures go then.

A procedure that may come to itself stands once in a thread's code, with slots of its own. A call puts their
values aside, with the place that it comes back to, on a stack that is a slot too.
"""

from collections.abc import Iterator
from typing import NamedTuple

from deadsim.model.instructions import Code, Enter, Handler


class Way(NamedTuple):
    """A handler that a failure may come to; on its way there these slots get their former values back."""

    handler: Handler
    restored: frozenset[int]


class Calls:
    """The procedures of one code that are called as frames, and their calls."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.sites: dict[int, list[int]] = {number: [] for number in range(len(code.units))}
        for position, instruction in enumerate(code.instructions):
            if isinstance(instruction, Enter):
                self.sites[instruction.unit].append(position)
        self.own = [frozenset(unit.slots) for unit in code.units]
        self.around: list[list[Handler]] = [[] for _ in code.instructions]
        for handler in code.handlers:
            for here in self.around[handler.first : handler.last]:
                if not here or here[-1].catches is not None:
                    here.append(handler)

    def unit(self, position: int) -> int | None:
        """Give the number of the procedure in which an instruction stands; None outside of all."""
        for number, unit in enumerate(self.code.units):
            if unit.entry <= position <= unit.last:
                return number
        return None

    def callers(self, position: int) -> list[int] | None:
        """List the calls that a failure comes to which leaves the procedure here; None outside of all."""
        unit = self.unit(position)
        return None if unit is None else self.sites[unit]

    def handlers(self, position: int) -> list[Handler]:
        """List the handlers to which a failure may go in the same body: up to the first that takes all."""
        return self.around[position]

    def ways(self, position: int) -> Iterator[Way]:
        """List all handlers that a failure may come to, those of callers included."""
        seen: set[tuple[int, frozenset[int]]] = set()
        front: list[tuple[int, frozenset[int]]] = [(position, frozenset())]
        while front:
            place = front.pop()
            if place in seen:
                continue
            seen.add(place)
            here, restored = place
            handlers = self.handlers(here)
            yield from (Way(handler, restored) for handler in handlers)
            unit = self.unit(here)
            if unit is not None and not any(handler.catches is None for handler in handlers):
                front.extend((site, restored | self.own[unit]) for site in self.sites[unit])
