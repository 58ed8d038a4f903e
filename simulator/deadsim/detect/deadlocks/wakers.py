"""What holds up each thread that stays where it is, and who of the others could let it go on."""

from collections.abc import Collection
from typing import NamedTuple

from deadsim.detect.deadlocks.situation import name_of, parts, want_of
from deadsim.detect.holdings import Holdings, has_no_owner
from deadsim.detect.stuck.closure import Closure
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.primitives.queue import dones, items
from deadsim.kernel.primitives.thread import ENDED, NEW
from deadsim.kernel.programs.walk import Frame
from deadsim.kernel.select import Select
from deadsim.kernel.system import State, System
from deadsim.model.instructions import Step
from deadsim.model.objects import Lock
from deadsim.model.place import Place
from deadsim.model.primitives import WANTED
from deadsim.trace.finding import Want


class Halt(NamedTuple):
    """What holds a thread up for good: the step, what it is about, and who could help.

    Where it waits for `owners`, each of them has to let go; else anybody may provide one of
    `facts`, `missing` times. It `takes` what it is about, if that is to be its own then. `keepers` are
    those who have taken what it wants, of something that has no other owners. Of several steps in one each of
    the `branches` holds it up, and it is led to whom any of them is.
    """

    thread: int
    position: int
    verb: str
    number: int
    object: str
    facts: tuple[Fact, ...]
    missing: int
    owners: tuple[int, ...] | None
    keepers: tuple[int, ...]
    wakers: tuple[int, ...]
    takes: bool
    place: Place
    operation: Operation
    branches: tuple["Halt", ...] = ()

    @property
    def each(self) -> tuple["Halt", ...]:
        """List what holds it up: the branches, or itself."""
        return self.branches or (self,)

    @property
    def owned(self) -> bool:
        """Tell whether it waits for what others have, not for what anybody may provide."""
        if self.branches:
            return all(branch.owned for branch in self.branches)
        return self.owners is not None or bool(self.keepers)


class Halts:
    """The halts of those threads of one state that stay where they are; daemons that are `idle` help nobody."""

    def __init__(
        self, system: System, state: State, held: Holdings, threads: Collection[int]
    ) -> None:
        self.system = system
        self.world = system.world
        self.closure = system.once(Closure)
        self.state = state
        self.held = held
        self.idle: set[int] = set()
        self.halts = {thread: self.halt(thread) for thread in sorted(threads)}
        self.find_wakers()

    def leave_out(self, idle: Collection[int]) -> None:
        """Let daemons that wait for work help nobody."""
        self.idle.update(idle)
        self.find_wakers()

    def find_wakers(self) -> None:
        """Find for each thread who could let it go on."""
        for thread, halt in self.halts.items():
            branches = tuple(self.with_wakers(one) for one in halt.branches)
            if branches:
                wakers = dict.fromkeys(other for one in branches for other in one.wakers)
                self.halts[thread] = halt._replace(wakers=tuple(wakers), branches=branches)
            else:
                self.halts[thread] = self.with_wakers(halt)

    def with_wakers(self, halt: Halt) -> Halt:
        """Add who has what a thread waits for, and who could let it go on."""
        kept = halt._replace(keepers=self.keepers(halt))
        return kept._replace(wakers=self.wakers(kept))

    def halt(self, thread: int) -> Halt:
        """Describe the step before which a thread stands, and which it will never take."""
        frame = self.state.frames[thread]
        operation = frame.operation
        assert operation is not None
        each = tuple(parts(self.system, thread, frame))
        if isinstance(operation, Select):
            branches = tuple(self.halt_at(thread, frame, *one) for one in each)
            facts = dict.fromkeys(fact for one in branches for fact in one.facts)
            return branches[0]._replace(
                facts=tuple(facts), owners=None, keepers=(), branches=branches
            )
        return self.halt_at(thread, frame, *each[0])

    def halt_at(self, thread: int, frame: Frame, operation: Operation, step: Step | None) -> Halt:
        """Describe a step that is never taken, or one of several in one."""
        objects = self.state.objects
        needs = operation.needs(objects, thread)
        number = operation.about(objects, thread)
        return Halt(
            thread,
            frame.position,
            operation.verb,
            number,
            name_of(self.system, operation, step, objects, thread),
            needs.facts,
            needs.amount,
            needs.owners,
            (),
            (),
            number in operation.acquires,
            self.system.linked[thread].place(frame.position) if step is None else step.place,
            operation,
        )

    def wakers(self, halt: Halt) -> tuple[int, ...]:
        """List the threads that could let a thread go on, if only they could move.

        Of those who may provide what it wants, only those who may do so before they want it
        themselves; where there are none of those, all.
        """
        if halt.owners is not None:
            return halt.owners
        if halt.keepers:
            return halt.keepers
        capable = [
            other
            for other in self.halts
            if other != halt.thread and other not in self.idle and self.may_provide(other, halt)
        ]
        if WANTED[str(halt.facts[0][0])].once:  # who waits for the same has done all that it could
            capable = [other for other in capable if self.halts[other].facts != halt.facts]
        first = [other for other in capable if self.first(other, halt)]
        if halt.missing > len(first or capable) and WANTED[str(halt.facts[0][0])].once:
            # Too few can still come; one that breaks it is enough.
            return tuple(other for other in capable if self.may_provide(other, halt, 1))
        if dones(halt.number) in halt.facts:
            # Whoever is held up for want of another item owes nothing for those that there were.
            more = items(halt.number)
            first = [other for other in first or capable if more not in self.halts[other].facts]
            return tuple(first)
        return tuple(first or capable)

    def may_provide(self, thread: int, halt: Halt, first: int = 0) -> bool:
        """Decide whether a thread may provide what another wants, once it goes on; from its `first` fact on."""
        position = self.state.frames[thread].position
        return self.closure.may_provide(thread, position, halt.facts[first:])

    def still_moving(self, halt: Halt) -> tuple[int, ...]:
        """List those that move and on whose account alone a thread waits: the owners, or whoever could help."""
        moving = [
            other
            for other, frame in enumerate(self.state.frames)
            if frame.operation is not None and other not in self.halts
        ]
        found = (other for one in halt.each for other in self.moving_helpers(one, moving))
        return tuple(dict.fromkeys(found))

    def moving_helpers(self, halt: Halt, moving: Collection[int]) -> tuple[int, ...]:
        """List those of some that move who could let a thread go on: its owners, or whoever could help."""
        if halt.keepers:
            return tuple(other for other in moving if other in halt.keepers)
        if halt.owners is None:
            return tuple(other for other in moving if self.may_provide(other, halt))
        # One owner that never lets go is enough.
        alone = all(other in moving for other in halt.owners)
        return tuple(other for other in halt.owners if alone)

    def declared(self, halt: Halt) -> object:
        """Give the declaration of what a thread waits for; None of a thread."""
        return self.world.declared(halt.number)

    def want(self, halt: Halt) -> Want:
        """Say in a word what a thread wants."""
        return want_of(halt.facts, halt.owners, self.world.is_thread(halt.number))

    def first(self, thread: int, halt: Halt) -> bool:
        """Decide whether a thread may provide what another wants before it wants it itself."""
        flow = self.closure.flows.flow(thread)
        return flow.provides_first(self.state.frames[thread].position, halt.facts)

    def keepers(self, halt: Halt) -> tuple[int, ...]:
        """List the threads that have what anybody may give back; nobody has a signal.

        A lock without an owner is theirs only as long as no other thread could still release it before
        it takes it itself.
        """
        if halt.owners is not None or not has_no_owner(self.world, halt.number):
            return ()
        holders = self.held.holders(halt.number)
        others = set(range(len(self.state.frames))) - {halt.thread, *holders, *self.idle}
        is_lock = isinstance(self.declared(halt), Lock)
        if is_lock and any(self.may_give(other, halt) for other in others):
            return ()
        return holders

    def may_give(self, thread: int, halt: Halt) -> bool:
        """Decide whether a thread may still provide what another wants before it wants it itself."""
        flow = self.closure.flows.flow(thread)
        places: tuple[int, ...] = ()
        if self.state.frames[thread].operation is not None:
            places = (self.state.frames[thread].position,)
        elif self.may_be_started(thread):
            first = flow.first()
            places = tuple(place for place in first.steps + first.failing if place >= 0)
        return any(flow.provides_first(place, halt.facts) for place in places)

    def may_be_started(self, thread: int) -> bool:
        """Decide whether a thread is new, and another one may still start it."""
        return self.state.objects[thread] == NEW and any(
            self.closure.may_provide(other, frame.position, (("started", thread),))
            for other, frame in enumerate(self.state.frames)
            if frame.operation is not None
        )

    def ended(self, thread: int) -> bool:
        """Decide whether a thread has ended."""
        return bool(self.state.objects[thread] == ENDED)

    def may_end(self, thread: int) -> bool:
        """Decide whether a thread has ended, or may by its text."""
        frame = self.state.frames[thread]
        if frame.operation is None:
            return True
        return self.closure.flows.flow(thread).ends(frame.position)
