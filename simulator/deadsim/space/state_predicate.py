"""What claims ask of a state, answered once for each value of what they look at."""

from deadsim.kernel.state_query import objects_of, state_evaluator, true
from deadsim.model.expressions import Expression
from deadsim.space.packed import Packed, Space


class Asked:
    """An expression over states; calling it says whether it is true."""

    def __init__(self, space: Space, expression: Expression) -> None:
        self.space = space
        self.evaluate = state_evaluator(space.system.world, expression)
        self.mask = 0
        for number in set(objects_of(expression)):
            self.mask |= space.masks[number]
        self.known: dict[int, bool] = {}

    def __call__(self, packed: Packed) -> bool:
        key = packed & self.mask
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = true(self.evaluate, self.space.state(packed).objects)
        return found
