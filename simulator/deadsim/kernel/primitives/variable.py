"""Shared variables. State: the value."""

from deadsim.kernel.expressions.operators import stored
from deadsim.kernel.operation import Objects, Operation, Outcome, replaced
from deadsim.model.objects import Variable
from deadsim.model.values import Value


def initial(variable: Variable) -> Value:
    """Give the state that the object begins with."""
    return variable.initial


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
