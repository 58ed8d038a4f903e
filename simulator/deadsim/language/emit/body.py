"""A thread's code while it is being written: instructions, slots, handlers."""

from deadsim.model.expressions import Constant, Expression, Target
from deadsim.model.instructions import (
    Branch,
    Code,
    End,
    Handler,
    Instruction,
    Jump,
    Let,
    Step,
)
from deadsim.model.place import Place
from deadsim.model.values import UNSET, Slot


class Body:
    """Collects the instructions of one thread."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.initial: list[Slot] = []
        self.handlers: list[Handler] = []
        self.spare: list[int] = []  # slots of values that were used up

    @property
    def here(self) -> int:
        """Give the number of the instruction that comes next."""
        return len(self.instructions)

    def slot(self, value: Slot = UNSET) -> int:
        """Make a slot for a local."""
        self.initial.append(value)
        return len(self.initial) - 1

    def keep(self) -> int:
        """Take a slot for a value in between; `drop` gives it back."""
        return self.spare.pop() if self.spare else self.slot()

    def drop(self, slots: list[int]) -> None:
        """Give back slots whose values were used."""
        self.spare.extend(slots)
        slots.clear()

    def emit(self, instruction: Instruction) -> int:
        """Add an instruction and give its number."""
        self.instructions.append(instruction)
        return len(self.instructions) - 1

    def let(self, slot: int, value: Expression, place: Place) -> None:
        """Add an assignment."""
        self.emit(Let(slot, value, place))

    def step(
        self,
        verb: str,
        target: Target | None,
        place: Place,
        operands: tuple[Expression, ...] = (),
        into: tuple[int | None, ...] = (),
        flags: tuple[str, ...] = (),
    ) -> None:
        """Add a step."""
        self.emit(Step(verb, target, operands, flags, into, place))

    def branch(self, test: Expression, place: Place) -> int | None:
        """Add a branch whose other way is set later; None where the test is always true."""
        if isinstance(test, Constant):
            return None if test.value else self.emit(Jump(-1, place))
        return self.emit(Branch(test, -1, place))

    def jump(self, place: Place, target: int = -1) -> int:
        """Add a jump, whose target may be set later."""
        return self.emit(Jump(target, place))

    def land(self, *jumps: int | None, at: int | None = None) -> None:
        """Let branches and jumps lead to here, or to `at`."""
        target = self.here if at is None else at
        for number in jumps:
            if number is None:
                continue
            instruction = self.instructions[number]
            if isinstance(instruction, Jump):
                self.instructions[number] = instruction._replace(target=target)
            elif isinstance(instruction, Branch):
                self.instructions[number] = instruction._replace(otherwise=target)

    def code(self, place: Place) -> Code:
        """Finish: the thread ends where the instructions do."""
        self.emit(End(place))
        return Code(tuple(self.instructions), tuple(self.initial), tuple(self.handlers))
