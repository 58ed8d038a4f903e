"""Names: how they are written, what they mean, and what was probably meant instead."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias
from unicodedata import normalize

from deadsim.errors import Problem
from deadsim.model.expressions import Target
from deadsim.model.place import Place
from deadsim.model.primitives import PRIMITIVES
from deadsim.model.values import Value

NAME = re.compile(r"[^\W\d][\w-]*")
FUNCTIONS = ("len", "min", "max", "abs", "sum", "any", "all", "range", "int", "bool")
STATE_FUNCTIONS = (
    "locked", "holder", "qsize", "empty", "full", "value", "is_set", "finished", "waiting", "broken",
)  # fmt: skip
KEYWORDS = frozenset(
    [
        "False",
        "None",
        "True",
        "and",
        "as",
        "assert",
        "async",
        "await",
        "break",
        "class",
        "continue",
        "def",
        "del",
        "elif",
        "else",
        "except",
        "finally",
        "for",
        "from",
        "global",
        "if",
        "import",
        "in",
        "is",
        "lambda",
        "nonlocal",
        "not",
        "or",
        "pass",
        "raise",
        "return",
        "try",
        "while",
        "with",
        "yield",
        "true",
        "false",
        "null",
    ]
)
RESERVED = KEYWORDS.union(FUNCTIONS, STATE_FUNCTIONS)


class Problems:
    """Collects what is wrong with a file, so that all of it is reported at once."""

    def __init__(self) -> None:
        self.found: dict[Problem, None] = {}

    def add(self, place: Place, message: str) -> None:
        """Note a problem; the same one at the same place counts once."""
        self.found[Problem(place, message)] = None


def nearest(wrong: str, known: Iterable[str]) -> str:
    """Say which known name is near, as the end of a message; empty where none is."""
    import difflib  # only where something is wrong

    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(wrong.casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean '{folded[near[0]]}'?" if near else ""


def listed(words: Iterable[str], last: str = "or") -> str:
    """Write words as a sentence lists them."""
    known = [str(word) for word in words]
    if len(known) < 2:
        return "".join(known)
    return f"{', '.join(known[:-1])} {last} {known[-1]}"


# What a name can mean.


class Parameter(NamedTuple):
    """A value that is known when the file is read: a param, or the index of a thread."""

    value: Value
    what: str = "param"


class Shared(NamedTuple):
    """An object or thread, or an array of them; `section` is where it was declared."""

    section: str
    first: int
    shape: tuple[int, ...]
    name: str


class Slot(NamedTuple):
    """A local."""

    number: int


class Bound(NamedTuple):
    """An argument of a procedure that stands for an object."""

    section: str
    target: Target


class Unknown(NamedTuple):
    """An argument of a procedure that nobody calls, or what is declared wrongly: anything."""


class Procedure(NamedTuple):
    """A procedure; its text is kept by whoever looked it up."""

    name: str


Meaning: TypeAlias = Parameter | Shared | Slot | Bound | Unknown | Procedure

NOUNS = {
    **{row.section: row.noun for row in PRIMITIVES},
    "threads": "thread",
    "processes": "process",
}


def noun(meaning: Meaning) -> str:
    """Say what a name means, as in 'a lock'."""
    if isinstance(meaning, (Shared, Bound)):
        word = NOUNS[meaning.section]
    elif isinstance(meaning, Parameter):
        word = meaning.what
    elif isinstance(meaning, Procedure):
        word = "procedure"
    elif isinstance(meaning, Unknown):
        return "declared"
    else:
        word = "local"
    return f"an {word}" if word[0] in "aei" else f"a {word}"


class Scope:
    """What names mean at one place: the file's own, and those of the thread or procedure."""

    def __init__(
        self, shared: Mapping[str, Meaning], own: dict[str, Meaning] | None = None
    ) -> None:
        self.shared = shared
        self.own = {} if own is None else own

    def find(self, name: str) -> Meaning | None:
        """Give what a name means here."""
        return self.own[name] if name in self.own else self.shared.get(name)

    def names(self, sections: Iterable[str] | None = None) -> list[str]:
        """List the names that are known here, of some sections alone if asked."""
        every = {**self.shared, **self.own}
        if sections is None:
            return list(every)
        wanted = set(sections)
        return [
            n for n, m in every.items() if isinstance(m, (Shared, Bound)) and m.section in wanted
        ]


class Declared(NamedTuple):
    """A name as it is declared: `fork[n]`, `cell[i < rows, j < cols]`."""

    name: str
    indices: tuple[str | None, ...]
    extents: tuple[str, ...]
    offsets: tuple[int, ...]  # where each extent begins in the text


_INDEXED = re.compile(r"(?s)\s*([^\[\]]*?)\s*(?:\[(.*)\])?\s*")
_BINDING = re.compile(r"(?s)(\s*)(?:([^\W\d]\w*)\s*<(?!=)\s*)?(.*)")


def clean(name: str) -> str:
    """Write a name as names are compared: after NFKC."""
    return normalize("NFKC", name)


def split_commas(text: str) -> list[tuple[int, str]]:
    """Cut a text at its commas outside brackets and quotes: (offset, part) each."""
    parts: list[tuple[int, str]] = []
    depth = start = 0
    quote = ""
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append((start, text[start:position]))
            start = position + 1
    parts.append((start, text[start:]))
    return parts


def declared(text: str) -> Declared | None:
    """Take a declared name apart; None where it is not written as a name is."""
    match = _INDEXED.fullmatch(text)
    if match is None or not NAME.fullmatch(clean(match.group(1))):
        return None
    name = clean(match.group(1))
    if match.group(2) is None:
        return Declared(name, (), (), ())
    indices: list[str | None] = []
    extents: list[str] = []
    offsets: list[int] = []
    for offset, part in split_commas(match.group(2)):
        binding = _BINDING.fullmatch(part)
        assert binding is not None
        index = binding.group(2)
        indices.append(None if index is None else clean(index))
        extents.append(binding.group(3).rstrip())
        offsets.append(match.start(2) + offset + binding.start(3))
    return Declared(name, tuple(indices), tuple(extents), tuple(offsets))


def elements(name: str, shape: tuple[int, ...]) -> list[str]:
    """List the names of an array's elements, row by row; of a single object its own."""
    if not shape:
        return [name]
    indices = [""]
    for position, extent in enumerate(shape):
        glue = ", " if position else ""
        indices = [f"{before}{glue}{index}" for before in indices for index in range(extent)]
    return [f"{name}[{index}]" for index in indices]
