"""A finalizer begins: one more thing that can happen with the step before which its thread stands.

The first step of the finalizer is taken with that; where it cannot be taken now, the thread comes to stand before it.
Nobody has let the thread go on by it, and it never has to: whoever asks who can move leaves it out.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from deadsim.kernel.failure import Failure
from deadsim.kernel.operation import Objects, Operation, Outcome
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.thread import ENDED
from deadsim.kernel.programs.linked import Linked
from deadsim.kernel.programs.walk import Frame, Walk, walk_from
from deadsim.kernel.row import Result, Row, Table
from deadsim.trace.effect import NOTHING, Effect

Next: TypeAlias = tuple[Row | None, tuple[Failure, ...]]


class Begin(Operation):
    """Begin a finalizer that fails, or goes on elsewhere, before its first step."""

    verb = "anywhere"

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        return Outcome(objects, by="anywhere")


BEGIN = Begin()


def nothing(objects: Sequence[Any]) -> None:
    """Find nothing: the step touches nothing."""


def begun(linked: Linked, frame: Frame, half: bool) -> Walk | None:
    """Give where a thread comes to stand when its finalizer begins; None where it cannot, or has no step."""
    finalizer = linked.code.finalizer
    first = linked.code.begun_at(frame.position)
    if finalizer is None or first is None or not frame.slots[finalizer.left]:
        return None
    slots: list[Any] = list(frame.slots)
    slots[finalizer.left] -= 1
    slots[finalizer.half] = half
    walk = walk_from(linked, first, slots, frame.failed)
    if walk.frame.position == frame.position and not walk.failures:
        return None
    return walk


class Beginning:
    """What can happen when the finalizer begins of a thread that stands before a step.

    `next` is where its thread stands then, by whether that step is half done, and how it has failed on its way.
    """

    def __init__(self, table: Table, row: Row, linked: Linked, next: tuple[Next, Next]) -> None:
        self.table = table
        self.row = row
        self.linked = linked
        self.next = next
        touched = (row.touches, *(one.touches for one, _ in next if one is not None))
        self.touches = tuple(dict.fromkeys(number for some in touched for number in some))

    def __call__(self, objects: Sequence[Any]) -> tuple[Result, ...]:
        """List it, for a state; there is always something.

        The first comes last, so that a schedule's -1 finds it behind all that the step itself can be.
        """
        thread = self.row.thread
        half = self.row.operation.is_half_done(objects, thread)
        row, failures = self.next[half]
        if row is None or failures or not self.is_own(row):
            return (self.by_itself(tuple(objects), row, failures),)
        found = [one for one in self.table.results(row, objects) if one.outcome.by is None]
        if not found:
            return (self.before_it(tuple(objects), row),)
        return tuple(
            Result(
                row,
                one.outcome._replace(by="anywhere"),
                one.changes,
                one.effect,
                one.next,
                one.started,
                one.failures,
                (thread, -1 - (one.choice[1] or 0)),
            )
            for one in reversed(found)
        )

    def is_own(self, row: Row) -> bool:
        """Decide whether a step is one of the finalizer, as it is laid out before this one."""
        first, last = self.linked.code.begun_at(self.row.frame.position), self.row.frame.position
        return first is not None and first <= row.frame.position < last

    def by_itself(self, objects: Objects, row: Row | None, failures: tuple[Failure, ...]) -> Result:
        """Begin, with no step of its own: it fails before its first."""
        thread, finalizer = self.row.thread, self.linked.code.finalizer
        assert finalizer is not None
        begin = Row(thread, BEGIN, finalizer.place, (), nothing)
        changes = () if row is not None else ((thread, ENDED),)
        effect = NOTHING if row is not None else Effect(gives=(thread,), ends=True)
        outcome = BEGIN.apply(objects, thread, 0)
        return Result(begin, outcome, changes, effect, row, (), failures, (thread, -1))

    def before_it(self, objects: Objects, row: Row) -> Result:
        """Begin, and come to stand before a first step that cannot be taken now."""
        outcome = Outcome(objects, stays=True, phase="begin", ordering=Ordering(), by="anywhere")
        effect = Effect(success=False, phase="begin")
        stands = Result(row, outcome, (), effect, row, (), (), (row.thread, -1))
        stands.acts = False
        return stands


def beginning(
    table: Table, row: Row, linked: Linked, of: Callable[[Frame], Row | None]
) -> Beginning | None:
    """Give what can happen when the finalizer begins before a step; None where it cannot. `of` gives rows."""
    next: list[Next] = []
    for half in (False, True):
        walk = begun(linked, row.frame, half)
        if walk is None:
            return None
        next.append((of(walk.frame), walk.failures))
    return Beginning(table, row, linked, (next[0], next[1]))
