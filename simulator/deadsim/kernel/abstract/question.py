"""Questions: what the answer could be."""

from collections.abc import Iterable
from typing import Any, ClassVar

from deadsim.kernel.abstract.form import Approach, Form, Passage, Results
from deadsim.kernel.operation import Operation
from deadsim.kernel.primitives.question import Ask
from deadsim.model.values import Value
from deadsim.trace.effect import Numbers

MOST_ANSWERS = 16
"""Numbers, up to which each is followed by itself."""


class AskForm(Form):
    """A question that has true, false or a small number as its answer.

    `answers` says which there could be.
    """

    varies = True
    safe = True
    results: ClassVar[Results] = "integers"

    def __init__(self, world: Any, flags: tuple[str, ...], question: str, answers: Any) -> None:
        super().__init__(world, flags)
        self.question = question
        self.answers = answers

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Ask(self.question, objects, self.declared)

    def looks(self, number: int) -> Numbers:
        return (number,)

    def passages(self, a: Approach) -> Iterable[Passage]:
        if not a.operation:
            yield Passage(a.held)
            return
        for value in self.answers(self.declared, a):
            if value is None:
                yield Passage(a.held, (None,), unknown=True)
            else:
                yield Passage(a.held, (value,))


class AskAmountForm(AskForm):
    """A question that has any number as its answer."""

    results: ClassVar[Results] = "values"


def either(yes: bool, no: bool) -> Iterable[bool]:
    """List what may be answered to what is true or not."""
    return [value for value, there in ((False, no), (True, yes)) if there]


def numbers(least: int, most: int) -> Iterable[int | None]:
    """List the numbers that may be answered; None where they are too many."""
    return range(least, most + 1) if most - least < MOST_ANSWERS else (None,)


def waiting(world: Any, a: Approach) -> Iterable[int | None]:
    """List how many may wait for something: anybody but who asks."""
    return numbers(0, len(world.threads) - 1)
