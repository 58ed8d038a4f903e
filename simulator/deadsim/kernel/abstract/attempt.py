"""Steps that may be tried instead of waited for: `blocking: false` and `timeout`."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from deadsim.kernel.abstract.form import Approach, Declared, Form, Passage, Results
from deadsim.kernel.operation import Attempt, Operation
from deadsim.model.values import Value


class AttemptForm(Form):
    """A step that blocks; with the flag "try" it fails at once instead, with "timed" at some time.

    Of a timed one the last operand is the timeout.
    """

    results: ClassVar[Results] = "integers"
    failed: ClassVar[tuple[Value, ...]] = (False,)  # the results of an attempt that fails

    def __init__(self, declared: Declared, flags: tuple[str, ...]) -> None:
        super().__init__(declared, flags)
        self.gives_up = "try" in flags or "timed" in flags
        self.can_block = not self.gives_up
        self.varies = self.varies or self.gives_up

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        duration = self.duration(operands)
        if "timed" in self.flags or "untimed" in self.flags:
            operands = operands[:-1]
        wanted = self.blocking(objects, operands)
        return Attempt(wanted, duration, self.failed) if self.gives_up else wanted

    def passages(self, a: Approach) -> Iterable[Passage]:
        if self.gives_up and not self.is_sure(a):
            yield Passage(a.held, self.failed)
        yield from self.taken(a)

    def is_sure(self, a: Approach) -> bool:
        """Decide whether an attempt cannot fail."""
        return False

    @abstractmethod
    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        """Make the operation that waits."""

    @abstractmethod
    def taken(self, a: Approach) -> Iterable[Passage]:
        """List the ways in which it may succeed."""
