"""Write into a scenario's `expect` what was found; comments and layout of the file stay as they are."""

from collections.abc import Mapping as Map

from deadsim.errors import UsageError
from deadsim.language.reading.document import Mapping, Node, Scalar, decode, parse
from deadsim.model.place import Place


def with_levels(data: bytes, file: str, levels: Map[str, str]) -> bytes:
    """Give the file with these levels claimed of these types of defects.

    Raises UsageError, with the place, for a claim that cannot be rewritten without losing a part of it.
    """
    text = decode(data, file)
    root = parse(text, file)
    assert isinstance(root, Mapping)
    edited = _Lines(text, file)
    pairs = {key.value: (key, value) for key, value in root.pairs}
    added = {key: level for key, level in levels.items() if level != "never"}
    if "expect" not in pairs:
        edited.append(["expect:", *(f"  {key}: {level}" for key, level in added.items())])
        return edited.encode(data)
    head, claims = pairs["expect"]
    known = dict(claims.pairs) if isinstance(claims, Mapping) else {}
    by_name = {key.value: value for key, value in known.items()}
    for key, level in levels.items():
        if key in by_name:
            edited.replace(claim_of(by_name[key], level, key, file), level)
    missing = [f"{key}: {level}" for key, level in added.items() if key not in by_name]
    if isinstance(claims, Mapping) and edited.at(claims.place).startswith("{"):
        inside = "".join(f"{one}, " if known else one for one in missing)
        edited.insert(claims.place, 1, inside)
    else:
        first = next(iter(known), None)
        indent = first.place.column - 1 if first else head.place.column + 1
        edited.add_lines(head.place.line, [" " * indent + one for one in missing])
    return edited.encode(data)


def claim_of(value: Node, level: str, key: str, file: str) -> Scalar:
    """Find the text that says how often a defect is claimed to show."""
    if isinstance(value, Scalar):
        return value
    if isinstance(value, Mapping) and (level != "never" or key in ("livelock", "starvation")):
        for inner, claim in value.pairs:
            if inner.value == "claim" and isinstance(claim, Scalar):
                return claim
    where = f"{file}:{value.place.line}:{value.place.column}"
    raise UsageError(
        f"{where}: '{key}' was found to be '{level}'; this claim wants rewriting by hand"
    )


class _Lines:
    """The lines of a file, being edited from the last one to the first."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines = text.split("\n")
        self.edits: list[tuple[int, int, int, str]] = []  # line, column, how many characters, new
        self.more: list[tuple[int, list[str]]] = []

    def at(self, place: Place) -> str:
        """Give the rest of a line from a place on."""
        return self.lines[place.line - 1][place.column - 1 :]

    def replace(self, scalar: Scalar, new: str) -> None:
        """Put a word in the place of another."""
        if scalar.first is None or not scalar.value:
            where = f"{self.file}:{scalar.place.line}:{scalar.place.column}"
            raise UsageError(f"{where}: this claim wants rewriting by hand, to '{new}'")
        self.edits.append((scalar.place.line - 1, scalar.first - 1, len(scalar.value), new))

    def insert(self, place: Place, offset: int, new: str) -> None:
        """Put something behind the first characters of a place."""
        self.edits.append((place.line - 1, place.column - 1 + offset, 0, new))

    def add_lines(self, after: int, lines: list[str]) -> None:
        """Put lines behind line number `after`."""
        self.more.append((after, lines))

    def append(self, lines: list[str]) -> None:
        """Put lines at the end of the file."""
        while self.lines and not self.lines[-1].strip():
            self.lines.pop()
        self.lines += [*lines, ""]

    def encode(self, data: bytes) -> bytes:
        """Give the bytes, with the line ends and the mark at the beginning that there were."""
        for line, column, length, new in sorted(self.edits, reverse=True):
            old = self.lines[line]
            self.lines[line] = old[:column] + new + old[column + length :]
        for after, lines in sorted(self.more, reverse=True):
            self.lines[after:after] = lines
        text = "\n".join(self.lines)
        if b"\r\n" in data:
            text = text.replace("\n", "\r\n")
        mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        return mark + text.encode("utf-8")
