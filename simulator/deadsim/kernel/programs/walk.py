"""Where a scenario's thread stands, and how it goes on: local work from one step to the next."""

from typing import NamedTuple

from deadsim.kernel.failure import Failing, Failure, Pending
from deadsim.kernel.operation import Operation, Outcome
from deadsim.kernel.programs.atomic import Block
from deadsim.kernel.programs.handling import hand_on
from deadsim.kernel.programs.linked import Linked, Slots, Stop, store
from deadsim.model.failures import FATAL
from deadsim.model.values import UNSET, Slot

LOCAL_OPERATIONS = 100_000  # a thread that does more of them without a step has run away
MOST_RUN_AWAYS = 16  # between two steps: a `finally` may drop each, and run away again


class Frame(NamedTuple):
    """Where a thread stands: before `operation`, with these values in its slots.

    `failed` is true while handlers of a failure run. A thread that has ended, or not begun, stands
    before nothing.
    """

    position: int
    slots: tuple[Slot, ...]
    failed: bool
    operation: Operation | None


NOWHERE = Frame(-1, (), False, None)


class Walk(NamedTuple):
    """Where a thread came to stand, and how it failed on its way there."""

    frame: Frame
    failures: tuple[Failure, ...] = ()


def begin(linked: Linked) -> Walk:
    """Start a thread: it does its local work up to its first step."""
    return walk_from(linked, 0, list(linked.code.initial), False)


def proceed(linked: Linked, frame: Frame, outcome: Outcome, failing: Failing | None = None) -> Walk:
    """Go on after a step: store its results, and do local work up to the next one."""
    position = frame.position
    block: Block | None = outcome.block
    if outcome.stays:
        return Walk(frame)
    if failing is None and block is None and not frame.slots:
        way = (position, frame.failed)
        walk = linked.known.get(way)
        if walk is None:
            walk = linked.known[way] = walk_from(linked, position + 1, [], frame.failed)
        return walk
    if block is not None:
        return walk_from(linked, block.position, block.slots, frame.failed, block.failure)
    slots = list(frame.slots)
    if failing is not None:
        return walk_from(linked, position, slots, frame.failed, failing)
    stop = linked.entries[position]
    assert isinstance(stop, Stop)
    if outcome.results:
        store(stop.into, outcome.results, slots)
    return walk_from(linked, position + 1, slots, frame.failed)


def walk_from(
    linked: Linked, position: int, slots: Slots, failed: bool, failing: Failing | None = None
) -> Walk:
    """Do local work from a place up to the next step; with `failing` the instruction has failed."""
    entries = linked.entries
    failures: tuple[Failure, ...] = ()
    pending: Pending | None = None
    budget, run_aways = LOCAL_OPERATIONS, MOST_RUN_AWAYS
    while True:
        if failing is not None:
            pending = Pending(failing.type, failing.message, failing.class_name, position)
            failing = None
        if pending is not None:
            target, failed, shown = hand_on(linked, position, slots, failed, pending)
            failures += shown
            if target is None:
                return Walk(NOWHERE, failures)
            position, pending = target, None
        try:
            while True:
                entry = entries[position]
                if isinstance(entry, Stop):
                    operation = entry.operation
                    if operation is None:
                        if entry.kind == "end":
                            return Walk(NOWHERE, failures)
                        if entry.kind == "resume":
                            pending = entry.failure(slots, position)
                            break
                        assert entry.build is not None
                        operation = entry.build(slots)
                    for slot in linked.dead[position]:
                        slots[slot] = UNSET
                    return Walk(Frame(position, tuple(slots), failed, operation), failures)
                position = entry(slots)
                budget -= 1
                if budget < 0:
                    raise Failing("error", RUN_AWAY, FATAL)
        except Failing as caught:
            failing = caught
            if budget < 0:
                budget = LOCAL_OPERATIONS
                run_aways -= 1
                if run_aways < 0:
                    failure = Failure(linked.thread, "error", RUN_AWAY, linked.place(position))
                    return Walk(NOWHERE, (*failures, failure))


RUN_AWAY = "has run away: it goes on for ever without taking a step"
