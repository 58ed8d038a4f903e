"""Which locals still matter: those that may be read before they are given another value.

A local that does not matter is forgotten, so that places and states which differ in nothing else
are the same. Backward over all ways through the code, until it is stable (Aho, Lam, Sethi, Ullman:
Compilers, 2006, section 9.2.5).
"""

from collections.abc import Iterator
from typing import assert_never

from deadsim.model.expressions import Local
from deadsim.model.instructions import (
    Atomic,
    AtomicEnd,
    Branch,
    Code,
    End,
    Fail,
    Forget,
    Handler,
    Instruction,
    Jump,
    Let,
    Resume,
    Step,
)


def dead_slots(code: Code) -> tuple[tuple[int, ...], ...]:
    """Give for each instruction the slots whose values nobody reads from there on."""
    slots = range(len(code.initial))
    if not slots:
        return ((),) * len(code.instructions)
    live = _live(code)
    always = () if code.finalizer is None else (code.finalizer.left,)
    return tuple(
        tuple(slot for slot in slots if slot not in needed and slot not in always)
        for needed in live
    )


def _live(code: Code) -> list[frozenset[int]]:
    instructions = code.instructions
    live: list[frozenset[int]] = [frozenset()] * len(instructions)
    handlers = [_handlers(code, position) for position in range(len(instructions))]
    used = [frozenset(_read(instruction)) for instruction in instructions]
    given = [_given(instruction) for instruction in instructions]
    changed = True
    while changed:
        changed = False
        for position in reversed(range(len(instructions))):
            instruction = instructions[position]
            after = frozenset[int]().union(*(live[p] for p in _next(instruction, position)))
            needed = (after - given[position]) | used[position]
            for handler in handlers[position]:
                needed |= live[handler.target] - {handler.slot}
            if needed != live[position]:
                live[position] = needed
                changed = True
    return live


def _handlers(code: Code, position: int) -> list[Handler]:
    """List the handlers to which a failure here may go: up to the first that takes all."""
    found: list[Handler] = []
    for handler in code.handlers:
        if handler.first <= position < handler.last:
            found.append(handler)
            if handler.catches is None:
                break
    return found


def _next(instruction: Instruction, position: int) -> tuple[int, ...]:
    match instruction:
        case Jump(target):
            return (target,)
        case Branch(_, otherwise):
            return (position + 1, otherwise)
        case End() | Fail() | Resume():
            return ()
        case Let() | Forget() | Step() | Atomic() | AtomicEnd():
            return (position + 1,)
        case _:
            assert_never(instruction)


def _given(instruction: Instruction) -> frozenset[int]:
    match instruction:
        case Let(slot):
            return frozenset((slot,))
        case Forget(slots):
            return frozenset(slots)
        case Step():  # where it fails instead, the handler's needs are added
            return frozenset(slot for slot in instruction.into if slot is not None)
        case Jump() | Branch() | Fail() | Resume() | Atomic() | AtomicEnd() | End():
            return frozenset()
        case _:
            assert_never(instruction)


def _read(instruction: Instruction) -> Iterator[int]:
    match instruction:
        case Let(_, value):
            yield from _locals(value)
        case Branch(test):
            yield from _locals(test)
        case Fail(message=message):
            yield from _locals(message)
        case Step(_, target, operands):
            yield from _locals((target, operands))
        case Resume(_, slot):
            if slot is not None:
                yield slot
        case Forget() | Jump() | Atomic() | AtomicEnd() | End():
            pass
        case _:
            assert_never(instruction)


def _locals(part: object) -> Iterator[int]:
    """Find the slots that an expression reads."""
    if isinstance(part, Local):
        yield part.slot
    elif isinstance(part, tuple):
        for inner in part:
            yield from _locals(inner)
