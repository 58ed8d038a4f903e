"""Pipes without room: offers that could be made, and taken."""

from collections.abc import Iterable, Sequence

from deadsim.kernel.abstract import pipe
from deadsim.kernel.abstract.form import Approach, Facts, Form, Held, Passage, more, without
from deadsim.kernel.operation import Fact, Operation, Stock
from deadsim.kernel.primitives.channel import Receive, Send, receives
from deadsim.kernel.primitives.pipe import Offers
from deadsim.kernel.primitives.queue import items
from deadsim.model.objects import Pipe
from deadsim.model.values import Value


def offer(number: int, pipe: Pipe, state: Offers, facts: Facts, holding: dict[int, Held]) -> None:
    """Note for relaxed progress which offers stand, each behind how many others, and which were taken."""
    facts.stock[items(number)] = len(state.standing)
    facts.stock[receives(number)] = 0
    for rank, (thread, item) in enumerate(state.standing):
        facts.store(number, item)
        held = holding.setdefault(thread, {})
        held["offers", number] = 1
        if rank and not pipe.left:
            held[receives(number)] = rank
    for thread in state.taken:
        holding.setdefault(thread, {})["taken", number] = 1


class SendForm(Form):
    """`send` into a pipe without room."""

    can_block = True
    in_stages = True
    varies = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Send(objects[0], operands[0])

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, held, known = a.number, a.held, a.facts.known
        if ("taken", number) in held:
            yield Passage(without(held, ("taken", number)))
            return
        if ("offers", number) in held:
            gone = without(held, ("offers", number))
            if a.available(receives(number)) > 0:
                yield Passage(more(gone, receives(number)))
            if ("closed", number, "read") in known:
                yield Passage(gone, fails=True)
            return
        if any(("closed", number, end) in known for end in ("read", "write")):
            yield Passage(held, fails=True)
        if any(("was closed", number, end) in known for end in ("read", "write")):
            return
        values = ((number, a.operation.item),) if isinstance(a.operation, Send) else ()
        begun = {**more(held, items(number), -1), ("offers", number): 1}
        yield Passage(begun, supplies=((items(number), 1),), values=values, stays=True)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return True

    def possible(self, number: int) -> Sequence[Fact]:
        return (items(number),)

    def wants(self, number: int) -> Sequence[Fact]:
        return (receives(number), ("closed", number, "read"))


class ReceiveForm(pipe.ReceiveForm):
    """`receive` from a pipe without room."""

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Receive(objects[0])

    def taken(self, a: Approach) -> tuple[Held, Stock]:
        return more(a.held, items(a.number)), receives(a.number)

    def possible(self, number: int) -> Sequence[Fact]:
        return (receives(number),)


class CloseForm(pipe.CloseForm):
    """`close` of one end, which is the flag; of the read end it lets those go who offer."""

    def certain(self, number: int) -> Sequence[Fact]:
        return (("closed", number), ("closed", number, self.end()))


FORMS: dict[str, type[Form]] = {"send": SendForm, "receive": ReceiveForm, "close": CloseForm}
