"""One execution on real threads.

Every scenario thread has a worker, which walks the thread's program in an operating-system thread
of its own and performs its steps on real objects. Exactly one of them runs at a time: the one that
has the baton. After its step it asks the strategy itself (there is no controller thread, so nothing
is handed over where a thread goes on by itself) and gives the baton to the worker that was picked.
"""

from collections.abc import Sequence
from functools import partial
from typing import Literal, NamedTuple, Protocol, TypeAlias

from deadsim.engine import baton, primitives
from deadsim.engine.interrupts import Interrupt
from deadsim.engine.pool import Pool, Worker
from deadsim.errors import InternalError, Place
from deadsim.kernel.failure import Failure
from deadsim.kernel.operation import Operation, Outcome
from deadsim.kernel.program import Block, proceed
from deadsim.kernel.system import State, System
from deadsim.strategies.strategy import Option, Strategy
from deadsim.trace.event import Event

Ending: TypeAlias = Literal["completed", "stuck", "stopped", "budget", "interrupted"]

PATIENCE = 60.0  # seconds that one step may take before something is wrong with deadsim


class Watcher(Protocol):
    """Looks on, and may stop the execution."""

    def after(self, state: State, event: Event | None, failures: tuple[Failure, ...]) -> bool:
        """See the state after a step (at first: None, the start); true stops the execution."""
        ...


class Execution(NamedTuple):
    """What one execution did: `choices` are (thread, result) as a replay wants them."""

    ending: Ending
    events: tuple[Event, ...]
    choices: tuple[tuple[int, int | None], ...]
    state: State


class _Unwound(BaseException):
    """Raised in the blocked call of a thread whose execution is over."""


def execute(
    system: System,
    strategy: Strategy,
    pool: Pool,
    watchers: Sequence[Watcher] = (),
    max_steps: int = 100_000,
    interrupt: Interrupt | None = None,
) -> Execution:
    """Carry a program out once, under one strategy.

    Whatever a strategy or watcher raises comes out of here, after all threads were unwound.
    """
    return _Run(system, strategy, pool, watchers, max_steps, interrupt or Interrupt()).carry_out()


class _Run:
    def __init__(
        self,
        system: System,
        strategy: Strategy,
        pool: Pool,
        watchers: Sequence[Watcher],
        max_steps: int,
        interrupt: Interrupt,
    ) -> None:
        self.system = system
        self.strategy = strategy
        self.pool = pool
        self.after = tuple(watcher.after for watcher in watchers)
        self.max_steps = max_steps
        self.interrupt = interrupt
        count = len(system.linked)
        self.first_object = system.program.first_object
        self.real = [primitives.make(declared) for declared in system.program.objects]
        self.state = system.initial().state
        self.pending: list[Option | None] = [None] * count
        self.workers: list[Worker | None] = [None] * count
        self.begun = [False] * count
        self.events: list[Event] = []
        self.choices: list[tuple[int, int | None]] = []
        self.ending: Ending | None = None
        self.fault: BaseException | None = None
        self.unwinding = False
        self.last_ended = True  # whether a thread ended with the last step, or at the start
        self.main = baton.make()

    def carry_out(self) -> Execution:
        self.strategy.begin()
        try:
            start = self.system.initial()
            self.look(None, start.failures)
            self.engage(range(len(self.pending)))
            first = self.next()
            if first is not None:
                first.give()
                self.wait()
            self.unwind()
        finally:
            self.main.close()
        if self.fault is not None:
            raise self.fault
        assert self.ending is not None
        self.strategy.end(self.ending)
        return Execution(self.ending, tuple(self.events), tuple(self.choices), self.state)

    def engage(self, threads: Sequence[int]) -> None:
        """Give a worker to each of these threads that stands before a step."""
        for thread in threads:
            operation = self.state.frames[thread].operation
            if operation is not None:
                self.pending[thread] = Option(thread, operation)
                worker = self.workers[thread] = self.pool.worker()
                worker.task = partial(self.perform, thread, worker)

    def wait(self) -> None:
        """Wait, in the thread that called, until the execution is over."""
        seen = -1
        while not self.main.take_within(PATIENCE):
            if seen == len(self.events):
                self.ending = self.ending or "interrupted"
                raise InternalError("no step was taken for a minute", self.names())
            seen = len(self.events)

    def names(self) -> tuple[str, ...]:
        return tuple(self.system.program.threads[thread].name for thread, _ in self.choices)

    def perform(self, thread: int, worker: Worker) -> None:
        """Take a thread's steps, in its worker, whenever it has the baton."""
        self.begun[thread] = True
        linked = self.system.linked[thread]
        frame = self.state.frames[thread]
        try:
            while True:
                operation = frame.operation
                assert operation is not None
                before = self.state
                way = self.choose(operation, thread)
                outcome = operation.apply(before.objects, thread, way or 0)
                misuse = self.system.misuse_text(outcome) if outcome.misuse else None
                if misuse is None and operation.objects:
                    self.perform_really(operation, outcome)
                elif outcome.block is not None:
                    self.perform_block(outcome.block, outcome)
                walk = proceed(linked, frame, outcome, misuse)
                place = linked.place(frame.position)
                frame = walk.frame
                self.last_ended = ended = frame.operation is None
                after = self.system.settled(before, thread, outcome, frame, walk.failures)
                self.state = after.state
                if outcome.started:
                    self.engage(outcome.started)
                event = made_event(len(self.events), thread, operation, outcome, way, place, ended)
                self.events.append(event)
                self.choices.append((thread, way))
                if frame.operation is None:
                    self.pending[thread] = None
                    self.workers[thread] = None
                else:
                    self.pending[thread] = Option(thread, frame.operation)
                self.look(event, after.failures)
                following = self.next()
                if ended:
                    self.pool.idle.append(worker)
                    (following or self.main).give()
                    return
                if following is not worker:
                    (following or self.main).give()
                    worker.take()
                    if self.unwinding:
                        raise _Unwound
        except _Unwound:
            self.let_go(thread)
        except BaseException as fault:
            # Whatever it is, it belongs to the caller, and the baton to the main thread.
            self.fault = self.fault or fault
            self.let_go(thread)
        self.pool.idle.append(worker)
        self.main.give()

    def choose(self, operation: Operation, thread: int) -> int | None:
        """Decide which result a step has; None where there is one alone."""
        ways = operation.ways(self.state.objects, thread)
        if ways == 1:
            return None
        if ways < 1:
            raise InternalError("a strategy picked a thread that is blocked", self.names())
        return self.strategy.draw(ways)

    def perform_really(self, operation: Operation, outcome: Outcome) -> None:
        number = operation.objects[0] - self.first_object
        if number >= 0:
            real = self.real[number]
            real.verbs[operation.verb](operation, outcome)
            if not real.agrees(outcome.objects[operation.objects[0]]):
                raise InternalError(
                    f"a real object differs from the kernel after '{operation.verb}'", self.names()
                )

    def perform_block(self, block: Block, outcome: Outcome) -> None:
        for number in block.writes:
            variable = self.real[number - self.first_object]
            assert isinstance(variable, primitives.RealVariable)
            variable.value = outcome.objects[number]

    def look(self, event: Event | None, failures: tuple[Failure, ...]) -> None:
        for after in self.after:
            if after(self.state, event, failures):
                self.ending = "stopped"

    def next(self) -> Worker | None:
        """Pick who goes on; None where nobody does, and `ending` says why."""
        if self.ending is not None:
            return None
        objects = self.state.objects
        if self.last_ended and self.system.over(objects):
            self.ending = "completed"
        elif self.interrupt.asked:
            self.ending = "interrupted"
        else:
            options = [
                option
                for option in self.pending
                if option is not None
                and (not option[1].can_block or option[1].ways(objects, option[0]))
            ]
            if not options:
                self.ending = "stuck"
            elif len(self.events) >= self.max_steps:
                self.ending = "budget"
            else:
                worker = self.workers[self.strategy.pick(options)]
                assert worker is not None
                return worker
        return None

    def unwind(self) -> None:
        """End what is left: one worker at a time, by an exception in the call that it waits in."""
        self.unwinding = True
        for thread, worker in enumerate(self.workers):
            if worker is None:
                continue
            self.workers[thread] = None
            if self.begun[thread]:
                worker.give()
                self.wait()
            else:
                self.pool.idle.append(worker)

    def let_go(self, thread: int) -> None:
        for real, state in zip(self.real, self.state.objects[self.first_object :], strict=True):
            real.let_go(state, thread)


def made_event(
    step: int,
    thread: int,
    operation: Operation,
    outcome: Outcome,
    way: int | None,
    place: Place,
    ended: bool,
) -> Event:
    """Record a step that was taken; the last one of a thread gives what a join takes."""
    reads, writes = operation.reads, operation.writes
    touched, gives, takes = operation.objects, operation.gives, operation.takes
    block: Block | None = outcome.block
    if block is not None:
        reads, writes = block.reads, block.writes
        touched = gives = takes = (*reads, *[number for number in writes if number not in reads])
    elif not outcome.success:
        gives = takes = ()
    if ended:
        gives = (*gives, thread)
    return Event(
        step,
        thread,
        operation.verb,
        operation.phase,
        touched,
        place,
        reads,
        writes,
        gives,
        takes,
        (),
        outcome.success,
        outcome.results[0] if outcome.results else None,
        way,
        operation.text,
    )
