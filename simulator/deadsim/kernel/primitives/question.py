"""Steps that ask something shared how it is at that moment, and change nothing."""

from deadsim.kernel.operation import Objects, Operation, Outcome
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.table import answer_of
from deadsim.kernel.primitives.thread import ENDED
from deadsim.model.values import Value

ORDERED = ("is_set", "finished")
"""Questions of which a true answer comes after what made it true; the others order nothing."""


class Ask(Operation):
    """Ask one object, or whether all of some threads have ended."""

    def __init__(self, question: str, numbers: tuple[int, ...], world: object) -> None:
        self.verb = question
        self.objects = self.looks = numbers
        self.world = world

    def answer(self, objects: Objects) -> Value:
        """Give the answer in a state."""
        if self.verb == "finished":
            return all(objects[number] == ENDED for number in self.objects)
        (number,) = self.objects
        value: Value = answer_of(self.world, self.verb, number, objects[number])
        return value

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return self.told(objects, self.answer(objects))

    def told(self, objects: Objects, value: Value) -> Outcome:
        """Give what happens where the answer is this one."""
        after = self.objects if value and self.verb in ORDERED else ()
        return Outcome(objects, (value,), ordering=Ordering(takes=after) if after else None)
