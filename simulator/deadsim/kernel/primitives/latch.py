"""Countdown latches. State: how many count_downs are left until it opens, and stays open."""

from deadsim.kernel.operation import Needs, Objects, Operation, Outcome, Stock, View, replaced
from deadsim.kernel.primitives.lock import TAKEN
from deadsim.model.objects import Latch


def initial(latch: Latch) -> int:
    """Give the state that the object begins with."""
    return latch.value


def count_downs(number: int) -> Stock:
    """Name the count_downs as something that is counted."""
    return ("count_downs", number)


def missing(latch: Latch, state: int) -> int:
    """Count what a thread that comes now will have to wait for."""
    return state


class Wait(Operation):
    """Go on once the latch is at zero; blocked until then."""

    verb = "wait"
    can_block = True

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.takes = (number,)

    def ways(self, objects: View, thread: int) -> int:
        return 0 if objects[self.number] else 1

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(objects, TAKEN)

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((count_downs(self.number),), objects[self.number])


class CountDown(Operation):
    """Count down, but never below zero."""

    verb = "count_down"

    def __init__(self, number: int, count: int) -> None:
        self.number = number
        self.count = count
        self.objects = self.gives = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        left = max(0, objects[self.number] - self.count)
        return Outcome(replaced(objects, self.number, left))


QUERIES = {"value": lambda world, number, state: state}
