"""Expressions made into functions of what they read: a thread's slots, or the shared objects.

What they compute is in `computing`. Nothing is handed to Python's own evaluator.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, assert_never

from deadsim.kernel.expressions.operators import (
    arithmetic,
    call,
    describe,
    item_of,
    relate,
    sequence,
    text,
)
from deadsim.kernel.failure import misuse
from deadsim.model.expressions import (
    Arithmetic,
    Binary,
    Call,
    Compare,
    Conditional,
    Constant,
    Display,
    Expression,
    Format,
    Item,
    Local,
    Logic,
    Negative,
    Not,
    Query,
    Relation,
    Shared,
    Target,
)
from deadsim.model.values import UNSET, ListValue, Value

Environment: TypeAlias = Sequence[Any]
Evaluate: TypeAlias = Callable[[Environment], Any]
Ask: TypeAlias = Callable[[Query], Evaluate]


def _no_query(query: Query) -> Evaluate:
    raise AssertionError(f"{query.function} outside a claim")


def evaluator(expression: Expression, ask: Ask = _no_query) -> Evaluate:
    """Make an expression into a function of what it reads.

    A thread's expression reads a sequence of slots; a claim's reads the shared objects, and `ask`
    makes the functions that look at a primitive. The function raises `Failing` where the
    expression has no value.
    """

    def part(inner: Expression) -> Evaluate:
        return evaluator(inner, ask)

    match expression:
        case Constant(value):
            return lambda env: value
        case Local(slot, name):
            return _local(slot, name)
        case Shared(target):
            find = locate(target, ask)
            return lambda env: env[find(env)]
        case Query():
            return ask(expression)
        case Negative(sign, operand):
            return _negative(sign, part(operand))
        case Not(operand):
            inner = part(operand)
            return lambda env: not inner(env)
        case Binary(operator, left, right):
            return _binary(operator, part(left), part(right))
        case Compare(first, rest):
            return _compare(part(first), tuple((op, part(other)) for op, other in rest))
        case Logic(operator, operands):
            return _logic(operator == "and", tuple(part(operand) for operand in operands))
        case Conditional(test, then, otherwise):
            asked, yes, no = part(test), part(then), part(otherwise)
            return lambda env: yes(env) if asked(env) else no(env)
        case Item(values, index):
            whole, which = part(values), part(index)
            return lambda env: item_of(whole(env), which(env))
        case Display(kind, items):
            parts = tuple(part(inner) for inner in items)
            make: type[tuple[Value, ...]] = ListValue if kind == "list" else tuple
            return lambda env: sequence(make, [inner(env) for inner in parts])
        case Call(function, arguments):
            given = tuple(part(inner) for inner in arguments)
            return lambda env: call(function, [inner(env) for inner in given])
        case Format(pieces):
            shown = tuple(part(inner) for inner in pieces)
            return lambda env: text("".join([str(inner(env)) for inner in shown]))
        case _:
            assert_never(expression)


def _local(slot: int, name: str) -> Evaluate:
    def read(env: Environment) -> Any:
        value = env[slot]
        if value is UNSET:
            raise misuse(f"reads '{name}' before it has a value")
        return value

    return read


def _negative(sign: str, operand: Evaluate) -> Evaluate:
    def negate(env: Environment) -> int:
        value = operand(env)
        if not isinstance(value, int):
            raise misuse(f"uses '{sign}' on {describe(value)}")
        return -value if sign == "-" else +value

    return negate


def _binary(operator: Arithmetic, left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda env: arithmetic(operator, left(env), right(env))


def _compare(first: Evaluate, rest: tuple[tuple[Relation, Evaluate], ...]) -> Evaluate:
    if len(rest) == 1:
        operator, other = rest[0]
        return lambda env: relate(operator, first(env), other(env))

    def chain(env: Environment) -> bool:
        value = first(env)
        for operator, other in rest:
            following = other(env)
            if not relate(operator, value, following):
                return False
            value = following
        return True

    return chain


def _logic(conjunction: bool, operands: tuple[Evaluate, ...]) -> Evaluate:
    def decide(env: Environment) -> Any:
        for operand in operands:
            value = operand(env)
            if bool(value) is not conjunction:
                break
        return value

    return decide


def locate(target: Target, ask: Ask = _no_query) -> Callable[[Environment], int]:
    """Make a function that gives the number of the object that `target` means."""
    if target.fixed is not None:
        number = target.fixed
        return lambda env: number
    indices = tuple(evaluator(index, ask) for index in target.indices)

    def find(env: Environment) -> int:
        offset = 0
        for extent, index in zip(target.shape, indices, strict=True):
            value = index(env)
            if not isinstance(value, int):
                raise misuse(f"uses {describe(value)} as an index of '{target.name}'")
            if not 0 <= value < extent:
                raise misuse(f"uses index {value} of '{target.name}', {span(extent)}")
            offset = offset * extent + value
        return target.first + offset

    return find


def span(extent: int) -> str:
    """Say which indices an array of this extent has."""
    return (
        f"which has 0 to {extent - 1}"
        if extent > 1
        else f"which has {'only 0' if extent else 'no elements'}"
    )
