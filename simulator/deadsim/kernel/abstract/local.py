"""Steps that touch nothing that is shared, and the printed output."""

from collections.abc import Iterable

from deadsim.kernel.abstract.form import Approach, Declared, Form, Passage
from deadsim.kernel.expressions.operators import amount
from deadsim.kernel.operation import Operation
from deadsim.kernel.primitives.local import Choose, Note, Print, Sleep
from deadsim.model.values import Value


class NoteForm(Form):
    """`step` and `yield`."""

    safe = True

    def __init__(self, declared: Declared, flags: tuple[str, ...], verb: str) -> None:
        super().__init__(declared, flags)
        self.verb = verb

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Note(self.verb, str(operands[0]) if operands else None)


class SleepForm(Form):
    """`sleep`."""

    counts = True
    safe = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Sleep(amount(operands[0], "the time to sleep", 0))


class ChooseForm(Form):
    """`choose`."""

    results = "operands"
    safe = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Choose(operands)

    def passages(self, a: Approach) -> Iterable[Passage]:
        values = a.operation.values if isinstance(a.operation, Choose) else (None,)
        for value in values:
            yield Passage(a.held, (value,))


class PrintForm(Form):
    """`print`: once for the text, once for the end."""

    safe = True

    def __init__(self, declared: Declared, flags: tuple[str, ...], output: int) -> None:
        super().__init__(declared, flags)
        self.output = output

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        assert self.output is not None
        return Print(self.output, str(operands[0]))
