"""What holds up each thread that is stuck or bound to get stuck, and who could let it go on."""

from collections.abc import Container, Iterable
from typing import NamedTuple

from deadsim.detect.deadlocks.situation import target_name, want_of
from deadsim.detect.holdings import Holdings, is_semaphore
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.detect.stuck.progress import Progress
from deadsim.kernel.abstract.form import Held
from deadsim.kernel.operation import Fact
from deadsim.kernel.primitives.queue import dones, items
from deadsim.kernel.primitives.table import missing_at
from deadsim.kernel.primitives.thread import ENDED
from deadsim.kernel.system import State
from deadsim.model.objects import Lock, RWLock
from deadsim.model.primitives import WANTED
from deadsim.trace.finding import Want


class Halt(NamedTuple):
    """What holds a thread up for good: the step, what it is about, and who could help.

    Where it waits for `owners`, each of them has to let go; else anybody may provide one of
    `facts`, `missing` times. It `takes` what it is about, if that is to be its own then. `blocked` is
    false of a thread that still moves.
    """

    thread: int
    position: int
    verb: str
    number: int
    object: str
    facts: tuple[Fact, ...]
    missing: int
    owners: tuple[int, ...] | None
    wakers: tuple[int, ...]
    takes: bool
    blocked: bool


class Halts:
    """The halts of one state, by thread."""

    def __init__(self, judge: StuckJudge, state: State, progress: Progress, held: Holdings) -> None:
        self.judge = judge
        self.system = judge.system
        self.state = state
        self.progress = progress
        self.held = held
        self.halts: dict[int, Halt] = {}
        for thread in sorted(progress.stuck | progress.doomed):
            halt = self.now(thread) if thread in progress.stuck else self.coming(thread)
            if halt is not None:
                self.halts[thread] = halt
        for thread, halt in self.halts.items():
            self.halts[thread] = halt._replace(wakers=self.wakers(halt))

    def now(self, thread: int) -> Halt:
        """Describe the step before which a thread stands, and which it will never take."""
        frame = self.state.frames[thread]
        operation, objects = frame.operation, self.state.objects
        assert operation is not None
        needs = operation.needs(objects, thread)
        about = target_name(self.system, thread, frame, objects)
        number = operation.about(objects, thread)
        return Halt(
            thread, frame.position, operation.verb, number, about,
            needs.facts, needs.amount, needs.owners, (), number in operation.acquires, True,
        )  # fmt: skip

    def coming(self, thread: int) -> Halt | None:
        """Describe the step that a thread which can still move will not get past."""
        for position, held in sorted(self.progress.halts[thread].items()):
            stop = self.judge.flows.flow(thread).stop(position)
            if not stop.numbers or stop.form is None:
                continue
            instruction = self.system.linked[thread].code.instructions[position]
            verb = getattr(instruction, "verb", "")
            taken = dict.fromkeys(one for n in stop.numbers for one in stop.form.acquires(n))
            numbers = tuple(taken or stop.numbers)
            number = numbers[0]
            facts = tuple(stop.form.wants(stop.numbers[0]))
            missing = missing_at(self.declared(number), self.state.objects[number]) if facts else 1
            owners = None if facts else self.owners(thread, numbers, held)
            name = self.system.world.name(number)
            target = getattr(instruction, "target", None)
            if target is not None and target.shape and len(numbers) > 1:
                name = target.name
            return Halt(
                thread, position, verb, number, name, facts, missing, owners, (), bool(taken), False
            )
        return None

    def owners(self, thread: int, numbers: Iterable[int], held: Held) -> tuple[int, ...]:
        """Give the owners for whom a thread will wait; itself, where it will hold it already."""
        ended = self.progress.ended
        found: dict[int, None] = {}
        for number in numbers:
            if self.system.world.is_thread(number):
                if number not in ended:
                    found[number] = None
            elif number in held or ("w", number) in held:
                found[thread] = None
            else:
                found.update(dict.fromkeys(self.holders(number)))
        return tuple(found)

    def holders(self, number: int) -> tuple[int, ...]:
        """Give who holds a lock or rwlock now; of a condition, who holds its lock."""
        declared = self.system.world[number]
        state = self.state.objects[number]
        if isinstance(declared, Lock):
            return () if state is None else (state[0],)
        if isinstance(declared, RWLock):
            return tuple(state.owners())
        return ()

    def wakers(self, halt: Halt) -> tuple[int, ...]:
        """List the threads that could let a thread go on, if only they could move.

        Of those who may provide what it wants, only those who may do so before they want it
        themselves; where there are none of those, all.
        """
        if halt.owners is not None:
            return halt.owners
        capable = [
            other
            for other in sorted(self.halts)
            if other != halt.thread and not self.possible(other).isdisjoint(halt.facts)
        ]
        first = [other for other in capable if self.first(other, halt)]
        if halt.missing > len(first or capable) and WANTED[str(halt.facts[0][0])].once:
            return ()
        if dones(halt.number) in halt.facts:
            # Whoever is held up for want of another item owes nothing for those that there were.
            more = items(halt.number)
            first = [other for other in first or capable if more not in self.halts[other].facts]
            return tuple(first)
        return tuple(first or capable)

    def notifiers(self, halt: Halt, without: Container[int] = ()) -> bool:
        """Decide whether somebody may still provide what a thread wants, held up or not."""
        return any(
            thread != halt.thread
            and thread not in without
            and not self.possible(thread).isdisjoint(halt.facts)
            for thread, frame in enumerate(self.state.frames)
            if frame.operation is not None
        )

    def declared(self, number: int) -> object:
        """Give the declaration of an object; None of a thread."""
        return self.system.world.declared(number)

    def want(self, halt: Halt) -> Want:
        """Say in a word what a thread wants."""
        return want_of(halt.facts, halt.owners, self.system.world.is_thread(halt.number))

    def possible(self, thread: int) -> frozenset[Fact]:
        """Give what a thread may provide from where it stands on, and those whom it starts."""
        found = self.judge.flows.flow(thread).possible(self.state.frames[thread].position)
        started = [fact[1] for fact in found if fact[0] == "started"]
        for other in started:
            assert isinstance(other, int)
            if other in self.fresh:
                flow = self.judge.flows.flow(other)
                first = flow.first()
                ways = [p for p in first.steps + first.failing if p >= 0]
                found = found.union(*(flow.possible(position) for position in ways))
        return found

    @property
    def fresh(self) -> frozenset[int]:
        """Give the threads that have not begun."""
        return frozenset(
            t for t, frame in enumerate(self.state.frames)
            if frame.operation is None and self.state.objects[t] != ENDED
        )  # fmt: skip

    def first(self, thread: int, halt: Halt) -> bool:
        """Decide whether a thread may provide what another wants before it wants it itself."""
        flow = self.judge.flows.flow(thread)
        return flow.provides_first(self.state.frames[thread].position, halt.facts)

    def permit_holders(self, number: int) -> tuple[int, ...]:
        """List the threads that hold permits of a semaphore."""
        if not is_semaphore(self.system.world, number):
            return ()
        return self.held.holders(number)
