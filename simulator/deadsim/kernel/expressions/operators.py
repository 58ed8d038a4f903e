"""What the operators and functions of the language compute, within the bounds of `model.values`.

The meaning is Python's; whatever cannot be computed is a misuse.
"""

from collections.abc import Iterable, Sequence
from typing import Any, assert_never

from deadsim.kernel.failure import OutOfBounds, misuse
from deadsim.model.expressions import Arithmetic, Function, Relation
from deadsim.model.values import (
    MAX_INTEGER,
    MAX_ITEMS,
    MAX_NESTING,
    MAX_TEXT,
    ListValue,
    Value,
)

INTEGER_TOO_LARGE = "computes an integer of 2**63 or more in magnitude"
TEXT_TOO_LONG = f"makes a text of more than {MAX_TEXT:,} characters"
LIST_TOO_LONG = f"makes a list of more than {MAX_ITEMS:,} items"


def describe(value: Value) -> str:
    """Name the type of a value as a message does."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int):
        return "an integer"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, ListValue) else "a tuple"


def integer(value: Any) -> int:
    """Check the bound on integers."""
    if -MAX_INTEGER < value < MAX_INTEGER:
        return int(value)
    raise OutOfBounds(INTEGER_TOO_LARGE)


def amount(value: Any, what: str, least: int) -> int:
    """Check an operand that says how many, or how long."""
    if not isinstance(value, int):
        raise misuse(f"uses {describe(value)} as {what}; it wants an integer")
    if value < least:
        raise misuse(f"uses {value} as {what}; it wants {least} or more")
    return int(value)


def text(value: str) -> str:
    """Check the bound on texts."""
    if len(value) > MAX_TEXT:
        raise OutOfBounds(TEXT_TOO_LONG)
    return value


def _measure(items: Iterable[Value]) -> tuple[int, int]:
    """Count the items, those of lists within included, and how deep the lists go."""
    count = depth = 0
    for item in items:
        count += 1
        if isinstance(item, tuple):
            inner, below = _measure(item)
            count += inner
            depth = max(depth, below)
    return count, depth + 1


def sequence(kind: type[tuple[Value, ...]], items: Sequence[Value]) -> tuple[Value, ...]:
    """Make a list or tuple value and check its bounds."""
    if len(items) <= MAX_ITEMS:
        count, depth = _measure(items)
        if count <= MAX_ITEMS:
            if depth <= MAX_NESTING:
                return kind(items)
            raise OutOfBounds(f"makes lists within lists, more than {MAX_NESTING} deep")
    raise OutOfBounds(LIST_TOO_LONG)


def stored(value: Value) -> Value:
    """Give what a write stores: a tuple becomes a list."""
    return ListValue(value) if type(value) is tuple else value


def _mismatch(operator: str, left: Value, right: Value) -> Exception:
    return misuse(f"uses '{operator}' on {describe(left)} and {describe(right)}")


def arithmetic(operator: Arithmetic, left: Value, right: Value) -> Value:
    """Compute `left operator right`."""
    if isinstance(left, int) and isinstance(right, int):
        match operator:
            case "+":
                return integer(left + right)
            case "-":
                return integer(left - right)
            case "*":
                return integer(left * right)
            case "//" | "%":
                if right == 0:
                    raise misuse("divides by zero")
                return left // right if operator == "//" else left % right
            case "**":
                if right < 0:
                    raise misuse("raises to a negative power")
                if abs(left) > 1 and right > 63:
                    raise OutOfBounds(INTEGER_TOO_LARGE)
                return integer(left**right)
            case _:
                assert_never(operator)
    if operator == "+" and type(left) is type(right):
        if isinstance(left, str) and isinstance(right, str):
            return text(left + right)
        if isinstance(left, tuple) and isinstance(right, tuple):
            return sequence(type(left), (*left, *right))
    if operator == "*":
        if isinstance(left, int):
            left, right = right, left
        if isinstance(right, int) and isinstance(left, str):
            if len(left) * right > MAX_TEXT:
                raise OutOfBounds(TEXT_TOO_LONG)
            return left * right
        if isinstance(right, int) and isinstance(left, tuple):
            if len(left) * right > MAX_ITEMS:
                raise OutOfBounds(LIST_TOO_LONG)
            return sequence(type(left), tuple(left) * right)
    raise _mismatch(operator, left, right)


def comparable(left: Value, right: Value) -> bool:
    """Decide whether `<` has an answer."""
    if isinstance(left, int):
        return isinstance(right, int)
    if isinstance(left, tuple) and type(left) is type(right):
        assert isinstance(right, tuple)
        for one, other in zip(left, right, strict=False):
            if one != other:
                return comparable(one, other)
        return True
    return isinstance(left, str) and isinstance(right, str)


def relate(operator: Relation, left: Value, right: Value) -> bool:
    """Decide one comparison."""
    match operator:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "in" | "not in":
            if isinstance(right, str):
                if not isinstance(left, str):
                    raise _mismatch(operator, left, right)
            elif not isinstance(right, tuple):
                raise _mismatch(operator, left, right)
            return (left in right) == (operator == "in")
        case _:
            if not comparable(left, right):
                raise _mismatch(operator, left, right)
            a: Any = left
            if operator == "<":
                return bool(a < right)
            if operator == "<=":
                return bool(a <= right)
            return bool(a > right) if operator == ">" else bool(a >= right)


def item_of(values: Value, index: Value) -> Value:
    """Give `values[index]`, as Python counts, negative ones from the end."""
    if not isinstance(values, (tuple, str)):
        raise misuse(f"takes an item of {describe(values)}")
    if not isinstance(index, int):
        raise misuse(f"uses {describe(index)} as an index")
    if -len(values) <= index < len(values):
        return values[index]
    raise misuse(f"uses index {index} of {describe(values)} that has {len(values)} items")


def _integers(function: str, values: Sequence[Value]) -> list[int]:
    numbers = [value for value in values if isinstance(value, int)]
    if len(numbers) < len(values):
        wrong = next(value for value in values if not isinstance(value, int))
        raise misuse(f"calls '{function}' with {describe(wrong)}")
    return numbers


def _items(function: str, value: Value) -> Sequence[Value]:
    if isinstance(value, (tuple, str)):
        return value
    raise misuse(f"calls '{function}' with {describe(value)}")


def _extreme(function: Function, values: Sequence[Value]) -> Value:
    if not values:
        raise misuse(f"calls '{function}' with nothing in it")
    best = values[0]
    for value in values[1:]:
        if relate("<" if function == "min" else ">", value, best):
            best = value
    return best


def _parse_integer(value: Value) -> int:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        digits = value.strip()
        bare = digits[1:] if digits[:1] in ("+", "-") else digits
        if bare.isascii() and bare.isdigit() and len(bare) < 1000:
            return integer(int(digits))
        raise misuse("calls 'int' with a text that is no integer")
    raise misuse(f"calls 'int' with {describe(value)}")


def call(function: Function, arguments: Sequence[Value]) -> Value:
    """Call one of the functions of the language; how many arguments it takes was checked before."""
    first = arguments[0]
    match function:
        case "len":
            return len(_items(function, first))
        case "min" | "max":
            return _extreme(function, arguments if len(arguments) > 1 else _items(function, first))
        case "abs":
            return abs(_integers(function, arguments)[0])
        case "sum":
            return integer(sum(_integers(function, _items(function, first))))
        case "any":
            return any(_items(function, first))
        case "all":
            return all(_items(function, first))
        case "range":
            bounds = _integers(function, arguments)
            if len(bounds) == 3 and bounds[2] == 0:
                raise misuse("calls 'range' with a step of zero")
            numbers = range(*bounds)
            if len(range(*bounds)[: MAX_ITEMS + 1]) > MAX_ITEMS:
                raise OutOfBounds(LIST_TOO_LONG)
            return ListValue(numbers)
        case "int":
            return _parse_integer(first)
        case "bool":
            return bool(first)
        case _:
            assert_never(function)
