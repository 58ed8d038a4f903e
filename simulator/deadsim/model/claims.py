"""What a scenario claims of itself, and the closed sets of defects and of kinds of deadlock."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias, get_args

from deadsim.model.expressions import Expression
from deadsim.model.place import Place

DefectType: TypeAlias = Literal[
    "deadlock", "livelock", "race", "assertion", "invariant", "misuse", "error"
]
DEFECT_TYPES: tuple[DefectType, ...] = get_args(DefectType)

DeadlockKind: TypeAlias = Literal[
    "self-deadlock",
    "circular-wait",
    "orphaned-lock",
    "leaked-permit",
    "lost-wakeup",
    "missed-signal",
    "wrong-waiter",
    "never-signalled",
    "nested-monitor",
    "barrier-starvation",
    "peer-gone",
    "missing-task-done",
    "communication",
    "collateral",
]
DEADLOCK_KINDS: tuple[DeadlockKind, ...] = get_args(DeadlockKind)

Level: TypeAlias = Literal["never", "possible", "always"]
LEVELS: tuple[Level, ...] = get_args(Level)


class KindClaim(NamedTuple):
    """How often a type of defect shows, and which one must be among those that can.

    `place` is where the file says so; None where it does not name the type.
    """

    level: Level
    kind: DeadlockKind | None = None
    threads: tuple[str, ...] | None = None
    objects: tuple[str, ...] | None = None
    on: tuple[str, ...] | None = None
    place: Place | None = None


class FinalClaim(NamedTuple):
    """An expression that is judged at the program's end; `key` is its name among the claims."""

    key: str
    level: Level
    expression: Expression
    text: str
    place: Place


class OutputClaim(NamedTuple):
    """A whole line of output (`lines` has that one), or with `exactly` all lines in their order."""

    key: str
    level: Literal["possible", "always", "exactly"]
    lines: tuple[str, ...]
    place: Place

    def is_met(self, printed: Sequence[str]) -> bool:
        """Decide whether whole lines of output are as this claims."""
        if self.level == "exactly":
            return tuple(printed) == self.lines
        return self.lines[0] in printed


class Claims(NamedTuple):
    """All that `expect` says; a type of defect that is not named is claimed `never`."""

    kinds: dict[DefectType, KindClaim]
    final: tuple[FinalClaim, ...]
    output: tuple[OutputClaim, ...]

    def level(self, type: DefectType) -> Level:
        """Give what is claimed of a type of defect."""
        claim = self.kinds.get(type)
        return claim.level if claim else "never"
