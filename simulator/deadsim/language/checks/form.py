"""Check a step against the table of verbs: its keys, and what shape their values have."""

from collections.abc import Mapping as Bodies
from typing import NamedTuple

from deadsim.language.checks.hints import as_branch, as_step, as_verb
from deadsim.language.expressions.names import NAME, RESERVED, Problems, clean, listed, nearest
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence
from deadsim.language.reading.scalars import core_value
from deadsim.language.tables.verbs import VERBS, Option, Verb
from deadsim.model.place import Place
from deadsim.model.values import MAX_ITEMS


class Statement(NamedTuple):
    """A step whose keys are right: its verb, the value beside it, and its options."""

    verb: Verb
    place: Place
    value: Node
    options: dict[str, Node]


BARE = (*(name for name, verb in VERBS.items() if verb.shape == "nothing"), "raise")
"""What may stand as a bare word."""


def is_null(node: Node) -> bool:
    """Decide whether there is nothing behind a key."""
    return isinstance(node, Scalar) and core_value(node) is None


def statement(node: Node, problems: Problems) -> Statement | None:
    """Read one step; None where it cannot be told what it is."""
    if isinstance(node, Scalar):
        verb = VERBS.get(node.value)
        if verb is None or verb.name not in BARE:
            hint = f"; '{node.value}:' wants a value" if verb else nearest(node.value, BARE)
            hint = as_step(node.value) or hint
            problems.add(node.place, f"a step is a verb with a value, not '{node.value}'{hint}")
            return None
        return Statement(verb, node.place, Scalar("", True, node.place, None), {})
    if isinstance(node, Sequence):
        problems.add(node.place, "a step is a map that begins with its verb, not a list")
        return None
    verbs = [(key, value) for key, value in node.pairs if key.value in VERBS]
    if len(verbs) != 1:
        if verbs:
            names = listed([key.value for key, _ in verbs], "and")
            problems.add(verbs[1][0].place, f"a step has one verb, not {names}")
        else:
            _no_verb(node, problems)
        return None
    key, value = verbs[0]
    verb = VERBS[key.value]
    options: dict[str, Node] = {}
    known = {option.name: option for option in verb.options}
    for name, given in node.pairs:
        if name.value in known:
            options[name.value] = given
        elif name is not key:
            takes = listed(known, "and") if known else "no options"
            hint = as_branch(verb.name, name.value) or nearest(name.value, known)
            hint = hint or f"; it takes {takes}"
            problems.add(name.place, f"'{verb.name}' has no option '{name.value}'{hint}")
    for option in verb.options:
        if option.required and option.name not in options:
            problems.add(key.place, f"'{verb.name}' wants '{option.name}': {option.about}")
    if verb.shape == "nothing" and not is_null(value):
        problems.add(value.place, f"'{verb.name}' takes no value")
    return Statement(verb, key.place, value, options)


def _no_verb(node: Mapping, problems: Problems) -> None:
    if not node.pairs:
        problems.add(node.place, "a step is a map that begins with its verb; this one is empty")
        return
    key = node.pairs[0][0]
    problems.add(key.place, f"unknown verb '{key.value}'{as_verb(key.value)}")


def steps(node: Node, problems: Problems, what: str) -> tuple[Node, ...]:
    """Read a list of steps; nothing behind the key is an empty list."""
    if is_null(node):
        return ()
    if not isinstance(node, Sequence):
        problems.add(node.place, f"{what} is a list of steps, each behind a '- '{body_hint(node)}")
        return ()
    return node.items


def body_hint(node: Node) -> str:
    """Say how a body is written that is one step, or looks like one."""
    if not isinstance(node, Scalar):
        return ""
    verb = VERBS.get(node.value)
    if verb is not None and verb.name in BARE:
        return f"; write '- {verb.name}'"
    return as_step(node.value).replace("; write '", "; write '- ", 1)


def local_name(node: Node, problems: Problems) -> str | None:
    """Read the name of a local; what it may not be is checked where names are bound."""
    if not isinstance(node, Scalar) or not NAME.fullmatch(clean(node.value)):
        problems.add(node.place, "expected the name of a local")
        return None
    name = clean(node.value)
    if "-" in name:
        problems.add(node.place, f"a local cannot be called '{name}': '-' is minus in expressions")
        return None
    if name in RESERVED:
        problems.add(node.place, f"'{name}' is a word of the expression language")
        return None
    return name


def word(node: Node, option: Option, problems: Problems) -> str:
    """Read one of the words that an option takes."""
    if isinstance(node, Scalar) and node.value in option.words:
        return node.value
    given = node.value if isinstance(node, Scalar) else ""
    hint = nearest(given, option.words) if given else ""
    problems.add(node.place, f"'{option.name}' is {listed(option.words)}{unlike(node)}{hint}")
    return option.words[0]


def items(node: Node, problems: Problems, what: str) -> tuple[Node, ...]:
    """Read a list of values."""
    if not isinstance(node, Sequence):
        problems.add(node.place, f"{what} wants a list, in [ ] or behind '- '")
        return ()
    if len(node.items) > MAX_ITEMS:
        problems.add(node.place, f"a list may have {MAX_ITEMS:,} items")
        return ()
    return node.items


def called(node: Node) -> set[str]:
    """Find the names of the procedures that are called in a body."""
    if isinstance(node, Sequence):
        return set[str]().union(*(called(item) for item in node.items))
    if not isinstance(node, Mapping):
        return set()
    found: set[str] = set()
    for key, value in node.pairs:
        if key.value == "call" and isinstance(value, Scalar):
            found.add(clean(value.value))
        else:
            found |= called(value)
    return found


def may_come_to_itself(name: str, bodies: Bodies[str, Node]) -> bool:
    """Decide whether a procedure may call itself, directly or through others."""
    seen: set[str] = set()
    front = [name]
    while front:
        body = bodies.get(front.pop())
        for other in set() if body is None else called(body) - seen:
            seen.add(other)
            front.append(other)
    return name in seen


BODIES = ("do", "then", "else", "atomic", "forever", "try", "finally", "select", "default")
"""The keys behind which steps stand."""


def collect_locals(body: Node) -> dict[str, Scalar]:
    """Find the locals that come to be in a body, and where each does first."""
    found: dict[str, Scalar] = {}

    def visit(node: Node) -> None:
        if isinstance(node, Sequence):
            for item in node.items:
                visit(item)
        elif isinstance(node, Mapping):
            for key, value in node.pairs:
                if key.value in ("into", "ok", "index"):
                    if isinstance(value, Scalar):
                        found.setdefault(clean(value.value), value)
                elif key.value == "let":
                    for name, _ in value.pairs if isinstance(value, Mapping) else ():
                        found.setdefault(clean(name.value), name)
                elif key.value in BODIES:
                    visit(value)
                elif key.value == "except" and isinstance(value, Mapping):
                    for _, steps in value.pairs:
                        visit(steps)

    visit(body)
    return found


def unlike(node: Node) -> str:
    """Say what was read in the place of something else: the end of a message."""
    match node:
        case Scalar():
            return ", not nothing" if is_null(node) else f", not '{node.value[:MOST_QUOTED]}'"
        case Sequence():
            return ", not a list"
        case Mapping():
            return ", not a map"


MOST_QUOTED = 60
"""Characters of a wrong value that a message quotes."""
