"""Who can never take another step, where nothing is known of what threads will do.

A reduction of "who could still wake me", from those that can move on: a thread that waits for owners
is woken if each of them may still move; one that waits for what anybody may provide is woken if some
other thread that may still move has ever touched it, or nobody has but itself. Who is not woken is
stuck: for locks and joins that is exact as far as the text of a program is not known (an owner that
moves may let go), elsewhere it is suspected, since anybody could provide it for the first time.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from deadsim.kernel.operation import wanted
from deadsim.kernel.primitives.thread import ENDED
from deadsim.kernel.row import Row


class Reduction(NamedTuple):
    """Threads that are stuck for certain, and those that are only suspected to be."""

    stuck: frozenset[int]
    suspected: frozenset[int]


def wake_reduction(
    objects: Sequence[Any],
    enabled: Sequence[Row],
    blocked: Sequence[Row],
    users: Mapping[int, frozenset[int]],
) -> Reduction:
    """Find who is stuck in a state; `users` are the threads that have touched each object so far.

    Where nothing at all can move, all that are blocked are stuck for certain.
    """
    if not enabled:
        return Reduction(frozenset(row.thread for row in blocked), frozenset())
    waits = {row.thread: row for row in blocked}
    moving = {row.thread for row in enabled}
    certain = set(waits)
    changed = True
    while changed:
        changed = False
        for thread in sorted(certain):
            row = waits[thread]
            if row.timed or _may_be_woken(objects, row, moving, waits, certain):
                certain.discard(thread)
                changed = True
    suspected = set(waits) - certain
    woken = set(moving)
    changed = True
    while changed:
        changed = False
        for thread in sorted(suspected):
            row = waits[thread]
            if row.timed or _was_helped(objects, row, woken, users):
                suspected.discard(thread)
                woken.add(thread)
                changed = True
    return Reduction(frozenset(certain), frozenset(suspected))


def owners_of(objects: Sequence[Any], row: Row) -> tuple[int, ...] | None:
    """List those without whom a blocked step cannot go on; None where anybody may help."""
    operation = wanted(row.operation)
    assert operation is not None
    return operation.needs(objects, row.thread).owners  # type: ignore[arg-type]  # a list is looked at as a tuple is


def _may_be_woken(
    objects: Sequence[Any],
    row: Row,
    moving: set[int],
    waits: Mapping[int, Row],
    certain: set[int],
) -> bool:
    """Decide whether a thread is not stuck for certain: whoever it needs may still move."""
    owners = owners_of(objects, row)
    if owners is None:
        return bool(moving - {row.thread}) or any(
            other not in certain for other in waits if other != row.thread
        )
    return all(
        other != row.thread
        and objects[other] != ENDED
        and (other in moving or (other in waits and other not in certain))
        for other in owners
    )


def _was_helped(
    objects: Sequence[Any], row: Row, woken: set[int], users: Mapping[int, frozenset[int]]
) -> bool:
    """Decide whether somebody who may still move can be expected to help."""
    owners = owners_of(objects, row)
    if owners is not None:
        return all(other in woken for other in owners)
    about = row.operation.about(objects, row.thread)  # type: ignore[arg-type]  # a list is looked at as a tuple is
    others = users.get(about, frozenset()) - {row.thread}
    return bool(others & woken) if others else bool(woken - {row.thread})
