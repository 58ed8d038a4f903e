"""Pipes: items, room and ends that could be closed."""

from collections.abc import Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract.form import Approach, Facts, Form, Held, Passage, more
from deadsim.kernel.abstract.question import numbers
from deadsim.kernel.operation import Fact, Operation, Stock
from deadsim.kernel.primitives.pipe import Close, Content, End, Offers, Receive, Send
from deadsim.kernel.primitives.queue import items, slots
from deadsim.model.objects import Pipe
from deadsim.model.values import Value


def offer(
    number: int, pipe: Pipe, state: Content | Offers, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress what is in it, and which ends are closed."""
    if isinstance(state, Offers):
        from deadsim.kernel.abstract import channel

        channel.offer(number, pipe, state, facts, holding)
    else:
        facts.stock[items(number)] = len(state.items)
        facts.stock[slots(number)] = pipe.capacity - len(state.items)
        for item in state.items:
            facts.store(number, item)
    for end in state.closed:
        facts.known.add(("closed", number, end))
        facts.known.add(("was closed", number, end))


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

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return True

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
            after, given = self.taken(a)
            values = list(a.facts.values.get(number, {}).values())
            for value in values if a.wanted and a.operation else [None]:
                yield Passage(after, (value, True), supplies=((given, 1),))

    def taken(self, a: Approach) -> tuple[Held, Stock]:
        """Give what the thread has once it has an item, and what it provides with that."""
        return more(more(a.held, items(a.number)), slots(a.number), -1), slots(a.number)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return True

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


def forms(pipe: Pipe) -> dict[str, type[Form]]:
    """Give the forms of a pipe's verbs, with room or without."""
    if pipe.capacity:
        return FORMS
    from deadsim.kernel.abstract import channel

    return channel.FORMS


FORMS: dict[str, type[Form]] = {"send": SendForm, "receive": ReceiveForm, "close": CloseForm}


def sizes(world: Any, a: Approach) -> Iterable[int | None]:
    """List how many items there may be."""
    return numbers(0, min(max(0, a.available(items(a.number))), world[a.number].capacity))


ANSWERS = {"qsize": sizes}
