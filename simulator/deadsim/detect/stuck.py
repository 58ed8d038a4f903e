"""Who can never take another step: relaxed progress.

Let every thread run on optimistically and never take anything away: a lock that was once let go
stays free for all, a thread that could end has ended. A branch keeps every place that it may lead
to. Whoever still cannot move is stuck; whoever cannot get to its end is doomed. It never calls a
thread stuck that could move under some schedule; it may miss one.
"""

from typing import NamedTuple

from deadsim.detect.flow import END, FREES_END, Flow, Types
from deadsim.kernel.operation import Facts, Held
from deadsim.kernel.primitives import offer
from deadsim.kernel.system import State, System
from deadsim.kernel.thread import ENDED, NEW, RUNNING


class Progress(NamedTuple):
    """What relaxed progress found.

    `halts` has for each thread that cannot get to its end the positions at which it is held up, with
    what it certainly holds there; none for one that goes round for ever.
    """

    stuck: frozenset[int]
    doomed: frozenset[int]
    halts: dict[int, dict[int, Held]]
    facts: Facts


class StuckJudge:
    """Decides who is stuck in states of one program; it keeps what it works out about the code."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.flows: dict[int, Flow] = {}
        self.types: Types | None = None

    def flow(self, thread: int) -> Flow:
        """Give the ways through a thread's code."""
        found = self.flows.get(thread)
        if found is None:
            if self.types is None:
                self.types = Types(self.system.program)
            found = self.flows[thread] = Flow(self.system.linked[thread], self.types)
        return found

    def stuck(self, state: State) -> Progress | None:
        """Find who is stuck; None where nobody is."""
        objects = state.objects
        blocked = []
        for thread, frame in enumerate(state.frames):
            operation = frame.operation
            if operation is not None and operation.can_block:
                if not operation.ways(objects, thread):
                    blocked.append(thread)
        if not blocked or all(self.settled(state, thread, ()) for thread in blocked):
            return None
        progress = self.progress(state)
        return progress if progress.stuck else None

    def settled(self, state: State, thread: int, before: tuple[int, ...]) -> bool:
        """Decide quickly, where that can be, that a blocked thread is not stuck.

        So it is if each of those it waits for can move, and may then let go what it waits for
        without a step that could block.
        """
        operation = state.frames[thread].operation
        assert operation is not None
        wanted = operation.objects[0]
        is_join = wanted < len(state.frames)
        for owner in operation.awaits(state.objects, thread):
            frame = state.frames[owner]
            if owner == thread or owner in before or frame.operation is None:
                return False
            frees = self.flow(owner).frees_next(frame.position)
            if (FREES_END if is_join else wanted) not in frees:
                return False
            if frame.operation.ways(state.objects, owner):
                continue
            if not self.settled(state, owner, (*before, thread)):
                return False
        return True

    def progress(self, state: State) -> Progress:
        """Let every thread run on as far as it could get if nothing were ever taken away."""
        objects = state.objects
        facts = Facts(
            set(),
            frozenset(t for t in range(len(state.frames)) if objects[t] == NEW),
            {t for t in range(len(state.frames)) if objects[t] != NEW},
            {t for t in range(len(state.frames)) if objects[t] == ENDED},
        )
        holding: dict[int, Held] = {}
        for number in range(self.system.program.first_object, len(objects)):
            offer(self.system.program, number, objects[number], facts, holding)
        standing: dict[int, dict[int, Held]] = {}
        waiting: dict[int, dict[int, Held]] = {}
        for thread, frame in enumerate(state.frames):
            if objects[thread] == RUNNING:
                standing[thread] = {}
                waiting[thread] = {frame.position: holding.get(thread, {})}
        version = -1
        while version != facts.version:
            version = facts.version
            for thread in sorted(facts.started):
                if thread in facts.new and thread not in standing:
                    standing[thread] = {}
                    waiting[thread] = {}
                    self.enter(thread, sum(self.flow(thread).first(), ()), {}, standing, waiting, facts)
                if thread in waiting:
                    self.run_on(thread, standing, waiting, facts)
        running = [t for t in range(len(state.frames)) if objects[t] == RUNNING]
        stuck = frozenset(t for t in running if state.frames[t].position in waiting[t])
        doomed = frozenset(
            t for t in running if t not in facts.ended and t not in stuck and waiting[t]
        )
        halts = {t: waiting[t] for t in running if t not in facts.ended}
        return Progress(stuck, doomed, halts, facts)

    def run_on(
        self,
        thread: int,
        standing: dict[int, dict[int, Held]],
        waiting: dict[int, dict[int, Held]],
        facts: Facts,
    ) -> None:
        """Let one thread go on from every place where it waits, as far as it can."""
        flow = self.flow(thread)
        moved = True
        while moved:
            moved = False
            for position, held in sorted(waiting[thread].items()):
                stop = flow.stop(position)
                form, reach = stop.form, stop.reach
                after = held
                misused: tuple[int, ...] = ()
                if form is not None and reach is not None:
                    if not form.may_pass(thread, reach, facts, held):
                        continue
                    if form.may_misuse(thread, reach, facts, held):
                        misused = flow.misused(position)
                    after = dict(held)
                    form.relax(reach, facts, after)
                del waiting[thread][position]
                standing[thread][position] = held
                moved = True
                self.enter(thread, misused, held, standing, waiting, facts)
                ways = flow.after(position)
                self.enter(
                    thread, ways.steps + ways.failing, after, standing, waiting, facts
                )

    def enter(
        self,
        thread: int,
        positions: tuple[int, ...],
        held: Held,
        standing: dict[int, dict[int, Held]],
        waiting: dict[int, dict[int, Held]],
        facts: Facts,
    ) -> None:
        """Let a thread come to stand at places; where two ways meet it holds what both hold."""
        for position in positions:
            if position == END:
                facts.provide(facts.ended, thread)
                continue
            before = waiting[thread].get(position, standing[thread].get(position))
            merged = held if before is None else _both(before, held)
            if merged != before:
                standing[thread].pop(position, None)
                waiting[thread][position] = merged


def _both(one: Held, other: Held) -> Held:
    return {
        number: min(depth, other[number]) for number, depth in one.items() if number in other
    }
