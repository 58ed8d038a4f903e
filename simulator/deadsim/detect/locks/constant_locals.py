"""Locals of a thread that have one value whenever they have any: so an index by them means one object."""

from deadsim.kernel.expressions.evaluator import evaluator, locate
from deadsim.kernel.failure import Failing
from deadsim.model.expressions import Expression, Target
from deadsim.model.instructions import Code, Enter, Let, Step
from deadsim.model.values import UNSET, Slot


class Constants:
    """The values of those locals; `slots` has UNSET for all others."""

    def __init__(self, code: Code) -> None:
        lets: dict[int, list[Expression]] = {}
        for instruction in code.instructions:
            if isinstance(instruction, Let):
                lets.setdefault(instruction.slot, []).append(instruction.value)
            elif isinstance(instruction, Enter):
                for slot, given in instruction.given:
                    lets.setdefault(slot, []).append(given)
        changing = {
            slot
            for one in code.instructions
            if isinstance(one, Step)
            for slot in one.into
            if slot is not None
        }
        self.slots: list[Slot] = [UNSET] * len(code.initial)
        for slot, first in enumerate(code.initial):
            if slot not in lets and slot not in changing:
                self.slots[slot] = first
        rest = {slot: values for slot, values in lets.items() if slot not in changing}
        while found := {
            slot: value
            for slot, values in rest.items()
            if (value := self.same(code, slot, values)) is not UNSET
        }:
            for slot, value in found.items():
                self.slots[slot] = value
                del rest[slot]

    def same(self, code: Code, slot: int, values: list[Expression]) -> Slot:
        """Give the value that all of these have, and the local has to begin with if any; else UNSET."""
        try:
            known: list[Slot] = [evaluator(value)(self.slots) for value in values]
        except Failing:
            return UNSET
        if code.initial[slot] is not UNSET:
            known.append(code.initial[slot])
        alike = all(type(one) is type(known[0]) and one == known[0] for one in known)
        return known[0] if alike else UNSET

    def locate(self, target: Target) -> int | None:
        """Give the number of the one object that a target means; None where that is not known."""
        try:
            return locate(target)(self.slots)
        except Failing:
            return None
