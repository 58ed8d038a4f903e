"""Lock modes: which table an rwlock has, and which mode of it a step names."""

from collections.abc import Iterable
from typing import NamedTuple

from deadsim.language.checks.form import is_null, unlike
from deadsim.language.expressions.names import Problems, listed, nearest
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence
from deadsim.model.lock_modes import IN_A_QUEUE, PRESETS, Conflicts, canonical, lopsided
from deadsim.model.place import Place

OF_MODES = {"queue": "prefer: queue", "victim": "deadlocks: victim"}
"""What only an rwlock with modes may ask for."""

HOW = "write a preset's name, or a map as 'modes: {read: [write], write: [read, write]}'"


class Kind(NamedTuple):
    """What the options of an rwlock come to; `modes` is None for readers and a writer."""

    modes: Conflicts | None
    prefer: str
    victims: bool


def kind(given: dict[str, Node], problems: Problems) -> Kind | None:
    """Read the options of an rwlock, whose words are right; None where something is wrong."""
    node = given.get("modes")
    prefer = word(given.get("prefer"))
    victims = word(given.get("deadlocks")) == "victim"
    if node is None or is_null(node):
        for option in ("prefer", "deadlocks"):
            asked = OF_MODES.get(word(given.get(option)) or "")
            if asked is not None:
                message = f"'{asked}' is for an rwlock with 'modes': {HOW}"
                problems.add(given[option].place, message)
                return None
        return Kind(None, prefer or "none", False)
    if prefer == "writers":
        message = (
            "'prefer: writers' is for readers and a writer; with 'modes' it is 'queue' or 'none'"
        )
        problems.add(given["prefer"].place, message)
        return None
    table = read_table(node, problems)
    if table is None:
        return None
    if prefer is None:
        queues = isinstance(node, Scalar) and node.value in IN_A_QUEUE
        prefer = "queue" if queues else "none"
    return Kind(table, prefer, victims)


def word(node: Node | None) -> str | None:
    """Give the word of an option; None where it is not there."""
    return node.value if isinstance(node, Scalar) and not is_null(node) else None


def read_table(node: Node, problems: Problems) -> Conflicts | None:
    """Read `modes`: the name of a preset, or each mode with those that it conflicts with."""
    if isinstance(node, Scalar):
        found = PRESETS.get(node.value)
        if found is None:
            hint = nearest(node.value, PRESETS) or f"; there are {listed(PRESETS, 'and')}"
            problems.add(node.place, f"there is no preset '{node.value}'{hint}")
        return found
    if not isinstance(node, Mapping):
        problems.add(node.place, f"'modes' is a preset or a map{unlike(node)}; {HOW}")
        return None
    if not node.pairs:
        problems.add(node.place, f"'modes' has no mode; {HOW}")
        return None
    names = [key.value for key, _ in node.pairs]
    for key, _ in node.pairs:
        if not key.value.strip():
            problems.add(key.place, f"a mode has a name; {HOW}")
            return None
    rows: list[tuple[str, tuple[str, ...]]] = []
    before = len(problems.found)
    for key, value in node.pairs:
        others: dict[str, None] = {}
        if not isinstance(value, Sequence):
            if not is_null(value):
                message = f"the modes that '{key.value}' conflicts with are a list{unlike(value)}"
                problems.add(value.place, message)
            rows.append((key.value, ()))
            continue
        for item in value.items:
            if not isinstance(item, Scalar):
                problems.add(item.place, f"expected the name of a mode{unlike(item)}")
            elif item.value not in names:
                hint = nearest(item.value, names) or f"; the modes are {listed(names, 'and')}"
                problems.add(item.place, f"there is no mode '{item.value}'{hint}")
            else:
                others[item.value] = None
        rows.append((key.value, tuple(others)))
    if len(problems.found) > before:
        return None
    table = tuple(rows)
    one_sided = lopsided(table)
    if one_sided is not None:
        mode, other = one_sided
        place = next(key.place for key, _ in node.pairs if key.value == other)
        wanted = ", ".join((*dict(table)[other], mode))
        message = (
            f"'{mode}' conflicts with '{other}', and '{other}' does not conflict with '{mode}': "
            f"a conflict goes both ways; write '{other}: [{wanted}]'"
        )
        problems.add(place, message)
        return None
    return table


def named_mode(node: Node, table: Conflicts, problems: Problems) -> str | None:
    """Read which mode of a table is meant; in a preset upper and lower case are the same."""
    modes = [mode for mode, _ in table]
    if isinstance(node, Scalar):
        if node.value in modes:
            return node.value
        if table in PRESETS.values() and canonical(node.value) in modes:
            return canonical(node.value)
    given = node.value if isinstance(node, Scalar) else ""
    hint = nearest(given, modes) if given else ""
    problems.add(node.place, f"'mode' is {listed(modes)}{unlike(node)}{hint}")
    return None


def wants_mode(name: str, table: Conflicts, place: Place, problems: Problems) -> None:
    """Say that a step has to name a mode."""
    problems.add(place, f"'{name}' has modes: say which, 'mode: {listed(first(table))}'")


def first(table: Conflicts) -> Iterable[str]:
    """List the modes of a table."""
    return [mode for mode, _ in table]
