"""Relaxed progress with values: every thread is followed by itself, through its own program.

A thread's local work is the kernel's, so its branches, loops and locals are exact. What it reads
from a shared variable may be any value that the variable has now or that anybody could write. Each
thread for itself in an environment that only grows: a thread-modular analysis (Flanagan, Qadeer:
Thread-Modular Model Checking, SPIN 2003).
"""

from itertools import product
from typing import Any, NamedTuple

from deadsim.detect.components import components
from deadsim.detect.stuck.progress import Progress, beginning, both, conclusion, ended, provide
from deadsim.detect.stuck.raising import failure_classes
from deadsim.kernel.abstract.form import ENDLESS, Approach, Held, Passage
from deadsim.kernel.abstract.question import AskForm
from deadsim.kernel.failure import Failing
from deadsim.kernel.operation import Outcome
from deadsim.kernel.primitives.thread import RUNNING
from deadsim.kernel.primitives.variable import Read
from deadsim.kernel.programs.atomic import AtomicBlock
from deadsim.kernel.programs.linked import Linked, Stop
from deadsim.kernel.programs.walk import Frame, Walk, begin, proceed
from deadsim.kernel.system import State, System
from deadsim.model.failures import type_of
from deadsim.model.instructions import Step
from deadsim.model.objects import Variable
from deadsim.model.values import Value

MOST_PLACES = 2_000  # of all threads together, before it is given up
MOST_VALUES = 16  # of one variable or queue


class _Place(NamedTuple):
    """Where a thread could stand, with its locals, and what it would hold there."""

    frame: Frame
    held: Held

    def key(self) -> Any:
        frame = self.frame
        return frame.position, repr(frame.slots), frame.failed, frozenset(self.held.items())


class TooMany(Exception):
    """There are more places or values than it is worth to follow."""


class _Places:
    """The places of one thread, by number, and which of them follow which."""

    def __init__(self) -> None:
        self.places: list[_Place] = []
        self.numbers: dict[Any, int] = {}
        self.follows: dict[int, set[int]] = {}
        self.passages: list[int] = []  # how many ways on there were when last looked at
        self.changed = False  # whether they are more, or follow otherwise, than when last counted

    def number(self, place: _Place) -> tuple[int, bool]:
        """Give the number of a place, and whether it is a new one."""
        key = place.key()
        found = self.numbers.get(key)
        if found is not None:
            return found, False
        self.numbers[key] = number = len(self.places)
        self.places.append(place)
        self.passages.append(0)
        self.follows[number] = set()
        return number, True


class Relaxed:
    """One run of relaxed progress from one state; raises TooMany where it would take too long."""

    def __init__(self, system: System, state: State) -> None:
        self.system = system
        self.state = state
        self.facts, holding = beginning(system, state)
        self.known: dict[int, _Places] = {}
        self.fresh: dict[int, list[int]] = {}
        self.open: dict[int, list[int]] = {}  # blocked, or with results that may still grow
        self.blocked: dict[int, list[int]] = {}
        self.moved: set[int] = set()
        self.finishing: set[int] = set()
        self.places = 0
        lasting = [t for t in system.lasting if state.objects[t] == RUNNING]
        ready = [t for t in system.lasting if t in self.facts.new]
        # The program ends with this thread: what its last step provides is of no use to anybody.
        self.sole = lasting[0] if len(lasting) == 1 and not ready else None
        for thread, frame in enumerate(state.frames):
            if state.objects[thread] == RUNNING:
                self.known[thread] = _Places()
                self.add(thread, None, _Place(frame, holding.get(thread, {})))

    def progress(self) -> Progress:
        """Let every thread run on as far as it can."""
        facts = self.facts
        version = -1
        while version != facts.version:
            version = facts.version
            for thread in range(len(self.state.frames)):
                if thread not in self.known and ("started", thread) in facts.known:
                    if thread not in facts.new:
                        continue
                    self.known[thread] = _Places()
                    self.arrive(thread, None, begin(self.system.linked[thread]), {})
                if thread in self.known:
                    self.run_on(thread)
        waiting: dict[int, dict[int, Held]] = {}
        for thread, known in self.known.items():
            halts = waiting[thread] = {}
            for number in self.blocked.get(thread, ()):
                frame, held = known.places[number]
                before = halts.get(frame.position)
                halts[frame.position] = held if before is None else both(before, held)
        over = ended(self.state, facts) | self.finishing
        return conclusion(self.state, facts, over, frozenset(self.moved), waiting)

    def count_supplies(self, thread: int) -> None:
        """Work out how much a thread could provide of anything, on the way that provides most.

        In a loop there is no end to it.
        """
        supplied = {s: by[thread] for s, by in self.facts.supply.items() if thread in by}
        if not supplied:
            return
        follows = self.known[thread].follows
        parts = components(follows)  # those that others lead to come first
        for stock, amounts in supplied.items():
            most: dict[int, int] = {}
            for part in parts:
                own = sum(amounts.get(place, 0) for place in part)
                if own and (len(part) > 1 or part[0] in follows[part[0]]):
                    own = ENDLESS
                after = max((most[o] for p in part for o in follows[p] if o not in part), default=0)
                most.update(dict.fromkeys(part, own + after))
            self.facts.total(stock, thread, most[0])

    def add(self, thread: int, before: int | None, place: _Place) -> None:
        """Let a thread come to stand at a place, if it has not before."""
        known = self.known[thread]
        number, new = known.number(place)
        if before is not None and number not in known.follows[before]:
            known.follows[before].add(number)
            known.changed = True
        if new:
            self.places += 1
            if self.places > MOST_PLACES:
                raise TooMany
            self.fresh.setdefault(thread, []).append(number)
            stop = self.system.linked[thread].entries[place.frame.position]
            if isinstance(stop, Stop) and stop.form is not None:
                for fact in stop.form.arrives(stop.numbers, thread):
                    self.facts.provide(fact)

    def run_on(self, thread: int) -> None:
        """Let one thread go on from everywhere it could stand."""
        todo = self.open.pop(thread, []) + self.fresh.pop(thread, [])
        still_open: list[int] = []
        blocked: list[int] = []
        while todo:
            number = todo.pop()
            passed, may_grow = self.go_on(thread, number)
            if passed:
                self.moved.add(thread)
            else:
                blocked.append(number)
            if not passed or may_grow:
                still_open.append(number)
            todo.extend(self.fresh.pop(thread, []))
        if self.known[thread].changed:
            self.known[thread].changed = False
            self.count_supplies(thread)
        self.open[thread] = still_open
        self.blocked[thread] = blocked

    def go_on(self, thread: int, number: int) -> tuple[bool, bool]:
        """Take every step that is possible at a place; tell whether there was one, and may be more."""
        frame, held = self.known[thread].places[number]
        operation = frame.operation
        assert operation is not None
        if isinstance(operation, AtomicBlock):
            self.take_block(thread, number, operation)
            return True, True
        linked = self.system.linked[thread]
        stop = linked.entries[frame.position]
        assert isinstance(stop, Stop)
        assert stop.form is not None
        wanted = any(slot is not None for slot in stop.into)
        approach = Approach(thread, operation.objects, operation, self.facts, held, wanted)
        passages = list(stop.form.passages(approach))
        # They only ever become more; of a read the new ones come last.
        before = self.known[thread].passages[number]
        if len(passages) == before:
            return bool(passages), stop.form.varies
        self.known[thread].passages[number] = len(passages)
        for passage in passages[before if isinstance(operation, Read) else 0 :]:
            if passage.unknown and wanted:
                raise TooMany
            if passage.stays and passage.held == held:
                continue  # it stands where it stood
            if passage.stays:
                walks = [Walk(frame)]
            else:
                outcome = Outcome((), passage.results)
                ways = self.failing(linked, frame.position) if passage.fails else [None]
                walks = [proceed(linked, frame, outcome, failing) for failing in ways]
            for walk in walks:
                if walk.frame.operation is not None or thread != self.sole:
                    self.provide(thread, number, passage)
                self.arrive(thread, number, walk, passage.held)
        return bool(passages), stop.form.varies

    def failing(self, linked: Linked, position: int) -> list[Failing | None]:
        """List how a step may fail: with each class that its verb may raise."""
        stop, step = linked.entries[position], linked.code.instructions[position]
        assert isinstance(stop, Stop)
        assert isinstance(step, Step)
        classes = failure_classes(self.system.world, step, stop)
        return [Failing(type_of(name), "fails", name) for name in classes]

    def provide(self, thread: int, number: int, passage: Passage) -> None:
        """Note what a step provides; too many values are not followed."""
        if provide(self.facts, thread, number, passage):
            self.known[thread].changed = True
        for variable, _ in passage.values:
            if len(self.facts.values[variable]) > MOST_VALUES:
                raise TooMany

    def arrive(self, thread: int, before: int | None, walk: Walk, held: Held) -> None:
        """Let a thread come to stand after a step, or end."""
        if walk.frame.operation is None:
            self.finishing.add(thread)
            if thread != self.sole:
                self.facts.provide(("ended", thread))
        else:
            self.add(thread, before, _Place(walk.frame, held))

    def take_block(self, thread: int, number: int, operation: AtomicBlock) -> None:
        """Take a block that is one step, with every combination of values that it could read or be told."""
        linked = self.system.linked[thread]
        frame, held = self.known[thread].places[number]
        declared = self.system.world.declared
        variables = [v for v in operation.touches if isinstance(declared(v), Variable)]
        values = [list(self.facts.values[v].values()) for v in variables]
        questions = self.questions(thread, held, operation)
        combinations = 1
        for known in (*values, *questions.values()):
            combinations *= len(known)
        if combinations > MOST_PLACES:
            raise TooMany
        objects = list(self.state.objects)
        for chosen in product(*values, *questions.values()):
            for variable, value in zip(variables, chosen, strict=False):
                objects[variable] = value
            answers = dict(zip(questions, chosen[len(variables) :], strict=True))
            outcome = operation.taken(tuple(objects), thread, answers)
            for variable in outcome.block.writes:
                self.facts.store(variable, outcome.objects[variable])
                if len(self.facts.values[variable]) > MOST_VALUES:
                    raise TooMany
            self.arrive(thread, number, proceed(linked, frame, outcome), held)

    def questions(
        self, thread: int, held: Held, operation: AtomicBlock
    ) -> dict[tuple[str, tuple[int, ...]], list[Value]]:
        """List what may be answered to each question of a block that is one step."""
        found: dict[tuple[str, tuple[int, ...]], list[Value]] = {}
        for stop in operation.stops():
            form = stop.form
            if not isinstance(form, AskForm):
                continue
            whole = tuple(stop.numbers)
            for numbers in [whole] if stop.whole else [(number,) for number in whole]:
                asked = form.operation(numbers, ())
                approach = Approach(thread, numbers, asked, self.facts, held)
                passages = list(form.passages(approach))
                if any(passage.unknown for passage in passages):
                    raise TooMany
                found[form.question, numbers] = [passage.results[0] for passage in passages]
        return found
