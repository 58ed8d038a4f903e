"""How a thread fails."""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.model.failures import FATAL, MISUSE
from deadsim.model.place import Place

FailureType: TypeAlias = Literal["assertion", "misuse", "error"]


class Failure(NamedTuple):
    """A thread failed: what it did (a sentence without a subject), and where."""

    thread: int
    type: FailureType
    message: str
    place: Place


class Pending(NamedTuple):
    """A failure that goes through handlers, or that one of them deals with.

    `class_name` is what `except` catches it by: None where it has no class, FATAL where nothing does.
    `position` is the instruction that failed; what is `shown` is a defect already.
    """

    type: FailureType
    message: str
    class_name: str | None
    position: int
    shown: bool = False


class Failing(Exception):
    """Raised while a thread does local work; it never leaves the kernel.

    `class_name` is what `except` catches it by, as in `Pending`.
    """

    def __init__(self, type: FailureType, message: str, class_name: str | None = None) -> None:
        self.type: FailureType = type
        self.message = message
        self.class_name = MISUSE if type == "misuse" else class_name
        if type == "assertion":
            self.class_name = FATAL
        super().__init__(message)


class OutOfBounds(Failing):
    """A value would grow past its bound (`model.values`)."""

    def __init__(self, message: str) -> None:
        super().__init__("misuse", message)


def misuse(message: str) -> Failing:
    """Make the failure of a thread that uses something against its contract."""
    return Failing("misuse", message)
