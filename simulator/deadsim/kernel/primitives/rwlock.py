"""Locks for many readers or one writer.

State: (writer or None, ((reader, how often), ...), queued writers). With `prefer: writers` a writer
that cannot enter at once queues first, and new readers wait for those who queue.
"""

from collections.abc import Sequence
from typing import NamedTuple

from deadsim.kernel.operation import Needs, Objects, Operation, Outcome, Phase, View, replaced
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.leave import gone
from deadsim.kernel.primitives.lock import TAKEN, not_held
from deadsim.model.objects import RWLock


class Within(NamedTuple):
    """Who is in, and who waits to write."""

    writer: int | None = None
    readers: tuple[tuple[int, int], ...] = ()
    queued: tuple[int, ...] = ()

    def owners(self) -> tuple[int, ...]:
        """List who holds it."""
        readers = tuple(thread for thread, _ in self.readers)
        return readers if self.writer is None else (self.writer, *readers)

    def read_by(self, thread: int, more: int) -> "Within":
        """Count one reader more, or with -1 less."""
        counts = dict(self.readers)
        counts[thread] = counts.get(thread, 0) + more
        return self._replace(readers=tuple(sorted((t, n) for t, n in counts.items() if n)))


def initial(rwlock: RWLock) -> Within:
    """Give the state that the object begins with."""
    return Within()


def threads_in(state: Within) -> tuple[int, ...]:
    """List the threads that the state mentions, first to last."""
    return (*state.owners(), *state.queued)


def renamed(state: Within, names: Sequence[int]) -> Within:
    """Give the state with each thread called by another's number."""
    writer = None if state.writer is None else names[state.writer]
    readers = tuple(sorted((names[thread], count) for thread, count in state.readers))
    return Within(writer, readers, tuple(names[thread] for thread in state.queued))


class Read(Operation):
    """Enter to read; a second time by one thread counts as one more reader."""

    verb = "acquire"
    can_block = True

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.takes = self.acquires = (number,)

    def ways(self, objects: View, thread: int) -> int:
        state = objects[self.number]
        return 1 if state.writer is None and not state.queued else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        state = objects[self.number].read_by(thread, 1)
        return Outcome(replaced(objects, self.number, state), TAKEN)

    def needs(self, objects: Objects, thread: int) -> Needs:
        state = objects[self.number]
        ahead = state.queued if state.writer is None else (state.writer, *state.queued)
        return leave(self.number, state, ahead)


class Write(Operation):
    """Enter to write, when nobody else is in; if told to, queue before that."""

    verb = "acquire"
    can_block = True

    def __init__(self, number: int, queues: bool) -> None:
        self.number = number
        self.queues = queues
        self.objects = self.acquires = (number,)
        self.takes = (number, ~number)

    def ways(self, objects: View, thread: int) -> int:
        state = objects[self.number]
        if state.writer is None and not state.readers:
            return 1
        return 1 if self.queues and thread not in state.queued else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        state = objects[number]
        if state.writer is None and not state.readers:
            phase: Phase = "end" if thread in state.queued else None
            queued = tuple(other for other in state.queued if other != thread)
            entered = Within(thread, (), queued)
            return Outcome(replaced(objects, number, entered), TAKEN, phase=phase)
        queueing = state._replace(queued=(*state.queued, thread))
        return Outcome(
            replaced(objects, number, queueing), stays=True, phase="begin", ordering=Ordering()
        )

    def needs(self, objects: Objects, thread: int) -> Needs:
        state = objects[self.number]
        return leave(self.number, state, state.owners())

    def is_half_done(self, objects: View, thread: int) -> bool:
        return thread in objects[self.number].queued

    def left(self, objects: Objects, thread: int) -> Outcome:
        state: Within = objects[self.number]
        queued = tuple(other for other in state.queued if other != thread)
        return gone(replaced(objects, self.number, state._replace(queued=queued)))


class Release(Operation):
    """Leave, or read once less; a misuse by whoever is not in."""

    verb = "release"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.releases = (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        state = objects[number]
        if state.writer == thread:
            left = replaced(objects, number, state._replace(writer=None))
            return Outcome(left, ordering=Ordering(gives=(number,)))
        if thread in dict(state.readers):
            left = replaced(objects, number, state.read_by(thread, -1))
            return Outcome(left, ordering=Ordering(gives=(~number,)))
        return Outcome(objects, success=False, wrong=not_held(number))


def leave(number: int, state: Within, ahead: tuple[int, ...]) -> Needs:
    """Say that all of these threads have to leave."""
    once = all(count == 1 for _, count in state.readers)
    fact = "given back" if once and not set(ahead) & set(state.queued) else "left"
    return Needs(((fact, number),), owners=ahead)


QUERIES = {
    "locked": lambda world, number, state: state.writer is not None or bool(state.readers),
    "holder": lambda world, number, state: (
        None if state.writer is None else world.name(state.writer)
    ),
}
