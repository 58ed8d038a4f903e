"""What a scenario claims of itself, and the closed sets of defects and of kinds of deadlock."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias, get_args

from deadsim.model.expressions import Expression
from deadsim.model.place import Place

DefectType: TypeAlias = Literal[
    "deadlock",
    "livelock",
    "race",
    "assertion",
    "invariant",
    "misuse",
    "error",
    "starvation",
    "timeout",
]
NAMED_TYPES: tuple[DefectType, ...] = ("starvation", "timeout")
"""Types of defects of which nothing is claimed where they are not named."""

DEFECT_TYPES: tuple[DefectType, ...] = tuple(
    type for type in get_args(DefectType) if type not in NAMED_TYPES
)
"""Types of defects that are claimed `never` where they are not named."""

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

Fair: TypeAlias = Literal["weak", "strong"]
"""Which endless schedules count: those in which every thread that stays able to move, or that is able to
again and again, moves again and again."""

FAIR: tuple[Fair, ...] = get_args(Fair)

FAIR_LEVELS: tuple[Level, ...] = ("never", "possible")
"""What can be claimed of fair endless schedules."""


class KindClaim(NamedTuple):
    """How often a type of defect shows, and which one must be among those that can.

    Of starvation `threads` are the victims, where the name of an array stands for its elements. A livelock
    is `fair` None where no schedule leads out of it. `place` is where the file says so; None where it does
    not name the type.
    """

    level: Level
    kind: DeadlockKind | None = None
    threads: tuple[str, ...] | None = None
    objects: tuple[str, ...] | None = None
    on: tuple[str, ...] | None = None
    fair: Fair | None = None
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

    @property
    def types(self) -> tuple[DefectType, ...]:
        """List the types of defects of which something is claimed."""
        return (*DEFECT_TYPES, *(type for type in NAMED_TYPES if type in self.kinds))

    def level(self, type: DefectType) -> Level:
        """Give what is claimed of a type of defect."""
        claim = self.kinds.get(type)
        return claim.level if claim else "never"
