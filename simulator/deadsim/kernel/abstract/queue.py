"""Queues: items, room, and how many could be done."""

from collections.abc import Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract.attempt import AttemptForm
from deadsim.kernel.abstract.form import ENDLESS, Approach, Facts, Form, Held, Passage, more
from deadsim.kernel.abstract.question import either, numbers
from deadsim.kernel.expressions.operators import comparable
from deadsim.kernel.operation import (
    Fact,
    Operation,
    Stock,
    wanted,
)
from deadsim.kernel.primitives.lock import TAKEN
from deadsim.kernel.primitives.queue import (
    Content,
    Get,
    Join,
    Put,
    Shutdown,
    TaskDone,
    dones,
    items,
    shut,
    slots,
)
from deadsim.model.objects import Queue
from deadsim.model.values import Value


def offer(
    number: int, queue: Queue, state: Content, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress what is in it."""
    facts.stock[items(number)] = len(state.items)
    facts.stock[slots(number)] = queue.maxsize - len(state.items)
    facts.stock[dones(number)] = -state.unfinished
    for item in state.items:
        facts.store(number, item)
    if state.shut:
        facts.known.update((shut(number), ("was shut", number)))


class PutForm(AttemptForm):
    """`put` into a queue."""

    varies = True  # into a priority queue: with each value that others put

    def queue(self, number: int) -> Any:
        """Give the declaration of the queue."""
        return self.declared[number]

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        queue = self.queue(objects[0])
        return Put(objects[0], operands[0], queue.maxsize, queue.order)

    def taken(self, a: Approach) -> Iterable[Passage]:
        number = a.number
        queue = self.queue(number)
        if shut(number) in a.facts.known:
            yield Passage(a.held, fails=True)
        if ("was shut", number) in a.facts.known:
            return
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

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        queue = self.queue(number)
        return bool(queue.order == "priority" or queue.shuts)

    def is_safe(self, numbers: Sequence[int], held: frozenset[int]) -> bool:
        return not any(self.may_fail(number, held) for number in numbers)

    def certain(self, number: int) -> Sequence[Fact]:
        return () if self.may_fail(number, frozenset()) else (items(number),)

    def possible(self, number: int) -> Sequence[Fact]:
        return (items(number),)

    def wants(self, number: int) -> Sequence[Fact]:
        return (slots(number), shut(number))


class GetForm(AttemptForm):
    """`get` from a queue."""

    varies = True
    results = "values"
    failed = (None, False)

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        queue: Any = self.declared[objects[0]]
        return Get(objects[0], queue.maxsize, queue.order)

    def taken(self, a: Approach) -> Iterable[Passage]:
        number = a.number
        queue: Any = self.declared[number]
        if shut(number) in a.facts.known:
            yield Passage(a.held, fails=True)
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

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        queue: Any = self.declared[number]
        return bool(queue.shuts)

    def is_safe(self, numbers: Sequence[int], held: frozenset[int]) -> bool:
        return not any(self.may_fail(number, held) for number in numbers)

    def certain(self, number: int) -> Sequence[Fact]:
        return () if self.may_fail(number, held=frozenset()) else (slots(number),)

    def possible(self, number: int) -> Sequence[Fact]:
        return (slots(number),)

    def wants(self, number: int) -> Sequence[Fact]:
        return (items(number), shut(number))


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

    safe = True

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        return Join(objects[0])

    def taken(self, a: Approach) -> Iterable[Passage]:
        if a.available(dones(a.number)) >= 0:
            yield Passage(a.held, TAKEN)

    def wants(self, number: int) -> Sequence[Fact]:
        return (dones(number),)


class ShutdownForm(Form):
    """`shutdown` of a queue, with the flag "immediate"."""

    safe = True
    deed = "shuts it down"

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Shutdown(objects[0], "immediate" in self.flags)

    def passages(self, a: Approach) -> Iterable[Passage]:
        after, facts, stock = a.held, (shut(a.number),), dones(a.number)
        if "immediate" in self.flags:  # what was in it is dealt with
            after = more(after, stock, -ENDLESS)
            yield Passage(after, facts=facts, supplies=((stock, ENDLESS),))
        else:
            yield Passage(after, facts=facts)

    def certain(self, number: int) -> Sequence[Fact]:
        return (shut(number),)

    def possible(self, number: int) -> Sequence[Fact]:
        drained = (dones(number),) if "immediate" in self.flags else ()
        return (shut(number), *drained)


FORMS: dict[str, type[Form]] = {
    "put": PutForm,
    "get": GetForm,
    "task_done": TaskDoneForm,
    "join": JoinForm,
    "shutdown": ShutdownForm,
}


def most(world: Any, a: Approach) -> int:
    """Say how many items there may be at the most."""
    there, room = max(0, a.available(items(a.number))), world[a.number].maxsize
    return min(there, room) if room > 0 else there


def may_be_full(world: Any, a: Approach) -> Iterable[bool]:
    """List what may be answered to the question whether it is full."""
    room = world[a.number].maxsize
    return either(0 < room <= most(world, a), True)


ANSWERS = {
    "qsize": lambda world, a: numbers(0, most(world, a)),
    "empty": lambda world, a: either(True, most(world, a) > 0),
    "full": may_be_full,
}
