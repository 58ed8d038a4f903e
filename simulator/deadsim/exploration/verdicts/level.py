"""How often something holds over all schedules, as far as that is known."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from deadsim.model.claims import Level

Found: TypeAlias = Literal["never", "possible", "always", "unknown"]


class Known(NamedTuple):
    """What was seen: some outcome with it, some without it; `complete` if no other was missed.

    `why` says what decided it, where that was not a search; `hint` what else was seen that may be meant.
    """

    some: bool
    without: bool
    complete: bool
    why: str | None = None
    hint: str | None = None

    @property
    def found(self) -> Found:
        """Say how often it holds."""
        if self.some:
            return "always" if self.complete and not self.without else "possible"
        return "never" if self.complete else "unknown"

    def holds(self, claimed: Level) -> bool | None:
        """Decide a claim; None where more would have to be known."""
        match claimed:
            case "never":
                return False if self.some else True if self.complete else None
            case "possible":
                return True if self.some else False if self.complete else None
            case "always":
                return False if self.without else True if self.complete else None


UNKNOWN = Known(False, False, False)


def never(why: str | None = None) -> Known:
    """Say that it holds in no execution."""
    return Known(False, True, True, why)


def over(values: Iterable[bool], complete: bool) -> Known:
    """Say how often it holds from its value in each outcome."""
    seen: set[bool] = set()
    for value in values:
        seen.add(value)
        if len(seen) == 2:
            break
    return Known(True in seen, False in seen, complete)
