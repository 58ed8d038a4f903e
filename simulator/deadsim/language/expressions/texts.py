"""Expressions, texts and names where they stand in the file; what is wrong becomes a problem."""

import re
from collections.abc import Iterable

from deadsim.kernel.expressions.evaluator import evaluator
from deadsim.kernel.failure import Failing
from deadsim.language.expressions.constant_folding import fold
from deadsim.language.expressions.names import Problems, Scope, Shared, listed, noun
from deadsim.language.expressions.parser import Where, parse
from deadsim.language.expressions.references import reference
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence
from deadsim.language.reading.scalars import FLOAT, Rejected, Source, core_value
from deadsim.model import expressions as tree
from deadsim.model.expressions import Constant, Expression, Target
from deadsim.model.place import Place
from deadsim.model.values import MAX_ITEMS, MAX_TEXT, UNSET, Unset, Value


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
        except Rejected as rejected:
            self.problems.add(rejected.place, rejected.message)
            return Constant(None)

    def constant(self, node: Node) -> Value | Unset:
        """Read a value that must be known now; UNSET where it is wrong."""
        try:
            expression = self._node(node)
        except Rejected as rejected:
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
        except Rejected as rejected:
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
            source = Source(node.value, node.place, node.first)
            return reference(source, self.scope, wanted, arrays, self._expression)
        except Rejected as rejected:
            self.problems.add(rejected.place, rejected.message)
            return None

    # From here on everything raises Rejected.

    def _expression(self, source: Source) -> Expression:
        return parse(source, self.scope, self.where)

    def _node(self, node: Node) -> Expression:
        if isinstance(node, Mapping):
            raise Rejected(node.place, "expected an expression, not a map")
        if isinstance(node, Sequence):
            if len(node.items) > MAX_ITEMS:
                raise Rejected(node.place, f"a list may have {MAX_ITEMS:,} items")
            items = tuple(self._node(item) for item in node.items)
            return fold(tree.Display("list", items), node.place)
        value = core_value(node)
        if not isinstance(value, Unset):
            return fold(Constant(value), node.place)
        if node.plain and FLOAT.fullmatch(node.value):
            raise Rejected(node.place, f"'{node.value}' is not an integer; there are no others")
        return self._expression(Source(node.value, node.place, node.first))

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
                end = closing(text, position + 1)
                if end is None:
                    raise Rejected(
                        source.part(position, position + 1),
                        "this '{' is not closed; '{{' is a brace",
                    )
                parts.append(Constant(literal))
                literal = ""
                parts.append(self._place_in_text(source.cut(position + 1, end)))
                position = end + 1
            elif character == "}":
                raise Rejected(
                    source.part(position, position + 1), "this '}' closes nothing; '}}' is a brace"
                )
            else:
                literal += character
                position += 1
        parts.append(Constant(literal))
        return fold(tree.Format(tuple(parts)), source.place)

    def _place_in_text(self, source: Source) -> Expression:
        if re.search(r"!\s*[rsa]\s*$|:[^\]]*$", source.text):
            raise Rejected(source.place, "conversions and formats ('!r', ':5') are not taken")
        return self._expression(source)


def closing(text: str, position: int) -> int | None:
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
