"""Barriers. State: (who has arrived, in order; those who may go on, each with its place in line)."""

from collections.abc import Sequence
from typing import NamedTuple

from deadsim.kernel.operation import Needs, Objects, Operation, Outcome, Stock, View, replaced
from deadsim.kernel.ordering import Ordering
from deadsim.model.objects import Barrier


class Round(NamedTuple):
    """Who has arrived for this round, and who was freed with an earlier one and has not gone on."""

    arrived: tuple[int, ...] = ()
    freed: tuple[tuple[int, int], ...] = ()


def initial(barrier: Barrier) -> Round:
    """Give the state that the object begins with."""
    return Round()


def threads_in(state: Round) -> tuple[int, ...]:
    """List the threads that the state mentions, first to last."""
    return (*state.arrived, *(thread for thread, _ in sorted(state.freed, key=lambda one: one[1])))


def renamed(state: Round, names: Sequence[int]) -> Round:
    """Give the state with each thread called by another's number."""
    arrived = tuple(names[thread] for thread in state.arrived)
    return Round(arrived, tuple(sorted((names[thread], place) for thread, place in state.freed)))


def arrivals(number: int) -> Stock:
    """Name arrivals as something that is counted."""
    return ("arrivals", number)


class Wait(Operation):
    """Arrive: the last one goes on at once and frees the others, who then go on."""

    verb = "wait"
    can_block = True

    def __init__(self, number: int, parties: int) -> None:
        self.number = number
        self.parties = parties
        self.objects = self.gives = self.takes = (number,)

    def ways(self, objects: View, thread: int) -> int:
        return 0 if thread in objects[self.number].arrived else 1

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        arrived, freed = objects[number]
        for other, index in freed:
            if other == thread:
                rest = tuple(one for one in freed if one[0] != thread)
                after = replaced(objects, number, Round(arrived, rest))
                ordering = Ordering(takes=(number,))
                return Outcome(after, (index,), phase="end", ordering=ordering)
        if len(arrived) + 1 < self.parties:
            after = replaced(objects, number, Round((*arrived, thread), freed))
            return Outcome(after, stays=True, phase="begin", ordering=Ordering(gives=(number,)))
        freed = tuple(sorted((*freed, *((other, place) for place, other in enumerate(arrived)))))
        return Outcome(replaced(objects, number, Round((), freed)), (len(arrived),))

    def needs(self, objects: Objects, thread: int) -> Needs:
        missing = self.parties - len(objects[self.number].arrived)
        return Needs((arrivals(self.number),), missing)


def missing(barrier: Barrier, state: Round) -> int:
    """Count what a thread that comes now will have to wait for."""
    return barrier.parties - len(state.arrived) - 1


QUERIES = {"waiting": lambda world, number, state: len(state.arrived)}
