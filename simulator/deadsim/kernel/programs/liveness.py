"""Which locals still matter: those that may be read before they are given another value.

A local that does not matter is forgotten, so that places and states which differ in nothing else
are the same. Backward over all ways through the code, until it is stable (Aho, Lam, Sethi, Ullman:
Compilers, 2006, section 9.2.5).
"""

from collections.abc import Iterator
from typing import assert_never

from deadsim.kernel.programs.calls import Calls
from deadsim.model.expressions import Local
from deadsim.model.instructions import (
    Atomic,
    AtomicEnd,
    Branch,
    Code,
    End,
    Enter,
    Fail,
    Forget,
    Instruction,
    Jump,
    Let,
    Resume,
    Return,
    Step,
)


def dead_slots(code: Code, live: list[frozenset[int]]) -> tuple[tuple[int, ...], ...]:
    """Give for each instruction the slots whose values nobody reads from there on."""
    slots = [slot for slot in range(len(code.initial)) if slot != code.stack]
    if not slots:
        return ((),) * len(code.instructions)
    always = () if code.finalizer is None else (code.finalizer.left,)
    return tuple(
        tuple(slot for slot in slots if slot not in needed and slot not in always)
        for needed in live
    )


def live_slots(code: Code) -> list[frozenset[int]]:
    """Give for each instruction the slots whose values may be read from there on.

    At a call that are those that its own body needs after it, too: they are put aside.
    """
    instructions = code.instructions
    live: list[frozenset[int]] = [frozenset()] * len(instructions)
    if not code.initial:
        return live
    calls = Calls(code)
    ways = [tuple(calls.ways(position)) for position in range(len(instructions))]
    used = [frozenset(_read(instruction)) for instruction in instructions]
    given = [_given(instruction) for instruction in instructions]
    changed = True
    while changed:
        changed = False
        for position in reversed(range(len(instructions))):
            instruction = instructions[position]
            after = frozenset[int]().union(*(live[p] for p in _next(instruction, position)))
            if isinstance(instruction, Enter):
                after |= live[code.units[instruction.unit].entry] - calls.own[instruction.unit]
            elif isinstance(instruction, Return):
                back = (live[site + 1] for site in calls.sites[instruction.unit])
                after = after.union(*back) - calls.own[instruction.unit]
            needed = (after - given[position]) | used[position]
            for handler, restored in ways[position]:
                needed |= live[handler.target] - {handler.slot} - restored
            if needed != live[position]:
                live[position] = needed
                changed = True
    return live


def kept_by_call(calls: Calls, live: list[frozenset[int]], position: int) -> frozenset[int]:
    """Give the slots that a body needs after a call: what it returns to, or where it fails."""
    needed = live[position + 1]
    for handler, restored in calls.ways(position):
        needed |= live[handler.target] - {handler.slot} - restored
    return needed


def _next(instruction: Instruction, position: int) -> tuple[int, ...]:
    match instruction:
        case Jump(target):
            return (target,)
        case Branch(_, otherwise):
            return (position + 1, otherwise)
        case End() | Fail() | Resume() | Return():
            return ()
        case Let() | Forget() | Enter() | Step() | Atomic() | AtomicEnd():
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
        case Jump() | Branch() | Fail() | Resume() | Enter() | Return():
            return frozenset()
        case Atomic() | AtomicEnd() | End():
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
        case Step():
            for one in (*instruction.each, instruction):
                yield from _locals((one.target, one.operands))
        case Resume(_, slot):
            if slot is not None:
                yield slot
        case Enter(given=given):
            yield from _locals(tuple(value for _, value in given))
        case Forget() | Jump() | Return() | Atomic() | AtomicEnd() | End():
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
