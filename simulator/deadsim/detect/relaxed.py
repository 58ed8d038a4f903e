"""Relaxed progress with values: every thread is followed by itself, through its own program.

A thread's local work is the kernel's, so its branches, loops and locals are exact. What it reads
from a shared variable may be any value that the variable has now or that anybody could write. Each
thread for itself in an environment that only grows: a thread-modular analysis (Flanagan, Qadeer:
Thread-Modular Model Checking, SPIN 2003).
"""

from itertools import product
from typing import Any, NamedTuple

from deadsim.detect.progress import Progress, beginning, both, conclusion
from deadsim.kernel.operation import Held, Outcome, Reach
from deadsim.kernel.program import AtomicBlock, Frame, Stop, Walk, begin, proceed
from deadsim.kernel.system import State, System
from deadsim.kernel.thread import RUNNING

MOST_PLACES = 2_000  # of all threads together, before it is given up
MOST_VALUES = 24  # of one variable


class _Place(NamedTuple):
    """Where a thread could stand, with its locals, and what it would hold there."""

    frame: Frame
    held: Held

    def key(self) -> Any:
        frame = self.frame
        return frame.position, repr(frame.slots), frame.failed, tuple(sorted(self.held.items()))


class TooMany(Exception):
    """There are more places or values than it is worth to follow."""


class Relaxed:
    """One run of relaxed progress from one state; raises TooMany where it would take too long."""

    def __init__(self, system: System, state: State) -> None:
        self.system = system
        self.state = state
        self.facts, holding = beginning(system, state)
        self.seen: dict[int, set[Any]] = {}
        self.fresh: dict[int, list[_Place]] = {}
        self.open: dict[int, list[_Place]] = {}  # blocked, or with results that may still grow
        self.blocked: dict[int, list[_Place]] = {}
        self.moved: set[int] = set()
        self.finishing: set[int] = set()
        self.places = 0
        lasting = [t for t in system.lasting if state.objects[t] == RUNNING]
        ready = [t for t in system.lasting if t in self.facts.new]
        # The program ends with this thread: what its last step provides is of no use to anybody.
        self.sole = lasting[0] if len(lasting) == 1 and not ready else None
        for thread, frame in enumerate(state.frames):
            if state.objects[thread] == RUNNING:
                self.add(thread, _Place(frame, holding.get(thread, {})))

    def progress(self) -> Progress:
        """Let every thread run on as far as it can."""
        facts = self.facts
        version = -1
        while version != facts.version:
            version = facts.version
            for thread in sorted(facts.started):
                if thread in facts.new and thread not in self.seen:
                    walk = begin(self.system.linked[thread])
                    self.arrive(thread, walk, {})
                if thread in self.seen:
                    self.run_on(thread)
            if any(len(values) > MOST_VALUES for values in facts.values.values()):
                raise TooMany
        waiting: dict[int, dict[int, Held]] = {}
        for thread in self.seen:
            halts = waiting[thread] = {}
            for place in self.blocked.get(thread, ()):
                position = place.frame.position
                before = halts.get(position)
                halts[position] = place.held if before is None else both(before, place.held)
        facts.ended |= self.finishing
        return conclusion(self.state, facts, frozenset(self.moved), waiting)

    def add(self, thread: int, place: _Place) -> None:
        """Let a thread come to stand at a place, if it has not before."""
        seen = self.seen.setdefault(thread, set())
        key = place.key()
        if key not in seen:
            seen.add(key)
            self.places += 1
            if self.places > MOST_PLACES:
                raise TooMany
            self.fresh.setdefault(thread, []).append(place)

    def run_on(self, thread: int) -> None:
        """Let one thread go on from everywhere it could stand."""
        todo = self.open.pop(thread, []) + self.fresh.pop(thread, [])
        still_open: list[_Place] = []
        blocked: list[_Place] = []
        while todo:
            place = todo.pop()
            passed, may_grow = self.go_on(thread, place)
            if passed:
                self.moved.add(thread)
            else:
                blocked.append(place)
            if not passed or may_grow:
                still_open.append(place)
            todo.extend(self.fresh.pop(thread, []))
        self.open[thread] = still_open
        self.blocked[thread] = blocked

    def go_on(self, thread: int, place: _Place) -> tuple[bool, bool]:
        """Take every step that is possible at a place; tell whether there was one, and may be more."""
        frame, held = place
        operation = frame.operation
        assert operation is not None
        if isinstance(operation, AtomicBlock):
            self.take_block(thread, place, operation)
            return True, True
        linked = self.system.linked[thread]
        stop = linked.entries[frame.position]
        assert isinstance(stop, Stop)
        assert stop.form is not None
        form, reach = stop.form, Reach(operation.objects, True)
        passed = False
        misuse = form.misuses(thread, reach, self.facts, held, True)
        if misuse != "no":
            passed = True
            outcome = Outcome((), success=False)
            self.arrive(thread, proceed(linked, frame, outcome, "misuse"), held)
        if misuse == "yes" or not form.may_pass(thread, reach, self.facts, held):
            return passed, misuse != "yes"
        after = dict(held)
        walks = [
            proceed(linked, frame, Outcome((), results))
            for results in form.results(operation, self.facts)
        ]
        if any(walk.frame.operation is not None for walk in walks) or thread != self.sole:
            form.relax(thread, reach, self.facts, after)
            form.provides(operation, self.facts)
        for walk in walks:
            self.arrive(thread, walk, after)
        return True, form.varies

    def arrive(self, thread: int, walk: Walk, held: Held) -> None:
        """Let a thread come to stand after a step, or end."""
        if walk.frame.operation is None:
            self.seen.setdefault(thread, set())
            self.finishing.add(thread)
            if thread != self.sole:
                self.facts.provide(self.facts.ended, thread)
        else:
            self.add(thread, _Place(walk.frame, held))

    def take_block(self, thread: int, place: _Place, operation: AtomicBlock) -> None:
        """Take a block that is one step, with every combination of values that it could read."""
        linked = self.system.linked[thread]
        variables = sorted(_touched(linked.entries, operation))
        values = [list(self.facts.values.get(v, {}).values()) for v in variables]
        combinations = 1
        for known in values:
            combinations *= len(known)
        if combinations > MOST_PLACES:
            raise TooMany
        objects = list(self.state.objects)
        for chosen in product(*values):
            for variable, value in zip(variables, chosen, strict=True):
                objects[variable] = value
            outcome = operation.apply(tuple(objects), thread, 0)
            for variable in outcome.block.writes:
                self.facts.store(variable, outcome.objects[variable])
            self.arrive(thread, proceed(linked, place.frame, outcome), place.held)


def _touched(entries: tuple[Any, ...], operation: AtomicBlock) -> set[int]:
    """Find the variables that a block may read or write."""
    found: set[int] = set()
    position = operation.position
    while True:
        entry = entries[position]
        if isinstance(entry, Stop):
            if entry.kind == "atomic-end":
                return found
            if entry.reach is not None:
                found.update(entry.reach.numbers)
        position += 1

