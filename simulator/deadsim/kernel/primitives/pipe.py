"""One-way pipes that carry items. State: (items, which ends are closed)."""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.kernel.operation import Needs, Objects, Operation, Outcome, View, Wrong, replaced
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.queue import free_slot, items, slots, take_slot
from deadsim.model.objects import Pipe
from deadsim.model.values import Value
from deadsim.trace.effect import Mark

End: TypeAlias = Literal["read", "write"]


class Content(NamedTuple):
    """The items that are on their way, and the ends that are closed."""

    items: tuple[Value, ...] = ()
    closed: tuple[End, ...] = ()


def initial(pipe: Pipe) -> Content:
    """Give the state that the object begins with."""
    return Content()


def broken(verb: str, number: int) -> Wrong:
    """Say that a thread uses a pipe whose other end is gone."""
    return Wrong(f"broken pipe: '{verb}' of {{}}, which is closed", number, "error", "BrokenPipe")


class Send(Operation):
    """Send an item; blocked while the pipe is full, an error once it is closed at either end."""

    verb = "send"
    can_block = True

    def __init__(self, number: int, item: Value, room: int) -> None:
        self.number = number
        self.item = item
        self.room = room
        self.objects = (number,)

    def ways(self, objects: View, thread: int) -> int:
        there, closed = objects[self.number]
        return 1 if closed or len(there) < self.room else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        there, closed = objects[number]
        if closed:
            wrong = broken("send", number)
            return Outcome(objects, success=False, wrong=wrong, ordering=Ordering(takes=(number,)))
        after = Content((*there, self.item), closed)
        marks = (*take_slot(number, self.room), Mark(("items", number, 0), len(there), True))
        return Outcome(replaced(objects, number, after), ordering=Ordering(marks=marks))

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((slots(self.number), ("closed", self.number)))


class Receive(Operation):
    """Receive an item; blocked while there is none and somebody could still send one."""

    verb = "receive"
    can_block = True

    def __init__(self, number: int, room: int) -> None:
        self.number = number
        self.room = room
        self.objects = (number,)

    def ways(self, objects: View, thread: int) -> int:
        there, closed = objects[self.number]
        return 1 if there or closed else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        there, closed = objects[number]
        saw = Ordering(takes=(number,))
        if "read" in closed:
            return Outcome(objects, success=False, wrong=broken("receive", number), ordering=saw)
        if not there:
            return Outcome(objects, (None, False), ordering=saw)
        marks = (Mark(("items", number, 0), 0, False), *free_slot(number, self.room))
        after = replaced(objects, number, Content(there[1:], closed))
        return Outcome(after, (there[0], True), ordering=Ordering(marks=marks))

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((items(self.number), ("closed", self.number)))


class Close(Operation):
    """Close one end; a second time does nothing."""

    verb = "close"

    def __init__(self, number: int, end: End) -> None:
        self.number = number
        self.end: End = end
        self.objects = self.gives = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        there, closed = objects[self.number]
        if self.end in closed:
            return Outcome(objects)
        after = Content(there, tuple(sorted((*closed, self.end))))
        return Outcome(replaced(objects, self.number, after))


QUERIES = {"qsize": lambda program, state: len(state.items)}
