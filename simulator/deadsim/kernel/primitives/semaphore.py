"""Semaphores. State: how many permits there are."""

from collections.abc import Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract.form import ENDLESS, Approach, Facts, Form, Held, Passage, Stock, more
from deadsim.kernel.expressions.operators import amount, integer
from deadsim.kernel.failure import Failing
from deadsim.kernel.operation import Fact, Needs, Objects, Operation, Outcome, Wrong, replaced
from deadsim.kernel.primitives.attempt import AttemptForm
from deadsim.kernel.primitives.lock import TAKEN
from deadsim.model.objects import Semaphore
from deadsim.model.values import Value

MANY = 2**31  # permits, from which on one more is not taken to be always possible


def initial(semaphore: Semaphore) -> int:
    """Give the state that the object begins with."""
    return semaphore.value


def offer(
    number: int, semaphore: Semaphore, state: int, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress how many permits there are."""
    facts.stock[permits(number)] = state


def permits(number: int) -> Stock:
    """Name the permits as something that is counted."""
    return ("permits", number)


class Acquire(Operation):
    """Take a permit; blocked while there is none."""

    verb = "acquire"
    can_block = True

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.takes = (number,)

    def ways(self, objects: Objects, thread: int) -> int:
        return 1 if objects[self.number] else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(replaced(objects, self.number, objects[self.number] - 1), TAKEN)

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((permits(self.number),))


class Release(Operation):
    """Give permits, whoever took them; of a bounded semaphore, never more than it began with."""

    verb = "release"

    def __init__(self, number: int, count: int, most: int | None) -> None:
        self.number = number
        self.count = count
        self.most = most
        self.objects = self.gives = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        there = objects[self.number] + self.count
        if self.most is not None and there > self.most:
            wrong = Wrong("releases {}, which has all its permits", self.number)
            return Outcome(objects, success=False, wrong=wrong)
        try:
            integer(there)
        except Failing as failing:
            wrong = Wrong(failing.message + ", the permits of {}", self.number)
            return Outcome(objects, success=False, wrong=wrong)
        return Outcome(replaced(objects, self.number, there))


class AcquireForm(AttemptForm):
    """`acquire` of a semaphore."""

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        return Acquire(objects[0])

    def taken(self, a: Approach) -> Iterable[Passage]:
        stock = permits(a.number)
        if a.available(stock) > 0:
            yield Passage(more(a.held, stock), TAKEN)

    def wants(self, number: int) -> Sequence[Fact]:
        return (permits(number),)


class ReleaseForm(Form):
    """`release` of a semaphore, with the flag "count" as often as the operand says."""

    varies = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        declared: Any = self.declared[objects[0]]
        count = amount(operands[0], "the number of permits", 1) if operands else 1
        return Release(objects[0], count, declared.value if declared.bounded else None)

    def passages(self, a: Approach) -> Iterable[Passage]:
        stock = permits(a.number)
        count = ENDLESS if "count" in self.flags else 1
        if isinstance(a.operation, Release):
            count = a.operation.count
        declared: Any = self.declared[a.number]
        if declared.bounded:
            if a.available(stock) + count > declared.value:
                yield Passage(a.held, fails=True)
            if a.operation and count > declared.value:
                return
        yield Passage(more(a.held, stock, -count), supplies=((stock, count),))

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        # Of an unbounded one, once its permits are more than an integer can count.
        declared: Any = self.declared[number]
        return bool(declared.bounded or "count" in self.flags or declared.value >= MANY)

    def certain(self, number: int) -> Sequence[Fact]:
        return (permits(number),)

    def possible(self, number: int) -> Sequence[Fact]:
        return (permits(number),)


QUERIES = {"value": lambda program, state: state, "locked": lambda program, state: state == 0}

FORMS = {"acquire": AcquireForm, "release": ReleaseForm}
