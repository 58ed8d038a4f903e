"""Where a thread may get to from where it stands, step by step, whatever its branches decide.

Every way that a real execution could take is there: both sides of a branch, and the way of a
failure out of anything that may fail. More ways than there really are do no harm to soundness; so
only what certainly cannot fail is left out.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple, assert_never

from deadsim.kernel.operation import Fact
from deadsim.kernel.program import Linked, Stop
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
    Target,
)
from deadsim.model.instructions import (
    Atomic,
    AtomicEnd,
    Branch,
    Code,
    End,
    Fail,
    Forget,
    Instruction,
    Jump,
    Let,
    Resume,
    Step,
)
from deadsim.model.objects import Variable
from deadsim.model.program import Program
from deadsim.model.values import UNSET

END = -1  # in place of a position: the thread's end
OWN_END: Fact = ("ended",)  # what a join waits for


class Ways(NamedTuple):
    """The steps at which a thread may come to stand next, END among them.

    `failing` are those that it reaches by a failure on its way there.
    """

    steps: tuple[int, ...]
    failing: tuple[int, ...]


class Flow:
    """The ways through one thread's code; positions are numbers of instructions."""

    def __init__(self, linked: Linked, types: "Types") -> None:
        self.linked = linked
        self.code = linked.code
        self._after: dict[int, Ways] = {}
        self._certainly: dict[int, frozenset[Fact]] | None = None
        self._certain: dict[int, frozenset[Fact]] = {}
        self._possible: dict[int, frozenset[Fact]] | None = None
        self._cyclic: frozenset[int] | None = None
        self._holds: dict[int, frozenset[int]] | None = None
        self._set = _always_set(linked.code)
        self._integers = types.slots[linked.thread]

    def first(self) -> Ways:
        """Give the steps at which the thread may come to stand first."""
        return self._arrive(0)

    def after(self, position: int) -> Ways:
        """Give the steps at which the thread may come to stand after this one was taken."""
        found = self._after.get(position)
        if found is None:
            found = self._after[position] = self._following(position)
        return found

    def misused(self, position: int) -> tuple[int, ...]:
        """Give the steps at which the thread may come to stand if this one is a misuse."""
        ways = self._fail(position)
        return tuple(sorted({*ways.steps, *ways.failing}))

    def stop(self, position: int) -> Stop:
        """Give the step at a position."""
        entry = self.linked.entries[position]
        assert isinstance(entry, Stop)
        return entry

    def certain(self, position: int) -> frozenset[Fact]:
        """Give what the thread certainly provides with this step or later, once it can take it.

        That is what it comes to on every way without a step that could block.
        """
        if self._certainly is None:
            self._certainly = self._find_certain()
        found = self._certain.get(position)
        if found is None:
            form = self.stop(position).form
            found = frozenset()
            if form is None or not form.in_stages:
                found = self._with_own(position, self._certainly)
            self._certain[position] = found
        return found

    def possible(self, position: int) -> frozenset[Fact]:
        """Give what the thread may provide with this step or later, on some way through its code."""
        if self._possible is None:
            self._possible = self._find_possible()
        return self._possible[position]

    def provides_first(self, position: int, facts: Collection[Fact]) -> bool:
        """Decide whether the thread may provide one of these before it wants one of them itself."""
        seen: set[int] = set()
        front = [position]
        while front:
            here = front.pop()
            if here in seen:
                continue
            seen.add(here)
            form, numbers = self.stop(here).form, self.stop(here).numbers
            if form is not None:
                if not all(set(facts).isdisjoint(form.wants(number)) for number in numbers):
                    continue
                if any(not set(facts).isdisjoint(form.possible(number)) for number in numbers):
                    return True
            front.extend(self._next(here))
        return False

    def cyclic(self, position: int) -> bool:
        """Decide whether the thread may come back to a step."""
        if self._cyclic is None:
            stops = self._stops()
            self._cyclic = frozenset(on_cycles({p: self._next(p) for p in stops}))
        return position in self._cyclic

    def holds(self, position: int) -> frozenset[int]:
        """Give the locks that the thread certainly holds when it comes to stand before a step."""
        if self._holds is None:
            self._holds = self._find_holds()
        return self._holds.get(position, frozenset())

    def _find_holds(self) -> dict[int, frozenset[int]]:
        """Find for each step what is certainly held: forward, and where ways meet, what both hold."""
        found: dict[int, frozenset[int]] = {}
        first = self.first()
        front = [(p, frozenset[int]()) for p in first.steps + first.failing]
        while front:
            position, held = front.pop()
            if position == END:
                continue
            merged = found[position] & held if position in found else held
            if found.get(position) == merged:
                continue
            found[position] = merged
            after = merged
            stop = self.stop(position)
            if stop.form is not None and stop.numbers:
                each = [stop.form.keeps(number, merged) for number in stop.numbers]
                after = frozenset.intersection(*each)
            ways = self.after(position)
            front.extend((p, after) for p in ways.steps + ways.failing)
            front.extend((p, merged) for p in self.misused(position))
        return found

    def _stops(self) -> list[int]:
        """List the steps, the last one first; a block that is one step counts as one."""
        code = self.code.instructions
        stops = [p for p, i in enumerate(code) if isinstance(i, (Step, Atomic))]
        inside = {p for q in stops if isinstance(a := code[q], Atomic) for p in range(q + 1, a.end)}
        return [position for position in reversed(stops) if position not in inside]

    def _next(self, position: int) -> set[int]:
        """Give the steps that may follow a step, or its failure."""
        ways = self.after(position)
        return {*ways.steps, *ways.failing, *self.misused(position)} - {END}

    def _with_own(self, position: int, certain: dict[int, frozenset[Fact]]) -> frozenset[Fact]:
        """Give what a step itself certainly provides, and what comes after it on all ways."""
        stop = self.stop(position)
        found = self._after_all(self.after(position), certain)
        if stop.form is None:
            return found
        held = self.holds(position)
        if any(stop.form.may_fail(number, held) for number in stop.numbers):
            found &= self._after_all(Ways(self.misused(position), ()), certain)
            return found
        found = found.difference(fact for n in stop.numbers for fact in stop.form.undoes(n))
        return found.union(stop.form.certain(stop.numbers[0])) if len(stop.numbers) == 1 else found

    def _find_possible(self) -> dict[int, frozenset[Fact]]:
        """Find for each step what may be provided with it or later: backwards, until it is stable."""
        found: dict[int, frozenset[Fact]] = {}
        stops = self._stops()
        for position in stops:
            stop = self.stop(position)
            form = stop.form
            facts = () if form is None else [f for n in stop.numbers for f in form.possible(n)]
            found[position] = frozenset(facts)
        changed = True
        while changed:
            changed = False
            for position in stops:
                after = found[position].union(*(found[p] for p in self._next(position)))
                if after != found[position]:
                    found[position] = after
                    changed = True
        return found

    def _find_certain(self) -> dict[int, frozenset[Fact]]:
        """Find for each step what is certainly provided with it or later.

        The least answer that is consistent, so that a loop without end promises nothing.
        """
        stops = self._stops()
        certain: dict[int, frozenset[Fact]] = dict.fromkeys(stops, frozenset())
        changed = True
        while changed:
            changed = False
            for position in stops:
                stop = self.stop(position)
                if stop.form is not None and stop.form.can_block:
                    continue
                found = self._with_own(position, certain)
                if found != certain[position]:
                    certain[position] = found
                    changed = True
        return certain

    def _after_all(self, ways: Ways, certain: dict[int, frozenset[Fact]]) -> frozenset[Fact]:
        """Give what is certain on all of these ways."""
        ends = frozenset((OWN_END,))
        each = [ends if way == END else certain[way] for way in ways.steps + ways.failing]
        return frozenset.intersection(*each) if each else frozenset()

    def _following(self, position: int) -> Ways:
        instruction = self.code.instructions[position]
        if not isinstance(instruction, Atomic):
            return self._arrive(position + 1)
        ways = self._arrive(instruction.end + 1)
        if any(self._may_fail(number) for number in range(position + 1, instruction.end)):
            return Ways(ways.steps, tuple(sorted({*ways.failing, *self.misused(position)})))
        return ways

    def _fail(self, position: int) -> Ways:
        """Give where a failure leads."""
        for handler in self.code.handlers:
            if handler.first <= position < handler.last:
                return self._arrive(handler.target)
        return Ways((END,), ())

    def _arrive(self, start: int) -> Ways:
        """Follow local work to the steps that it may lead to."""
        found: set[int] = set()
        failing: set[int] = set()
        following: dict[int, bool] = {}  # true while a position is on the way that is followed
        stack: list[tuple[int, bool]] = [(start, False)]
        while stack:
            position, leaving = stack.pop()
            if leaving:
                following[position] = False
                continue
            if position in following:
                if following[position]:  # round and round without a step: it runs away, and fails
                    failing.update(self.misused(position))
                continue
            instruction = self.code.instructions[position]
            following[position] = True
            stack.append((position, True))
            if self._may_fail(position):
                failing.update(self.misused(position))
            match instruction:
                case Step() | Atomic():
                    found.add(position)
                case End():
                    found.add(END)
                case Resume():
                    outwards = self._fail(position)
                    found.update(outwards.steps)
                    failing.update(outwards.failing)
                case Let() | Forget() | AtomicEnd():
                    stack.append((position + 1, False))
                case Jump(target):
                    stack.append((target, False))
                case Branch(_, otherwise):
                    stack.append((position + 1, False))
                    stack.append((otherwise, False))
                case Fail():
                    pass
                case _:
                    assert_never(instruction)
        return Ways(tuple(sorted(found)), tuple(sorted(failing)))

    def _may_fail(self, position: int) -> bool:
        """Decide whether reaching this instruction, or doing it as local work, may fail."""
        instruction = self.code.instructions[position]
        known = self._set[position]
        match instruction:
            case Let(_, value):
                return _fails(value, known, self._integers)
            case Branch(test):
                return _fails(test, known, self._integers)
            case Fail():
                return True
            case Step(_, target, operands):
                if target is not None and _target_fails(target):
                    return True
                counted = instruction.verb == "sleep" or {"timed", "count"} & set(instruction.flags)
                if counted and not all(isinstance(one, Constant) for one in operands):
                    return True
                return any(_fails(operand, known, self._integers) for operand in operands)
            case _:
                return False


def _target_fails(target: Target) -> bool:
    return bool(target.indices)  # out of range, unless it was worked out before


def _always_set(code: Code) -> list[frozenset[int]]:
    """Find for each instruction the slots that certainly have a value before it.

    Forward over all ways, and where two meet, what both have. What a handler uses was kept before
    what it guards began, so it begins with everything.
    """
    begin = frozenset(slot for slot, value in enumerate(code.initial) if value is not UNSET)
    known: list[frozenset[int] | None] = [None] * len(code.instructions)
    front: list[tuple[int, frozenset[int]]] = [(0, begin)]
    front.extend((h.target, frozenset(range(len(code.initial)))) for h in code.handlers)
    while front:
        position, given = front.pop()
        before = known[position]
        merged = given if before is None else before & given
        if merged == before:
            continue
        known[position] = merged
        instruction = code.instructions[position]
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
            case Fail() | Resume() | End():
                pass
            case _:
                assert_never(instruction)
    return [frozenset() if slots is None else slots for slots in known]


def on_cycles(follows: dict[int, set[int]]) -> set[int]:
    """Find the nodes of a graph from which one can come back to them."""
    return {
        node
        for part in components(follows)
        for node in part
        if len(part) > 1 or node in follows.get(node, ())
    }


def components(follows: dict[int, set[int]]) -> list[list[int]]:
    """Find the strongly connected components of a graph; those that others lead to come first.

    Tarjan: Depth-First Search and Linear Graph Algorithms, 1972; without recursion.
    """
    found: list[list[int]] = []
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    on_path: set[int] = set()
    work: list[tuple[int, Iterator[int]]] = []

    def enter(node: int) -> None:
        order[node] = low[node] = len(order)
        path.append(node)
        on_path.add(node)
        work.append((node, iter(sorted(follows.get(node, ())))))

    for root in sorted(follows):
        if root not in order:
            enter(root)
        while work:
            node, rest = work[-1]
            for following in rest:
                if following not in order:
                    enter(following)
                    break
                if following in on_path:
                    low[node] = min(low[node], order[following])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == order[node]:
                    part: list[int] = []
                    while not part or part[-1] != node:
                        part.append(path.pop())
                        on_path.discard(part[-1])
                    found.append(sorted(part))
    return found


class Types:
    """Which slots and shared variables only ever hold integers; booleans are integers.

    The greatest answer that is consistent: begin with all, and take away what may get another value.
    """

    def __init__(self, program: Program) -> None:
        self.slots = [
            {s for s, v in enumerate(t.code.initial) if v is UNSET or isinstance(v, int)}
            for t in program.threads
        ]
        self.variables = {
            program.first_object + position
            for position, declared in enumerate(program.objects)
            if isinstance(declared, Variable) and isinstance(declared.initial, int)
        }
        changed = True
        while changed:
            changed = False
            for thread, slots in zip(program.threads, self.slots, strict=True):
                for instruction in thread.code.instructions:
                    changed = self._look(instruction, slots) or changed

    def _look(self, instruction: Instruction, slots: set[int]) -> bool:
        match instruction:
            case Let(slot, value) if slot in slots and not _is_integer(value, slots):
                slots.discard(slot)
                return True
            case Step(verb, target, operands):
                return self._look_at_step(instruction, verb, target, operands, slots)
            case _:
                return False

    def _look_at_step(
        self,
        step: Step,
        verb: str,
        target: Target | None,
        operands: tuple[Expression, ...],
        slots: set[int],
    ) -> bool:
        reach = set() if target is None else set(target.candidates())
        all_integers = all(_is_integer(operand, slots) for operand in operands)
        if verb == "write" and not all_integers and reach & self.variables:
            self.variables -= reach
            return True
        match verb:
            case "read":
                whole = reach <= self.variables
            case "choose":
                whole = all_integers
            case _:
                whole = verb in ("acquire", "join", "put", "wait")  # whether it succeeded, or when
        into = {slot for slot in step.into if slot is not None}
        if not whole and into & slots:
            slots -= into
            return True
        return False


def _is_integer(expression: Expression, integers: set[int]) -> bool:
    """Decide whether an expression has an integer as its value, if it has one."""
    match expression:
        case Constant(value):
            return isinstance(value, int)
        case Local(slot):
            return slot in integers
        case Not() | Compare() | Negative() | Call("len" | "abs" | "sum" | "any" | "all" | "int" | "bool"):
            return True
        case Binary("+" | "*", left, right):
            return _is_integer(left, integers) and _is_integer(right, integers)
        case Binary():
            return True
        case Logic(_, parts):
            return all(_is_integer(part, integers) for part in parts)
        case Conditional(_, then, otherwise):
            return _is_integer(then, integers) and _is_integer(otherwise, integers)
        case _:
            return False


def _fails(expression: Expression, known: frozenset[int], integers: set[int]) -> bool:
    """Decide whether an expression may have no value.

    Counting up or down by a small constant is taken not to leave the integers' bound: no execution
    is long enough.
    """

    def among(parts: Iterable[Expression]) -> bool:
        return any(_fails(part, known, integers) for part in parts)

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
            return among(parts) or not all(
                isinstance(part, Constant) or _is_integer(part, integers) for part in parts
            )
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
            small = any(_is_small(part) for part in (left, right))
            numbers = _is_integer(left, integers) and _is_integer(right, integers)
            return not (small and numbers) or among((left, right))
        case Binary("//" | "%", left, Constant(int(divisor))):
            return divisor == 0 or not _is_integer(left, integers) or among((left,))
        case Call("bool", parts):
            return among(parts)
        case Binary() | Negative() | Item() | Call() | Shared() | Query():
            return True
        case _:
            assert_never(expression)


def _is_small(expression: Expression) -> bool:
    match expression:
        case Constant(int(value)):
            return abs(value) < 2**31
        case _:
            return False
