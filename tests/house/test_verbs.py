"""No judge and no search goes by what a step is called."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "simulator" / "deadsim"
ROOMS = ("detect", "space", "exploration")
FILES = sorted(file for room in ROOMS for file in (PACKAGE / room).rglob("*.py"))


def names_a_verb(node: ast.AST) -> bool:
    """Decide whether an expression is the verb of something, or has it as a part."""
    return any(
        (isinstance(part, ast.Attribute) and part.attr == "verb")
        or (isinstance(part, ast.Name) and part.id == "verb")
        for part in ast.walk(node)
    )


def comparisons(tree: ast.AST) -> Iterator[int]:
    """Give the lines in which a verb is compared with something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(
            names_a_verb(side) for side in (node.left, *node.comparators)
        ):
            yield node.lineno
        elif isinstance(node, ast.Match) and names_a_verb(node.subject):
            yield node.subject.lineno
        elif isinstance(node, ast.Subscript) and names_a_verb(node.slice):
            yield node.lineno


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_nothing_is_decided_by_a_verb(file: Path) -> None:
    assert [*comparisons(ast.parse(file.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize(
    "text",
    [
        "event.verb == 'set'",
        "'set' != step.verb",
        "one.verb in ('get', 'put')",
        "match step.verb, kind:\n    case 'wait', _: pass",
        "WORDS[event.verb]",
    ],
)
def test_a_comparison_with_a_verb_is_seen(text: str) -> None:
    assert [*comparisons(ast.parse(text))] == [1]


def test_a_verb_may_be_passed_on() -> None:
    assert [*comparisons(ast.parse("Wait(name, event.verb)\nshown = {'verb': wait.verb}"))] == []
