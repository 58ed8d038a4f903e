"""Names of what is shared, with their indices: `fork[(i + 1) % n]`."""

import re
from collections.abc import Callable
from typing import TypeAlias

from deadsim.kernel.expressions.evaluator import span
from deadsim.language.expressions.names import (
    NAME,
    Bound,
    Scope,
    Shared,
    Unknown,
    clean,
    listed,
    nearest,
    noun,
    split_commas,
)
from deadsim.language.reading.scalars import Rejected, Source, short
from deadsim.model.expressions import Constant, Expression, Target
from deadsim.model.place import Place

Parse: TypeAlias = Callable[[Source], Expression]


def reference(
    source: Source, scope: Scope, sections: tuple[str, ...], arrays: bool, parse: Parse
) -> Target:
    """Read the name of something that was declared in one of these sections, with its index.

    `arrays` says that a whole array may be named; `parse` reads an index. Raises Rejected.
    """
    words = listed(noun(Shared(section, 0, (), "")) for section in sections)
    match = re.fullmatch(r"(?s)\s*([^\[\]]*?)\s*(?:\[(.*)\])?\s*", source.text)
    name = clean(match.group(1)) if match else ""
    if match is None or not NAME.fullmatch(name):
        raise Rejected(source.place, f"expected the name of {words}, found '{short(source.text)}'")
    meaning = scope.find(name)
    if isinstance(meaning, Unknown):
        return Target(name, 0, (), ())
    if not isinstance(meaning, (Shared, Bound)) or meaning.section not in sections:
        if meaning is None:
            raise Rejected(source.place, _unknown(source, scope, name, match.group(2), sections))
        raise Rejected(source.place, f"'{name}' is {noun(meaning)}, not {words}")
    target = meaning.target if isinstance(meaning, Bound) else all_of(meaning)
    if match.group(2) is None:
        if target.whole and not arrays:
            raise Rejected(source.place, f"'{name}' is an array; say which one: '{name}[0]'")
        return target
    if not target.whole:
        raise Rejected(source.place, f"'{name}' has no elements")
    indices: list[Expression] = []
    places: list[Place] = []
    literal: list[bool] = []
    for offset, part in split_commas(match.group(2)):
        start = match.start(2) + offset
        piece = source.cut(start, start + len(part))
        indices.append(parse(piece))
        places.append(piece.place)
        literal.append(re.fullmatch(r"\s*-?\s*\d+\s*", part) is not None)
    return element(target, indices, places, literal, source.place)


def element(
    array: Target,
    indices: list[Expression],
    places: list[Place],
    literal: list[bool],
    place: Place,
) -> Target:
    """Give the element of an array with these indices; a literal one out of range is refused."""
    if len(indices) != len(array.shape):
        wanted = "one index" if len(array.shape) == 1 else f"{len(array.shape)} indices"
        raise Rejected(place, f"'{array.name}' takes {wanted}, not {len(indices)}")
    known: list[int] = []
    for extent, index, where, written in zip(array.shape, indices, places, literal, strict=True):
        value = index.value if isinstance(index, Constant) else None
        if isinstance(value, int) and 0 <= value < extent:
            known.append(int(value))
        elif written:
            message = f"index {value} is out of range of '{array.name}', {span(extent)}"
            raise Rejected(where, message)
    if len(known) < len(indices):
        return array._replace(indices=tuple(indices))
    offset = 0
    for extent, position in zip(array.shape, known, strict=True):
        offset = offset * extent + position
    name = f"{array.name}[{', '.join(map(str, known))}]"
    return Target(name, array.first + offset, (), ())


def all_of(meaning: Shared) -> Target:
    """Mean all of what was declared under a name."""
    return Target(meaning.name, meaning.first, meaning.shape, ())


def _unknown(
    source: Source, scope: Scope, name: str, index: str | None, sections: tuple[str, ...]
) -> str:
    """Say that nothing is called so, and what is called nearly so."""
    hint = nearest(name, scope.names(sections))
    kinds = sections
    if hint:
        near = scope.find(hint.split("'")[1])
        kinds = (near.section,) if isinstance(near, (Shared, Bound)) else sections
    return f"unknown {_one(kinds)} '{source.text.strip()}'{_indexed(hint, index)}"


def _one(sections: tuple[str, ...]) -> str:
    words = [noun(Shared(section, 0, (), "")).split(" ", 1)[1] for section in sections]
    return listed(words)


def _indexed(hint: str, index: str | None) -> str:
    """Carry the index that was written over to the name that was probably meant."""
    return hint if not hint or index is None else f"{hint[:-2]}[{index}]'?"
