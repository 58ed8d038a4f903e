"""Steps that touch nothing that is shared, and the printed output.

The output's state: the text so far, or None where nobody keeps it.
"""

from collections.abc import Iterable

from deadsim.kernel.abstract.form import Approach, Declared, Form, Passage
from deadsim.kernel.expressions.operators import amount
from deadsim.kernel.operation import Objects, Operation, Outcome, replaced
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

    def ways(self, objects: Objects, thread: int) -> int:
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


class NoteForm(Form):
    """`step` and `yield`."""

    def __init__(self, declared: Declared, flags: tuple[str, ...], verb: str) -> None:
        super().__init__(declared, flags)
        self.verb = verb

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Note(self.verb, str(operands[0]) if operands else None)


class SleepForm(Form):
    """`sleep`."""

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Sleep(amount(operands[0], "the time to sleep", 0))


class ChooseForm(Form):
    """`choose`."""

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Choose(operands)

    def passages(self, a: Approach) -> Iterable[Passage]:
        values = a.operation.values if isinstance(a.operation, Choose) else (None,)
        for value in values:
            yield Passage(a.held, (value,))


class PrintForm(Form):
    """`print`: once for the text, once for the end."""

    def __init__(self, declared: Declared, flags: tuple[str, ...], output: int) -> None:
        super().__init__(declared, flags)
        self.output = output

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Print(self.output, str(operands[0]))
