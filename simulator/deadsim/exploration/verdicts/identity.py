"""What a search has come to as goals: which deadlocks and failures count as the same."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from deadsim.detect.deadlocks.cores import Core, find_cores
from deadsim.detect.holdings import Holdings
from deadsim.detect.stuck.closure import Closure
from deadsim.exploration.verdicts.goal import Goal
from deadsim.kernel.system import State, System
from deadsim.model.claims import DeadlockKind
from deadsim.model.place import Place
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock


class Named(NamedTuple):
    """A deadlock as far as it is told from others: its kind, and its core's threads, objects and places."""

    kind: DeadlockKind
    threads: tuple[str, ...]
    objects: tuple[str, ...]
    places: tuple[Place, ...]

    @property
    def core(self) -> tuple[object, ...]:
        """Give what makes two deadlocks one, whatever has led there."""
        return self[1:]

    @property
    def shape(self) -> tuple[str, ...]:
        """Give the kind, and the objects without their indices, in order."""
        return (self.kind, *sorted({name.split("[")[0] for name in self.objects}))


class Naming:
    """Names deadlocks, each of which is a goal of its own; with `every` failures and invariants are too, else each type is one.

    `seen` has all that were found.
    """

    def __init__(self, system: System, every: bool) -> None:
        self.system = system
        self.closure = system.once(Closure)
        self.every = every
        self.seen: set[Named] = set()

    def goal_of(self, one: Named) -> Goal:
        """Give the goal that a deadlock is, and note that it was seen."""
        self.seen.add(one)
        return Goal("deadlock", one)

    def goal_of_failure(self, type: str, thread: int, place: Place, message: str) -> Goal:
        """Give the goal that a thread's failure is."""
        return Goal(type, (thread, place, message) if self.every else ())

    def goal_of_invariant(self, number: int) -> Goal:
        """Give the goal that a broken invariant is."""
        return Goal("invariant", (number,) if self.every else ())

    def closed(self, state: State) -> frozenset[int]:
        """Give the threads of a state that stay where they are, as far as their texts say it."""
        system = self.system
        blocked = [
            thread
            for thread, frame in enumerate(state.frames)
            if frame.operation is not None and not frame.operation.ways(state.objects, thread)
        ]
        if system.over(state.objects) or system.lasting.isdisjoint(blocked):
            return frozenset()
        return self.closure.of(state, blocked)

    def name(
        self, state: State, events: Sequence[Event], threads: Collection[int]
    ) -> tuple[Core, ...]:
        """Find the cores among threads that stay where they are; leaks are none."""
        lasting = self.system.lasting
        return tuple(
            core
            for core in find_cores(self.system, state, events, Holdings(events), threads)
            if not lasting.isdisjoint((*core.threads, *core.behind))
        )

    def at(
        self,
        state: State,
        events: Sequence[Event],
        core: Core,
        resting: frozenset[int] = frozenset(),
    ) -> tuple[Named, ...]:
        """Name a deadlock as it stands in the state in which its core closes: its kind may depend on the history."""
        found = self.name(state, events, self.closed(state) | resting)
        return tuple(self.named(one) for one in found if one.threads == core.threads)

    def named(self, core: Core) -> Named:
        """Give what tells the deadlock with this core from others."""
        places = tuple(one.place for halt in core.halts for one in halt.each)
        return Named(core.kind, self.system.world.names(core.threads), core.objects, places)


def named(found: Deadlock) -> Named:
    """Give what tells a deadlock from others."""
    places = tuple(wait.place for wait in found.waits)
    return Named(found.kind, found.threads, found.objects, places)
