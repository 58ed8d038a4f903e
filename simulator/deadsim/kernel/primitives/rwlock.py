"""Locks for many readers or one writer.

State: (writer or None, ((reader, how often), ...), queued writers). With `prefer: writers` a writer
that cannot enter at once queues first, and new readers wait for those who queue.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from deadsim.kernel.abstract.form import Approach, Facts, Form, Held, Passage, more, without
from deadsim.kernel.operation import Fact, Needs, Objects, Operation, Outcome, Phase, replaced
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.attempt import AttemptForm
from deadsim.kernel.primitives.lock import TAKEN, not_held
from deadsim.model.objects import RWLock
from deadsim.model.values import Value


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


def offer(
    number: int, rwlock: RWLock, state: Within, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress who is in and who has to leave before others."""
    if state.writer is not None:
        holding.setdefault(state.writer, {})["w", number] = 1
        facts.known.add(("in", number, state.writer, "write"))
    for thread, count in state.readers:
        holding.setdefault(thread, {})[number] = count
        facts.known.add(("in", number, thread, "read"))
    for thread in state.queued:
        holding.setdefault(thread, {})["queued", number] = 1
        facts.known.add(("in", number, thread, "queued"))


class Read(Operation):
    """Enter to read; a second time by one thread counts as one more reader."""

    verb = "acquire"
    can_block = True

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = self.takes = (number,)

    def ways(self, objects: Objects, thread: int) -> int:
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
        self.objects = (number,)
        self.takes = (number, ~number)

    def ways(self, objects: Objects, thread: int) -> int:
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


class Release(Operation):
    """Leave, or read once less; a misuse by whoever is not in."""

    verb = "release"

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = (number,)

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


class AcquireForm(AttemptForm):
    """`acquire` of an rwlock, with the flag "read" or "write"."""

    in_stages = True

    def queues(self, number: int) -> bool:
        """Decide whether a writer queues."""
        declared: Any = self.declared[number]
        return (
            bool(declared.prefer == "writers")
            and "timed" not in self.flags
            and ("try" not in self.flags)
        )

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        number = objects[0]
        return Read(number) if "read" in self.flags else Write(number, self.queues(number))

    def keeps(self, number: int, held: frozenset[int]) -> frozenset[int]:
        return held if self.gives_up else held | {number}

    def undoes(self, number: int) -> Sequence[Fact]:
        return (("given back", number),)

    def taken(self, a: Approach) -> Iterable[Passage]:
        number, held, known = a.number, a.held, a.facts.known
        writing = "write" in self.flags
        if writing and self.queues(number) and ("queued", number) not in held:
            yield Passage(more(held, ("queued", number)), stays=True)
        if ("w", number) in held or (writing and number in held):
            return  # what it holds itself, it waits for in vain
        for fact in known:
            if fact[:2] != ("in", number) or fact[2] == a.thread:
                continue
            ahead = ("write", "read") if writing else ("write", "queued")
            if fact[3] in ahead and ("left", number, fact[2]) not in known:
                return
        after = without(held, ("queued", number))
        yield Passage(more(after, ("w", number) if writing else number), TAKEN)


class ReleaseForm(Form):
    """`release` of an rwlock."""

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Release(objects[0])

    def passages(self, a: Approach) -> Iterable[Passage]:
        number, held = a.number, a.held
        left: tuple[Fact, ...] = (("left", number, a.thread),)
        if ("w", number) in held:
            yield Passage(without(held, ("w", number)), facts=left)
        elif held.get(number, 0) > 1:
            yield Passage(more(held, number, -1))
        elif number in held or not a.operation:
            yield Passage(without(held, number), facts=left)
        if number not in held and ("w", number) not in held:
            yield Passage(held, fails=True)

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return number not in held

    def keeps(self, number: int, held: frozenset[int]) -> frozenset[int]:
        return held - {number}

    def certain(self, number: int) -> Sequence[Fact]:
        return (("given back", number),)

    def possible(self, number: int) -> Sequence[Fact]:
        return (("left", number),)


def leave(number: int, state: Within, ahead: tuple[int, ...]) -> Needs:
    """Say that all of these threads have to leave."""
    once = all(count == 1 for _, count in state.readers)
    fact = "given back" if once and not set(ahead) & set(state.queued) else "left"
    return Needs(((fact, number),), owners=ahead)


QUERIES = {
    "locked": lambda program, state: state.writer is not None or bool(state.readers),
    "holder": lambda program, state: (
        None if state.writer is None else program.threads[state.writer].name
    ),
}

FORMS = {"acquire": AcquireForm, "release": ReleaseForm}
