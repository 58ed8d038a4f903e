"""Barriers: how many could still arrive."""

from collections.abc import Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract.form import Approach, Facts, Form, Held, Passage, more, without
from deadsim.kernel.abstract.question import waiting
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.primitives.barrier import Round, Wait, arrivals
from deadsim.model.objects import Barrier
from deadsim.model.values import Value


def offer(
    number: int, barrier: Barrier, state: Round, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress who is there."""
    facts.stock[arrivals(number)] = len(state.arrived)
    for thread in state.arrived:
        held = holding.setdefault(thread, {})
        held["arrived", number] = 1
        held[arrivals(number)] = 1  # its own arrival is none of the others'
    for thread, _ in state.freed:
        holding.setdefault(thread, {})["freed", number] = 1


class WaitForm(Form):
    """`wait` at a barrier."""

    can_block = True
    in_stages = True
    varies = True
    safe = True
    results = "integers"

    def parties(self, number: int) -> int:
        """Give how many threads wait for one another."""
        barrier: Any = self.declared[number]
        return int(barrier.parties)

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Wait(objects[0], self.parties(objects[0]))

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, held = a.number, a.held
        stock = arrivals(number)
        parties = self.parties(number)
        places = range(parties) if a.wanted else range(1)
        if ("freed", number) in held:
            for place in places:
                yield Passage(without(held, ("freed", number)), (place,))
        elif ("arrived", number) not in held:
            arrived = more(held, ("arrived", number))
            yield Passage(arrived, supplies=((stock, 1),), stays=True)
        elif a.available(stock) >= parties - 1:
            after = more(without(held, ("arrived", number)), stock, parties - 1)
            for place in places:
                yield Passage(after, (place,))

    def possible(self, number: int) -> Sequence[Fact]:
        return (arrivals(number),)

    def wants(self, number: int) -> Sequence[Fact]:
        return (arrivals(number),)


FORMS = {"wait": WaitForm}

ANSWERS = {"waiting": waiting}
