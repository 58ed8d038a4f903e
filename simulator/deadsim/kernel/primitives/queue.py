"""Queues, as `queue.Queue`. State: (items, how many of all that were put are not dealt with yet).

Items stand in the order in which they were put, those of a priority queue sorted.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from deadsim.kernel.abstract.form import Approach, Facts, Form, Held, Passage, Stock, more
from deadsim.kernel.expressions.operators import comparable, relate
from deadsim.kernel.operation import (
    Fact,
    Needs,
    Objects,
    Operation,
    Outcome,
    Wrong,
    replaced,
    wanted,
)
from deadsim.kernel.ordering import Mark, Ordering
from deadsim.kernel.primitives.attempt import AttemptForm
from deadsim.kernel.primitives.lock import TAKEN
from deadsim.model.objects import Queue
from deadsim.model.values import Value


class Content(NamedTuple):
    """The items, and how many items are still owed a `task_done`."""

    items: tuple[Value, ...] = ()
    unfinished: int = 0


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


def offer(
    number: int, queue: Queue, state: Content, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress what is in it."""
    facts.stock[items(number)] = len(state.items)
    facts.stock[slots(number)] = queue.maxsize - len(state.items)
    facts.stock[dones(number)] = -state.unfinished
    for item in state.items:
        facts.store(number, item)


def take_slot(number: int, room: int) -> tuple[Mark, ...]:
    """Come after whoever freed the slot that is filled: the one that is free longest."""
    return (Mark(("slots", number, 0), 0, False, room),) if room > 0 else ()


def free_slot(number: int, room: int) -> tuple[Mark, ...]:
    """Free a slot for a later step."""
    return (Mark(("slots", number, 0), -1, True, room),) if room > 0 else ()


class Put(Operation):
    """Put an item in; blocked while the queue is full."""

    verb = "put"
    can_block = True

    def __init__(self, number: int, item: Value, room: int, order: str) -> None:
        self.number = number
        self.item = item
        self.room = room
        self.order = order
        self.objects = (number,)

    def ways(self, objects: Objects, thread: int) -> int:
        return 1 if self.room <= 0 or len(objects[self.number].items) < self.room else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        there, unfinished = objects[number]
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
        return Needs((slots(self.number),))


class Get(Operation):
    """Take an item out; blocked while there is none."""

    verb = "get"
    can_block = True

    def __init__(self, number: int, room: int, order: Literal["fifo", "lifo", "priority"]) -> None:
        self.number = number
        self.room = room
        self.order = order
        self.objects = (number,)

    def ways(self, objects: Objects, thread: int) -> int:
        return 1 if objects[self.number].items else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        there, unfinished = objects[number]
        index = len(there) - 1 if self.order == "lifo" else 0
        after = Content((*there[:index], *there[index + 1 :]), unfinished)
        marks = (Mark(("items", number, 0), index, False), *free_slot(number, self.room))
        ordering = Ordering(marks=marks)
        return Outcome(replaced(objects, number, after), (there[index], True), ordering=ordering)

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((items(self.number),))


class TaskDone(Operation):
    """Say that an item is dealt with; a misuse where none is owed."""

    verb = "task_done"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.gives = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        there, unfinished = objects[self.number]
        if not unfinished:
            wrong = Wrong("calls 'task_done' of {} more often than items were put", self.number)
            return Outcome(objects, success=False, wrong=wrong)
        return Outcome(replaced(objects, self.number, Content(there, unfinished - 1)))


class Join(Operation):
    """Wait until every item that was put is dealt with."""

    verb = "join"
    can_block = True

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.takes = (number,)

    def ways(self, objects: Objects, thread: int) -> int:
        return 0 if objects[self.number].unfinished else 1

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(objects, TAKEN)

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((dones(self.number),), objects[self.number].unfinished)


class PutForm(AttemptForm):
    """`put` into a queue."""

    def queue(self, number: int) -> Any:
        """Give the declaration of the queue."""
        return self.declared[number]

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        queue = self.queue(objects[0])
        return Put(objects[0], operands[0], queue.maxsize, queue.order)

    def taken(self, a: Approach) -> Iterable[Passage]:
        number = a.number
        queue = self.queue(number)
        if queue.maxsize > 0 and a.available(slots(number)) <= 0:
            return
        after = more(more(a.held, items(number), -1), dones(number))
        supplies: tuple[tuple[Stock, int], ...] = ((items(number), 1),)
        if queue.maxsize > 0:
            after = more(after, slots(number))
        put = wanted(a.operation)
        values = ((number, put.item),) if isinstance(put, Put) else ()
        yield Passage(after, TAKEN, supplies=supplies, values=values)
        if queue.order == "priority":
            known = a.facts.values.get(number, {}).values()
            if not isinstance(put, Put) or not all(comparable(put.item, one) for one in known):
                yield Passage(a.held, fails=True)

    def certain(self, number: int) -> Sequence[Fact]:
        return (items(number),) if self.queue(number).order != "priority" else ()

    def possible(self, number: int) -> Sequence[Fact]:
        return (items(number),)

    def wants(self, number: int) -> Sequence[Fact]:
        return (slots(number),)


class GetForm(AttemptForm):
    """`get` from a queue."""

    varies = True
    failed = (None, False)

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        queue: Any = self.declared[objects[0]]
        return Get(objects[0], queue.maxsize, queue.order)

    def taken(self, a: Approach) -> Iterable[Passage]:
        number = a.number
        queue: Any = self.declared[number]
        if a.available(items(number)) <= 0:
            return
        after = more(a.held, items(number))
        supplies: tuple[tuple[Stock, int], ...] = ()
        if queue.maxsize > 0:
            after = more(after, slots(number), -1)
            supplies = ((slots(number), 1),)
        known = list(a.facts.values.get(number, {}).values())
        for value in known if a.wanted and a.operation else [None]:
            yield Passage(after, (value, True), supplies=supplies)

    def certain(self, number: int) -> Sequence[Fact]:
        return (slots(number),)

    def wants(self, number: int) -> Sequence[Fact]:
        return (items(number),)


class TaskDoneForm(Form):
    """`task_done` of a queue."""

    varies = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return TaskDone(objects[0])

    def passages(self, a: Approach) -> Iterable[Passage]:
        stock = dones(a.number)
        yield Passage(more(a.held, stock, -1), supplies=((stock, 1),))
        if a.available(stock) >= 0:  # all that were put could be dealt with already
            yield Passage(a.held, fails=True)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return True

    def possible(self, number: int) -> Sequence[Fact]:
        return (dones(number),)


class JoinForm(AttemptForm):
    """`join` of a queue."""

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        return Join(objects[0])

    def taken(self, a: Approach) -> Iterable[Passage]:
        if a.available(dones(a.number)) >= 0:
            yield Passage(a.held, TAKEN)

    def wants(self, number: int) -> Sequence[Fact]:
        return (dones(number),)


QUERIES = {"qsize": lambda program, state: len(state.items)}

FORMS: dict[str, type[Form]] = {
    "put": PutForm,
    "get": GetForm,
    "task_done": TaskDoneForm,
    "join": JoinForm,
}
