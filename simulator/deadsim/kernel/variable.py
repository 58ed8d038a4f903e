"""Shared variables. State: the value."""

from collections.abc import Sequence
from typing import Any

from deadsim.kernel.evaluation import stored
from deadsim.kernel.operation import Facts, Form, Held, Objects, Operation, Outcome, replaced
from deadsim.model.objects import Variable
from deadsim.model.values import Value


def initial(variable: Variable) -> Value:
    """Give the state that the object begins with."""
    return variable.initial


def offer(number: int, state: Any, facts: Facts, holding: dict[int, Held]) -> None:
    """Note for relaxed progress which value it has."""
    facts.store(number, state)


class Read(Operation):
    """Read a variable."""

    verb = "read"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.reads = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(objects, (objects[self.number],))


class Write(Operation):
    """Store a value in a variable."""

    verb = "write"

    def __init__(self, number: int, value: Value) -> None:
        self.number = number
        self.value = stored(value)
        self.objects = self.writes = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(replaced(objects, self.number, self.value))


class ReadForm(Form):
    """`read` of a variable, in an expression or by the verb."""

    varies = True

    def __init__(self, variable: Variable) -> None:
        pass

    def operation(
        self, objects: tuple[int, ...], operands: tuple[Value, ...], flags: tuple[str, ...]
    ) -> Operation:
        return Read(objects[0])

    def results(self, operation: Operation, facts: Facts) -> Sequence[tuple[Value, ...]]:
        return [(value,) for value in facts.values[operation.objects[0]].values()]


class WriteForm(Form):
    """`write` of a variable."""

    def __init__(self, variable: Variable) -> None:
        pass

    def operation(
        self, objects: tuple[int, ...], operands: tuple[Value, ...], flags: tuple[str, ...]
    ) -> Operation:
        return Write(objects[0], operands[0])

    def provides(self, operation: Operation, facts: Facts) -> None:
        assert isinstance(operation, Write)
        facts.store(operation.number, operation.value)


FORMS = {"read": ReadForm, "write": WriteForm}
