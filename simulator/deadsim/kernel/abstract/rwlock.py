"""Locks for many readers or one writer: who could be in them."""

from collections.abc import Iterable, Sequence
from typing import Any

from deadsim.kernel.abstract.attempt import AttemptForm
from deadsim.kernel.abstract.form import Approach, Facts, Form, Held, Passage, more, without
from deadsim.kernel.abstract.question import either
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.primitives.lock import TAKEN
from deadsim.kernel.primitives.rwlock import Read, Release, Within, Write
from deadsim.model.objects import RWLock
from deadsim.model.values import Value
from deadsim.trace.effect import Numbers


def offer(
    number: int, rwlock: RWLock, state: Within, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress who is in and who has to leave before others."""
    if state.writer is not None:
        holding.setdefault(state.writer, {})["w", number] = 1
        facts.known.add(("in", number, state.writer, "write"))
    for thread, count in state.readers:
        holding.setdefault(thread, {})[number] = count
        facts.known.add(("in", number, thread, "read"))
    for thread in state.queued:
        holding.setdefault(thread, {})["queued", number] = 1
        facts.known.add(("in", number, thread, "queued"))


class AcquireForm(AttemptForm):
    """`acquire` of an rwlock, with the flag "read" or "write"."""

    in_stages = True
    safe = True

    def queues(self, number: int) -> bool:
        """Decide whether a writer queues."""
        declared: Any = self.declared[number]
        return (
            bool(declared.prefer == "writers")
            and "timed" not in self.flags
            and ("try" not in self.flags)
        )

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        number = objects[0]
        return Read(number) if "read" in self.flags else Write(number, self.queues(number))

    def acquires(self, number: int) -> Numbers:
        return (number,)

    def keeps(self, number: int, held: frozenset[int]) -> frozenset[int]:
        return held if self.gives_up else held | {number}

    def undoes(self, number: int) -> Sequence[Fact]:
        return (("given back", number),)

    def taken(self, a: Approach) -> Iterable[Passage]:
        number, held, known = a.number, a.held, a.facts.known
        writing = "write" in self.flags
        if writing and self.queues(number) and ("queued", number) not in held:
            yield Passage(more(held, ("queued", number)), stays=True)
        if ("w", number) in held or (writing and number in held):
            return  # what it holds itself, it waits for in vain
        for fact in known:
            if fact[:2] != ("in", number) or fact[2] == a.thread:
                continue
            ahead = ("write", "read") if writing else ("write", "queued")
            if fact[3] in ahead and ("left", number, fact[2]) not in known:
                return
        after = without(held, ("queued", number))
        yield Passage(more(after, ("w", number) if writing else number), TAKEN)


class ReleaseForm(Form):
    """`release` of an rwlock."""

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Release(objects[0])

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, held = a.number, a.held
        left: tuple[Fact, ...] = (("left", number, a.thread),)
        if ("w", number) in held:
            yield Passage(without(held, ("w", number)), facts=left)
        elif held.get(number, 0) > 1:
            yield Passage(more(held, number, -1))
        elif number in held or not a.operation:
            yield Passage(without(held, number), facts=left)
        if number not in held and ("w", number) not in held:
            yield Passage(held, fails=True)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return number not in held

    def is_safe(self, numbers: Sequence[int], held: frozenset[int]) -> bool:
        return not any(self.may_fail(number, held) for number in numbers)

    def releases(self, number: int) -> Numbers:
        return (number,)

    def keeps(self, number: int, held: frozenset[int]) -> frozenset[int]:
        return held - {number}

    def certain(self, number: int) -> Sequence[Fact]:
        return (("given back", number),)

    def possible(self, number: int) -> Sequence[Fact]:
        return (("left", number),)


FORMS = {"acquire": AcquireForm, "release": ReleaseForm}

ANSWERS = {"locked": lambda world, a: either(True, True)}
