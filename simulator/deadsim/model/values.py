"""The values that locals and shared variables hold, and the bounds that they obey."""

from enum import Enum
from typing import TypeAlias

MAX_INTEGER = 2**63  # integers stay below this in magnitude
MAX_TEXT = 10_000  # characters of a text
MAX_ITEMS = 10_000  # items of a list, those of the lists in it included
MAX_NESTING = 32  # lists within lists


class ListValue(tuple["Value", ...]):
    """A list as a value: immutable, so that states can share it; it prints and compares as a list."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "[" + ", ".join(map(repr, self)) + "]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ListValue) and tuple.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = tuple.__hash__


class Unset(Enum):
    """What a local holds before it has a value."""

    UNSET = "unset"

    __hash__ = object.__hash__  # it is in the slots of many states, and Enum's own is slow


UNSET = Unset.UNSET

Value: TypeAlias = int | str | tuple["Value", ...] | None
Slot: TypeAlias = Value | Unset


def plain(value: Value) -> object:
    """Turn a value into what JSON knows: lists and tuples into Python lists."""
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def as_given(value: Value) -> str:
    """Write the value of a param as it is given from outside."""
    return str(value).lower() if isinstance(value, bool) else str(value)
