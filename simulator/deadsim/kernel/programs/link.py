"""Linking: a thread's code made ready to be walked."""

from collections.abc import Callable
from typing import Any, Literal, assert_never

from deadsim.kernel.abstract.leave import LeaveForm
from deadsim.kernel.abstract.table import form_of
from deadsim.kernel.expressions.evaluator import evaluator, locate
from deadsim.kernel.failure import Failing
from deadsim.kernel.operation import Operation
from deadsim.kernel.programs.atomic import AtomicBlock
from deadsim.kernel.programs.linked import Entry, Linked, Slots, Stop
from deadsim.kernel.programs.liveness import dead_slots
from deadsim.kernel.world import World
from deadsim.model.expressions import Constant
from deadsim.model.instructions import (
    LEAVES,
    Atomic,
    AtomicEnd,
    Branch,
    End,
    Fail,
    Forget,
    Jump,
    Let,
    Resume,
    Step,
)
from deadsim.model.program import Program, Timeouts
from deadsim.model.values import UNSET


def link(program: Program, world: World, thread: int) -> Linked:
    """Make a thread's code ready to be walked."""
    code = program.threads[thread].code
    entries: list[Entry] = []
    for position, instruction in enumerate(code.instructions):
        match instruction:
            case Step():
                entries.append(_step(world, instruction, program.timeouts))
            case Let(slot, value):
                entries.append(_let(slot, evaluator(value), position + 1))
            case Forget(slots):
                entries.append(_forget(slots, position + 1))
            case Jump(target):
                entries.append(_jump(target))
            case Branch(test, otherwise):
                entries.append(_branch(evaluator(test), position + 1, otherwise))
            case Fail(type, message, class_name):
                entries.append(_fail(type, evaluator(message), class_name))
            case Atomic():
                entries.append(Stop("atomic"))
            case AtomicEnd():
                entries.append(Stop("atomic-end"))
            case Resume(_, slot):
                entries.append(Stop("resume", slot=slot))
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
    type: Literal["assertion", "misuse", "error"],
    message: Callable[[Slots], Any],
    class_name: str | None,
) -> Callable[[Slots], int]:
    def fail(slots: Slots) -> int:
        raise Failing(type, message(slots), class_name)

    return fail


def _step(world: World, step: Step, timeouts: Timeouts) -> Stop:
    target = step.target
    flags = step.flags
    if timeouts == "off":
        flags = tuple("untimed" if flag == "timed" else flag for flag in flags)
    candidates = range(0) if target is None else target.candidates()
    form = form_of(world, step.verb, None if target is None else candidates.start, flags)
    if LEAVES in flags:
        form = LeaveForm(world, form, candidates.start)
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


def _atomic(linked: Linked, position: int) -> Callable[[Slots], Operation]:
    return lambda slots: AtomicBlock(linked, position, tuple(slots))
