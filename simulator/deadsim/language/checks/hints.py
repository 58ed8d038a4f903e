"""What was meant where something was written as other languages write it: the ends of messages, empty where nobody knows."""

from __future__ import annotations

import re

from deadsim.language.expressions.names import clean, nearest
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence
from deadsim.language.tables.sections import SECTIONS
from deadsim.language.tables.verbs import VERBS

_NAME = r"[^\W\d][\w-]*(?:\[[^\[\]]*\])?"
_ADDED = re.compile(rf"({_NAME})\s*(?:(\+\+|--)|([+-])=\s*(.+))")
_WRITTEN = re.compile(rf"({_NAME})\s*=(?!=)\s*(.+)")
_METHOD = re.compile(rf"({_NAME})\.(\w+)(?:\((.*)\))?")
_CALL = re.compile(r"(\w+)\s*\((.*)\)")
_WORDS = re.compile(r"(\w+)\s+(.+)")
_SECONDS = re.compile(r"(\d*\.?\d+)\s*(ms|s|sec|seconds?)?")

OTHERS = {
    "lock": "acquire",
    "take": "acquire",
    "down": "acquire",
    "unlock": "release",
    "give": "release",
    "up": "release",
    "signal_all": "notify_all",
    "broadcast": "notify_all",
    "push": "put",
    "enqueue": "put",
    "pop": "get",
    "dequeue": "get",
    "increment": "add",
    "inc": "add",
}
"""Verbs as others call them."""


def as_verb(word: str) -> str:
    """Say which verb was meant."""
    other = OTHERS.get(word)
    if word in ("except", "finally"):
        return "; it belongs to a 'try', beside it"
    if word == "default":
        return "; it is a branch of a 'select'"
    if word == "anywhere":
        return "; it belongs to a thread in the long form, beside its 'do'"
    return f"; did you mean '{other}'?" if other else nearest(word, VERBS)


def as_branch(verb: str, option: str) -> str:
    """Say that something is no option of a `select`, but one of its branches."""
    if verb != "select" or option not in ("timeout", "default"):
        return ""
    return f"; it is a branch, in the list: '- {option}: {'5' if option == 'timeout' else '[...]'}'"


def as_step(text: str) -> str:
    """Say how a step is written that stands as one text, such as 'acquire A' or 'x += 1'."""
    written = _step(clean(text).strip().rstrip(";"))
    return f"; write '{written}'" if written else ""


def _step(text: str) -> str | None:
    if found := _ADDED.fullmatch(text):
        name, twice, sign, value = found.groups()
        minus = "--" in (twice,) or sign == "-"
        if not minus and value in (None, "1"):
            return f"add: {name}"
        value = value or "1"
        return step(
            "add", name, (f"-{value}" if value.isdigit() else f"-({value})") if minus else value
        )
    if found := _WRITTEN.fullmatch(text):
        return step("write", found[1], found[2])
    if found := _METHOD.fullmatch(text):
        return step(found[2], found[1], found[3] or None)
    if found := _CALL.fullmatch(text) or _WORDS.fullmatch(text):
        two = [part.strip() for part in found[2].split(",", 1)]
        return step(found[1], *two) or step(found[1], found[2])
    return None


def step(word: str, about: str, value: str | None = None) -> str | None:
    """Write a step of a verb, what it is about and a value; None where that is no step."""
    verb = VERBS.get(OTHERS.get(word, word))
    if verb is None or verb.shape in ("nothing", "steps") or not about:
        return None
    if verb.shape == "values":
        return f"{verb.name}: [{about}]" if value is None else None
    if verb.shape == "assignments":
        given = _WRITTEN.fullmatch(about)
        return f"{verb.name}: {{{given[1]}: {quoted(given[2], True)}}}" if given else None
    missing = [option.name for option in verb.options if option.required]
    if any(option.name == "text" for option in verb.options):
        missing.append("value")
    takes = [option.name for option in verb.options if option.name in ("value", "timeout")]
    if value is not None and not takes:
        return None
    rest = dict.fromkeys(missing, "...")
    if value is not None:
        rest[takes[0]] = value
    parts = [f"{verb.name}: {quoted(about, bool(rest))}"]
    parts += [
        f"{name}: {part if part == '...' else quoted(part, True)}" for name, part in rest.items()
    ]
    return f"{{{', '.join(parts)}}}" if rest else parts[0]


def quoted(text: str, inside: bool) -> str:
    """Write a text so that YAML takes it as one, `inside` braces or not."""
    if re.search(r"""^[\s\[{"'&*!|>%@`#-]|: |:$| #""" + (r"|[\[\]{},]" if inside else ""), text):
        if re.fullmatch(r"-\d+", text):
            return text
        return f'"{text}"' if '"' not in text and "\\" not in text else text
    return text


def as_seconds(key: str, node: Node) -> str | None:
    """Say what is written for a time that is no whole number of seconds; None where it is no such time."""
    found = _SECONDS.fullmatch(node.value.strip()) if isinstance(node, Scalar) else None
    if found is None or (found[1].isdigit() and not found[2]):
        return None
    seconds = float(found[1]) / (1000 if found[2] == "ms" else 1)
    return f"virtual seconds are whole numbers: write '{key}: {max(1, round(seconds))}'"


def as_map(what: str, node: Node) -> str:
    """Say how a section is written, by the names that stand in it."""
    key = what.strip("'")
    if isinstance(node, Scalar):
        names = [clean(name.strip()) for name in node.value.split(",")]
    elif isinstance(node, Sequence):
        names = [item.value for item in node.items if isinstance(item, Scalar)]
        names += [
            first.value
            for item in node.items
            if isinstance(item, Mapping)
            for first, _ in item.pairs
        ]
    else:
        return ""
    if not names or not all(re.fullmatch(_NAME, name) for name in names):
        return ""
    names = [f'"{name}"' if "[" in name else name for name in names]
    if key in ("threads", "procedures"):
        return f"; write '{key}: {{{', '.join(f'{name}: [...]' for name in names)}}}'"
    if key in ("params", "variables"):
        return f"; write '{key}: {{{', '.join(f'{name}: 0' for name in names)}}}'"
    section = SECTIONS.get(key)
    if section is None:
        return ""
    wanted = [option for option in section.options if option.required]
    if not wanted:
        return f"; write '{key}: [{', '.join(names)}]'"
    one = "1" if section.short else f"{{{wanted[0].name}: 1}}"
    return f"; write '{key}: {{{', '.join(f'{name}: {one}' for name in names)}}}'"
