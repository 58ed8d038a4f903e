"""How a step is ordered after others: by channels, and by what it takes out of a store.

Through a channel flows everything that was given to it before: every release of a lock counts. A
store keeps apart what was put into it: whoever takes an item comes after the put of that item
alone.
"""

from typing import NamedTuple

from deadsim.trace.effect import Channel, Mark, Store


class Ordering(NamedTuple):
    """What orders a step, in place of its operation's channels."""

    gives: tuple[Channel, ...] = ()
    takes: tuple[Channel, ...] = ()
    marks: tuple[Mark, ...] = ()


class Stores:
    """The stores of one execution; they hold the numbers of steps."""

    def __init__(self) -> None:
        self.kept: dict[Store, list[int | None]] = {}

    def follow(self, step: int, marks: tuple[Mark, ...]) -> tuple[int, ...]:
        """Carry out a step's marks, and give the steps that it comes after because of them."""
        after: dict[int, None] = {}
        for store, at, puts, room in marks:
            kept = self.kept.get(store)
            if kept is None:
                kept = self.kept[store] = [None] * room
            if puts:
                kept.insert(at if at >= 0 else len(kept), step)
            else:
                taken = kept.pop(at)
                if taken is not None:
                    after[taken] = None
        return tuple(after)
