"""Lay out a finalizer: its instructions stand before each step at which it may begin.

So that where it goes on afterwards, and which handlers its failures come to, is plain from the text. Where it
has failed while that step is half done, the step is left before the failure is handed on.
"""

from collections.abc import Sequence

from deadsim.language.checks.declarations import Declarations
from deadsim.language.checks.form import unlike
from deadsim.language.emit.body import Body
from deadsim.language.emit.file_scope import Surroundings
from deadsim.language.expressions.names import Problems, nearest
from deadsim.language.expressions.texts import Expressions
from deadsim.language.reading.document import Mapping, Node, Scalar
from deadsim.model import instructions as model
from deadsim.model.expressions import Local
from deadsim.model.instructions import (
    LEAVES,
    Atomic,
    Branch,
    Code,
    End,
    Enter,
    Forget,
    Handler,
    Instruction,
    Jump,
    Resume,
    Step,
)
from deadsim.model.objects import Barrier, Condition, Event, ModeLock, Pipe, RWLock
from deadsim.model.place import Place
from deadsim.model.values import Unset

MOST_TIMES = 2


def parts(node: Node, reader: Expressions, problems: Problems) -> tuple[int, Node]:
    """Read how often it may begin, and its steps."""
    if not isinstance(node, Mapping):
        return 1, node
    times, steps = 1, Scalar("", True, node.place, None)
    body: Node | None = None
    for key, given in node.pairs:
        if key.value == "do":
            body = given
        elif key.value == "times":
            value = reader.constant(given)
            if value in range(1, MOST_TIMES + 1) and not isinstance(value, bool):
                assert isinstance(value, int)
                times = value
            elif not isinstance(value, Unset):
                problems.add(given.place, f"'times' is 1 or {MOST_TIMES}{unlike(given)}")
        else:
            hint = nearest(key.value, ("times", "do")) or "; it has 'times' and 'do'"
            problems.add(key.place, f"'anywhere' has no '{key.value}'{hint}")
    if body is None:
        problems.add(node.place, "'anywhere' wants 'do': its steps")
    return times, body or steps


class Finalizer(Body):
    """Collects the instructions of a finalizer, whose slots come after those of its thread's body."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self.body = body
        self.initial = body.initial
        self.first = len(body.initial)

    def laid_out(
        self, times: int, where: Place, around: Surroundings, declared: Declarations
    ) -> Code:
        """Finish the code of its thread with it, which may begin so many `times`."""
        slots = tuple(range(self.first, len(self.initial)))
        self.end(where)
        for one in self.instructions:
            if isinstance(one, Enter):
                wrong = "the finalizer calls a procedure that may come to itself: this is not carried out"
                declared.problems.add(one.place, wrong)
        layout = _Layout(self.body.code(), self.code(), slots, self.body, around, declared)
        left, half = self.slot(times), self.slot(False)
        return layout.code(model.Finalizer({}, left, half, where))


class _Layout:
    def __init__(
        self,
        thread: Code,
        finalizer: Code,
        slots: tuple[int, ...],
        shared: Body,
        around: Surroundings,
        declared: Declarations,
    ) -> None:
        self.thread = thread
        self.finalizer = finalizer
        self.slots = slots
        self.shared = shared
        self.around = around
        self.declared = declared
        self.waits = [(step, self.half_done(step)) for step in finalizer.instructions]
        self.written: list[Instruction] = []
        self.before: list[
            int
        ] = []  # of each instruction of the thread: where what stands before it begins
        self.to: list[int] = []  # and where it has come to stand itself
        self.inner: list[Handler] = []

    def code(self, finalizer: model.Finalizer) -> Code:
        """Write the whole code."""
        code = self.thread.instructions
        inside = -1
        for position, instruction in enumerate(code):
            self.before.append(len(self.written))
            if isinstance(instruction, Step | Atomic) and position >= inside:
                self.lay_out(instruction, finalizer)
            if isinstance(instruction, Atomic):
                inside = instruction.end
            self.to.append(len(self.written))
            self.written.append(instruction)
        self.before.append(len(self.written))
        for position, number in enumerate(self.to):
            self.written[number] = moved(code[position], self.to)
        outer = [
            h._replace(
                first=self.before[h.first], last=self.before[h.last], target=self.to[h.target]
            )
            for h in self.thread.handlers
        ]
        # What stands before the first step of a procedure is a part of it.
        units = [
            unit._replace(entry=self.before[unit.entry], last=self.to[unit.last])
            for unit in self.thread.units
        ]
        return Code(
            tuple(self.written),
            tuple(self.shared.initial),
            (*self.inner, *outer),
            tuple(units),
            self.thread.stack,
            finalizer,
        )

    def lay_out(self, step: Step | Atomic, finalizer: model.Finalizer) -> None:
        """Write the finalizer once, before a step at which it may begin."""
        place = finalizer.place
        own = self.finalizer.instructions
        skip = len(self.written)
        first = skip + 2
        after = first + len(own)
        waits = self.half_done(step)
        self.check(waits)
        self.check_modes(step)
        for _ in own:
            self.around.count(place)
        half = bool(waits)
        slot = self.shared.slot() if half else -1
        there = after + 3 if half else after
        self.written += [Jump(there, place), Forget(self.slots, place)]
        numbers = range(first, after + 1)
        for instruction in own:
            if isinstance(instruction, End):
                self.written.append(Jump(there, place))
            else:
                self.written.append(moved(instruction, numbers))
        self.inner += [
            h._replace(first=h.first + first, last=h.last + first, target=h.target + first)
            for h in self.finalizer.handlers
        ]
        if half:
            assert isinstance(step, Step)
            self.inner.append(Handler(first, after, after, slot))
            self.written += [
                Branch(Local(finalizer.half, ""), after + 2, place),
                step._replace(flags=(*step.flags, LEAVES), into=()),
                Resume(after, slot, place),
            ]
        finalizer.begins[there] = skip + 1

    def half_done(self, step: Instruction) -> set[int]:
        """List what a step may wait for by several steps in turn, so that it may be half done."""
        if not isinstance(step, Step) or step.target is None:
            return set()
        found: set[int] = set()
        for number in step.target.candidates():
            one = self.declared.declared(number)
            waits = step.verb == "wait" and isinstance(one, Condition | Event | Barrier)
            offers = step.verb == "send" and isinstance(one, Pipe) and not one.capacity
            writes = step.verb == "acquire" and isinstance(one, RWLock) and "write" in step.flags
            if waits or offers or (writes and isinstance(one, RWLock) and one.prefer == "writers"):
                found.add(number)
        return found

    def check(self, waits: set[int]) -> None:
        """Refuse a finalizer that waits for what its thread may wait for already."""
        for step, others in self.waits:
            both = sorted(waits & others)
            if both:
                one = self.declared.declared(both[0])
                assert one is not None
                self.declared.problems.add(
                    step.place,
                    f"the finalizer may wait for '{one.name}' while its thread waits for it already: this is "
                    "not carried out",
                )
                self.waits = []
                return

    def check_modes(self, step: Step | Atomic) -> None:
        """Refuse a finalizer where its thread, or it itself, waits for a lock with modes that knows who waits."""
        for one in (step, *self.finalizer.instructions):
            if not isinstance(one, Step) or one.verb != "acquire" or one.target is None:
                continue
            lock = self.declared.declared(one.target.candidates().start)
            if isinstance(lock, ModeLock) and (lock.prefer == "queue" or lock.victims):
                wrong = (
                    f"a thread with a finalizer waits for '{lock.name}', which has a queue or victims: "
                    "this is not carried out"
                )
                self.declared.problems.add(one.place, wrong)


def moved(instruction: Instruction, to: Sequence[int]) -> Instruction:
    """Give an instruction with the numbers that others have now."""
    match instruction:
        case Jump(target):
            return instruction._replace(target=to[target])
        case Branch(_, otherwise):
            return instruction._replace(otherwise=to[otherwise])
        case Atomic(end):
            return instruction._replace(end=to[end])
        case Resume(origin):
            return instruction._replace(origin=to[origin])
        case _:
            return instruction
