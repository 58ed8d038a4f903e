"""Expressions in a thread's body: each read of a shared variable becomes a step before the rest, and so
does each question to something shared.

They are taken left to right, as far as `and`, `or`, `if else` and chained comparisons get, and
whatever stands to the left of a read has its value before it.
"""

from typing import assert_never

from deadsim.language.emit.body import Body
from deadsim.model.expressions import (
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
from deadsim.model.place import Place


def reads(expression: Expression) -> bool:
    """Decide whether a shared variable is read, or something shared is asked."""
    match expression:
        case Shared() | Query():
            return True
        case Constant() | Local():
            return False
        case Negative(_, operand) | Not(operand):
            return reads(operand)
        case Binary(_, left, right):
            return reads(left) or reads(right)
        case Compare(first, rest):
            return reads(first) or any(reads(other) for _, other in rest)
        case Conditional(test, then, otherwise):
            return reads(test) or reads(then) or reads(otherwise)
        case Item(sequence, index):
            return reads(sequence) or reads(index)
        case Logic(_, parts) | Display(_, parts) | Call(_, parts) | Format(parts):
            return any(reads(part) for part in parts)
        case _:
            assert_never(expression)


def _is_kept(value: Expression) -> bool:
    return isinstance(value, Local) and not value.name


class Lowering:
    """Lowers the expressions of one statement; its slots are given back by `done`."""

    def __init__(self, body: Body, place: Place) -> None:
        self.body = body
        self.place = place
        self.kept: list[int] = []

    def done(self) -> None:
        """Give back the slots that the statement used in between."""
        self.body.drop(self.kept)

    def keep(self, value: Expression) -> Expression:
        """Put a value into a slot of its own now, whatever happens later."""
        slot = self.body.keep()
        self.kept.append(slot)
        self.body.let(slot, value, self.place)
        return Local(slot, "")

    def lower(self, expression: Expression) -> Expression:
        """Give an expression without reads; they were added to the body."""
        if not reads(expression):
            return expression
        match expression:
            case Shared(target):
                return self.look("read", target)
            case Query(function, target):
                return self.look(function, target)
            case Negative(sign, operand):
                return Negative(sign, self.lower(operand))
            case Not(operand):
                return Not(self.lower(operand))
            case Binary(operator, left, right):
                one, other = self.all((left, right))
                return Binary(operator, one, other)
            case Item(sequence, index):
                whole, which = self.all((sequence, index))
                return Item(whole, which)
            case Display(kind, items):
                return Display(kind, self.all(items))
            case Call(function, arguments):
                return Call(function, self.all(arguments))
            case Format(parts):
                return Format(self.all(parts))
            case Logic(operator, operands):
                return self.logic(operator == "and", operands)
            case Compare(first, rest):
                return self.compare(first, rest)
            case Conditional(test, then, otherwise):
                return self.conditional(test, then, otherwise)
            case _:
                raise AssertionError(expression)

    def look(self, verb: str, target: Target) -> Expression:
        """Add a step that gives a value, and give where it is then."""
        slot = self.body.keep()
        found = self.target(target)
        self.kept.append(slot)
        self.body.step(verb, found, self.place, into=(slot,))
        return Local(slot, "")

    def all(self, expressions: tuple[Expression, ...]) -> tuple[Expression, ...]:
        """Lower several, left to right; what stands before a read is worked out before it."""
        lowered: list[Expression] = []
        for position, expression in enumerate(expressions):
            value = self.lower(expression)
            later = any(reads(other) for other in expressions[position + 1 :])
            if later and not isinstance(value, Constant) and not _is_kept(value):
                value = self.keep(value)
            lowered.append(value)
        return tuple(lowered)

    def target(self, target: Target) -> Target:
        """Lower the indices of an object."""
        if not target.indices:
            return target
        return target._replace(indices=self.all(target.indices))

    def kept_target(self, target: Target) -> Target:
        """Lower the indices of an object and keep them: it is needed again later."""
        if not target.indices:
            return target
        return target._replace(indices=tuple(self.keep(i) for i in self.all(target.indices)))

    def result(self) -> int:
        """Take a slot for a value that is worked out on several ways."""
        slot = self.body.keep()
        self.kept.append(slot)
        return slot

    def logic(self, conjunction: bool, operands: tuple[Expression, ...]) -> Expression:
        slot = self.result()
        outs: list[int | None] = []
        for position, operand in enumerate(operands):
            self.body.let(slot, self.lower(operand), self.place)
            if position < len(operands) - 1:
                value: Expression = Local(slot, "")
                outs.append(self.body.branch(value if conjunction else Not(value), self.place))
        self.body.land(*outs)
        return Local(slot, "")

    def compare(
        self, first: Expression, rest: tuple[tuple[Relation, Expression], ...]
    ) -> Expression:
        if len(rest) == 1:
            operator, second = rest[0]
            one, other = self.all((first, second))
            return Compare(one, ((operator, other),))
        slot = self.result()
        outs: list[int | None] = []
        before = self.keep(self.lower(first))
        for position, (operator, operand) in enumerate(rest):
            following = self.keep(self.lower(operand))
            self.body.let(slot, Compare(before, ((operator, following),)), self.place)
            if position < len(rest) - 1:
                outs.append(self.body.branch(Local(slot, ""), self.place))
            before = following
        self.body.land(*outs)
        return Local(slot, "")

    def conditional(self, test: Expression, then: Expression, otherwise: Expression) -> Expression:
        slot = self.result()
        decide = self.body.branch(self.lower(test), self.place)
        self.body.let(slot, self.lower(then), self.place)
        end = self.body.jump(self.place)
        self.body.land(decide)
        self.body.let(slot, self.lower(otherwise), self.place)
        self.body.land(end)
        return Local(slot, "")
