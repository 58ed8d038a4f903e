"""Where a thread may get to from where it stands, step by step, whatever its branches decide.

Every way that a real execution could take is there: both sides of a branch, and the way of a
failure out of anything that may fail. More ways than there really are do no harm to soundness; so
only what certainly cannot fail is left out.
"""

from collections.abc import Collection
from typing import NamedTuple, assert_never

from deadsim.detect.components import on_cycles
from deadsim.detect.stuck.local_failures import Types, always_set, fails
from deadsim.detect.stuck.raising import END, Raising, failure_classes
from deadsim.kernel.operation import Fact
from deadsim.kernel.programs.linked import Linked, Stop
from deadsim.kernel.world import World
from deadsim.model.expressions import (
    Constant,
    Target,
)
from deadsim.model.failures import FATAL
from deadsim.model.instructions import (
    Atomic,
    AtomicEnd,
    Branch,
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

OWN_END: Fact = ("ended",)  # what a join waits for


class Ways(NamedTuple):
    """The steps at which a thread may come to stand next, END among them.

    `failing` are those that it reaches by a failure on its way there.
    """

    steps: tuple[int, ...]
    failing: tuple[int, ...]


class Flow:
    """The ways through one thread's code; positions are numbers of instructions."""

    def __init__(self, linked: Linked, types: "Types", world: World) -> None:
        self.linked = linked
        self.world = world
        self.code = linked.code
        self._after: dict[int, Ways] = {}
        self._certainly: dict[int, frozenset[Fact]] | None = None
        self._certain: dict[int, frozenset[Fact]] = {}
        self._possible: dict[int, frozenset[Fact]] | None = None
        self._cyclic: frozenset[int] | None = None
        self._ending: frozenset[int] | None = None
        self._holds: dict[int, frozenset[int]] | None = None
        self._set = always_set(linked.code)
        self.raising = Raising(linked, world)
        self._integers = types.slots[linked.thread]

    def first(self) -> Ways:
        """Give the steps at which the thread may come to stand first."""
        return self._arrive(0)

    def begun(self, position: int) -> Ways:
        """Give the steps at which the thread may come to stand when its finalizer begins before this one."""
        first = self.code.begun_at(position)
        return Ways((), ()) if first is None else self._arrive(first)

    def after(self, position: int) -> Ways:
        """Give the steps at which the thread may come to stand after this one was taken."""
        found = self._after.get(position)
        if found is None:
            found = self._after[position] = self._following(position)
        return found

    def misused(self, position: int) -> tuple[int, ...]:
        """Give the steps at which the thread may come to stand if this one fails."""
        found: set[int] = set()
        for target in self.raising.targets(position, self.raising.of_step(position)):
            if target == END:
                found.add(END)
            else:
                ways = self._arrive(target)
                found.update(ways.steps, ways.failing)
        return tuple(sorted(found))

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

    def ends(self, position: int) -> bool:
        """Decide whether the thread may come to its end from a step, on some way through its code."""
        if self._ending is None:
            self._ending = self._find_ending()
        return position in self._ending

    def cyclic(self, position: int) -> bool:
        """Decide whether the thread may come back to a step."""
        if self._cyclic is None:
            stops = self._stops()
            self._cyclic = frozenset(on_cycles({p: self._next(p) for p in stops}))
        return position in self._cyclic

    def serves(self, position: int) -> bool:
        """Decide whether the thread may come back to a step after it has done something else than to look again."""
        seen: set[int] = set()
        front = list(self._next(position))
        while front:
            here = front.pop()
            if here in seen or here == position:
                continue
            seen.add(here)
            front.extend(self._next(here))
        back: set[int] = {position}
        changed = True
        while changed:
            new = {p for p in seen - back if not self._next(p).isdisjoint(back)}
            back |= new
            changed = bool(new)
        return any(
            (form := self.stop(p).form) is not None
            and not any(form.reads(number) for number in self.stop(p).numbers)
            for p in back - {position}
        )

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
            begun = self.begun(position)
            front.extend((p, merged) for p in begun.steps + begun.failing)
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
        return self._ways_on(position) - {END}

    def _ways_on(self, position: int) -> set[int]:
        """Give the steps that may follow a step, or its failure where it may fail; END among them."""
        ways = self.after(position)
        wrong = self.misused(position) if step_may_fail(self, position) else ()
        return {*ways.steps, *ways.failing, *wrong}

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

    def _find_ending(self) -> frozenset[int]:
        """Find the steps from which the end can be come to: backwards, until it is stable."""
        following = {p: self._ways_on(p) for p in self._stops()}
        found: set[int] = {END}
        changed = True
        while changed:
            new = {p for p, after in following.items() if not after.isdisjoint(found)} - found
            found |= new
            changed = bool(new)
        return frozenset(found)

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

    def _arrive(self, start: int) -> Ways:
        """Follow local work, and failures in it, to the steps that they may lead to."""
        found: tuple[set[int], set[int]] = (set(), set())  # without a failure, and by one
        following: dict[tuple[int, bool], bool] = {}  # true while a place is on the way followed
        running_away: set[tuple[int, bool]] = set()
        stack: list[tuple[int, bool, bool]] = [(start, False, False)]

        def fall(position: int, classes: Collection[str | None], failed: bool = True) -> None:
            for target in self.raising.targets(position, classes):
                stack.append((target, failed, False))

        while stack:
            position, failed, leaving = stack.pop()
            if position == END:
                found[failed].add(END)
                continue
            if leaving:
                following[position, failed] = False
                continue
            if (position, failed) in following:
                if following[position, failed] and (position, failed) not in running_away:
                    running_away.add((position, failed))  # round and round without a step
                    fall(position, (FATAL,))
                continue
            instruction = self.code.instructions[position]
            following[position, failed] = True
            stack.append((position, failed, True))
            if self._may_fail(position):
                fall(position, self.raising.of_local_work(position))
            match instruction:
                case Step() | Atomic():
                    found[failed].add(position)
                case End():
                    found[failed].add(END)
                case Resume():
                    fall(position, self.raising.of_local_work(position), failed)
                case Let() | Forget() | AtomicEnd():
                    stack.append((position + 1, failed, False))
                case Jump(target):
                    stack.append((target, failed, False))
                case Branch(_, otherwise):
                    stack.append((position + 1, failed, False))
                    stack.append((otherwise, failed, False))
                case Enter(unit):
                    stack.append((self.code.units[unit].entry, failed, False))
                case Return(unit):  # to any of its calls: which one is not followed
                    for site in self.raising.calls.sites[unit]:
                        stack.append((site + 1, failed, False))
                case Fail():
                    pass
                case _:
                    assert_never(instruction)
        steps, failing = found
        return Ways(tuple(sorted(steps)), tuple(sorted(failing)))

    def _may_fail(self, position: int) -> bool:
        """Decide whether reaching this instruction, or doing it as local work, may fail."""
        instruction = self.code.instructions[position]
        known = self._set[position]
        match instruction:
            case Let(_, value):
                return fails(value, known, self._integers)
            case Branch(test):
                return fails(test, known, self._integers)
            case Fail() | Enter():
                return True
            case Step():
                stop = self.stop(position)
                every = zip((*instruction.parts, instruction), (*stop.parts, stop), strict=True)
                return any(self._step_may_fail(step, one, known) for step, one in every)
            case Forget() | Jump() | Resume() | Return() | Atomic() | AtomicEnd() | End():
                return False
            case _:
                assert_never(instruction)

    def _step_may_fail(self, step: Step, stop: Stop, known: frozenset[int]) -> bool:
        """Decide whether what a step is given may fail."""
        if step.target is not None and _target_fails(step.target):
            return True
        assert stop.form is not None
        if stop.form.counts and not all(isinstance(one, Constant) for one in step.operands):
            return True
        return any(fails(operand, known, self._integers) for operand in step.operands)


def step_may_fail(flow: Flow, position: int) -> bool:
    """Decide whether a step may be a misuse or an error where it is taken."""
    stop, step = flow.stop(position), flow.code.instructions[position]
    if not isinstance(step, Step) or stop.form is None:
        return False  # of an atomic block its parts are asked
    if not failure_classes(flow.world, step, stop):
        return False
    return not stop.form.is_safe(stop.numbers, flow.holds(position))


def _target_fails(target: Target) -> bool:
    return bool(target.indices)  # out of range, unless it was worked out before
