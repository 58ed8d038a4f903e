"""In which mode a thread asks for a lock, and which modes of others it meets there."""

from collections.abc import Sequence

from deadsim.kernel.operation import Operation, View, wanted
from deadsim.kernel.primitives.modelock import Acquire, Grants, conflicting


def asked(operation: Operation | None) -> str | None:
    """Give the mode in which a step asks for a lock; None of one that has no modes."""
    request = wanted(operation)
    return request.mode if isinstance(request, Acquire) else None


def in_the_way(request: Acquire, objects: View) -> frozenset[int]:
    """List the threads that hold a mode with which a request conflicts."""
    state: Grants = objects[request.number]
    conflicts = conflicting(request.lock, request.mode)
    return frozenset(thread for thread, mode, _ in state.held if mode in conflicts)


def met(
    operation: Operation | None, objects: View, others: Sequence[int], ahead: bool = False
) -> tuple[str, ...]:
    """Say in which modes others stand in the way: those that they hold, or of who is `ahead` that it asks for."""
    request = wanted(operation)
    if not isinstance(request, Acquire):
        return ()
    state: Grants = objects[request.number]
    conflicts = conflicting(request.lock, request.mode)
    held = [(thread, mode) for thread, mode, _ in state.held]
    return tuple(
        " and ".join(
            mode
            for thread, mode in (state.queued if ahead else held)
            if thread == other and mode in conflicts
        )
        for other in others
    )
