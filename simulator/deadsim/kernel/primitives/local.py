"""Steps that touch nothing that is shared, and the printed output.

The output's state: the text so far, or None where nobody keeps it.
"""

from deadsim.kernel.operation import Objects, Operation, Outcome, View, replaced
from deadsim.model.values import Value


class Note(Operation):
    """A named piece of local work, or a chance for others to go on."""

    def __init__(self, verb: str, text: str | None) -> None:
        self.verb = verb
        self.text = text

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(objects)


class Sleep(Operation):
    """Let virtual time pass; the kernel knows no time, so this is always enabled."""

    verb = "sleep"

    def __init__(self, duration: int) -> None:
        self.duration = duration

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(objects)


class Choose(Operation):
    """Take one of several values; each is a result of its own."""

    verb = "choose"
    can_choose = True

    def __init__(self, values: tuple[Value, ...]) -> None:
        self.values = values

    def ways(self, objects: View, thread: int) -> int:
        return len(self.values)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(objects, (self.values[way],))


class Print(Operation):
    """Write a text to the output that all threads share."""

    verb = "print"

    def __init__(self, output: int, text: str) -> None:
        self.output = output
        self.text = text
        self.objects = (output,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        written = objects[self.output]
        if written is None:
            return Outcome(objects)
        return Outcome(replaced(objects, self.output, written + self.text))
