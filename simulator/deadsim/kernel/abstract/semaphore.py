"""Semaphores: how many permits there could be."""

from collections.abc import Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract.attempt import AttemptForm
from deadsim.kernel.abstract.form import ENDLESS, Approach, Facts, Form, Held, Passage, more
from deadsim.kernel.abstract.question import numbers
from deadsim.kernel.expressions.operators import amount
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.primitives.lock import TAKEN
from deadsim.kernel.primitives.semaphore import Acquire, Release, permits
from deadsim.model.objects import Semaphore
from deadsim.model.values import Value
from deadsim.trace.effect import Numbers

MANY = 2**50  # permits, from which on one more is not taken to be always possible: more than what
# is provided without limit comes to


def offer(
    number: int, semaphore: Semaphore, state: int, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress how many permits there are."""
    facts.stock[permits(number)] = state


def signal(declared: Any) -> bool:
    """Decide whether nobody owns the permits that are taken."""
    return bool(declared.signal)


class AcquireForm(AttemptForm):
    """`acquire` of a semaphore."""

    safe = True

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        return Acquire(objects[0], signal(self.declared[objects[0]]))

    def acquires(self, number: int) -> Numbers:
        return () if signal(self.declared[number]) else (number,)

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
        most = declared.value if declared.bounded else None
        return Release(objects[0], count, most, declared.signal)

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
        elif self.is_large(a, count):
            yield Passage(a.held, fails=True)
        yield Passage(more(a.held, stock, -count), supplies=((stock, count),))

    def is_large(self, a: Approach, count: int) -> bool:
        """Decide whether the permits could become more than an integer can count."""
        unknown = a.operation is None and "count" in self.flags
        return unknown or max(0, a.available(permits(a.number))) + count >= MANY

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        # Of an unbounded one, once its permits are more than an integer can count.
        declared: Any = self.declared[number]
        return bool(declared.bounded or "count" in self.flags or declared.value >= MANY)

    def is_safe(self, numbers: Sequence[int], held: frozenset[int]) -> bool:
        return not any(self.may_fail(number, held) for number in numbers)

    def releases(self, number: int) -> Numbers:
        return () if signal(self.declared[number]) else (number,)

    def certain(self, number: int) -> Sequence[Fact]:
        return (permits(number),)

    def possible(self, number: int) -> Sequence[Fact]:
        return (permits(number),)


FORMS = {"acquire": AcquireForm, "release": ReleaseForm}


def values(world: Any, a: Approach) -> Iterable[int | None]:
    """List how many permits there may be."""
    there, declared = a.available(permits(a.number)), world[a.number]
    return numbers(0, min(there, declared.value) if declared.bounded else there)


ANSWERS = {"value": values}
