"""What a claim may ask of a state: the functions of invariants and of `expect.final`."""

from collections.abc import Iterable, Iterator, Sequence

from deadsim.kernel.expressions.evaluator import Environment, Evaluate, evaluator, locate
from deadsim.kernel.failure import Failing
from deadsim.kernel.primitives.table import answer_of
from deadsim.kernel.primitives.thread import ENDED
from deadsim.kernel.world import World
from deadsim.model.expressions import Expression, Query, Target
from deadsim.model.program import Invariant


def state_evaluator(world: World, expression: Expression) -> Evaluate:
    """Make a claim's expression into a function of the shared objects."""

    def ask(query: Query) -> Evaluate:
        target = query.target
        numbers = tuple(target.candidates())
        if query.function == "finished" and (target.whole or not target.indices):
            return lambda objects: all(objects[number] == ENDED for number in numbers)
        find = locate(target, ask)
        if query.function == "finished":
            return lambda objects: objects[find(objects)] == ENDED

        def answer(objects: Environment) -> object:
            number = find(objects)
            return answer_of(world, query.function, number, objects[number])

        return answer

    return evaluator(expression, ask)


def true(evaluate: Evaluate, objects: Sequence[object]) -> bool:
    """Judge a claim's expression; one that cannot be evaluated counts as false."""
    try:
        return bool(evaluate(objects))
    except Failing:
        return False


def objects_of(part: object) -> Iterator[int]:
    """Find the objects that an expression looks at."""
    if isinstance(part, Target):
        yield from part.candidates()
    if isinstance(part, tuple):
        for inner in part:
            yield from objects_of(inner)


def watched(invariants: Iterable[Invariant]) -> frozenset[int]:
    """Find the objects that invariants look at."""
    return frozenset(n for invariant in invariants for n in objects_of(invariant.expression))
