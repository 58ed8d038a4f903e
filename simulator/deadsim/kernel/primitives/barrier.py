"""Barriers. State: who is in the round, who leaves the last one, who is to find it broken, who is at the door.

As in CPython those who were freed, or are to find it broken, have left only when they have had the
barrier's own lock once more. Until the last of a full round, or of one that was reset, has left, who
comes stands at the door.
"""

from collections.abc import Sequence
from typing import NamedTuple

from deadsim.kernel.operation import (
    By,
    Fact,
    Needs,
    Objects,
    Operation,
    Outcome,
    Stock,
    View,
    Wrong,
    replaced,
)
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.leave import gone
from deadsim.model.objects import Barrier


class Round(NamedTuple):
    """Who has arrived for this round, and who was freed with the last one and has not gone on, each with its place.

    Those who are `failing` will find it broken, whatever comes; with `broken` so will all who come. One that
    was reset stays shut until they have left.
    """

    arrived: tuple[int, ...] = ()
    freed: tuple[tuple[int, int], ...] = ()
    failing: tuple[int, ...] = ()
    door: tuple[int, ...] = ()
    broken: bool = False

    @property
    def leaving(self) -> int:
        """Count those who have to leave before somebody can come in."""
        return len(self.freed) or (0 if self.broken else len(self.failing))

    def fail(self, broken: bool, but: int | None = None) -> "Round":
        """Let all who are in it find it broken, but for one."""
        inside = {*self.arrived, *(thread for thread, _ in self.freed), *self.failing} - {but}
        return Round((), (), tuple(sorted(inside)), self.door, broken)

    def without(self, thread: int) -> "Round":
        """Take a thread off the door."""
        return self._replace(door=tuple(other for other in self.door if other != thread))


def initial(barrier: Barrier) -> Round:
    """Give the state that the object begins with."""
    return Round()


def threads_in(state: Round) -> tuple[int, ...]:
    """List the threads that the state mentions, first to last."""
    freed = (thread for thread, _ in sorted(state.freed, key=lambda one: one[1]))
    return (*state.arrived, *freed, *state.failing, *state.door)


def renamed(state: Round, names: Sequence[int]) -> Round:
    """Give the state with each thread called by another's number."""
    return Round(
        tuple(names[thread] for thread in state.arrived),
        tuple(sorted((names[thread], place) for thread, place in state.freed)),
        tuple(sorted(names[thread] for thread in state.failing)),
        tuple(sorted(names[thread] for thread in state.door)),
        state.broken,
    )


def arrivals(number: int) -> Stock:
    """Name arrivals as something that is counted."""
    return ("arrivals", number)


def leavers(number: int) -> Stock:
    """Name those who leave a round as something that is counted."""
    return ("leavers", number)


def broken(number: int) -> Fact:
    """Say that those who wait at a barrier find it broken."""
    return ("broken", number)


def finds_broken(objects: Objects, number: int, by: By | None = None) -> Outcome:
    """Raise in who finds a barrier broken, after what has broken it, by a channel of its own.

    Who has broken it `by` running out of time comes after nothing.
    """
    wrong = Wrong(
        "BrokenBarrier: 'wait' at {}, which is broken", number, "error", "BrokenBarrier", True
    )
    ordering = Ordering(takes=(~number,)) if by is None else Ordering()
    return Outcome(objects, success=False, wrong=wrong, phase="end", ordering=ordering, by=by)


class Wait(Operation):
    """Arrive: the last one goes on at once and frees the others, who then go on, or find it broken.

    Who has a `duration` and waits may break it, when its time has run out.
    """

    verb = "wait"
    can_block = True

    def __init__(self, number: int, parties: int, duration: int | None = None) -> None:
        self.number = number
        self.parties = parties
        self.duration = duration
        self.objects = self.gives = self.takes = (number,)

    def ways(self, objects: View, thread: int) -> int:
        state = objects[self.number]
        if thread in state.door:
            return 0 if state.leaving else 1
        return 0 if thread in state.arrived and self.duration is None else 1

    def ready(self, objects: View, thread: int) -> bool:
        state = objects[self.number]
        return thread not in state.arrived and not (thread in state.door and state.leaving)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        state: Round = objects[number]
        for other, place in state.freed:
            if other == thread:
                rest = tuple(one for one in state.freed if one[0] != thread)
                after = replaced(objects, number, state._replace(freed=rest))
                ordering = Ordering(takes=(number,))
                return Outcome(after, (place,), phase="end", ordering=ordering)
        if thread in state.failing:
            still = tuple(other for other in state.failing if other != thread)
            return finds_broken(replaced(objects, number, state._replace(failing=still)), number)
        if thread in state.arrived:
            return finds_broken(replaced(objects, number, state.fail(True, thread)), number, "time")
        return self.arrive(objects, thread, state)

    def arrive(self, objects: Objects, thread: int, state: Round) -> Outcome:
        """Come to the barrier, or in from the door."""
        number, came = self.number, state
        state = state.without(thread)
        if came.leaving:
            door = tuple(sorted((*state.door, thread)))
            after = replaced(objects, number, state._replace(door=door))
            return Outcome(after, stays=True, phase="begin", ordering=Ordering())
        if state.broken:
            return finds_broken(replaced(objects, number, state), number)
        place = len(state.arrived)
        if place + 1 < self.parties:
            after = replaced(objects, number, state._replace(arrived=(*state.arrived, thread)))
            return Outcome(after, stays=True, phase="begin", ordering=Ordering(gives=(number,)))
        freed = tuple(sorted((other, at) for at, other in enumerate(state.arrived)))
        after = replaced(objects, number, state._replace(arrived=(), freed=freed))
        return Outcome(after, (place,), phase="end" if thread in came.door else None)

    def is_half_done(self, objects: View, thread: int) -> bool:
        return thread in threads_in(objects[self.number])

    def left(self, objects: Objects, thread: int) -> Outcome:
        state: Round = objects[self.number].without(thread)
        rest = Round(
            tuple(other for other in state.arrived if other != thread),
            tuple(one for one in state.freed if one[0] != thread),
            tuple(other for other in state.failing if other != thread),
            state.door,
            state.broken,
        )
        return gone(replaced(objects, self.number, rest))

    def needs(self, objects: Objects, thread: int) -> Needs:
        state = objects[self.number]
        if thread in state.door:
            return Needs((leavers(self.number),), state.leaving)
        return Needs(
            (arrivals(self.number), broken(self.number)), self.parties - len(state.arrived)
        )


class Abort(Operation):
    """Break the barrier, also for those of a full round who have not left yet."""

    verb = "abort"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = (number,)
        self.gives = (~number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(replaced(objects, self.number, objects[self.number].fail(True)))


class Reset(Operation):
    """Let those who wait find it broken, a full round go, and make a broken barrier whole.

    Who goes on at one that it has made whole comes after it.
    """

    verb = "reset"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = (number,)
        self.gives = (~number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        state = objects[self.number]
        if state.freed:
            return Outcome(objects)
        after = replaced(objects, self.number, state.fail(False))
        ordering = Ordering(gives=(~self.number, self.number)) if state.broken else None
        return Outcome(after, ordering=ordering)


def missing(barrier: Barrier, state: Round) -> int:
    """Count what a thread that comes now will have to wait for."""
    return barrier.parties - len(state.arrived) - 1


QUERIES = {
    "waiting": lambda world, number, state: len(state.arrived),
    "broken": lambda world, number, state: state.broken,
}
