"""Expression trees, as they stand after names were resolved.

In a thread's code they read its slots alone: every read of a shared variable, and every question to
something shared, is a step of its own that was taken before. In claims and invariants they read a state at one moment (`Shared`, `Query`).
"""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.model.values import Value

Arithmetic: TypeAlias = Literal["+", "-", "*", "//", "%", "**"]
Relation: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
Function: TypeAlias = Literal[
    "len", "min", "max", "abs", "sum", "any", "all", "range", "int", "bool"
]
StateFunction: TypeAlias = Literal[
    "locked", "holder", "qsize", "empty", "full", "value", "is_set", "finished", "waiting", "broken"
]


class Constant(NamedTuple):
    """A value that was known when the scenario was read."""

    value: Value


class Local(NamedTuple):
    """The content of a slot; `name` is for the message when it has none yet."""

    slot: int
    name: str


class Negative(NamedTuple):
    """`-x`, `+x`."""

    sign: Literal["+", "-"]
    operand: "Expression"


class Not(NamedTuple):
    """`not x`."""

    operand: "Expression"


class Binary(NamedTuple):
    """Two operands and an arithmetic operator."""

    operator: Arithmetic
    left: "Expression"
    right: "Expression"


class Compare(NamedTuple):
    """A chain of comparisons: `first op1 x1 op2 x2 …`."""

    first: "Expression"
    rest: "tuple[tuple[Relation, Expression], ...]"


class Logic(NamedTuple):
    """`and` or `or` over two or more operands; it has the value of the one that decides."""

    operator: Literal["and", "or"]
    operands: "tuple[Expression, ...]"


class Conditional(NamedTuple):
    """`then if test else otherwise`."""

    test: "Expression"
    then: "Expression"
    otherwise: "Expression"


class Item(NamedTuple):
    """`sequence[position]`, of a list, tuple or text."""

    sequence: "Expression"
    position: "Expression"


class Display(NamedTuple):
    """A list or a tuple written out."""

    kind: Literal["list", "tuple"]
    items: "tuple[Expression, ...]"


class Call(NamedTuple):
    """One of the functions of the language."""

    function: Function
    arguments: "tuple[Expression, ...]"


class Format(NamedTuple):
    """A text with places: each part is shown as Python's `str` shows it."""

    parts: "tuple[Expression, ...]"


class Target(NamedTuple):
    """A declared object (no shape), an element of a declared array, or all of it (no indices).

    `first` is the number of the first element; elements are numbered row by row.
    """

    name: str
    first: int
    shape: tuple[int, ...]
    indices: "tuple[Expression, ...]"

    @property
    def fixed(self) -> int | None:
        """Give the object's number where it is one object and no index has to be worked out."""
        return None if self.shape else self.first

    @property
    def whole(self) -> bool:
        """Tell whether all elements of an array are meant, not one of them."""
        return bool(self.shape) and not self.indices

    def candidates(self) -> range:
        """Give the numbers of all objects that are meant, or that may turn out to be."""
        size = 1
        for extent in self.shape:
            size *= extent
        return range(self.first, self.first + size)


class Shared(NamedTuple):
    """A shared variable, read at one moment (in claims and invariants only)."""

    target: Target


class Query(NamedTuple):
    """What a primitive says of itself at one moment; in a thread's code it is a step of its own."""

    function: StateFunction
    target: Target


Expression: TypeAlias = (
    Constant
    | Local
    | Negative
    | Not
    | Binary
    | Compare
    | Logic
    | Conditional
    | Item
    | Display
    | Call
    | Format
    | Shared
    | Query
)
