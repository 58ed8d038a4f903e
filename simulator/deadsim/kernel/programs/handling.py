"""Where a failure goes: to the `except` that names its class, through each `with` and `finally`.

It is a defect once nothing can keep the thread from ending by it. Where no `except` could still
catch it or what takes its place, and no `finally` drop it, that is so where it is raised.
"""

from collections.abc import Iterator

from deadsim.kernel.failure import Failure, Pending
from deadsim.kernel.programs.linked import Linked, Slots
from deadsim.model.failures import FATAL, MISUSE
from deadsim.model.instructions import Handler


def hand_on(
    linked: Linked, position: int, slots: Slots, failed: bool, pending: Pending
) -> tuple[int | None, bool, tuple[Failure, ...]]:
    """Take a failure to the next that deals with it.

    Gives where it goes on (None: the thread ends), whether the thread has `failed` for good, and
    what is a defect by now.
    """
    shown: tuple[Failure, ...] = ()
    if not pending.shown and is_lost(linked, position, pending.class_name):
        place = linked.place(pending.position)
        shown = (Failure(linked.thread, pending.type, pending.message, place),)
        pending = pending._replace(shown=True)
    for handler in handlers(linked, position):
        if handler.takes(pending.class_name):
            if handler.slot is None:
                return handler.target, True, shown
            slots[handler.slot] = pending
            return handler.target, failed, shown
    return None, failed, shown


def handlers(linked: Linked, position: int) -> Iterator[Handler]:
    """List what a failure at an instruction comes to, inside out."""
    for handler in linked.code.handlers:
        if handler.first <= position < handler.last:
            yield handler


def is_lost(linked: Linked, position: int, class_name: str | None) -> bool:
    """Decide whether a failure ends its thread, whatever happens on the way out.

    To give a lock back may be a misuse, which takes the place of the failure and may be caught.
    """
    if class_name == FATAL:
        return True
    replaced = False
    for handler in handlers(linked, position):
        if handler.final:
            return False
        if handler.catches is None:
            replaced = True
        elif handler.takes(class_name) or (replaced and handler.takes(MISUSE)):
            return False
    return True
