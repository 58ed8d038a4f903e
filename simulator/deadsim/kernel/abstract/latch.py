"""Latches: how many count_downs could still come."""

from collections.abc import Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract.attempt import AttemptForm
from deadsim.kernel.abstract.form import ENDLESS, Approach, Facts, Form, Held, Passage, more
from deadsim.kernel.abstract.question import numbers
from deadsim.kernel.expressions.operators import amount
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.primitives.latch import CountDown, Wait, count_downs
from deadsim.kernel.primitives.lock import TAKEN
from deadsim.model.objects import Latch
from deadsim.model.values import Value


def offer(number: int, latch: Latch, state: int, facts: Facts, holding: dict[int, Held]) -> None:
    """Note for relaxed progress how many count_downs are missing."""
    facts.stock[count_downs(number)] = -state


class WaitForm(AttemptForm):
    """`wait` for a latch."""

    safe = True

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        return Wait(objects[0])

    def taken(self, a: Approach) -> Iterable[Passage]:
        if a.available(count_downs(a.number)) >= 0:
            yield Passage(a.held, TAKEN)

    def wants(self, number: int) -> Sequence[Fact]:
        return (count_downs(number),)


class CountDownForm(Form):
    """`count_down` of a latch, with the flag "count" as often as the operand says."""

    safe = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        count = amount(operands[0], "the number of count_downs", 1) if operands else 1
        return CountDown(objects[0], count)

    def passages(self, a: Approach) -> Iterable[Passage]:
        stock = count_downs(a.number)
        count = ENDLESS if "count" in self.flags else 1
        if isinstance(a.operation, CountDown):
            count = a.operation.count
        yield Passage(more(a.held, stock, -count), supplies=((stock, count),))

    def certain(self, number: int) -> Sequence[Fact]:
        return (count_downs(number),)


FORMS: dict[str, type[Form]] = {"wait": WaitForm, "count_down": CountDownForm}


def values(world: Any, a: Approach) -> Iterable[int | None]:
    """List how many count_downs may be left."""
    now = -a.facts.stock[count_downs(a.number)]
    return numbers(max(0, min(now, -a.available(count_downs(a.number)))), now)


ANSWERS = {"value": values}
