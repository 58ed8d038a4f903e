"""Locks: who could hold them, and whether they could be free."""

from collections.abc import Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract.attempt import AttemptForm
from deadsim.kernel.abstract.form import (
    Approach,
    Declared,
    Facts,
    Form,
    Held,
    Passage,
    more,
    without,
)
from deadsim.kernel.abstract.question import either
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.primitives.lock import TAKEN, Acquire, Release, is_owned, reentrant, unlocked
from deadsim.model.objects import Lock
from deadsim.model.values import Value
from deadsim.trace.effect import Numbers


def offer(number: int, lock: Lock, state: Any, facts: Facts, holding: dict[int, Held]) -> None:
    """Note for relaxed progress whether it is free, or who holds it."""
    if state is None:
        facts.known.add(("free", number))
    elif lock.owned:
        holding.setdefault(state[0], {})[number] = state[1]


class AcquireForm(AttemptForm):
    """`acquire` of a lock."""

    safe = True

    def lock(self, number: int) -> int:
        """Give the number of the lock that is meant."""
        return number

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        number = self.lock(objects[0])
        lock: Any = self.declared[number]
        return Acquire(number, lock.reentrant, lock.owned, lock.signal)

    def is_sure(self, a: Approach) -> bool:
        number = a.number if a.operation else self.lock(a.number)
        return number in a.held and reentrant(self.declared[number])

    def acquires(self, number: int) -> Numbers:
        lock: Any = self.declared[self.lock(number)]
        return () if lock.signal else (self.lock(number),)

    def keeps(self, number: int, held: frozenset[int]) -> frozenset[int]:
        if self.gives_up or not is_owned(self.declared[self.lock(number)]):
            return held  # another one may release it at any time
        return held | {self.lock(number)}

    def wants(self, number: int) -> Sequence[Fact]:
        number = self.lock(number)
        if self.gives_up or is_owned(self.declared[number]):
            return ()
        return (unlocked(number),)

    def undoes(self, number: int) -> Sequence[Fact]:
        return (("given back", self.lock(number)),)

    def taken(self, a: Approach) -> Iterable[Passage]:
        number = a.number if a.operation else self.lock(a.number)
        mine = number in a.held
        if not is_owned(self.declared[number]):
            if ("free", number) in a.facts.known:
                yield Passage(a.held, TAKEN)
            return
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
        number = self.lock(objects[0])
        lock: Any = self.declared[number]
        return Release(number, lock.owned, lock.signal)

    def passages(self, a: Approach) -> Iterable[Passage]:
        number = a.number if a.operation else self.lock(a.number)
        depth = a.held.get(number, 0)
        if not is_owned(self.declared[number]):
            if ("free", number) in a.facts.known:
                yield Passage(a.held, fails=True)
            yield Passage(a.held, facts=(("free", number),))
            return
        if depth > 1:
            yield Passage(more(a.held, number, -1))
        elif depth or not a.operation:
            yield Passage(without(a.held, number), facts=(("free", number),))
        if not depth:
            yield Passage(a.held, fails=True)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return self.lock(number) not in held

    def is_safe(self, numbers: Sequence[int], held: frozenset[int]) -> bool:
        return not any(self.may_fail(number, held) for number in numbers)

    def releases(self, number: int) -> Numbers:
        lock: Any = self.declared[self.lock(number)]
        return () if lock.signal else (self.lock(number),)

    def keeps(self, number: int, held: frozenset[int]) -> frozenset[int]:
        return held - {self.lock(number)}

    def certain(self, number: int) -> Sequence[Fact]:
        number = self.lock(number)
        if not is_owned(self.declared[number]):
            return ()
        back = ("given back", number)
        return (back,) if reentrant(self.declared[number]) else (("free", number), back)

    def possible(self, number: int) -> Sequence[Fact]:
        return provided(self.declared, self.lock(number))


def provided(declared: Declared, number: int) -> Sequence[Fact]:
    """List what may be provided by letting a lock go."""
    free = ("free", number)
    return (free,) if is_owned(declared[number]) else (free, unlocked(number))


class UnownedReleaseForm(ReleaseForm):
    """`release` of a lock without an owner: a misuse as soon as another release may have come before."""

    varies = True


FORMS: dict[str, type[Form]] = {"acquire": AcquireForm, "release": ReleaseForm}
UNOWNED: dict[str, type[Form]] = {"acquire": AcquireForm, "release": UnownedReleaseForm}


def forms(declared: Lock) -> dict[str, type[Form]]:
    """Give how the verbs work on one of the two kinds."""
    return FORMS if declared.owned else UNOWNED


def may_be_locked(world: Declared, a: Approach) -> Iterable[bool]:
    """List what may be answered to the question whether it is locked: to its owner, that it is."""
    own = is_owned(world[a.number]) and a.held.get(a.number, 0) > 0
    return either(True, ("free", a.number) in a.facts.known and not own)


ANSWERS = {"locked": may_be_locked}
