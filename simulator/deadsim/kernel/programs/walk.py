"""Where a scenario's thread stands, and how it goes on: local work from one step to the next."""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.kernel.failure import Failing, Failure
from deadsim.kernel.operation import Operation, Outcome
from deadsim.kernel.programs.atomic import Block
from deadsim.kernel.programs.linked import Linked, Slots, Stop, store
from deadsim.model.failures import VICTIM
from deadsim.model.values import UNSET, Slot

LOCAL_OPERATIONS = 100_000  # a thread that does more of them without a step has run away


Failed: TypeAlias = Literal[False, True, "Victim"]


class Frame(NamedTuple):
    """Where a thread stands: before `operation`, with these values in its slots.

    `failed` is true while handlers of a failure run; of the victim of a deadlock its class. A thread that has ended, or not begun, stands
    before nothing.
    """

    position: int
    slots: tuple[Slot, ...]
    failed: Failed
    operation: Operation | None


NOWHERE = Frame(-1, (), False, None)


class Walk(NamedTuple):
    """Where a thread came to stand, and how it failed on its way there."""

    frame: Frame
    failures: tuple[Failure, ...] = ()


def begin(linked: Linked) -> Walk:
    """Start a thread: it does its local work up to its first step."""
    return _walk(linked, 0, list(linked.code.initial), False)


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
            walk = linked.known[way] = _walk(linked, position + 1, [], frame.failed)
        return walk
    if block is not None:
        if block.failure is not None:
            return _fall(linked, block.position, block.slots, block.failure)
        return _walk(linked, block.position, block.slots, frame.failed)
    slots = list(frame.slots)
    if failing is not None:
        return _fall(linked, position, slots, failing)
    stop = linked.entries[position]
    assert isinstance(stop, Stop)
    if outcome.results:
        store(stop.into, outcome.results, slots)
    return _walk(linked, position + 1, slots, frame.failed)


def _handler(linked: Linked, position: int) -> int | None:
    for handler in linked.code.handlers:
        if handler.first <= position < handler.last:
            return handler.target
    return None


def _fall(linked: Linked, position: int, slots: Slots, failing: Failing) -> Walk:
    failure = Failure(linked.thread, failing.type, failing.message, linked.place(position))
    target = _handler(linked, position)
    if target is None:
        return Walk(NOWHERE, (failure,))
    walk = _walk(linked, target, slots, "Victim" if failing.class_name == VICTIM else True)
    return Walk(walk.frame, (failure, *walk.failures))


def _walk(linked: Linked, position: int, slots: Slots, failed: Failed) -> Walk:
    entries = linked.entries
    budget = LOCAL_OPERATIONS
    try:
        while True:
            entry = entries[position]
            if isinstance(entry, Stop):
                operation = entry.operation
                if entry.leaving is not None and failed == VICTIM:
                    operation = entry.leaving(slots)
                if operation is None:
                    if entry.kind == "end":
                        return Walk(NOWHERE)
                    if entry.kind == "resume":
                        target = _handler(linked, position)
                        if target is None:
                            return Walk(NOWHERE)
                        position = target
                        continue
                    assert entry.build is not None
                    operation = entry.build(slots)
                for slot in linked.dead[position]:
                    slots[slot] = UNSET
                return Walk(Frame(position, tuple(slots), failed, operation))
            position = entry(slots)
            budget -= 1
            if budget < 0:
                raise Failing("error", "has run away: it goes on for ever without taking a step")
    except Failing as failing:
        return _fall(linked, position, slots, failing)
