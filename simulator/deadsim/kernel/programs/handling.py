"""Where a failure goes: to the `except` that names its class, through each `with` and `finally`.

It is a defect once nothing can keep the thread from ending by it. Where no `except` could still
catch it or what takes its place, and no `finally` drop it, that is so where it is raised.
"""

from collections.abc import Iterable, Iterator

from deadsim.kernel.failure import Failure, Pending
from deadsim.kernel.programs.linked import Linked, Slots
from deadsim.model.failures import FATAL, MISUSE
from deadsim.model.instructions import Code, Enter, Handler


def hand_on(
    linked: Linked, position: int, slots: Slots, failed: bool, pending: Pending
) -> tuple[int | None, bool, tuple[Failure, ...]]:
    """Take a failure to the next that deals with it.

    Gives where it goes on (None: the thread ends), whether the thread has `failed` for good, and
    what is a defect by now.
    """
    shown: tuple[Failure, ...] = ()
    places = (position, *(place for place, _ in reversed(open_calls(linked, slots))))
    if not pending.shown and is_lost(linked, places, pending.class_name):
        place = linked.place(pending.position)
        shown = (Failure(linked.thread, pending.type, pending.message, place),)
        pending = pending._replace(shown=True)
    while True:
        for handler in handlers(linked, position):
            if handler.takes(pending.class_name):
                if handler.slot is None:
                    return handler.target, True, shown
                slots[handler.slot] = pending
                return handler.target, failed, shown
        if not open_calls(linked, slots):
            return None, failed, shown
        position = leave_call(linked.code, slots)


def open_calls(linked: Linked, slots: Slots) -> tuple[tuple[int, Slots], ...]:
    """List the calls that are open, outside in: where each stands, and what it has put aside."""
    stack = linked.code.stack
    calls: tuple[tuple[int, Slots], ...] = () if stack is None else slots[stack]
    return calls


def leave_call(code: Code, slots: Slots) -> int:
    """Leave the innermost open call, and tell where it stands."""
    assert code.stack is not None
    position: int
    *outer, (position, before) = slots[code.stack]
    slots[code.stack] = tuple(outer)
    call = code.instructions[position]
    assert isinstance(call, Enter)
    for slot, value in zip(code.units[call.unit].slots, before, strict=True):
        slots[slot] = value
    return position


def handlers(linked: Linked, position: int) -> Iterator[Handler]:
    """List what a failure at an instruction comes to, inside out."""
    for handler in linked.code.handlers:
        if handler.first <= position < handler.last:
            yield handler


def is_lost(linked: Linked, places: Iterable[int], class_name: str | None) -> bool:
    """Decide whether a failure ends its thread, whatever happens on the way out of these places.

    To give a lock back may be a misuse, which takes the place of the failure and may be caught.
    """
    if class_name == FATAL:
        return True
    replaced = False
    for handler in (one for place in places for one in handlers(linked, place)):
        if handler.final:
            return False
        if handler.catches is None:
            replaced = True
        elif handler.takes(class_name) or (replaced and handler.takes(MISUSE)):
            return False
    return True
