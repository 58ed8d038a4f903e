"""Names and expressions of a scenario as Python has them."""

import ast
import keyword
import re
from collections.abc import Mapping

from deadsim.export.classes import CLASSES
from deadsim.export.questions import QUESTIONS
from deadsim.language.expressions.names import clean, split_commas
from deadsim.language.expressions.texts import closing
from deadsim.language.reading.document import Node, Scalar, Sequence
from deadsim.language.reading.scalars import core_value
from deadsim.model.values import UNSET

TAKEN = {
    "threading", "queue", "time", "random", "sys", "os", "main", "threads", "step", "atomic", "SCALE", "LIMIT",
    "RWLock", "ModeLock", "Victim", "BrokenPipe", "join_queue", "print", "str", "list", "RuntimeError", "True", "False", "None",
    "len", "min", "max", "abs", "sum", "any", "all", "range", "int", "bool", "failed", "failures", "join", "turn", "read", "held", "Lock", "Turn", "Condition", "Event", "Barrier", "SCHEDULE", "MISUSE", "Failed", "RECURSION", "calls", "deeper", "note", "started", "maybe", "finalizer", "finalizers", "thread", "contextlib",
    "Interrupted", "was_taken", "get_now", "put_now", "receive_now", "send_now", "set_now", "first_of", "tried", "Channel",
    "Exception", "BaseException", "AssertionError", "ArithmeticError", "BrokenPipeError", "LookupError", "NameError",
    "RecursionError", "TypeError", "ValueError", "callable", "dict", "getattr", "hasattr", "isinstance", "property",
    "repr", "reversed", "set", "setattr", "type",
    *(f"ask_{question}" for question in QUESTIONS),
    *re.findall(r"^class (\w+)", "".join(CLASSES.values()), flags=re.MULTILINE),
}  # fmt: skip
"""Names that the written program uses itself."""

_PLACE = re.compile(r"\{\{|\}\}|\{")


def identifier(name: str) -> str:
    """Give a name as Python may have it."""
    found = re.sub(r"\W", "_", clean(name))
    return f"{found}_" if keyword.iskeyword(found) or found in TAKEN else found


class Names:
    """What the names in some steps stand for: `arrays` are declared arrays of variables, `replaced` stands in
    for arguments.
    """

    def __init__(self, arrays: frozenset[str], replaced: Mapping[str, str] | None = None) -> None:
        self.arrays = arrays
        self.replaced = replaced or {}

    def object(self, node: Node) -> str:
        """Write a reference to something shared: `fork[i]`, or an argument that stands for it."""
        assert isinstance(node, Scalar)
        return self.reference(node.value)

    def reference(self, text: str) -> str:
        """Write a reference by its text."""
        name, bracket, rest = clean(text.strip()).partition("[")
        name = name.strip()
        base = self.replaced.get(name, identifier(name))
        if not bracket:
            return base
        indices = [self.text(part) for _, part in split_commas(rest.rstrip()[:-1])]
        return f"{base}[{', '.join(indices)}]"

    def expression(self, node: Node) -> str:
        """Write an expression."""
        if isinstance(node, Sequence):
            return f"[{', '.join(self.expression(item) for item in node.items)}]"
        assert isinstance(node, Scalar)
        value = core_value(node)
        return self.text(node.value) if value is UNSET else repr(value)

    def text(self, source: str) -> str:
        """Write the text of an expression."""
        tree = _Renamed(self).visit(ast.parse(clean(source).strip(), mode="eval"))
        return ast.unparse(tree)

    def words(self, node: Node) -> str:
        """Write a text with places as a Python expression."""
        assert isinstance(node, Scalar)
        parts: list[str] = []
        literal, rest = "", node.value
        while found := _PLACE.search(rest):
            literal += rest[: found.start()]
            rest = rest[found.end() :]
            if found[0] != "{":
                literal += found[0][0]
                continue
            end = closing(rest, 0)
            assert end is not None  # the scenario was checked
            parts += [repr(literal)] if literal else []
            parts.append(f"str({self.text(rest[:end])})")
            literal, rest = "", rest[end + 1 :]
        literal += rest
        if literal or not parts:
            parts.append(repr(literal))
        return " + ".join(parts)


class _Renamed(ast.NodeTransformer):
    """Takes the names of the scenario for those of the program."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.value, ast.Name) and self.base(node.value.id) in self.names.arrays:
            node.value = ast.Name(self.base(node.value.id))
            node.slice = self.visit(node.slice)
            return node
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in ("true", "false", "null"):
            return ast.Constant({"true": True, "false": False, "null": None}[node.id])
        base = self.base(node.id)
        if base in self.names.arrays:
            return ast.parse(f"list({base}.values())", mode="eval").body
        if "[" in base or "(" in base:
            return ast.parse(base, mode="eval").body
        return ast.Name(base)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id in QUESTIONS:
            return self.question(node.func.id, node.args[0])
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def question(self, name: str, about: ast.expr) -> ast.Call:
        """Write what asks something shared; of threads the table knows which is meant."""
        asked = [self.visit(about)]
        if name == "finished":
            written = self.names.replaced.get(ast.unparse(about))
            if written is not None:
                about = ast.parse(written, mode="eval").body
            array = about.value if isinstance(about, ast.Subscript) else about
            assert isinstance(array, ast.Name)
            asked = [ast.Constant(clean(array.id))]
            if isinstance(about, ast.Subscript):
                asked.append(self.visit(about.slice))
        return ast.Call(ast.Name(f"ask_{name}"), asked, [])

    def base(self, name: str) -> str:
        """Give what a name stands for."""
        return self.names.replaced.get(name, identifier(name))
