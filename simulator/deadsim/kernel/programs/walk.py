"""The program half of the kernel: where a scenario's thread stands, and which operation is next.

`link` makes a thread's code into a list with an entry for each instruction: local work is a
function from the slots to the number of the next instruction, and a step is a `Stop`.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias, assert_never

from deadsim.errors import Place
from deadsim.kernel.abstract.form import Form
from deadsim.kernel.expressions.evaluator import evaluator, locate
from deadsim.kernel.failure import Failing, Failure
from deadsim.kernel.operation import Objects, Operation, Outcome
from deadsim.kernel.primitives.table import form_of
from deadsim.kernel.programs.liveness import dead_slots
from deadsim.model.expressions import Constant
from deadsim.model.instructions import (
    Atomic,
    AtomicEnd,
    Branch,
    Code,
    End,
    Fail,
    Forget,
    Jump,
    Let,
    Resume,
    Step,
)
from deadsim.model.program import Program
from deadsim.model.values import UNSET, Slot

LOCAL_OPERATIONS = 100_000  # a thread that does more of them without a step has run away

Slots: TypeAlias = list[Any]


class Stop:
    """An instruction at which local work ends: a step, or the end of something."""

    __slots__ = ("build", "form", "into", "kind", "numbers", "operation", "whole")

    def __init__(
        self,
        kind: Literal["step", "atomic", "atomic-end", "resume", "end"],
        form: Form | None = None,
        numbers: range = range(0),
        whole: bool = False,
        build: Callable[[Slots], Operation] | None = None,
        operation: Operation | None = None,
        into: tuple[int | None, ...] = (),
    ) -> None:
        self.kind = kind
        self.form = form
        self.numbers = numbers  # what it may be about: one of them, or of threads all at once
        self.whole = whole
        self.build = build
        self.operation = operation  # made once, where nothing has to be worked out
        self.into = into


Entry: TypeAlias = "Stop | Callable[[Slots], int]"


class Linked(NamedTuple):
    """A thread's code, ready to be walked.

    A thread without locals goes the same way each time it passes a step; `known` keeps that way.
    `dead` are for each place the slots whose values nobody reads any more.
    """

    thread: int
    code: Code
    entries: tuple[Entry, ...]
    known: "dict[tuple[int, bool], Walk]"
    dead: tuple[tuple[int, ...], ...]

    def place(self, position: int) -> Place:
        """Give the place of an instruction in the file."""
        return self.code.instructions[position].place


class Frame(NamedTuple):
    """Where a thread stands: before `operation`, with these values in its slots.

    `failed` is true while handlers of a failure run. A thread that has ended, or not begun, stands
    before nothing.
    """

    position: int
    slots: tuple[Slot, ...]
    failed: bool
    operation: Operation | None


NOWHERE = Frame(-1, (), False, None)


def link(program: Program, thread: int) -> Linked:
    """Make a thread's code ready to be walked."""
    code = program.threads[thread].code
    entries: list[Entry] = []
    for position, instruction in enumerate(code.instructions):
        match instruction:
            case Step():
                entries.append(_step(program, instruction))
            case Let(slot, value):
                entries.append(_let(slot, evaluator(value), position + 1))
            case Forget(slots):
                entries.append(_forget(slots, position + 1))
            case Jump(target):
                entries.append(_jump(target))
            case Branch(test, otherwise):
                entries.append(_branch(evaluator(test), position + 1, otherwise))
            case Fail(type, message):
                entries.append(_fail(type, evaluator(message)))
            case Atomic():
                entries.append(Stop("atomic"))
            case AtomicEnd():
                entries.append(Stop("atomic-end"))
            case Resume():
                entries.append(Stop("resume"))
            case End():
                entries.append(Stop("end"))
            case _:
                assert_never(instruction)
    linked = Linked(thread, code, tuple(entries), {}, dead_slots(code))
    for position, entry in enumerate(entries):
        if isinstance(entry, Stop) and entry.kind == "atomic":
            entry.build = _atomic(linked, position + 1)
    return linked


def _let(slot: int, value: Callable[[Slots], Any], following: int) -> Callable[[Slots], int]:
    def let(slots: Slots) -> int:
        slots[slot] = value(slots)
        return following

    return let


def _forget(forgotten: tuple[int, ...], following: int) -> Callable[[Slots], int]:
    def forget(slots: Slots) -> int:
        for slot in forgotten:
            slots[slot] = UNSET
        return following

    return forget


def _jump(target: int) -> Callable[[Slots], int]:
    return lambda slots: target


def _branch(test: Callable[[Slots], Any], following: int, otherwise: int) -> Callable[[Slots], int]:
    return lambda slots: following if test(slots) else otherwise


def _fail(
    type: Literal["assertion", "error"], message: Callable[[Slots], Any]
) -> Callable[[Slots], int]:
    def fail(slots: Slots) -> int:
        raise Failing(type, message(slots))

    return fail


def _step(program: Program, step: Step) -> Stop:
    target = step.target
    candidates = range(0) if target is None else target.candidates()
    form = form_of(program, step.verb, None if target is None else candidates.start, step.flags)
    numbers = tuple(candidates)
    find = None if target is None or target.fixed is not None or target.whole else locate(target)
    operands = tuple(evaluator(operand) for operand in step.operands)

    def build(slots: Slots) -> Operation:
        about = numbers if find is None else (find(slots),)
        return form.operation(about, tuple([operand(slots) for operand in operands]))

    operation = None
    if find is None and all(isinstance(operand, Constant) for operand in step.operands):
        try:
            operation = build([])
        except Failing:
            pass  # it fails when it is reached, at its place
    whole = target is not None and target.whole
    return Stop("step", form, candidates, whole, build, operation, step.into)


class Block(NamedTuple):
    """What an atomic block did: where its thread stands after it, and what it read and wrote."""

    position: int
    slots: Slots
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    failure: Failing | None


class AtomicBlock(Operation):
    """Several instructions as one step, ordered against others that touch the same variables."""

    verb = "atomic"

    def __init__(self, linked: Linked, position: int, slots: tuple[Slot, ...]) -> None:
        self.linked = linked
        self.position = position
        self.slots = slots

    @property
    def variables(self) -> tuple[int, ...]:
        """List the variables that it may read or write."""
        found: dict[int, None] = {}
        for entry in self.linked.entries[self.position :]:
            if isinstance(entry, Stop):
                if entry.kind == "atomic-end":
                    break
                found.update(dict.fromkeys(entry.numbers))
        return tuple(found)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        slots = list(self.slots)
        entries = self.linked.entries
        position = self.position
        reads: dict[int, None] = {}
        writes: dict[int, None] = {}
        failure: Failing | None = None
        try:
            while True:
                entry = entries[position]
                if not isinstance(entry, Stop):
                    position = entry(slots)
                    continue
                if entry.kind == "atomic-end":
                    position += 1
                    break
                assert entry.build is not None
                operation = entry.operation or entry.build(slots)
                reads.update(dict.fromkeys(operation.reads))
                writes.update(dict.fromkeys(operation.writes))
                outcome = operation.apply(objects, thread, 0)
                objects = outcome.objects
                _store(entry.into, outcome.results, slots)
                position += 1
        except Failing as failed:
            failure = failed
        done = Block(position, slots, tuple(reads), tuple(writes), failure)
        return Outcome(objects, success=failure is None, block=done)


def _atomic(linked: Linked, position: int) -> Callable[[Slots], Operation]:
    return lambda slots: AtomicBlock(linked, position, tuple(slots))


def _store(into: tuple[int | None, ...], results: tuple[Any, ...], slots: Slots) -> None:
    for slot, value in zip(into, results, strict=False):
        if slot is not None:
            slots[slot] = value


class Walk(NamedTuple):
    """Where a thread came to stand, and how it failed on its way there."""

    frame: Frame
    failures: tuple[Failure, ...] = ()


def begin(linked: Linked) -> Walk:
    """Start a thread: it does its local work up to its first step."""
    return _walk(linked, 0, list(linked.code.initial), False)


def proceed(linked: Linked, frame: Frame, outcome: Outcome, failing: Failing | None = None) -> Walk:
    """Go on after a step: store its results, and do local work up to the next one."""
    position = frame.position
    block: Block | None = outcome.block
    if outcome.stays:
        return Walk(frame)
    if failing is None and block is None and not frame.slots:
        way = (position, frame.failed)
        walk = linked.known.get(way)
        if walk is None:
            walk = linked.known[way] = _walk(linked, position + 1, [], frame.failed)
        return walk
    if block is not None:
        if block.failure is not None:
            return _fall(linked, block.position, block.slots, block.failure)
        return _walk(linked, block.position, block.slots, frame.failed)
    slots = list(frame.slots)
    if failing is not None:
        return _fall(linked, position, slots, failing)
    stop = linked.entries[position]
    assert isinstance(stop, Stop)
    if outcome.results:
        _store(stop.into, outcome.results, slots)
    return _walk(linked, position + 1, slots, frame.failed)


def _handler(linked: Linked, position: int) -> int | None:
    for handler in linked.code.handlers:
        if handler.first <= position < handler.last:
            return handler.target
    return None


def _fall(linked: Linked, position: int, slots: Slots, failing: Failing) -> Walk:
    failure = Failure(linked.thread, failing.type, failing.message, linked.place(position))
    target = _handler(linked, position)
    if target is None:
        return Walk(NOWHERE, (failure,))
    walk = _walk(linked, target, slots, True)
    return Walk(walk.frame, (failure, *walk.failures))


def _walk(linked: Linked, position: int, slots: Slots, failed: bool) -> Walk:
    entries = linked.entries
    budget = LOCAL_OPERATIONS
    try:
        while True:
            entry = entries[position]
            if isinstance(entry, Stop):
                operation = entry.operation
                if operation is None:
                    if entry.kind == "end":
                        return Walk(NOWHERE)
                    if entry.kind == "resume":
                        target = _handler(linked, position)
                        if target is None:
                            return Walk(NOWHERE)
                        position = target
                        continue
                    assert entry.build is not None
                    operation = entry.build(slots)
                for slot in linked.dead[position]:
                    slots[slot] = UNSET
                return Walk(Frame(position, tuple(slots), failed, operation))
            position = entry(slots)
            budget -= 1
            if budget < 0:
                raise Failing("error", "has run away: it goes on for ever without taking a step")
    except Failing as failing:
        return _fall(linked, position, slots, failing)
