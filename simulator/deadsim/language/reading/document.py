"""Read YAML into nodes that know their places.

Built on PyYAML's stream of events (with its C parser where there is one), not on its composed
nodes: so depth and size are bounded before anything recurses, and tags and aliases are seen.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import yaml

from deadsim.errors import Problem, ScenarioError
from deadsim.model.place import Place

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MAX_NODES = 100_000  # aliases counted as the copies that they are

# Control characters, and the ends of lines that YAML 1.1 knows and editors do not.
_FORBIDDEN = frozenset(
    chr(code)
    for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xFFFE, 0xFFFF)
    if chr(code) not in "\t\n"
)

TOO_DEEP = f"lists and maps are nested more than {MAX_DEPTH} deep"

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Scalar(NamedTuple):
    """A text of the file; `plain` is false where it was quoted or a block.

    `first` is the column of its first character, None where characters and columns do not agree.
    """

    value: str
    plain: bool
    place: Place
    first: int | None


class Sequence(NamedTuple):
    """A list."""

    items: "tuple[Node, ...]"
    place: Place


class Mapping(NamedTuple):
    """A map, in the order of the file; no two keys are alike."""

    pairs: "tuple[tuple[Scalar, Node], ...]"
    place: Place


Node: TypeAlias = Scalar | Sequence | Mapping


def decode(data: bytes, file: str) -> str:
    """Turn the bytes of a file into text; raises ScenarioError with the place of what is wrong."""

    def fail(line: int, column: int, message: str) -> ScenarioError:
        return ScenarioError(
            file, (Problem(Place(line, column, 1, file), message),), data.decode("utf-8", "replace")
        )

    if len(data) > MAX_BYTES:
        raise ScenarioError(
            file, (Problem(Place(1, 1, 1, file), f"the file is larger than {MAX_BYTES >> 20} MiB"),)
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        raise fail(
            line, column, f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        ) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    wrong = _FORBIDDEN.intersection(text)
    if wrong:
        at = min(text.index(character) for character in wrong)
        line = text.count("\n", 0, at) + 1
        raise fail(
            line,
            at - text.rfind("\n", 0, at),
            f"the character U+{ord(text[at]):04X} may not stand in a scenario as it is; "
            "in a text in double quotes it can be written as an escape",
        )
    return text


class _Open:
    """A list or map whose end has not been read yet."""

    __slots__ = ("anchor", "children", "height", "is_map", "place")

    def __init__(self, is_map: bool, place: Place, anchor: str | None) -> None:
        self.is_map = is_map
        self.place = place
        self.anchor = anchor
        self.height = 1
        self.children: list[Node] = []


class _Anchored(NamedTuple):
    """What an alias stands for: while it is open no node yet, and the count before it as size."""

    node: Node | None
    size: int
    height: int


def parse(text: str, file: str) -> Node | None:
    """Read one YAML document; None where there is nothing in it."""
    return _Reader(text, file).read()


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.source_lines = text.split("\n")
        self.problems: list[Problem] = []
        self.anchors: dict[str, _Anchored] = {}
        self.nodes = 0
        self.root: Node | None = None

    def fail(self, place: Place, message: str) -> ScenarioError:
        return ScenarioError(self.file, (*self.problems, Problem(place, message)), self.text)

    def read(self) -> Node | None:
        stack: list[_Open] = []
        documents = 0
        for event in self.events():
            place = self.place(event)
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.fail(place, "a second document begins here; a scenario is one")
            elif isinstance(event, yaml.AliasEvent):
                anchored = self.copy(str(event.anchor), place)
                if len(stack) + anchored.height > MAX_DEPTH:
                    raise self.fail(place, TOO_DEEP)
                assert anchored.node is not None
                self.add(stack, anchored.node, None, anchored.height)
            elif isinstance(event, yaml.ScalarEvent):
                self.check(event, place)
                self.add(stack, self.scalar(event, place), event.anchor, 0)
            elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
                self.check(event, place)
                if len(stack) >= MAX_DEPTH:
                    raise self.fail(place, TOO_DEEP)
                stack.append(_Open(isinstance(event, yaml.MappingStartEvent), place, event.anchor))
                if event.anchor:
                    self.anchors[event.anchor] = _Anchored(None, self.nodes, 0)
            elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
                closed = stack.pop()
                node: Node
                if closed.is_map:
                    node = self.mapping(closed)
                else:
                    node = Sequence(tuple(closed.children), closed.place)
                self.add(stack, node, closed.anchor, closed.height)
        if self.problems:
            raise ScenarioError(self.file, tuple(self.problems), self.text)
        return self.root

    def events(self) -> Iterator[Any]:
        try:
            yield from yaml.parse(self.text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            raise self.fail(*self.explain(error)) from None
        except yaml.YAMLError:
            raise self.fail(Place(1, 1, 1, self.file), "this is not YAML") from None

    def explain(self, error: yaml.MarkedYAMLError) -> tuple[Place, str]:
        """Say what is wrong with the YAML, in words that do not depend on which parser found it."""
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        while line > 0 and (line >= len(self.source_lines) or not self.source_lines[line].strip()):
            line -= 1
            column = len(self.source_lines[line]) if line < len(self.source_lines) else 0
        source = self.source_lines[line] if line < len(self.source_lines) else ""
        place = Place(line + 1, min(column, len(source)) + 1, 1, self.file)
        what = error.problem or ""
        if "\t" in source[: column + 1] and not source[: column + 1].strip():
            return place, "a tab cannot indent; YAML wants spaces"
        if "mapping values are not allowed" in what:
            return place, "a ':' cannot stand here; a text with ': ' in it wants quotes"
        if "undefined alias" in what:
            return place, "this alias has no anchor before it"
        if "unknown escape" in what:
            return place, "no such escape in double quotes; single quotes take a \\ as it is"
        if "found unexpected end of stream" in what or "document" in what:
            return place, "a quoted text begins in this line or before it and does not end"
        if error.context and "flow" in error.context:
            hint = ""
            if re.search(r"[^\s:,\[{-]\s*\[", source):
                hint = '; inside [ ] and { } an indexed name wants quotes, ["fork[i]", B], and so '
                hint += "does every text with brackets"
            return place, f"a list [ ] or map {{ }} is not closed, or lacks a comma{hint}"
        if "cannot start any token" in what:
            return place, "a text that begins with this character wants quotes"
        if "block" in (error.context or ""):
            return place, "this line does not fit what is above it; check how far it is indented"
        return place, "the YAML is broken here; check the indentation, colons and quotes near it"

    def place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        length = end.column - start.column if end.line == start.line else 1
        return Place(start.line + 1, start.column + 1, max(1, length), self.file)

    def check(self, event: Any, place: Place) -> None:
        if event.tag is not None:
            self.problems.append(Problem(place, f"tags are not taken: '{event.tag}'"))
        self.count(1, place)

    def count(self, nodes: int, place: Place) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise self.fail(place, f"the file has more than {MAX_NODES:,} values (aliases copied)")

    def copy(self, anchor: str, place: Place) -> _Anchored:
        anchored = self.anchors.get(anchor)
        if anchored is None:
            raise self.fail(place, f"the alias '*{anchor}' has no anchor before it")
        if anchored.node is None:
            raise self.fail(place, f"the alias '*{anchor}' stands inside what it names")
        self.count(anchored.size, place)
        return anchored

    def scalar(self, event: Any, place: Place) -> Scalar:
        plain = bool(event.implicit[0])
        first: int | None = None
        if event.start_mark.line == event.end_mark.line < len(self.source_lines):
            source = self.source_lines[place.line - 1]
            anchor = (
                re.compile(r"&\S+\s+").match(source, place.column - 1) if event.anchor else None
            )
            column = anchor.end() + 1 if anchor else place.column
            if not plain:
                column += 1
            if source.startswith(event.value, column - 1):
                first = column
        return Scalar(event.value, plain, place, first)

    def mapping(self, closed: _Open) -> Mapping:
        pairs: list[tuple[Scalar, Node]] = []
        seen: dict[str, Place] = {}
        for key, value in zip(closed.children[::2], closed.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self.problems.append(Problem(key.place, "a key is a name, not a list or a map"))
            elif key.plain and key.value == "<<":
                self.problems.append(Problem(key.place, "merge keys ('<<') are not taken"))
            elif key.value in seen:
                line = seen[key.value].line
                message = f"the key '{key.value}' stands here twice (first in line {line})"
                self.problems.append(Problem(key.place, message))
            else:
                seen[key.value] = key.place
                pairs.append((key, value))
        return Mapping(tuple(pairs), closed.place)

    def add(self, stack: list[_Open], node: Node, anchor: str | None, height: int) -> None:
        if anchor:
            size = self.nodes - self.anchors[anchor].size + 1 if height else 1
            self.anchors[anchor] = _Anchored(node, size, height)
        if stack:
            stack[-1].children.append(node)
            stack[-1].height = max(stack[-1].height, height + 1)
        else:
            self.root = node
