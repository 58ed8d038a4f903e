"""Locks that are held in modes: who could hold them, and who could be the victim of a deadlock.

What a thread has of one is ("mode", lock, mode) → how often.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract.attempt import AttemptForm
from deadsim.kernel.abstract.form import Approach, Declared, Facts, Form, Held, Passage, without
from deadsim.kernel.abstract.question import either
from deadsim.kernel.operation import Attempt, Fact, Operation
from deadsim.kernel.primitives.lock import TAKEN
from deadsim.kernel.primitives.modelock import (
    Acquire,
    Grants,
    Locks,
    Patient,
    Release,
    ahead,
    conflicting,
)
from deadsim.model.failures import VICTIM
from deadsim.model.instructions import IN_MODE, LEAVING
from deadsim.model.objects import ModeLock
from deadsim.model.values import Value
from deadsim.trace.effect import Numbers


def offer(
    number: int, lock: ModeLock, state: Grants, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress who holds it in which mode, and who is queued behind whom."""
    for thread, mode, count in state.held:
        holding.setdefault(thread, {})["mode", number, mode] = count
        facts.known.add(("in", number, (thread, mode)))
    for thread, mode in state.queued:
        holding.setdefault(thread, {})["queued", number] = 1
        facts.known.add(("in", number, (thread, QUEUED)))
        held = state._replace(held=())
        facts.known.add(("queue", number, thread, mode, ahead(lock, held, thread, mode)))
    for thread in (*state.owners(), *(thread for thread, _ in state.queued)):
        if ("ended", thread) not in facts.known:
            facts.known.add(("contends", number, thread))


QUEUED = 0
"""In place of a mode: that a request is queued."""


class ModeForm(Form):
    """What the steps of a lock with modes have in common: a flag that may name the mode."""

    def __init__(self, declared: Declared, flags: tuple[str, ...]) -> None:
        super().__init__(declared, flags)
        named = [flag.removeprefix(IN_MODE) for flag in flags if flag.startswith(IN_MODE)]
        self.mode = named[0] if named else None

    def lock(self, number: int) -> ModeLock:
        """Give the declaration of a lock."""
        declared: Any = self.declared[number]
        assert isinstance(declared, ModeLock)
        return declared

    def locks(self, number: int) -> Locks:
        """Give all locks of which a circle of waits is broken, if that is one of them."""
        world: Any = self.declared
        return world.breakable if self.lock(number).victims else {}


class AcquireForm(ModeForm, AttemptForm):
    """`acquire` of a lock in a mode."""

    in_stages = True
    varies = True

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        number = objects[0]
        assert self.mode is not None
        locks = {} if "try" in self.flags else self.locks(number)
        return Acquire(number, self.lock(number), self.mode, self.queues(number), locks)

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        made = super().operation(objects, operands)
        if isinstance(made, Attempt) and made.duration is not None and self.locks(objects[0]):
            return Patient(made.wanted, made.duration, made.failed)
        return made

    def queues(self, number: int) -> bool:
        """Decide whether a request queues: one that may give up is one step, and does not."""
        return self.lock(number).prefer == "queue" and not self.gives_up

    def breaks(self, number: int) -> bool:
        """Decide whether it may fail as the victim of a deadlock."""
        return self.lock(number).victims and "try" not in self.flags

    def is_safe(self, numbers: Sequence[int], held: frozenset[int]) -> bool:
        return not any(map(self.breaks, numbers))

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return self.breaks(number)

    def arrives(self, numbers: Sequence[int], thread: int) -> Sequence[Fact]:
        return (("asks", thread),) if any(map(self.breaks, numbers)) else ()

    def acquires(self, number: int) -> Numbers:
        return (number,)

    def keeps(self, number: int, held: frozenset[int]) -> frozenset[int]:
        return held if self.gives_up else held | {number}

    def undoes(self, number: int) -> Sequence[Fact]:
        return (("given back", number),)

    def possible(self, number: int) -> Sequence[Fact]:
        breaks = self.locks(number) if self.breaks(number) else ()
        lefts: list[Fact] = [("left", other) for other in breaks]
        return (("contends", number), ("left", number), *lefts)

    def taken(self, a: Approach) -> Iterable[Passage]:
        number, held, known = a.number, a.held, a.facts.known
        contends: Fact = ("contends", number, a.thread)
        if self.queues(number) and ("queued", number) not in held:
            yield Passage(added(held, ("queued", number), 1), facts=(contends,), stays=True)
        if self.breaks(number) and any(
            fact[:2] == contends[:2] and fact[2] != a.thread and ("asks", fact[2]) in known
            for fact in known
        ):
            yield self.victim(a)
        if not self.is_ahead(a):
            return
        after = added(without(held, ("queued", number)), ("mode", number, self.mode), 1)
        yield Passage(after, TAKEN, facts=(contends, ("left", number, (a.thread, QUEUED))))

    def is_ahead(self, a: Approach) -> bool:
        """Decide whether all whom the request waits for could be out of its way."""
        number, known = a.number, a.facts.known
        lock = self.lock(number)
        assert self.mode is not None
        conflicts = conflicting(lock, self.mode)
        for fact in known:
            if fact[:2] != ("in", number):
                continue
            who: Any = fact[2]
            if who[0] != a.thread and who[1] in conflicts and ("left", *fact[1:]) not in known:
                return False
        # Known by its place alone, a thread may hold more, and who holds it does not queue.
        if a.operation is None or lock.prefer != "queue" or own_modes(a.held, number):
            return True
        queue = {fact[2]: fact for fact in known if fact[:2] == ("queue", number)}
        if a.thread in queue and ("queued", number) in a.held:
            before: Any = queue[a.thread][4]
        else:
            before = [other for other, fact in queue.items() if fact[3] in conflicts]
        return all(
            ("left", number, (other, QUEUED)) in known for other in before if other != a.thread
        )

    def victim(self, a: Approach) -> Passage:
        """Fail, with all given back that the thread has of such locks."""
        held = a.held
        facts: list[Fact] = []
        for number, lock in self.locks(a.number).items():
            facts.append(("left", number, (a.thread, QUEUED)))
            own = own_modes(held, number)
            held = without(held, ("queued", number), *own)
            gone = [mode for mode, _ in lock.modes] if a.operation is None else own.values()
            facts += [("left", number, (a.thread, mode)) for mode in gone]
        return Passage(held, facts=tuple(facts), fails=True)


class ReleaseForm(ModeForm):
    """`release` of a lock in a mode, or of the only mode that is held.

    On the way out of a failure that is its operand: where that thread was a victim, nothing may be left.
    """

    def operation(self, objects: tuple[int, ...], operands: tuple[Any, ...]) -> Operation:
        leaving = any(failure.class_name == VICTIM for failure in operands)
        return Release(objects[0], self.lock(objects[0]), self.mode, leaving)

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, held = a.number, a.held
        own = own_modes(held, number)
        vague = a.operation is None
        if self.mode is not None:
            own = {key: mode for key, mode in own.items() if mode == self.mode}
            if not own and vague:
                own = {("mode", number, self.mode): self.mode}
        elif vague:
            own = {("mode", number, mode): mode for mode, _ in self.lock(number).modes}
        if own and (vague or len(own) == 1):
            after = held
            lefts: list[Fact] = []
            for key, mode in own.items():
                if held.get(key, 0) > 1:
                    after = added(after, key, -1)
                else:
                    after = without(after, key)
                    lefts.append(("left", number, (a.thread, mode)))
            yield Passage(after, facts=tuple(lefts))
        if vague or len(own) != 1:
            if LEAVING in self.flags:
                yield Passage(held)
            yield Passage(held, fails=True)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return True

    def is_safe(self, numbers: Sequence[int], held: frozenset[int]) -> bool:
        return False

    def releases(self, number: int) -> Numbers:
        return (number,)

    def keeps(self, number: int, held: frozenset[int]) -> frozenset[int]:
        return held - {number}

    def possible(self, number: int) -> Sequence[Fact]:
        return (("left", number),)


def own_modes(held: Held, number: int) -> dict[Hashable, str]:
    """List the modes of a lock that a thread has, by their keys."""
    return {
        key: str(key[2]) for key in held if isinstance(key, tuple) and key[:2] == ("mode", number)
    }


def added(held: Held, key: Hashable, amount: int) -> Held:
    """Give what a thread has with a mode held once more, or less: that is counted without a bound."""
    return {**held, key: held.get(key, 0) + amount}


FORMS = {"acquire": AcquireForm, "release": ReleaseForm}

ANSWERS = {"locked": lambda world, a: either(True, True)}
