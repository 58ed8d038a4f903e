"""Barriers: how many could still arrive, and whether they could break."""

from collections.abc import Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract.form import (
    Approach,
    Facts,
    Form,
    Held,
    Passage,
    more,
    without,
)
from deadsim.kernel.abstract.question import either, waiting
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.primitives.barrier import Abort, Reset, Round, Wait, arrivals, broken, leavers
from deadsim.model.objects import Barrier
from deadsim.model.values import Value


def offer(
    number: int, barrier: Barrier, state: Round, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress who is there; who stands at the door is as one that is still to come."""
    facts.stock[arrivals(number)] = len(state.arrived)
    for thread in state.arrived:
        held = holding.setdefault(thread, {})
        held["arrived", number] = 1
        held[arrivals(number)] = 1  # its own arrival is none of the others'
    for thread, _ in state.freed:
        holding.setdefault(thread, {})["freed", number] = 1
    for thread in state.failing:
        holding.setdefault(thread, {})["failing", number] = 1
    if state.broken or state.failing:
        facts.known.add(broken(number))


class WaitForm(Form):
    """`wait` at a barrier; with the flag "timed" the operand is the timeout."""

    can_block = True
    in_stages = True
    varies = True
    results = "integers"

    def barrier(self, number: int) -> Any:
        """Give the declaration of the barrier."""
        return self.declared[number]

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        parties = int(self.barrier(objects[0]).parties)
        return Wait(objects[0], parties, self.duration(operands))

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, held = a.number, a.held
        parties = int(self.barrier(number).parties)
        places = range(parties) if a.wanted else range(1)
        breaks = broken(number) in a.facts.known
        if ("failing", number) in held:
            yield Passage(without(held, ("failing", number)), fails=True)
        elif ("freed", number) in held:
            left = without(held, ("freed", number))
            for place in places:
                yield Passage(left, (place,))
            if breaks:
                yield Passage(left, fails=True)
        elif ("arrived", number) in held:
            left = without(held, ("arrived", number))
            if a.available(arrivals(number)) >= parties - 1:
                for place in places:
                    after = more(left, arrivals(number), parties - 1)
                    yield Passage(after, (place,))
            if breaks:
                yield Passage(left, fails=True)
            if "timed" in self.flags:
                yield Passage(left, facts=(broken(number),), fails=True)
        else:
            yield from self.comes(a)

    def comes(self, a: Approach) -> Iterable[Passage]:
        """List the ways of who comes, or stands at the door: that opens always in the end."""
        number, held = a.number, a.held
        arrived = more(held, ("arrived", number))
        yield Passage(arrived, supplies=((arrivals(number), 1),), stays=True)
        yield Passage(held, stays=True)
        if broken(number) in a.facts.known:
            yield Passage(held, fails=True)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return bool(self.barrier(number).breaks)

    def is_safe(self, numbers: Sequence[int], held: frozenset[int]) -> bool:
        return not any(self.may_fail(number, held) for number in numbers)

    def possible(self, number: int) -> Sequence[Fact]:
        breaks = (broken(number),) if "timed" in self.flags else ()
        return (arrivals(number), leavers(number), *breaks)

    def wants(self, number: int) -> Sequence[Fact]:
        return (arrivals(number), leavers(number), broken(number))


class AbortForm(Form):
    """`abort` of a barrier."""

    safe = True
    deed = "aborts it"

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Abort(objects[0])

    def passages(self, a: Approach) -> Iterable[Passage]:
        yield Passage(a.held, facts=(broken(a.number),))

    def certain(self, number: int) -> Sequence[Fact]:
        return (broken(number),)


class ResetForm(Form):
    """`reset` of a barrier."""

    safe = True
    deed = "resets it"

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Reset(objects[0])

    def passages(self, a: Approach) -> Iterable[Passage]:
        yield Passage(a.held, facts=(broken(a.number),))

    def possible(self, number: int) -> Sequence[Fact]:
        return (broken(number),)


FORMS: dict[str, type[Form]] = {"wait": WaitForm, "abort": AbortForm, "reset": ResetForm}

ANSWERS = {
    "waiting": waiting,
    "broken": lambda world, a: either(broken(a.number) in a.facts.known, True),
}
