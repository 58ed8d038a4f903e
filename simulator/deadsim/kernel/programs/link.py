"""Linking: a thread's code made ready to be walked."""

from collections.abc import Callable
from typing import Any, Literal, assert_never

from deadsim.kernel.abstract.leave import LeaveForm
from deadsim.kernel.abstract.select import Part, SelectForm
from deadsim.kernel.abstract.table import form_of, in_select
from deadsim.kernel.expressions.evaluator import evaluator, locate
from deadsim.kernel.failure import Failing
from deadsim.kernel.operation import Operation, wanted
from deadsim.kernel.programs.atomic import AtomicBlock
from deadsim.kernel.programs.calls import Calls
from deadsim.kernel.programs.handling import leave_call
from deadsim.kernel.programs.linked import Entry, Linked, Slots, Stop
from deadsim.kernel.programs.liveness import dead_slots, kept_by_call, live_slots
from deadsim.kernel.select import Alternative, Select
from deadsim.kernel.world import World
from deadsim.model.expressions import Constant
from deadsim.model.instructions import (
    LEAVES,
    Atomic,
    AtomicEnd,
    Branch,
    Code,
    End,
    Enter,
    Fail,
    Forget,
    Jump,
    Let,
    Resume,
    Return,
    Step,
)
from deadsim.model.program import Program, Timeouts
from deadsim.model.values import UNSET


def link(program: Program, world: World, thread: int) -> Linked:
    """Make a thread's code ready to be walked."""
    code = program.threads[thread].code
    entries: list[Entry] = []
    live = live_slots(code)
    for position, instruction in enumerate(code.instructions):
        match instruction:
            case Step():
                make = _select if instruction.parts else _step
                entries.append(make(world, instruction, program.timeouts))
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
            case Enter():
                kept = kept_by_call(Calls(code), live, position)
                entries.append(_call(code, instruction, position, kept))
            case Return(unit):
                entries.append(_return(code, unit))
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
    linked = Linked(thread, code, tuple(entries), {}, dead_slots(code, live))
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


def _call(code: Code, call: Enter, position: int, needed: frozenset[int]) -> Callable[[Slots], int]:
    unit, stack = code.units[call.unit], code.stack
    assert stack is not None
    given = [(slot, evaluator(value)) for slot, value in call.given]
    kept = [slot in needed for slot in unit.slots]
    wrong = f"calls '{unit.name}' while {call.most} such calls are open"

    def open_call(slots: Slots) -> int:
        values = [(slot, value(slots)) for slot, value in given]
        if len(slots[stack]) >= call.most:
            raise Failing("error", wrong, "RecursionError")
        before = tuple([slots[s] if k else UNSET for s, k in zip(unit.slots, kept, strict=True)])
        slots[stack] = (*slots[stack], (position, before))
        for slot in unit.slots:
            slots[slot] = UNSET
        for slot, value in values:
            slots[slot] = value
        return unit.entry

    return open_call


def _return(code: Code, unit: int) -> Callable[[Slots], int]:
    return lambda slots: leave_call(code, slots) + 1


def _step(world: World, step: Step, timeouts: Timeouts, inside: bool = False) -> Stop:
    """Make a step ready; one that is `inside` a `select` is only taken where it can be."""
    target = step.target
    flags = _flags(step, timeouts)
    candidates = range(0) if target is None else target.candidates()
    find_form = in_select if inside else form_of
    form = find_form(world, step.verb, None if target is None else candidates.start, flags)
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
        operation = _made(build)
    whole = target is not None and target.whole
    return Stop("step", form, candidates, whole, build, operation, step.into)


def _flags(step: Step, timeouts: Timeouts) -> tuple[str, ...]:
    """Give the words that choose a step's form; where time never runs out, no step is timed."""
    if timeouts != "off":
        return step.flags
    return tuple("untimed" if flag == "timed" else flag for flag in step.flags)


def _made(build: Callable[[Slots], Operation]) -> Operation | None:
    """Make the operation of a step for which nothing has to be worked out."""
    try:
        return build([])
    except Failing:
        return None  # it fails when it is reached, at its place


def _select(world: World, step: Step, timeouts: Timeouts) -> Stop:
    flags = _flags(step, timeouts)
    count = len(step.parts) + (step.otherwise is not None)
    places = [place for place in range(count) if place != step.otherwise]
    stops = tuple(_step(world, part, timeouts, True) for part in step.parts)
    parts = []
    for place, part, stop in zip(places, step.parts, stops, strict=True):
        assert stop.form is not None
        asked = any(slot is not None for slot in part.into)
        parts.append(Part(place, stop.form, tuple(stop.numbers), stop.whole, asked))
    otherwise = None if "untimed" in flags else step.otherwise
    form = SelectForm(world, flags, parts, otherwise)
    operands = tuple(evaluator(operand) for operand in step.operands)

    def build(slots: Slots) -> Operation:
        branches = []
        for place, part, stop in zip(places, step.parts, stops, strict=True):
            assert stop.build is not None
            operation = wanted(stop.operation or stop.build(slots))
            assert operation is not None
            branches.append(Alternative(place, operation, part.place))
        duration = form.duration(tuple([operand(slots) for operand in operands]))
        if "timed" in flags:
            return Select(branches, duration, late=otherwise)
        return Select(branches, default=otherwise)

    fixed = all(stop.operation is not None for stop in stops)
    fixed = fixed and all(isinstance(operand, Constant) for operand in step.operands)
    numbers = tuple(dict.fromkeys(number for part in parts for number in part.numbers))
    made = _made(build) if fixed else None
    return Stop("step", form, numbers, True, build, made, step.into, parts=stops)


def _atomic(linked: Linked, position: int) -> Callable[[Slots], Operation]:
    return lambda slots: AtomicBlock(linked, position, tuple(slots))
