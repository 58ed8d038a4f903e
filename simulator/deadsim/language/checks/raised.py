"""Which classes of failures a file can raise: what its `raise`s name, and what deadsim raises by itself."""

import re
from collections.abc import Iterator

from deadsim.language.checks.form import is_null
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence
from deadsim.model.failures import VICTIM, FailureClass

_CLASS = re.compile(r"\s*([^\s:{}]+)\s*(?::.*)?", re.DOTALL)

BY_ITSELF: dict[FailureClass, str | None] = {
    "Misuse": None,
    "RecursionError": "procedures",
    "BrokenPipe": "pipes",
    "ShutDown": "queues",
    "BrokenBarrier": "barriers",
    "Victim": "rwlocks",
    "Interrupted": "processes",
}
"""What deadsim raises where a file has such a section; None: anywhere."""


def raised_class(text: str) -> str | None:
    """Give the class that the text of a `raise` names: the word before a colon, or the only one."""
    found = _CLASS.fullmatch(text)
    return None if found is None else found[1]


def raised_classes(top: dict[str, Node]) -> tuple[str, ...]:
    """List the classes that can be raised in a file with these parts."""
    own = [name for name, section in BY_ITSELF.items() if section is None or section in top]
    if not _has_victims(top.get("rwlocks")):
        own = [name for name in own if name != VICTIM]
    return tuple(dict.fromkeys((*named_classes(top), *own)))


def _has_victims(node: Node | None) -> bool:
    """Decide whether a circle of waits is broken in a section of rwlocks."""
    if not isinstance(node, Mapping):
        return False
    return any(
        key.value == "deadlocks" and isinstance(value, Scalar) and value.value == "victim"
        for _, entry in node.pairs
        for key, value in (entry.pairs if isinstance(entry, Mapping) else ())
    )


def named_classes(top: dict[str, Node]) -> tuple[str, ...]:
    """List the classes that are named by a `raise`."""
    bodies = ("threads", "processes", "procedures")
    return tuple(dict.fromkeys(name for key in bodies for name in _named(top.get(key))))


def _named(node: Node | None) -> Iterator[str]:
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _named(item)
    elif isinstance(node, Mapping):
        for key, value in node.pairs:
            if key.value == "raise" and isinstance(value, Scalar) and not is_null(value):
                name = raised_class(value.value)
                if name is not None:
                    yield name
            else:
                yield from _named(value)
