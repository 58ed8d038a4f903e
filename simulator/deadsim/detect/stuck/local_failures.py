"""Which local work may fail: which slots have a value for certain, and which hold small integers only."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from deadsim.kernel.abstract.form import Form
from deadsim.kernel.programs.calls import Calls
from deadsim.kernel.programs.linked import Linked, Stop
from deadsim.kernel.world import World
from deadsim.model.expressions import (
    Binary,
    Call,
    Compare,
    Conditional,
    Constant,
    Display,
    Expression,
    Format,
    Item,
    Local,
    Logic,
    Negative,
    Not,
    Query,
    Shared,
)
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
from deadsim.model.objects import Variable
from deadsim.model.values import MAX_TEXT, UNSET

SMALL = 2**31
DIGITS = 20  # of an integer, with its sign


def always_set(code: Code) -> list[frozenset[int]]:
    """Find for each instruction the slots that certainly have a value before it.

    Forward over all ways, and where two meet, what both have. What a `with` releases was kept before
    what it guards began, so that its handler begins with everything; that of a `try` with what is there
    wherever a failure leads to it.
    """
    begin = frozenset(slot for slot, value in enumerate(code.initial) if value is not UNSET)
    calls = Calls(code)
    known: list[frozenset[int] | None] = [None] * len(code.instructions)
    front: list[tuple[int, frozenset[int]]] = [(0, begin)]
    releases = [h for h in code.handlers if h.catches is None and not h.final]
    front.extend((h.target, frozenset(range(len(code.initial)))) for h in releases)
    attempts = [h for h in code.handlers if h.catches is not None or h.final]
    while front:
        position, given = front.pop()
        before = known[position]
        merged = given if before is None else before & given
        if merged == before:
            continue
        known[position] = merged
        for handler in attempts:
            if handler.first <= position < handler.last:
                kept = () if handler.slot is None else (handler.slot,)
                front.append((handler.target, merged.union(kept)))
        instruction = code.instructions[position]
        begun = code.begun_at(position)
        if begun is not None:
            front.append((begun, merged))
        match instruction:
            case Let(slot):
                front.append((position + 1, merged | {slot}))
            case Forget(slots):
                front.append((position + 1, merged - set(slots)))
            case Step():
                into = {slot for slot in instruction.into if slot is not None}
                front.append((position + 1, merged | into))
            case Atomic() | AtomicEnd():
                front.append((position + 1, merged))
            case Jump(target):
                front.append((target, merged))
            case Branch(_, otherwise):
                front.append((position + 1, merged))
                front.append((otherwise, merged))
            case Enter(unit, arguments):
                entered = (merged - calls.own[unit]) | {argument for argument, _ in arguments}
                front.append((code.units[unit].entry, entered))
                returned = known[code.units[unit].last]
                if returned is not None:
                    own = merged & calls.own[unit]
                    front.append((position + 1, (returned - calls.own[unit]) | own))
            case Return(unit):
                for site in calls.sites[unit]:
                    before = known[site]
                    if before is not None:
                        own = before & calls.own[unit]
                        front.append((site + 1, (merged - calls.own[unit]) | own))
            case Fail() | Resume() | End():
                pass
            case _:
                assert_never(instruction)
    return [frozenset() if slots is None else slots for slots in known]


class Types:
    """Which slots and shared variables only ever hold small integers; booleans are integers.

    Small is what begins as a constant below `SMALL`, and grows by such constants alone. The greatest answer that is consistent: begin with all, and take away what may get another value.
    """

    def __init__(self, linked: Sequence[Linked], world: World) -> None:
        self.slots = [
            {s for s, v in enumerate(one.code.initial) if v is UNSET or is_small(v)}
            for one in linked
        ]
        self.variables = {
            number
            for number, declared in world.shared()
            if isinstance(declared, Variable) and is_small(declared.initial)
        }
        changed = True
        while changed:
            changed = False
            for one, slots in zip(linked, self.slots, strict=True):
                for instruction, entry in zip(one.code.instructions, one.entries, strict=True):
                    form = entry.form if isinstance(entry, Stop) else None
                    changed = self._look(instruction, form, slots) or changed

    def _look(self, instruction: Instruction, form: Form | None, slots: set[int]) -> bool:
        match instruction:
            case Let(slot, value):
                if slot not in slots or _is_integer(value, slots):
                    return False
                slots.discard(slot)
                return True
            case Step():
                assert form is not None
                return self._look_at_step(instruction, form, slots)
            case Enter(given=given):
                found = {s for s, v in given if s in slots and not _is_integer(v, slots)}
                slots -= found
                return bool(found)
            case Forget() | Jump() | Branch() | Fail() | Resume() | Return():
                return False  # it gives nothing a value
            case Atomic() | AtomicEnd() | End():
                return False
            case _:
                assert_never(instruction)

    def _look_at_step(self, step: Step, form: Form, slots: set[int]) -> bool:
        reach = set() if step.target is None else set(step.target.candidates())
        all_integers = all(_is_integer(operand, slots) for operand in step.operands)
        written = {variable for number in reach for variable in form.writes(number)}
        if not all_integers and written & self.variables:
            self.variables -= written
            return True
        match form.results:
            case "integers":
                whole = True
            case "stored":
                whole = reach <= self.variables
            case "operands":
                whole = all_integers
            case "values":
                whole = False
            case _:
                assert_never(form.results)
        into = {slot for slot in step.into if slot is not None}
        if not whole and into & slots:
            slots -= into
            return True
        return False


def _is_integer(expression: Expression, integers: set[int]) -> bool:
    """Decide whether an expression has a small integer as its value, if it has one."""
    match expression:
        case Constant(value):
            return is_small(value)
        case Local(slot):
            return slot in integers
        case Not() | Compare() | Call("len" | "any" | "all" | "bool"):
            return True
        case Negative(_, operand) | Binary("//", operand, Constant()):
            return _is_integer(operand, integers)
        case Binary("+" | "-", left, right):
            counts = isinstance(left, Constant) or isinstance(right, Constant)
            return counts and _is_integer(left, integers) and _is_integer(right, integers)
        case Binary("%", _, Constant(divisor)):
            return is_small(divisor)
        case Logic(_, parts):
            return all(_is_integer(part, integers) for part in parts)
        case Conditional(_, then, otherwise):
            return _is_integer(then, integers) and _is_integer(otherwise, integers)
        case _:
            return False


def fails(expression: Expression, known: frozenset[int], integers: set[int]) -> bool:
    """Decide whether an expression may have no value.

    Counting up or down by a small constant is taken not to leave the integers' bound: no execution
    is long enough.
    """

    def among(parts: Iterable[Expression]) -> bool:
        return any(fails(part, known, integers) for part in parts)

    match expression:
        case Constant():
            return False
        case Local(slot):
            return slot not in known
        case Not(operand):
            return among((operand,))
        case Logic(_, parts):
            return among(parts)
        case Format(parts):
            fixed = [str(part.value) for part in parts if isinstance(part, Constant)]
            free = [part for part in parts if not isinstance(part, Constant)]
            longest = len("".join(fixed)) + DIGITS * len(free)
            short = longest <= MAX_TEXT and all(_is_integer(part, integers) for part in free)
            return among(parts) or not short
        case Display(_, parts):
            return among(parts) or not all(_is_integer(part, integers) for part in parts)
        case Conditional(test, then, otherwise):
            return among((test, then, otherwise))
        case Compare(first, rest):
            parts = (first, *(other for _, other in rest))
            equality = all(relation in ("==", "!=") for relation, _ in rest)
            numbers = all(_is_integer(part, integers) for part in parts)
            order = all(relation not in ("in", "not in") for relation, _ in rest)
            return among(parts) or not (equality or (numbers and order))
        case Binary("+" | "-", left, right):
            return not _is_integer(expression, integers) or among((left, right))
        case Binary("//" | "%", left, Constant(int(divisor))):
            return divisor == 0 or not _is_integer(left, integers) or among((left,))
        case Call("bool", parts):
            return among(parts)
        case Binary() | Negative() | Item() | Call() | Shared() | Query():
            return True
        case _:
            assert_never(expression)


def is_small(value: object) -> bool:
    """Decide whether a value is an integer that is far from the bound of integers."""
    return isinstance(value, int) and abs(value) < SMALL
