"""Classes of failures: what `except` names, and as what one counts that nobody catches."""

from typing import Literal, TypeAlias

FailureClass: TypeAlias = Literal[
    "BrokenPipe",
    "ShutDown",
    "BrokenBarrier",
    "Misuse",
    "Interrupted",
    "Victim",
    "RecursionError",
]
"""What deadsim raises by itself; a `raise` may name any other."""

MISUSE: FailureClass = "Misuse"
VICTIM: FailureClass = "Victim"
EVERY = "any"
"""In place of a class: whatever can be caught."""

FATAL = ""
"""In place of a class: a failed assertion or a run-away, which nothing catches."""


def type_of(name: str | None) -> Literal["misuse", "error"]:
    """Give as what a failure of this class counts that nobody catches; None is without a class."""
    return "misuse" if name == MISUSE else "error"
