"""Time from left to right: a column for each step, or one for a run of steps that take, give and wait for nothing."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import groupby, islice
from typing import NamedTuple

from deadsim.model.primitives import ASKED
from deadsim.trace.event import Event

WIDE, NARROW = 74.0, 14.0
"""How wide a column is where there is room, and at the least."""
MANY = 60
"""Columns from which on such runs of steps are one."""
SHORT = 3
"""Steps that such a run has at the least."""
MOST = 120
"""Columns that a timeline has at the most; of more, some in the middle are left out."""
BEGINNING = 10
"""Columns at the beginning that are not left out."""
NEAR = 8
"""Columns on either side of a step that is to be seen that are not left out."""

QUIET = frozenset(("read", "write", "step", "print", "choose", "sleep", "yield", "atomic", *ASKED))
"""Verbs of steps that neither take, give nor wait."""


class Column(NamedTuple):
    """Some steps of one thread, or in a `gap` of any that are not drawn: the first of them, and how many."""

    step: int
    steps: int
    gap: bool = False


class Axis(NamedTuple):
    """Where time is: `left` is where it begins, `width` that of a column, `tail` what follows the last one."""

    columns: tuple[Column, ...]
    left: float
    width: float
    tail: float

    def column(self, step: int) -> int:
        """Give the column of a step."""
        return bisect_right(self.columns, (step, 1 << 60)) - 1

    def hides(self, step: int) -> bool:
        """Decide whether a step is not drawn."""
        return bool(self.columns) and self.columns[max(0, self.column(step))].gap

    def at(self, step: int) -> float:
        """Give the middle of a step's column."""
        return self.left + (self.column(step) + 0.5) * self.width

    def since(self, taken: int) -> float:
        """Give where the moment after so many steps begins: with the last of them."""
        first = self.columns[0].step if self.columns else taken
        return self.left if taken <= first else self.at(taken - 1)

    @property
    def end(self) -> float:
        """Give where time ends."""
        return self.left + len(self.columns) * self.width + self.tail


def columns_of(events: Sequence[Event], shown: Collection[int]) -> tuple[Column, ...]:
    """Make a column of each step; of many steps, one of a run of one thread's; `shown` ones stand alone."""
    if len(events) <= MANY:
        return tuple(Column(event.step, 1) for event in events)
    made: list[Column] = []
    run: list[Event] = []

    def close() -> None:
        if len(run) >= SHORT:
            made.append(Column(run[0].step, len(run)))
        else:
            made.extend(Column(event.step, 1) for event in run)
        run.clear()

    for event in events:
        quiet = event.verb in QUIET and event.step not in shown
        if run and (not quiet or event.thread != run[-1].thread):
            close()
        if quiet:
            run.append(event)
        else:
            made.append(Column(event.step, 1))
    close()
    return tuple(made)


def elided(columns: tuple[Column, ...], shown: Collection[int]) -> tuple[Column, ...]:
    """Leave out columns in the middle where there are too many: the beginning is kept, what is near `shown` steps, the end."""
    if len(columns) <= MOST:
        return columns
    firsts = [column.step for column in columns]
    kept = set(range(BEGINNING))
    for step in sorted(shown):
        place = bisect_right(firsts, step) - 1
        kept.update(range(max(0, place - NEAR), min(len(columns), place + NEAR + 1)))
    rest = (place for place in reversed(range(len(columns))) if place not in kept)
    kept.update(islice(rest, max(0, MOST - len(kept))))
    made: list[Column] = []
    for keeps, places in groupby(range(len(columns)), kept.__contains__):
        some = [columns[place] for place in places]
        if keeps or len(some) == 1:
            made += some
        else:
            made.append(Column(some[0].step, sum(column.steps for column in some), gap=True))
    return tuple(made)


def axis(columns: tuple[Column, ...], left: float, tail: float, across: float) -> Axis:
    """Give columns the width that there is, within what can be read."""
    room = (across - left - tail) / max(1, len(columns))
    return Axis(columns, left, round(min(WIDE, max(NARROW, room)), 1), tail)
