"""One-way pipes that carry items. State: (items, which ends are closed)."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from deadsim.kernel.abstract.form import Approach, Facts, Form, Held, Passage, more
from deadsim.kernel.operation import Fact, Needs, Objects, Operation, Outcome, Wrong, replaced
from deadsim.kernel.ordering import Mark, Ordering
from deadsim.kernel.primitives.queue import free_slot, items, slots, take_slot
from deadsim.model.objects import Pipe
from deadsim.model.values import Value

End: TypeAlias = Literal["read", "write"]


class Content(NamedTuple):
    """The items that are on their way, and the ends that are closed."""

    items: tuple[Value, ...] = ()
    closed: tuple[End, ...] = ()


def initial(pipe: Pipe) -> Content:
    """Give the state that the object begins with."""
    return Content()


def offer(number: int, pipe: Pipe, state: Content, facts: Facts, holding: dict[int, Held]) -> None:
    """Note for relaxed progress what is in it, and which ends are closed."""
    facts.stock[items(number)] = len(state.items)
    facts.stock[slots(number)] = pipe.capacity - len(state.items)
    for item in state.items:
        facts.store(number, item)
    for end in state.closed:
        facts.known.add(("closed", number, end))
        facts.known.add(("was closed", number, end))


def broken(verb: str, number: int) -> Wrong:
    """Say that a thread uses a pipe whose other end is gone."""
    return Wrong(f"broken pipe: '{verb}' of {{}}, which is closed", number, "error")


class Send(Operation):
    """Send an item; blocked while the pipe is full, an error once it is closed at either end."""

    verb = "send"
    can_block = True

    def __init__(self, number: int, item: Value, room: int) -> None:
        self.number = number
        self.item = item
        self.room = room
        self.objects = (number,)

    def ways(self, objects: Objects, thread: int) -> int:
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

    def ways(self, objects: Objects, thread: int) -> int:
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


class SendForm(Form):
    """`send` into a pipe."""

    can_block = True
    varies = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        pipe: Any = self.declared[objects[0]]
        return Send(objects[0], operands[0], pipe.capacity)

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, known = a.number, a.facts.known
        if any(("closed", number, end) in known for end in ("read", "write")):
            yield Passage(a.held, fails=True)
        if any(("was closed", number, end) in known for end in ("read", "write")):
            return
        if a.available(slots(number)) > 0:
            after = more(more(a.held, slots(number)), items(number), -1)
            values = ((number, a.operation.item),) if isinstance(a.operation, Send) else ()
            yield Passage(after, supplies=((items(number), 1),), values=values)

    def possible(self, number: int) -> Sequence[Fact]:
        return (items(number),)

    def wants(self, number: int) -> Sequence[Fact]:
        return (
            slots(number),
            ("closed", number),
        )


class ReceiveForm(Form):
    """`receive` from a pipe."""

    can_block = True
    varies = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        pipe: Any = self.declared[objects[0]]
        return Receive(objects[0], pipe.capacity)

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, known = a.number, a.facts.known
        if ("closed", number, "read") in known:
            yield Passage(a.held, fails=True)
        if ("was closed", number, "read") in known:
            return
        if ("closed", number, "write") in known:
            yield Passage(a.held, (None, False))
        if a.available(items(number)) > 0:
            after = more(more(a.held, items(number)), slots(number), -1)
            values = list(a.facts.values.get(number, {}).values())
            for value in values if a.wanted and a.operation else [None]:
                yield Passage(after, (value, True), supplies=((slots(number), 1),))

    def possible(self, number: int) -> Sequence[Fact]:
        return (slots(number),)

    def wants(self, number: int) -> Sequence[Fact]:
        return (
            items(number),
            ("closed", number),
        )


class CloseForm(Form):
    """`close` of one end, which is the flag."""

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Close(objects[0], self.end())

    def end(self) -> End:
        """Give the end that is closed."""
        return "read" if "read" in self.flags else "write"

    def passages(self, a: Approach) -> Iterable[Passage]:
        yield Passage(a.held, facts=(("closed", a.number, self.end()),))

    def certain(self, number: int) -> Sequence[Fact]:
        return (("closed", number),)


QUERIES = {"qsize": lambda program, state: len(state.items)}

FORMS: dict[str, type[Form]] = {"send": SendForm, "receive": ReceiveForm, "close": CloseForm}
