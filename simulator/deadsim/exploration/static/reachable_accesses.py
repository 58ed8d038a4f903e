"""Which objects each thread may touch from each place on, and which it may change."""

from collections.abc import Iterator
from typing import NamedTuple

from deadsim.detect.stuck.coarse_progress import Flows
from deadsim.detect.stuck.flow import END, Flow
from deadsim.exploration.static.ruled_out import step_may_fail
from deadsim.kernel.abstract.form import Form
from deadsim.kernel.programs.linked import Stop
from deadsim.kernel.system import System
from deadsim.model.instructions import Atomic, Step
from deadsim.model.objects import Condition, Lock
from deadsim.space.state_predicate import objects_of


def numbers_of(bits: int) -> Iterator[int]:
    """List the numbers that bits stand for."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


class Ahead(NamedTuple):
    """What may be touched, objects as bits: what is only read, and what is changed."""

    reads: int
    changes: int

    def __or__(self, other: "Ahead") -> "Ahead":
        return Ahead(self.reads | other.reads, self.changes | other.changes)

    def touches(self, reads: int, changes: int) -> bool:
        """Decide whether it is dependent with a step that reads and changes such objects."""
        return bool(self.changes & (reads | changes) or self.reads & changes)


NOTHING = Ahead(0, 0)


class Futures:
    """What the threads of one program may touch; their own ends among it.

    Besides the objects there are two bits more: `invariants` stands for all that these look at, and
    `ending` is touched by every step of a daemon, and by what may end one that is none.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.flows = Flows(system)
        program = system.program
        count = len(program.threads) + 1 + len(program.objects)
        self.invariants, self.ending = 1 << count, 1 << count + 1
        self.looked_at = 0
        for invariant in program.invariants:
            for number in objects_of(invariant.expression):
                self.looked_at |= 1 << number
        self.daemons = any(thread.daemon for thread in program.threads)
        self.only_taken = self.find_only_taken()
        self.known: list[dict[int, Ahead]] = [self.find(t) for t in range(len(program.threads))]
        self.whole = [self.all_of(places) for places in self.known]
        self.users: list[list[int]] = [[] for _ in range(count + 2)]
        for number, ahead in enumerate(self.whole):
            for bit in numbers_of(ahead.reads | ahead.changes):
                self.users[bit].append(number)

    def all_of(self, places: dict[int, Ahead]) -> Ahead:
        """Give what a thread may touch from its start on."""
        found = NOTHING
        for ahead in places.values():
            found |= ahead
        return found

    def is_quiet(self, lock: int, thread: int) -> bool:
        """Decide whether giving a lock back commutes with all that others can do while it is held.

        So it is where they only ever wait for it, and nobody looks at it, nor at the thread's end.
        """
        watched = any(other != thread for other in self.users[thread])
        looked_at = self.looked_at >> lock & 1 or self.looked_at >> thread & 1
        return lock in self.only_taken and not (watched or looked_at or self.daemons)

    def find_only_taken(self) -> set[int]:
        """Find the locks that are waited for and given back, and no more: no condition's, never tried."""
        found = {n for n, one in self.system.world.shared() if isinstance(one, Lock)}
        for thread, linked in enumerate(self.system.linked):
            for position in range(len(linked.code.instructions)):
                for stop, form, numbers in self.steps(thread, position):
                    takes = all(form.acquires(n) or form.releases(n) for n in stop.numbers)
                    plain = takes and not form.flags
                    if not plain or any(isinstance(self.declared(n), Condition) for n in numbers):
                        found -= numbers
        return found

    def steps(self, thread: int, position: int) -> Iterator[tuple[Stop, Form, set[int]]]:
        """List the steps at a place, more than one in an atomic block, with what each touches.

        A condition's lock is touched with it.
        """
        code = self.system.linked[thread].code.instructions
        instruction = code[position]
        inside = (
            range(position, instruction.end) if isinstance(instruction, Atomic) else (position,)
        )
        for number in inside:
            if isinstance(code[number], Step):
                stop = self.flows.flow(thread).stop(number)
                form, numbers = stop.form, set(stop.numbers)
                assert form is not None
                if form.output is not None:
                    numbers.add(form.output)
                conditions = [
                    one for one in map(self.declared, numbers) if isinstance(one, Condition)
                ]
                yield stop, form, numbers.union(condition.lock for condition in conditions)

    def own(self, thread: int, position: int) -> Ahead:
        """Give what the step at a place may touch."""
        flow = self.flows.flow(thread)
        reads = changes = 0
        for _, form, numbers in self.steps(thread, position):
            for one in numbers:
                if form.reads(one):
                    reads |= 1 << one
                else:
                    changes |= 1 << one
        daemon = self.system.program.threads[thread].daemon
        if daemon:
            changes |= self.ending
        if self.may_end(flow, position):
            changes |= 1 << thread
            if self.daemons and not daemon:
                reads |= self.ending
        if changes & self.looked_at:
            changes |= self.invariants
        return Ahead(reads, changes)

    def may_end(self, flow: Flow, position: int) -> bool:
        """Decide whether the thread may end with the step at a place."""
        ways = flow.after(position)
        if step_may_fail(flow, position) and END in flow.misused(position):
            return True
        return END in (*ways.steps, *ways.failing)

    def declared(self, number: int) -> object:
        """Give the declaration of an object; of a thread, nothing."""
        return self.system.world.declared(number)

    def find(self, thread: int) -> dict[int, Ahead]:
        """Find what may be touched from each place on, backwards until it is stable."""
        flow = self.flows.flow(thread)
        code = self.system.linked[thread].code.instructions
        places = [p for p, one in enumerate(code) if isinstance(one, Step | Atomic)]
        found = {p: self.own(thread, p) for p in places}
        following = {}
        for p in places:
            ways = flow.after(p)
            following[p] = {*ways.steps, *ways.failing, *flow.misused(p)} & found.keys()
        changed = True
        while changed:
            changed = False
            for p in reversed(places):
                more = found[p]
                for n in following[p]:
                    more |= found[n]
                if more != found[p]:
                    found[p] = more
                    changed = True
        return found
