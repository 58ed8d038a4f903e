"""Expressions: a checked subset of Python's, read with `ast` and never evaluated by Python itself.

What is constant is worked out here. Reads of shared variables stay in the tree as `Shared`; in a
thread's body `lowering` makes each of them a step.
"""

import ast
import re
import warnings
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias, get_args

from deadsim.errors import Place
from deadsim.kernel.evaluation import evaluator, span
from deadsim.kernel.failure import Failing, OutOfBounds
from deadsim.language.document import Mapping, Node, Scalar, Sequence
from deadsim.language.names import (
    FUNCTIONS,
    NAME,
    STATE_FUNCTIONS,
    Bound,
    Meaning,
    Parameter,
    Problems,
    Scope,
    Shared,
    Slot,
    Unknown,
    clean,
    elements,
    listed,
    nearest,
    noun,
    split_commas,
)
from deadsim.model import expressions as tree
from deadsim.model.expressions import Constant, Expression, Target
from deadsim.model.values import MAX_ITEMS, MAX_TEXT, UNSET, Unset, Value

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
_ASKED = {
    "locked": ("locks", "rwlocks"),
    "holder": ("locks", "rwlocks"),
    "qsize": ("queues", "pipes"),
    "value": ("semaphores",),
    "is_set": ("events",),
    "finished": ("threads",),
    "waiting": ("conditions", "events", "barriers"),
}

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def core_value(scalar: Scalar) -> Value | Unset:
    """Read a plain scalar by YAML 1.2's core schema; UNSET where it is none of its words."""
    if not scalar.plain:
        return UNSET
    text = scalar.value
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INTEGER.fullmatch(text) and len(text) < 1000:
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    return UNSET


class Source(NamedTuple):
    """A text of the file in which an expression stands; `first` as in `Scalar`."""

    text: str
    place: Place
    first: int | None

    def part(self, start: int, end: int) -> Place:
        """Give the place of some of its characters."""
        if self.first is None:
            return self.place
        return Place(self.place.line, self.first + start, max(1, end - start))

    def cut(self, start: int, end: int) -> "Source":
        """Give a part of it as a source of its own."""
        first = None if self.first is None else self.first + start
        return Source(self.text[start:end], self.part(start, end), first)


class _Rejected(Exception):
    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        self.message = message


class Expressions:
    """Reads expressions in one scope; what is wrong goes to `problems`."""

    def __init__(self, problems: Problems, scope: Scope, where: Where) -> None:
        self.problems = problems
        self.scope = scope
        self.where = where

    def read(self, node: Node) -> Expression:
        """Read a value that is an expression; a list is a list of them. Null where it is wrong."""
        try:
            return self._node(node)
        except _Rejected as rejected:
            self.problems.add(rejected.place, rejected.message)
            return Constant(None)

    def constant(self, node: Node) -> Value | Unset:
        """Read a value that must be known now; UNSET where it is wrong."""
        try:
            expression = self._node(node)
        except _Rejected as rejected:
            self.problems.add(rejected.place, rejected.message)
            return UNSET
        return self.known(expression, node.place)

    def known(self, expression: Expression, place: Place) -> Value | Unset:
        """Work out an expression that must be constant."""
        if isinstance(expression, Constant):
            return expression.value
        try:
            value: Value = evaluator(expression)([])
        except Failing as failing:
            self.problems.add(place, f"this {failing.message}")
            return UNSET
        return value

    def text(self, node: Node, what: str) -> Expression:
        """Read a TEXT: literal, but for the expressions in braces."""
        if not isinstance(node, Scalar):
            hint = "; one that begins with '{' or '[' wants quotes"
            self.problems.add(node.place, f"{what} is a text{hint}")
            return Constant("")
        if len(node.value) > MAX_TEXT:
            self.problems.add(node.place, f"a text may have {MAX_TEXT:,} characters")
            return Constant("")
        try:
            return self._text(Source(node.value, node.place, node.first))
        except _Rejected as rejected:
            self.problems.add(rejected.place, rejected.message)
            return Constant("")

    def reference(self, node: Node, sections: Iterable[str], arrays: bool = False) -> Target | None:
        """Read the name of something shared; None where it is wrong."""
        wanted = tuple(sections)
        words = listed(noun(Shared(section, 0, (), "")) for section in wanted)
        if not isinstance(node, Scalar):
            self.problems.add(node.place, f"expected the name of {words}, one")
            return None
        try:
            return self._reference(Source(node.value, node.place, node.first), wanted, arrays, words)
        except _Rejected as rejected:
            self.problems.add(rejected.place, rejected.message)
            return None

    # From here on everything raises _Rejected.

    def _node(self, node: Node) -> Expression:
        if isinstance(node, Mapping):
            raise _Rejected(node.place, "expected an expression, not a map")
        if isinstance(node, Sequence):
            if len(node.items) > MAX_ITEMS:
                raise _Rejected(node.place, f"a list may have {MAX_ITEMS:,} items")
            items = tuple(self._node(item) for item in node.items)
            return self._fold(tree.Display("list", items), node.place)
        value = core_value(node)
        if not isinstance(value, Unset):
            return self._fold(Constant(value), node.place)
        if node.plain and FLOAT.fullmatch(node.value):
            raise _Rejected(node.place, f"'{node.value}' is not an integer; there are no others")
        return self._parse(Source(node.value, node.place, node.first))

    def _parse(self, source: Source) -> Expression:
        text = source.text
        if len(text) > MAX_CHARACTERS:
            raise _Rejected(source.place, f"an expression may have {MAX_CHARACTERS:,} characters")
        bare = text.strip()
        if not bare:
            raise _Rejected(source.place, "expected an expression, found nothing")
        start = text.index(bare)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parsed = ast.parse(bare.replace("\n", " "), mode="eval").body
        except (SyntaxError, ValueError):
            raise _Rejected(source.place, f"'{_short(bare)}' is not an expression") from None
        except (RecursionError, MemoryError):
            raise _Rejected(source.place, f"an expression may be {MAX_LEVELS} levels deep") from None
        return _Parser(self, source, start, bare).expression(parsed, 1)

    def _text(self, source: Source) -> Expression:
        parts: list[Expression] = []
        literal = ""
        text = source.text
        position = 0
        while position < len(text):
            character = text[position]
            if text[position : position + 2] in ("{{", "}}"):
                literal += character
                position += 2
            elif character == "{":
                end = _closing(text, position + 1)
                if end is None:
                    raise _Rejected(
                        source.part(position, position + 1), "this '{' is not closed; '{{' is a brace"
                    )
                parts.append(Constant(literal))
                literal = ""
                parts.append(self._place_in_text(source.cut(position + 1, end)))
                position = end + 1
            elif character == "}":
                raise _Rejected(
                    source.part(position, position + 1), "this '}' closes nothing; '}}' is a brace"
                )
            else:
                literal += character
                position += 1
        parts.append(Constant(literal))
        return self._fold(tree.Format(tuple(parts)), source.place)

    def _place_in_text(self, source: Source) -> Expression:
        if re.search(r"!\s*[rsa]\s*$|:[^\]]*$", source.text):
            raise _Rejected(source.place, "conversions and formats ('!r', ':5') are not taken")
        return self._parse(source)

    def _reference(
        self, source: Source, sections: tuple[str, ...], arrays: bool, words: str
    ) -> Target:
        match = re.fullmatch(r"(?s)\s*([^\[\]]*?)\s*(?:\[(.*)\])?\s*", source.text)
        name = clean(match.group(1)) if match else ""
        if match is None or not NAME.fullmatch(name):
            raise _Rejected(source.place, f"expected the name of {words}, found '{_short(source.text)}'")
        meaning = self.scope.find(name)
        if isinstance(meaning, Unknown):
            return Target(name, 0, (), ())
        if not isinstance(meaning, (Shared, Bound)) or meaning.section not in sections:
            if meaning is None:
                raise _Rejected(source.place, self._unknown(source, name, match.group(2), sections))
            raise _Rejected(source.place, f"'{name}' is {noun(meaning)}, not {words}")
        target = meaning.target if isinstance(meaning, Bound) else _all_of(meaning)
        if match.group(2) is None:
            if target.whole and not arrays:
                raise _Rejected(
                    source.place, f"'{name}' is an array; say which one: '{name}[0]'"
                )
            return target
        if not target.whole:
            raise _Rejected(source.place, f"'{name}' has no elements")
        indices: list[Expression] = []
        places: list[Place] = []
        literal: list[bool] = []
        for offset, part in split_commas(match.group(2)):
            start = match.start(2) + offset
            piece = source.cut(start, start + len(part))
            indices.append(self._parse(piece))
            places.append(piece.place)
            literal.append(re.fullmatch(r"\s*-?\s*\d+\s*", part) is not None)
        return self._element(target, indices, places, literal, source.place)

    def _unknown(
        self, source: Source, name: str, index: str | None, sections: tuple[str, ...]
    ) -> str:
        """Say that nothing is called so, and what is called nearly so."""
        hint = nearest(name, self.scope.names(sections))
        kinds = sections
        if hint:
            near = self.scope.find(hint.split("'")[1])
            kinds = (near.section,) if isinstance(near, (Shared, Bound)) else sections
        return f"unknown {_one(kinds)} '{source.text.strip()}'{_indexed(hint, index)}"

    def _element(
        self,
        array: Target,
        indices: list[Expression],
        places: list[Place],
        literal: list[bool],
        place: Place,
    ) -> Target:
        if len(indices) != len(array.shape):
            wanted = "one index" if len(array.shape) == 1 else f"{len(array.shape)} indices"
            raise _Rejected(place, f"'{array.name}' takes {wanted}, not {len(indices)}")
        offset: int | None = 0
        for extent, index, where, written in zip(
            array.shape, indices, places, literal, strict=True
        ):
            value = index.value if isinstance(index, Constant) else None
            inside = isinstance(value, int) and 0 <= value < extent
            if written and not inside:
                raise _Rejected(where, f"index {value} is out of range of '{array.name}', {span(extent)}")
            offset = offset * extent + value if offset is not None and inside else None  # type: ignore[operator]
        if offset is None:
            return array._replace(indices=tuple(indices))
        name = f"{array.name}[{', '.join(str(int(i.value)) for i in indices)}]"  # type: ignore[union-attr, arg-type]
        return Target(name, array.first + offset, (), ())

    def _fold(self, expression: Expression, place: Place) -> Expression:
        """Work out what is constant; past a bound that is an error, any other failure stays."""
        if any(not isinstance(part, Constant) for part in _parts(expression)):
            return expression
        try:
            value = evaluator(expression)([])
            if isinstance(value, int) and not isinstance(value, bool):
                evaluator(tree.Binary("+", Constant(value), Constant(0)))([])
            return Constant(value)
        except OutOfBounds as failing:
            raise _Rejected(place, f"this {failing.message}") from None
        except Failing:
            return expression


def _short(text: str) -> str:
    bare = " ".join(text.split())
    return bare if len(bare) <= 60 else bare[:57] + "..."


def _one(sections: tuple[str, ...]) -> str:
    words = [noun(Shared(section, 0, (), "")).split(" ", 1)[1] for section in sections]
    return listed(words)


def _indexed(hint: str, index: str | None) -> str:
    """Carry the index that was written over to the name that was probably meant."""
    return hint if not hint or index is None else f"{hint[:-2]}[{index}]'?"


def _all_of(meaning: Shared) -> Target:
    return Target(meaning.name, meaning.first, meaning.shape, ())


def _closing(text: str, position: int) -> int | None:
    """Find the brace that closes a place in a text, past quoted texts."""
    quote = ""
    while position < len(text):
        character = text[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "}":
            return position
        elif character == "{":
            return None
        position += 1
    return None


def _parts(expression: Expression) -> tuple[Expression, ...]:
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


class _Parser:
    """Turns one parsed expression into our tree; `start` is where `bare` begins in the source."""

    def __init__(self, reader: Expressions, source: Source, start: int, bare: str) -> None:
        self.reader = reader
        self.scope = reader.scope
        self.where = reader.where
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

    def reject(self, node: ast.expr, message: str) -> _Rejected:
        return _Rejected(self.place(node), message)

    def expression(self, node: ast.expr, level: int) -> Expression:
        if level > MAX_LEVELS:
            raise self.reject(node, f"an expression may be {MAX_LEVELS} levels deep")
        return self.reader._fold(self.made(node, level + 1), self.place(node))

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
                raise self.reject(node, f"'{_short(self.text(node))}' is not taken in expressions")

    def text(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.bare, node) or self.bare

    def literal(self, node: ast.expr, value: object) -> Expression:
        if value is None or isinstance(value, (bool, int, str)):
            return Constant(value)
        if isinstance(value, float):
            raise self.reject(node, f"'{self.text(node)}' is not an integer; there are no others")
        raise self.reject(node, f"'{_short(self.text(node))}' is not taken in expressions")

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
            raise self.reject(node, f"'{_short(self.text(node))}': the operators are {listed(get_args(tree.Arithmetic), 'and')}")
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
                return self.variable(_all_of(meaning))
            case Bound("variables", target):
                return self.variable(target)
            case _:
                raise self.reject(node, f"'{name}' is {noun(meaning)}; it has no value in an expression")

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
                target = _all_of(meaning)
            elif isinstance(meaning, Bound) and meaning.section == "variables":
                target = meaning.target
            if target is not None and target.whole:
                written = index.elts if isinstance(index, ast.Tuple) else [index]
                return tree.Shared(
                    self.reader._element(
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
            raise self.reject(function, f"unknown function '{name}'{nearest(name, FUNCTIONS)}")
        least, most = _ARGUMENTS.get(name, (1, 1))
        if keywords or not least <= len(arguments) <= most:
            wanted = "one argument" if most == 1 else f"{least} or more arguments"
            raise self.reject(node, f"'{name}' takes {wanted}")
        given = tuple(self.expression(argument, level) for argument in arguments)
        return tree.Call(name, given)  # type: ignore[arg-type]  # it is one of FUNCTIONS

    def query(self, node: ast.expr, name: str, arguments: list[ast.expr]) -> Expression:
        if self.where != "claim":
            raise self.reject(node, f"'{name}' can be asked in invariants and expect.final alone")
        if len(arguments) != 1:
            raise self.reject(node, f"'{name}' takes one argument")
        sections = _ASKED[name]
        asked = arguments[0]
        first = asked.col_offset if self.encoded is None else len(self.encoded[: asked.col_offset].decode())
        written = self.text(asked)
        source = self.source.cut(self.start + first, self.start + first + len(written))
        words = listed(noun(Shared(section, 0, (), "")) for section in sections)
        target = self.reader._reference(source, sections, name == "finished", words)
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

