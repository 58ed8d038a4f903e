"""Locks, plain and reentrant. State: None while free, else (owner, how often it holds it)."""

from collections.abc import Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract.form import Approach, Facts, Form, Held, Passage, more, without
from deadsim.kernel.operation import Fact, Needs, Objects, Operation, Outcome, Wrong, replaced
from deadsim.kernel.primitives.attempt import AttemptForm
from deadsim.model.objects import Lock
from deadsim.model.values import Value


def initial(lock: Lock) -> Any:
    """Give the state that the object begins with."""
    return None


def threads_in(state: Any) -> tuple[int, ...]:
    """List the threads that the state mentions, first to last."""
    return () if state is None else (state[0],)


def renamed(state: Any, names: Sequence[int]) -> Any:
    """Give the state with each thread called by another's number."""
    return None if state is None else (names[state[0]], state[1])


def offer(number: int, lock: Lock, state: Any, facts: Facts, holding: dict[int, Held]) -> None:
    """Note for relaxed progress whether it is free, or who holds it."""
    if state is None:
        facts.known.add(("free", number))
    else:
        holding.setdefault(state[0], {})[number] = state[1]


TAKEN = (True,)


class Acquire(Operation):
    """Take a lock; blocked while another thread holds it, or this one a plain one."""

    verb = "acquire"
    can_block = True

    def __init__(self, number: int, reentrant: bool) -> None:
        self.number = number
        self.reentrant = reentrant
        self.objects = self.takes = (number,)

    def ways(self, objects: Objects, thread: int) -> int:
        owned = objects[self.number]
        return 1 if owned is None or (self.reentrant and owned[0] == thread) else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        owned = objects[number]
        depth = 1 if owned is None else owned[1] + 1
        return Outcome(replaced(objects, number, (thread, depth)), TAKEN)

    def needs(self, objects: Objects, thread: int) -> Needs:
        return free(self.number, objects)


class Release(Operation):
    """Give a lock back; a misuse by whoever does not hold it."""

    verb = "release"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.gives = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        owned = objects[self.number]
        if owned is None or owned[0] != thread:
            return Outcome(objects, success=False, wrong=not_held(self.number))
        rest = (thread, owned[1] - 1) if owned[1] > 1 else None
        return Outcome(replaced(objects, self.number, rest))


class AcquireForm(AttemptForm):
    """`acquire` of a lock."""

    def lock(self, number: int) -> int:
        """Give the number of the lock that is meant."""
        return number

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        number = self.lock(objects[0])
        return Acquire(number, reentrant(self.declared[number]))

    def is_sure(self, a: Approach) -> bool:
        number = a.number if a.operation else self.lock(a.number)
        return number in a.held and reentrant(self.declared[number])

    def keeps(self, number: int, held: frozenset[int]) -> frozenset[int]:
        return held if self.gives_up else held | {self.lock(number)}

    def undoes(self, number: int) -> Sequence[Fact]:
        return (("given back", self.lock(number)),)

    def taken(self, a: Approach) -> Iterable[Passage]:
        number = a.number if a.operation else self.lock(a.number)
        mine = number in a.held
        if (mine and reentrant(self.declared[number])) or (
            not mine and ("free", number) in a.facts.known
        ):
            yield Passage(more(a.held, number), TAKEN)


class ReleaseForm(Form):
    """`release` of a lock."""

    def lock(self, number: int) -> int:
        """Give the number of the lock that is meant."""
        return number

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Release(self.lock(objects[0]))

    def passages(self, a: Approach) -> Iterable[Passage]:
        number = a.number if a.operation else self.lock(a.number)
        depth = a.held.get(number, 0)
        if depth > 1:
            yield Passage(more(a.held, number, -1))
        elif depth or not a.operation:
            yield Passage(without(a.held, number), facts=(("free", number),))
        if not depth:
            yield Passage(a.held, fails=True)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return self.lock(number) not in held

    def keeps(self, number: int, held: frozenset[int]) -> frozenset[int]:
        return held - {self.lock(number)}

    def certain(self, number: int) -> Sequence[Fact]:
        number = self.lock(number)
        back = ("given back", number)
        return (back,) if reentrant(self.declared[number]) else (("free", number), back)

    def possible(self, number: int) -> Sequence[Fact]:
        return (("free", self.lock(number)),)


def reentrant(declared: Any) -> bool:
    """Decide whether the owner of a lock may take it again."""
    return bool(declared.reentrant)


def free(number: int, objects: Objects) -> Needs:
    """Say what a thread needs that waits for a lock."""
    owner, depth = objects[number]
    facts: tuple[Fact, ...] = (("free", number),)
    if depth == 1:
        facts = (*facts, ("given back", number))
    return Needs(facts, owners=(owner,))


def not_held(number: int) -> Wrong:
    """Say that a thread releases what it does not hold."""
    return Wrong("releases {}, which it does not hold", number)


QUERIES = {
    "locked": lambda program, state: state is not None,
    "holder": lambda program, state: None if state is None else program.threads[state[0]].name,
}

FORMS = {"acquire": AcquireForm, "release": ReleaseForm}
