"""The text of an expression, as a checked subset of Python's, into our own tree.

Read with `ast`, and never evaluated by Python itself. Reads of shared variables stay in the tree as
`Shared`, and questions as `Query`; in a thread's body `lowering` makes each of them a step.
"""

import ast
import warnings
from typing import Literal, TypeAlias, get_args

from deadsim.language.expressions.constant_folding import fold
from deadsim.language.expressions.names import (
    FUNCTIONS,
    STATE_FUNCTIONS,
    Bound,
    Meaning,
    Parameter,
    Scope,
    Shared,
    Slot,
    Unknown,
    clean,
    elements,
    listed,
    nearest,
    noun,
)
from deadsim.language.expressions.references import all_of, element, reference
from deadsim.language.reading.scalars import Rejected, Source, short
from deadsim.model import expressions as tree
from deadsim.model.expressions import Constant, Expression, Target
from deadsim.model.place import Place
from deadsim.model.primitives import sections_of
from deadsim.model.values import Value

MAX_CHARACTERS = 1_000
MAX_LEVELS = 32

Where: TypeAlias = Literal["thread", "claim", "constant"]

_OPERATORS: dict[type[ast.operator], tree.Arithmetic] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_RELATIONS: dict[type[ast.cmpop], tree.Relation] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}
_ARGUMENTS = {"range": (1, 3), "min": (1, 1000), "max": (1, 1000)}
_ASKED = {name: sections_of(name) or ("threads",) for name in STATE_FUNCTIONS}


def parse(source: Source, scope: Scope, where: Where) -> Expression:
    """Read an expression; raises Rejected."""
    text = source.text
    if len(text) > MAX_CHARACTERS:
        raise Rejected(source.place, f"an expression may have {MAX_CHARACTERS:,} characters")
    bare = text.strip()
    if not bare:
        raise Rejected(source.place, "expected an expression, found nothing")
    start = text.index(bare)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = ast.parse(bare.replace("\n", " "), mode="eval").body
    except (SyntaxError, ValueError):
        raise Rejected(source.place, f"'{short(bare)}' is not an expression") from None
    except (RecursionError, MemoryError):
        raise Rejected(source.place, f"an expression may be {MAX_LEVELS} levels deep") from None
    return _Parser(scope, where, source, start, bare).expression(parsed, 1)


class _Parser:
    """Turns one parsed expression into our tree; `start` is where `bare` begins in the source."""

    def __init__(self, scope: Scope, where: Where, source: Source, start: int, bare: str) -> None:
        self.scope = scope
        self.where = where
        self.source = source
        self.start = start
        self.bare = bare
        self.encoded = None if bare.isascii() else bare.encode()

    def place(self, node: ast.expr) -> Place:
        first, last = node.col_offset, node.end_col_offset or node.col_offset + 1
        if self.encoded is not None:
            first = len(self.encoded[:first].decode())
            last = len(self.encoded[:last].decode())
        return self.source.part(self.start + first, self.start + last)

    def reject(self, node: ast.expr, message: str) -> Rejected:
        return Rejected(self.place(node), message)

    def expression(self, node: ast.expr, level: int) -> Expression:
        if level > MAX_LEVELS:
            raise self.reject(node, f"an expression may be {MAX_LEVELS} levels deep")
        return fold(self.made(node, level + 1), self.place(node))

    def made(self, node: ast.expr, level: int) -> Expression:
        match node:
            case ast.Constant(value):
                return self.literal(node, value)
            case ast.Name(name):
                return self.name(node, clean(name))
            case ast.Subscript(values, index):
                return self.subscript(node, values, index, level)
            case ast.UnaryOp(op, operand):
                return self.unary(node, op, operand, level)
            case ast.BinOp(left, operator, right):
                return self.binary(node, left, operator, right, level)
            case ast.Compare(left, operators, others):
                rest = []
                for operator_, other in zip(operators, others, strict=True):
                    if type(operator_) not in _RELATIONS:
                        word = "!=" if isinstance(operator_, ast.IsNot) else "=="
                        raise self.reject(node, f"'is' is not taken here; '{word}' compares")
                    rest.append((_RELATIONS[type(operator_)], self.expression(other, level)))
                return tree.Compare(self.expression(left, level), tuple(rest))
            case ast.BoolOp(operator_, operands):
                both: Literal["and", "or"] = "and" if isinstance(operator_, ast.And) else "or"
                return tree.Logic(both, tuple(self.expression(o, level) for o in operands))
            case ast.IfExp(test, then, otherwise):
                return tree.Conditional(
                    self.expression(test, level),
                    self.expression(then, level),
                    self.expression(otherwise, level),
                )
            case ast.List(items) | ast.Tuple(items):
                kind: Literal["list", "tuple"] = "list" if isinstance(node, ast.List) else "tuple"
                return tree.Display(kind, tuple(self.expression(item, level) for item in items))
            case ast.Call(function, arguments, keywords):
                return self.call(node, function, arguments, keywords, level)
            case ast.Attribute():
                raise self.reject(node, "attributes ('a.b') are not taken in expressions")
            case _:
                raise self.reject(node, f"'{short(self.text(node))}' is not taken in expressions")

    def nested(self, source: Source) -> Expression:
        return parse(source, self.scope, self.where)

    def text(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.bare, node) or self.bare

    def literal(self, node: ast.expr, value: object) -> Expression:
        if value is None or isinstance(value, (bool, int, str)):
            return Constant(value)
        if isinstance(value, float):
            raise self.reject(node, f"'{self.text(node)}' is not an integer; there are no others")
        raise self.reject(node, f"'{short(self.text(node))}' is not taken in expressions")

    def unary(self, node: ast.expr, op: ast.unaryop, operand: ast.expr, level: int) -> Expression:
        inner = self.expression(operand, level)
        match op:
            case ast.Not():
                return tree.Not(inner)
            case ast.USub():
                return tree.Negative("-", inner)
            case ast.UAdd():
                return tree.Negative("+", inner)
            case _:
                raise self.reject(node, "the operator '~' is not taken in expressions")

    def binary(
        self, node: ast.expr, left: ast.expr, operator: ast.operator, right: ast.expr, level: int
    ) -> Expression:
        known = _OPERATORS.get(type(operator))
        if known is None:
            if isinstance(operator, ast.Div):
                raise self.reject(node, "'/' makes fractions; '//' divides integers")
            raise self.reject(
                node,
                f"'{short(self.text(node))}': the operators are {listed(get_args(tree.Arithmetic), 'and')}",
            )
        return tree.Binary(known, self.expression(left, level), self.expression(right, level))

    def name(self, node: ast.expr, name: str) -> Expression:
        if name in _WORDS:
            return Constant(_WORDS[name])
        meaning = self.meaning(node, name)
        match meaning:
            case Parameter(value):
                return Constant(value)
            case Slot(number):
                return tree.Local(number, name)
            case Unknown():
                return tree.Local(0, name)
            case Shared("variables"):
                return self.variable(all_of(meaning))
            case Bound("variables", target):
                return self.variable(target)
            case _:
                raise self.reject(
                    node, f"'{name}' is {noun(meaning)}; it has no value in an expression"
                )

    def meaning(self, node: ast.expr, name: str) -> Meaning:
        meaning = self.scope.find(name)
        if meaning is None:
            known = [n for n in self.scope.names() if _has_value(self.scope.find(n))]
            hint = nearest(name, known)
            dashed = [n for n in self.scope.names() if "-" in n and n.split("-")[0] == name]
            if dashed and not hint:
                hint = f"; a name with '-' cannot be written in an expression ('{dashed[0]}')"
            if self.where == "constant":
                hint = hint or "; only params are known here (literal text wants its own quotes)"
            elif not hint and self.source.text.strip() == name:
                hint = f"; literal text wants its own quotes: \"'{name}'\""
            raise self.reject(node, f"unknown name '{name}'{hint}")
        if self.where == "constant" and isinstance(meaning, (Shared, Bound)):
            raise self.reject(node, f"'{name}' is {noun(meaning)}; only params are known here")
        return meaning

    def variable(self, target: Target) -> Expression:
        if not target.whole:
            return tree.Shared(target)
        names = elements(target.name, target.shape)
        return tree.Display(
            "list",
            tuple(
                tree.Shared(Target(name, target.first + k, (), ())) for k, name in enumerate(names)
            ),
        )

    def subscript(
        self, node: ast.expr, values: ast.expr, index: ast.expr, level: int
    ) -> Expression:
        if isinstance(index, ast.Slice):
            raise self.reject(node, "slices ('a[1:2]') are not taken in expressions")
        if isinstance(values, ast.Name):
            meaning = self.meaning(values, clean(values.id)) if values.id not in _WORDS else None
            target = None
            if isinstance(meaning, Shared) and meaning.section == "variables":
                target = all_of(meaning)
            elif isinstance(meaning, Bound) and meaning.section == "variables":
                target = meaning.target
            if target is not None and target.whole:
                written = index.elts if isinstance(index, ast.Tuple) else [index]
                return tree.Shared(
                    element(
                        target,
                        [self.expression(part, level) for part in written],
                        [self.place(part) for part in written],
                        [_is_literal(part) for part in written],
                        self.place(node),
                    )
                )
        return tree.Item(self.expression(values, level), self.expression(index, level))

    def call(
        self,
        node: ast.expr,
        function: ast.expr,
        arguments: list[ast.expr],
        keywords: list[ast.keyword],
        level: int,
    ) -> Expression:
        if not isinstance(function, ast.Name):
            raise self.reject(node, "only the functions of the language can be called")
        name = function.id
        if name in STATE_FUNCTIONS:
            return self.query(node, name, arguments)
        if name not in FUNCTIONS:
            raise self.reject(
                function,
                f"unknown function '{name}'{nearest(name, (*FUNCTIONS, *STATE_FUNCTIONS))}",
            )
        least, most = _ARGUMENTS.get(name, (1, 1))
        if keywords or not least <= len(arguments) <= most:
            wanted = "one argument" if most == 1 else f"{least} or more arguments"
            raise self.reject(node, f"'{name}' takes {wanted}")
        given = tuple(self.expression(argument, level) for argument in arguments)
        return tree.Call(name, given)  # type: ignore[arg-type]  # it is one of FUNCTIONS

    def query(self, node: ast.expr, name: str, arguments: list[ast.expr]) -> Expression:
        if self.where == "constant":
            raise self.reject(node, f"'{name}' is not known here: only what is constant is")
        if self.where == "thread" and name == "holder":
            raise self.reject(node, "'holder' can be asked in invariants and expect.final alone")
        if len(arguments) != 1:
            raise self.reject(node, f"'{name}' takes one argument")
        sections = _ASKED[name]
        asked = arguments[0]
        first = (
            asked.col_offset
            if self.encoded is None
            else len(self.encoded[: asked.col_offset].decode())
        )
        written = self.text(asked)
        source = self.source.cut(self.start + first, self.start + first + len(written))
        target = reference(source, self.scope, sections, name == "finished", self.nested)
        return tree.Query(name, target)  # type: ignore[arg-type]  # it is one of STATE_FUNCTIONS


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant)


def _has_value(meaning: Meaning | None) -> bool:
    match meaning:
        case Shared(section) | Bound(section):
            return section == "variables"
        case Parameter() | Slot():
            return True
        case _:
            return False
