"""Queues, as `queue.Queue`. State: (items, how many of all that were put are not dealt with yet, whether shut).

Items stand in the order in which they were put, those of a priority queue sorted.
"""

from typing import Literal, NamedTuple

from deadsim.kernel.expressions.operators import comparable, relate
from deadsim.kernel.operation import (
    Fact,
    Needs,
    Objects,
    Operation,
    Outcome,
    Stock,
    View,
    Wrong,
    replaced,
)
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.lock import TAKEN
from deadsim.model.objects import Queue
from deadsim.model.values import Value
from deadsim.trace.effect import Mark


class Content(NamedTuple):
    """The items, how many items are still owed a `task_done`, and whether it was shut down."""

    items: tuple[Value, ...] = ()
    unfinished: int = 0
    shut: bool = False


def initial(queue: Queue) -> Content:
    """Give the state that the object begins with."""
    return Content()


def items(number: int) -> Stock:
    """Name a queue's items as something that is counted."""
    return ("items", number)


def slots(number: int) -> Stock:
    """Name the room for items as something that is counted."""
    return ("slots", number)


def dones(number: int) -> Stock:
    """Name the `task_done`s as something that is counted; who joins wants as many as items."""
    return ("dones", number)


def shut(number: int) -> Fact:
    """Say that a queue was shut down."""
    return ("shut", number)


def refused(objects: Objects, verb: str, number: int) -> Outcome:
    """Raise in who uses a queue that was shut down; ordered after what has shut it, by a channel of its own."""
    sentence = f"ShutDown: '{verb}' of {{}}, which was shut down"
    wrong = Wrong(sentence, number, "error", "ShutDown", True)
    return Outcome(objects, success=False, wrong=wrong, ordering=Ordering(takes=(~number,)))


def take_slot(number: int, room: int) -> tuple[Mark, ...]:
    """Come after whoever freed the slot that is filled: the one that is free longest."""
    return (Mark(("slots", number, 0), 0, False, room),) if room > 0 else ()


def free_slot(number: int, room: int) -> tuple[Mark, ...]:
    """Free a slot for a later step."""
    return (Mark(("slots", number, 0), -1, True, room),) if room > 0 else ()


class Put(Operation):
    """Put an item in; blocked while the queue is full, and refused once it was shut down."""

    verb = "put"
    can_block = True

    def __init__(self, number: int, item: Value, room: int, order: str) -> None:
        self.number = number
        self.item = item
        self.room = room
        self.order = order
        self.objects = (number,)

    def ways(self, objects: View, thread: int) -> int:
        content = objects[self.number]
        return 1 if self.room <= 0 or len(content.items) < self.room or content.shut else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        there, unfinished, is_shut = objects[number]
        if is_shut:
            return refused(objects, "put", number)
        index = len(there)
        if self.order == "priority":
            if not all(comparable(self.item, other) for other in there):
                wrong = Wrong("puts into {} what does not compare with what is in it", number)
                return Outcome(objects, success=False, wrong=wrong)
            index = sum(1 for other in there if not relate("<", self.item, other))
        after = Content((*there[:index], self.item, *there[index:]), unfinished + 1)
        marks = (*take_slot(number, self.room), Mark(("items", number, 0), index, True))
        return Outcome(replaced(objects, number, after), TAKEN, ordering=Ordering(marks=marks))

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((slots(self.number), shut(self.number)))


class Get(Operation):
    """Take an item out; blocked while there is none, and refused then if it was shut down."""

    verb = "get"
    can_block = True

    def __init__(self, number: int, room: int, order: Literal["fifo", "lifo", "priority"]) -> None:
        self.number = number
        self.room = room
        self.order = order
        self.objects = (number,)

    def ways(self, objects: View, thread: int) -> int:
        content = objects[self.number]
        return 1 if content.items or content.shut else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        content = objects[number]
        there = content.items
        if not there:
            return refused(objects, "get", number)
        index = len(there) - 1 if self.order == "lifo" else 0
        after = content._replace(items=(*there[:index], *there[index + 1 :]))
        marks = (Mark(("items", number, 0), index, False), *free_slot(number, self.room))
        ordering = Ordering(marks=marks)
        return Outcome(replaced(objects, number, after), (there[index], True), ordering=ordering)

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((items(self.number), shut(self.number)))


class TaskDone(Operation):
    """Say that an item is dealt with; a misuse where none is owed."""

    verb = "task_done"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.gives = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        content = objects[self.number]
        if not content.unfinished:
            wrong = Wrong("calls 'task_done' of {} more often than items were put", self.number)
            return Outcome(objects, success=False, wrong=wrong)
        after = content._replace(unfinished=content.unfinished - 1)
        return Outcome(replaced(objects, self.number, after))


class Shutdown(Operation):
    """Shut the queue down; `immediate`, it is emptied, and each item that was in it is dealt with."""

    verb = "shutdown"

    def __init__(self, number: int, immediate: bool) -> None:
        self.number = number
        self.immediate = immediate
        self.objects = (number,)
        self.gives = (~number, number) if immediate else (~number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        there, unfinished, _ = objects[self.number]
        after = Content(there, unfinished, True)
        if self.immediate:
            after = Content((), max(0, unfinished - len(there)), True)
        return Outcome(replaced(objects, self.number, after))


class Join(Operation):
    """Wait until every item that was put is dealt with."""

    verb = "join"
    can_block = True

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.takes = (number,)

    def ways(self, objects: View, thread: int) -> int:
        return 0 if objects[self.number].unfinished else 1

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(objects, TAKEN)

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((dones(self.number),), objects[self.number].unfinished)


QUERIES = {
    "qsize": lambda world, number, state: len(state.items),
    "empty": lambda world, number, state: not state.items,
    "full": lambda world, number, state: 0 < world[number].maxsize <= len(state.items),
}
