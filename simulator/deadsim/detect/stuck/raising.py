"""Which classes of failures may be raised where, and to which handlers they go."""

from collections.abc import Collection
from typing import assert_never

from deadsim.detect.components import on_cycles
from deadsim.kernel.abstract.table import failures
from deadsim.kernel.programs.handling import handlers
from deadsim.kernel.programs.linked import Linked, Stop
from deadsim.kernel.world import World
from deadsim.model.expressions import Constant
from deadsim.model.failures import FATAL, MISUSE
from deadsim.model.instructions import (
    Atomic,
    AtomicEnd,
    Branch,
    End,
    Fail,
    Forget,
    Jump,
    Let,
    Resume,
    Step,
)

END = -1  # in place of a position: the thread's end

Classes = frozenset[str | None]

RUN_AWAY: Classes = frozenset((FATAL,))
WRONG: Classes = frozenset((MISUSE,))


class Raising:
    """What may fail in one thread's code, by class; more than really does no harm."""

    def __init__(self, linked: Linked, world: World) -> None:
        self.linked = linked
        self.code = linked.code
        self.world = world
        self._entering: dict[int, Classes] | None = None
        self._targets: dict[tuple[int, Classes], tuple[int, ...]] = {}

    def of_step(self, position: int) -> Classes:
        """Give the classes that a step may raise where it is taken; of a block those of its parts."""
        instruction = self.code.instructions[position]
        if isinstance(instruction, Atomic):
            inside = range(position + 1, instruction.end)
            return WRONG.union(*(self.of_local_work(p) for p in inside))
        if not isinstance(instruction, Step):
            return self.of_local_work(position)
        stop = self.linked.entries[position]
        assert isinstance(stop, Stop)
        about = stop.numbers.start if stop.numbers else None
        return frozenset(failures(self.world, instruction.verb, about)) or WRONG

    def of_local_work(self, position: int) -> Classes:
        """Give the classes that an instruction may raise before a step, if it may fail there."""
        instruction = self.code.instructions[position]
        match instruction:
            case Fail(message=Constant()):
                return frozenset((instruction.class_name,))
            case Fail():
                return frozenset((instruction.class_name, MISUSE))  # its text may be one
            case Resume():
                return self.entering(instruction.origin)
            case Step() | Let() | Branch():
                return WRONG
            case Forget() | Jump() | Atomic() | AtomicEnd() | End():
                return WRONG
            case _:
                assert_never(instruction)

    def targets(self, position: int, classes: Collection[str | None]) -> tuple[int, ...]:
        """List where failures of some classes go on: the beginnings of handlers, and END."""
        wanted = frozenset(classes)
        found = self._targets.get((position, wanted))
        if found is None:
            found = self._targets[position, wanted] = tuple(self._find(position, wanted))
        return found

    def _find(self, position: int, classes: Classes) -> dict[int, None]:
        left = set(classes)
        found: dict[int, None] = {}
        for handler in handlers(self.linked, position):
            taken = {name for name in left if handler.takes(name)}
            if taken:
                found[handler.target] = None
                left -= taken
        if left:
            found[END] = None
        return found

    def entering(self, target: int) -> Classes:
        """Give the classes of the failures that may come to a handler; all are alike where none is caught."""
        if all(handler.slot is None for handler in self.code.handlers):
            return WRONG
        if self._entering is None:
            self._entering = self._find_entering()
        return self._entering.get(target, frozenset())

    def _local_ways(self) -> dict[int, set[int]]:
        """Give where local work may go on: one that comes round without a step runs away."""
        ways: dict[int, set[int]] = {}
        for position, instruction in enumerate(self.code.instructions):
            ways[position] = found = set[int]()
            match instruction:
                case Step() | Atomic() | End():
                    continue
                case Jump(target):
                    found.add(target)
                case Branch(_, otherwise):
                    found.update((position + 1, otherwise))
                case Let() | Forget() | AtomicEnd():
                    found.add(position + 1)
                case Fail() | Resume():
                    pass
                case _:
                    assert_never(instruction)
            found.update(handler.target for handler in handlers(self.linked, position))
        return ways

    def _find_entering(self) -> dict[int, Classes]:
        """Find for each handler what may come to it: forward, until it is stable."""
        code = self.code.instructions
        round_and_round = on_cycles(self._local_ways())
        raised: dict[int, Classes] = {}
        for position, instruction in enumerate(code):
            if not isinstance(instruction, Resume):
                own = self.of_local_work(position)
                if isinstance(instruction, Step):
                    own |= self.of_step(position)
                raised[position] = own | RUN_AWAY if position in round_and_round else own
        found: dict[int, Classes] = {handler.target: frozenset() for handler in self.code.handlers}
        changed = True
        while changed:
            changed = False
            for position, instruction in enumerate(code):
                classes = raised.get(position, frozenset())
                if isinstance(instruction, Resume):
                    classes = found.get(instruction.origin, frozenset())
                left = set(classes)
                for handler in handlers(self.linked, position):
                    taken = frozenset(name for name in left if handler.takes(name))
                    if not taken <= found[handler.target]:
                        found[handler.target] |= taken
                        changed = True
                    left -= taken
        return found
