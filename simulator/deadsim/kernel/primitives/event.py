"""Events. State: (whether it is set, ((waiter, whether it was woken), ...) in order of arrival)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

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
from deadsim.kernel.expressions.operators import amount
from deadsim.kernel.operation import Fact, Needs, Objects, Operation, Outcome, replaced
from deadsim.kernel.ordering import Ordering
from deadsim.model.objects import Event
from deadsim.model.values import Value


class Flag(NamedTuple):
    """Whether it is set, and who waits: a waiter that was woken goes on, whatever follows."""

    set: bool
    waiters: tuple[tuple[int, bool], ...] = ()

    def woken(self, thread: int) -> bool | None:
        """Tell whether a waiter was woken; None for a thread that does not wait."""
        return dict(self.waiters).get(thread)

    def left_by(self, thread: int) -> "Flag":
        """Take a waiter off."""
        return self._replace(waiters=tuple(one for one in self.waiters if one[0] != thread))


def initial(event: Event) -> Flag:
    """Give the state that the object begins with."""
    return Flag(event.set)


def threads_in(state: Flag) -> tuple[int, ...]:
    """List the threads that the state mentions, first to last."""
    return tuple(thread for thread, _ in state.waiters)


def renamed(state: Flag, names: Sequence[int]) -> Flag:
    """Give the state with each thread called by another's number."""
    return state._replace(waiters=tuple((names[thread], woken) for thread, woken in state.waiters))


def offer(number: int, event: Event, state: Flag, facts: Facts, holding: dict[int, Held]) -> None:
    """Note for relaxed progress whether it is set, and who waits."""
    if state.set:
        facts.known.add(("set", number))
    for thread, woken in state.waiters:
        holding.setdefault(thread, {})["woken" if woken else "waits", number] = 1


class Wait(Operation):
    """Go on if the event is set; else join the waiters, and go on when woken or out of time."""

    verb = "wait"
    can_block = True

    def __init__(self, number: int, duration: int | None) -> None:
        self.number = number
        self.duration = duration
        self.objects = self.takes = (number,)

    def ways(self, objects: Objects, thread: int) -> int:
        waits = objects[self.number].woken(thread) is False
        return 0 if waits and self.duration is None else 1

    def ready(self, objects: Objects, thread: int) -> bool:
        return objects[self.number].woken(thread) is not False

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        flag = objects[number]
        woken = flag.woken(thread)
        if woken is None and flag.set:
            return Outcome(objects, (True,))
        if woken is None:
            joined = flag._replace(waiters=(*flag.waiters, (thread, False)))
            return Outcome(
                replaced(objects, number, joined), stays=True, phase="begin", ordering=Ordering()
            )
        left = replaced(objects, number, flag.left_by(thread))
        return Outcome(left, (woken,), success=woken, phase="end")

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((("set", self.number),))


class Set(Operation):
    """Set the event, and wake all who wait."""

    verb = "set"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.gives = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        woken = tuple((waiter, True) for waiter, _ in objects[self.number].waiters)
        return Outcome(replaced(objects, self.number, Flag(True, woken)))


class Clear(Operation):
    """Clear the event."""

    verb = "clear"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(replaced(objects, self.number, objects[self.number]._replace(set=False)))


class WaitForm(Form):
    """`wait` for an event; with the flag "timed" the operand is the timeout."""

    in_stages = True
    varies = True

    def __init__(self, declared: Declared, flags: tuple[str, ...]) -> None:
        super().__init__(declared, flags)
        self.can_block = "timed" not in flags

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        timed = "timed" in self.flags
        return Wait(objects[0], amount(operands[0], "a timeout", 0) if timed else None)

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


class SetForm(Form):
    """`set` of an event."""

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Set(objects[0])

    def passages(self, a: Approach) -> Iterable[Passage]:
        yield Passage(a.held, facts=self.certain(a.number))

    def certain(self, number: int) -> tuple[Fact, ...]:
        return (("set", number),)


class ClearForm(Form):
    """`clear` of an event."""

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Clear(objects[0])


QUERIES = {
    "is_set": lambda program, state: state.set,
    "waiting": lambda program, state: sum(not woken for _, woken in state.waiters),
}

FORMS: dict[str, type[Form]] = {"wait": WaitForm, "set": SetForm, "clear": ClearForm}
