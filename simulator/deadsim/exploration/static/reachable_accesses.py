"""Which objects each thread may touch from each place on, and which it may change."""

from collections.abc import Iterator
from functools import reduce

from deadsim.detect.stuck.coarse_progress import Flows
from deadsim.detect.stuck.flow import Flow, step_may_fail
from deadsim.detect.stuck.raising import END
from deadsim.kernel.abstract.form import Form
from deadsim.kernel.dependence import NOTHING, Footprint, bit, bits, both, each_bit
from deadsim.kernel.programs.linked import Stop
from deadsim.kernel.system import System, dependence
from deadsim.model.instructions import Atomic, Step
from deadsim.model.objects import Condition, Lock


class Futures:
    """What the threads of one program may touch; their own ends among it.

    `known` has it for each thread from each place on, `whole` from its start on; `users` are for each
    bit the threads that may touch what it stands for.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.flows = system.once(Flows)
        self.dependence = system.once(dependence)
        self.threads = system.world.threads
        self.daemons = [thread for thread in self.threads if thread not in system.lasting]
        self.only_taken = self.find_only_taken()
        self.known = [self.find(thread) for thread in self.threads]
        self.whole = [reduce(both, places.values(), NOTHING) for places in self.known]
        self.users: dict[int, list[int]] = {}
        for thread, ahead in enumerate(self.whole):
            for part in each_bit(ahead.reads | ahead.changes):
                self.users.setdefault(part, []).append(thread)

    def who_may_depend(self, step: Footprint) -> Iterator[int]:
        """List the threads that may ever do what is dependent with a step, some more than once."""
        for part in each_bit(step.reads | step.changes):
            yield from self.users.get(part, ())
        if step.ends:
            yield from self.daemons
        if step.daemon:
            yield from self.system.lasting

    def is_quiet(self, lock: int, thread: int) -> bool:
        """Decide whether giving a lock back commutes with all that others can do while it is held.

        So it is where they only ever wait for it, and nobody looks at it, nor at the thread's end.
        """
        watched = any(other != thread for other in self.users.get(bit(thread), ()))
        looked_at = self.dependence.watched & bits((lock, thread))
        return lock in self.only_taken and not (watched or looked_at or self.daemons)

    def find_only_taken(self) -> set[int]:
        """Find the locks that are waited for and given back, and no more: no condition's, never tried."""
        found = {n for n, one in self.system.world.shared() if isinstance(one, Lock) and one.owned}
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

        A condition's lock is touched with it, and all locks of which a circle of waits is broken.
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
                numbers.update(condition.lock for condition in conditions)
                breakable = self.system.world.breakable
                if not numbers.isdisjoint(breakable):  # who waits in a circle frees all of them
                    numbers.update(breakable)
                yield stop, form, numbers

    def own(self, thread: int, position: int) -> Footprint:
        """Give what the step at a place may touch."""
        touches = changes = 0
        for _, form, numbers in self.steps(thread, position):
            touches |= bits(numbers)
            changes |= bits(
                number for number in numbers if not (form.reads(number) or form.looks(number))
            )
        shown = bits(self.system.rows.arrivals[thread].get(position, ()))
        touches, changes = touches | shown, changes | shown
        ends = self.may_end(self.flows.flow(thread), position)
        return self.dependence.made(thread, touches, changes, ends)

    def may_end(self, flow: Flow, position: int) -> bool:
        """Decide whether the thread may end with the step at a place."""
        ways = flow.after(position)
        if step_may_fail(flow, position) and END in flow.misused(position):
            return True
        return END in (*ways.steps, *ways.failing)

    def declared(self, number: int) -> object:
        """Give the declaration of an object; of a thread, nothing."""
        return self.system.world.declared(number)

    def find(self, thread: int) -> dict[int, Footprint]:
        """Find what may be touched from each place on, backwards until it is stable."""
        flow = self.flows.flow(thread)
        code = self.system.linked[thread].code.instructions
        places = [p for p, one in enumerate(code) if isinstance(one, Step | Atomic)]
        found = {p: self.own(thread, p) for p in places}
        following = {}
        for p in places:
            ways = flow.after(p)
            begun = flow.begun(p)
            after = {*ways.steps, *ways.failing, *flow.misused(p), *begun.steps, *begun.failing}
            following[p] = after & found.keys()
        changed = True
        while changed:
            changed = False
            for p in reversed(places):
                more = found[p]
                for n in following[p]:
                    more = both(more, found[n])
                if more != found[p]:
                    found[p] = more
                    changed = True
        return found
