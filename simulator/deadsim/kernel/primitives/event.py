"""Events. State: (whether it is set, ((waiter, whether it was woken), ...) in order of arrival)."""

from collections.abc import Sequence
from typing import NamedTuple

from deadsim.kernel.operation import By, Needs, Objects, Operation, Outcome, View, replaced
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.leave import gone
from deadsim.model.objects import Event


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


class Wait(Operation):
    """Go on if the event is set; else join the waiters, and go on when woken or out of time."""

    verb = "wait"
    can_block = True

    def __init__(self, number: int, duration: int | None) -> None:
        self.number = number
        self.duration = duration
        self.objects = self.takes = (number,)

    def ways(self, objects: View, thread: int) -> int:
        waits = objects[self.number].woken(thread) is False
        return 0 if waits and self.duration is None else 1

    def ready(self, objects: View, thread: int) -> bool:
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
        by: By | None = None if woken else "time"
        return Outcome(left, (woken,), success=woken, phase="end", by=by)

    def is_half_done(self, objects: View, thread: int) -> bool:
        return objects[self.number].woken(thread) is not None

    def left(self, objects: Objects, thread: int) -> Outcome:
        return gone(replaced(objects, self.number, objects[self.number].left_by(thread)))

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((("set", self.number),))


class Look(Operation):
    """Go on if the event is set, and join no waiters if not."""

    verb = "wait"
    can_block = True

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.takes = (number,)

    def ways(self, objects: View, thread: int) -> int:
        return 1 if objects[self.number].set else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(objects, (True,))

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((("set", self.number),))


class Set(Operation):
    """Set the event, and wake all who wait."""

    verb = "set"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.gives = self.signals = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        woken = tuple((waiter, True) for waiter, _ in objects[self.number].waiters)
        return Outcome(replaced(objects, self.number, Flag(True, woken)))


class Clear(Operation):
    """Clear the event."""

    verb = "clear"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.clears = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(replaced(objects, self.number, objects[self.number]._replace(set=False)))


QUERIES = {
    "is_set": lambda world, number, state: state.set,
    "waiting": lambda world, number, state: sum(not woken for _, woken in state.waiters),
}
