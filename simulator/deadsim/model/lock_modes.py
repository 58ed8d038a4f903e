"""Tables of lock modes: which of them conflict, in databases that are used a lot, or as a file says."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Conflicts: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""Each mode with those that it conflicts with; a mode conflicts with another if that does with it."""


def ladder(modes: Sequence[str], first: Mapping[str, str]) -> Conflicts:
    """Make the table of modes, weakest first, of which each conflicts with all from one of them on."""
    return tuple((mode, tuple(modes[modes.index(first[mode]) :])) for mode in modes)


ROW = ("for key share", "for share", "for no key update", "for update")

TABLE = (
    "access share",
    "row share",
    "row exclusive",
    "share update exclusive",
    "share",
    "share row exclusive",
    "exclusive",
    "access exclusive",
)

# PostgreSQL 15, Explicit Locking, tables 13.3 (row-level locks) and 13.2 (table-level lock modes).
# https://www.postgresql.org/docs/15/explicit-locking.html
POSTGRES_ROW = ladder(
    ROW,
    {
        "for key share": "for update",
        "for share": "for no key update",
        "for no key update": "for share",
        "for update": "for key share",
    },
)

POSTGRES_TABLE: Conflicts = tuple(
    (mode, tuple(other for other in TABLE if other not in beside))
    for mode, beside in (
        ("access share", TABLE[:-1]),
        ("row share", TABLE[:-2]),
        ("row exclusive", TABLE[:4]),
        ("share update exclusive", TABLE[:3]),
        ("share", ("access share", "row share", "share")),
        ("share row exclusive", TABLE[:2]),
        ("exclusive", TABLE[:1]),
        ("access exclusive", ()),
    )
)

# MySQL 8.0, InnoDB Locking, the matrix of table-level lock types; MariaDB's is the same.
# https://dev.mysql.com/doc/refman/8.0/en/innodb-locking.html
INNODB: Conflicts = (
    ("IS", ("X",)),
    ("IX", ("S", "X")),
    ("S", ("IX", "X")),
    ("X", ("IS", "IX", "S", "X")),
)

PRESETS: dict[str, Conflicts] = {
    "postgres-row": POSTGRES_ROW,
    "postgres-table": POSTGRES_TABLE,
    "innodb": INNODB,
}

IN_A_QUEUE = ("postgres-table",)
"""Presets of which a request waits behind earlier ones, where nothing else is asked for."""


def canonical(word: str) -> str:
    """Write a mode as the presets do: there upper and lower case are the same."""
    folded = " ".join(word.split()).casefold()
    every = (mode for table in PRESETS.values() for mode, _ in table)
    return next((mode for mode in every if mode.casefold() == folded), word)


def lopsided(table: Conflicts) -> tuple[str, str] | None:
    """Find a mode that conflicts with another which does not with it; None where there is none."""
    conflicts = dict(table)
    return next(
        (
            (mode, other)
            for mode, others in table
            for other in others
            if mode not in conflicts[other]
        ),
        None,
    )
