"""Events: whether they could be set."""

from collections.abc import Iterable, Sequence

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
from deadsim.kernel.abstract.question import either, waiting
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.primitives.event import Clear, Flag, Look, Set, Wait
from deadsim.model.objects import Event
from deadsim.model.values import Value


def offer(number: int, event: Event, state: Flag, facts: Facts, holding: dict[int, Held]) -> None:
    """Note for relaxed progress whether it is set, and who waits."""
    facts.known.add(("set" if state.set else "cleared", number))
    for thread, woken in state.waiters:
        holding.setdefault(thread, {})["woken" if woken else "waits", number] = 1


class WaitForm(Form):
    """`wait` for an event; with the flag "timed" the operand is the timeout."""

    in_stages = True
    varies = True
    safe = True
    results = "integers"

    def __init__(self, declared: Declared, flags: tuple[str, ...]) -> None:
        super().__init__(declared, flags)
        self.can_block = "timed" not in flags

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Wait(objects[0], self.duration(operands))

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, held = a.number, a.held
        if ("woken", number) in held:
            yield Passage(without(held, ("woken", number)), (True,))
            return
        waits = ("waits", number) in held
        if ("set", number) in a.facts.known:
            yield Passage(without(held, ("waits", number)), (True,))
        if waits and "timed" in self.flags:
            yield Passage(without(held, ("waits", number)), (False,))
        if not waits:
            yield Passage(more(held, ("waits", number)), stays=True)

    def wants(self, number: int) -> Sequence[Fact]:
        return (("set", number),)


class LookForm(Form):
    """`wait` for an event as a branch of a `select`: it is looked at, not joined."""

    varies = True
    safe = True
    results = "integers"

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Look(objects[0])

    def passages(self, a: Approach) -> Iterable[Passage]:
        if ("set", a.number) in a.facts.known:
            yield Passage(a.held, (True,))

    def wants(self, number: int) -> Sequence[Fact]:
        return (("set", number),)


class SetForm(Form):
    """`set` of an event."""

    safe = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Set(objects[0])

    def passages(self, a: Approach) -> Iterable[Passage]:
        yield Passage(a.held, facts=self.certain(a.number))

    def certain(self, number: int) -> tuple[Fact, ...]:
        return (("set", number),)


class ClearForm(Form):
    """`clear` of an event."""

    safe = True

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Clear(objects[0])

    def passages(self, a: Approach) -> Iterable[Passage]:
        yield Passage(a.held, facts=self.possible(a.number))

    def possible(self, number: int) -> tuple[Fact, ...]:
        return (("cleared", number),)


IN_SELECT: dict[str, type[Form]] = {"wait": LookForm}
FORMS: dict[str, type[Form]] = {"wait": WaitForm, "set": SetForm, "clear": ClearForm}

ANSWERS = {
    "is_set": lambda world, a: either(
        ("set", a.number) in a.facts.known, ("cleared", a.number) in a.facts.known
    ),
    "waiting": waiting,
}
