"""Working out what is constant in an expression."""

from deadsim.kernel.expressions.evaluator import evaluator
from deadsim.kernel.failure import Failing, OutOfBounds
from deadsim.language.reading.scalars import Rejected
from deadsim.model import expressions as tree
from deadsim.model.expressions import Constant, Expression
from deadsim.model.place import Place


def fold(expression: Expression, place: Place) -> Expression:
    """Work out what is constant; past a bound that is an error, any other failure stays."""
    if any(not isinstance(part, Constant) for part in parts(expression)):
        return expression
    try:
        value = evaluator(expression)([])
        if isinstance(value, int) and not isinstance(value, bool):
            evaluator(tree.Binary("+", Constant(value), Constant(0)))([])
        return Constant(value)
    except OutOfBounds as failing:
        raise Rejected(place, f"this {failing.message}") from None
    except Failing:
        return expression


def parts(expression: Expression) -> tuple[Expression, ...]:
    """List the operands of which an expression is made; itself where it reads something."""
    match expression:
        case Constant():
            return ()
        case tree.Negative(_, operand) | tree.Not(operand):
            return (operand,)
        case tree.Binary(_, left, right):
            return (left, right)
        case tree.Compare(first, rest):
            return (first, *(other for _, other in rest))
        case tree.Logic(_, operands):
            return operands
        case tree.Conditional(test, then, otherwise):
            return (test, then, otherwise)
        case tree.Item(sequence, index):
            return (sequence, index)
        case tree.Display(_, items):
            return items
        case tree.Call(_, arguments):
            return arguments
        case tree.Format(parts):
            return parts
        case _:
            return (expression,)
