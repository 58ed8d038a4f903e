"""Scalars of the file: what YAML 1.2 says that they are, and stretches of them with their places."""

import re
from typing import NamedTuple

from deadsim.language.reading.document import Scalar
from deadsim.model.place import Place
from deadsim.model.values import UNSET, Unset, Value

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)


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
        return Place(self.place.line, self.first + start, max(1, end - start), self.place.file)

    def cut(self, start: int, end: int) -> "Source":
        """Give a part of it as a source of its own."""
        first = None if self.first is None else self.first + start
        return Source(self.text[start:end], self.part(start, end), first)


class Rejected(Exception):
    """Something is wrong with an expression or a name; it becomes a problem of the file."""

    def __init__(self, place: Place, message: str) -> None:
        self.place = place
        self.message = message


def short(text: str) -> str:
    """Give a text as a message quotes it."""
    bare = " ".join(text.split())
    return bare if len(bare) <= 60 else bare[:57] + "..."
