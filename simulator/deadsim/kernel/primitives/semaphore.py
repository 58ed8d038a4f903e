"""Semaphores. State: how many permits there are."""

from deadsim.kernel.expressions.operators import integer
from deadsim.kernel.failure import Failing
from deadsim.kernel.operation import (
    Needs,
    Objects,
    Operation,
    Outcome,
    Stock,
    View,
    Wrong,
    replaced,
)
from deadsim.kernel.primitives.lock import TAKEN
from deadsim.model.objects import Semaphore


def initial(semaphore: Semaphore) -> int:
    """Give the state that the object begins with."""
    return semaphore.value


def permits(number: int) -> Stock:
    """Name the permits as something that is counted."""
    return ("permits", number)


class Acquire(Operation):
    """Take a permit, and have it as one's own unless it is a signal; blocked while there is none."""

    verb = "acquire"
    can_block = True

    def __init__(self, number: int, signal: bool = False) -> None:
        self.number = number
        self.objects = self.takes = (number,)
        self.acquires = () if signal else (number,)

    def ways(self, objects: View, thread: int) -> int:
        return 1 if objects[self.number] else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(replaced(objects, self.number, objects[self.number] - 1), TAKEN)

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((permits(self.number),))


class Release(Operation):
    """Give permits, whoever took them; of a bounded semaphore, never more than it began with."""

    verb = "release"

    def __init__(self, number: int, count: int, most: int | None, signal: bool = False) -> None:
        self.number = number
        self.count = count
        self.most = most
        self.objects = self.gives = (number,)
        self.releases = () if signal else (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        there = objects[self.number] + self.count
        if self.most is not None and there > self.most:
            wrong = Wrong("releases {}, which has all its permits", self.number)
            return Outcome(objects, success=False, wrong=wrong)
        try:
            integer(there)
        except Failing as failing:
            wrong = Wrong(failing.message + ", the permits of {}", self.number)
            return Outcome(objects, success=False, wrong=wrong)
        return Outcome(replaced(objects, self.number, there))


QUERIES = {"value": lambda world, number, state: state}
