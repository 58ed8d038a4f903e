"""Shared variables: the values that they could have."""

from collections.abc import Iterable
from typing import Any

from deadsim.kernel.abstract.form import Approach, Facts, Form, Held, Passage
from deadsim.kernel.operation import Operation
from deadsim.kernel.primitives.variable import Read, Write
from deadsim.model.objects import Variable
from deadsim.model.values import Value
from deadsim.trace.effect import Numbers


def offer(
    number: int, variable: Variable, state: Any, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress which value it has."""
    facts.store(number, state)


class ReadForm(Form):
    """`read` of a variable, in an expression or by the verb."""

    varies = True
    safe = True
    results = "stored"

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Read(objects[0])

    def reads(self, number: int) -> Numbers:
        return (number,)

    def passages(self, a: Approach) -> Iterable[Passage]:
        if not a.operation:
            yield Passage(a.held)
            return
        for value in list(a.facts.values[a.number].values()):
            yield Passage(a.held, (value,))


class WriteForm(Form):
    """`write` of a variable."""

    safe = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Write(objects[0], operands[0])

    def writes(self, number: int) -> Numbers:
        return (number,)

    def passages(self, a: Approach) -> Iterable[Passage]:
        values = ((a.number, a.operation.value),) if isinstance(a.operation, Write) else ()
        yield Passage(a.held, values=values)


FORMS: dict[str, type[Form]] = {"read": ReadForm, "write": WriteForm}

ANSWERS: dict[str, Any] = {}
