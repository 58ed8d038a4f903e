"""What a claim may ask of a state: the functions of invariants and of `expect.final`."""

from deadsim.kernel.evaluation import Environment, Evaluate, evaluator, locate
from deadsim.kernel.primitives import PRIMITIVES
from deadsim.kernel.thread import ENDED
from deadsim.model.expressions import Expression, Query
from deadsim.model.program import Program


def state_evaluator(program: Program, expression: Expression) -> Evaluate:
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
            declared = program.objects[number - program.first_object]
            asked = PRIMITIVES[type(declared)].QUERIES[query.function]
            return asked(program, objects[number])

        return answer

    return evaluator(expression, ask)
