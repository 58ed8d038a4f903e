"""One execution on real threads.

Every scenario thread has a worker, which walks the thread's program in an operating-system thread
of its own and performs its steps on real objects. Exactly one of them runs at a time: the one that
has the baton. After its step it asks the strategy itself (there is no controller thread, so nothing
is handed over where a thread goes on by itself) and gives the baton to the worker that was picked.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from deadsim.engine.interrupts import Interrupt
from deadsim.engine.pool import Pool, Worker
from deadsim.engine.real import objects as primitives
from deadsim.errors import InternalError
from deadsim.kernel.effect import completed, is_plain
from deadsim.kernel.failure import Failure
from deadsim.kernel.operation import Objects, Operation, Outcome
from deadsim.kernel.ordering import Stores
from deadsim.kernel.primitives import thread as threads
from deadsim.kernel.programs.atomic import Block
from deadsim.kernel.programs.walk import Frame, proceed
from deadsim.kernel.system import State, System
from deadsim.model.objects import Lock
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
        self.main = pool.main
        self.after = tuple(watcher.after for watcher in watchers)
        self.max_steps = max_steps
        self.interrupt = interrupt
        count = len(system.linked)
        self.real = primitives.make_all(system.world)
        self.reentrant = [
            number
            for number, declared in system.world.shared()
            if isinstance(declared, Lock) and declared.reentrant
        ]
        self.kept: list[Worker] = []  # of threads that have ended and left such a lock held
        self.start = system.initial()
        self.objects: Objects = self.start.state.objects
        self.frames: list[Frame] = list(self.start.state.frames)
        self.pending: list[Option | None] = [None] * count
        self.workers: list[Worker | None] = [None] * count
        self.begun = [False] * count
        self.stores = Stores()
        self.timed = False  # whether a thread has come to stand before a step with a duration
        self.events: list[Event] = []
        self.choices: list[tuple[int, int | None]] = []
        self.ending: Ending | None = None
        self.fault: BaseException | None = None
        self.unwinding = False
        self.one_ended = True  # whether a thread ended with the last step, or at the start

    def carry_out(self) -> Execution:
        self.strategy.begin()
        self.engage(range(len(self.pending)))
        self.look(None, self.start.failures)
        first = self.next()
        if first is not None:
            first.give()
            self.wait()
        self.unwind()
        if self.fault is not None:
            raise self.fault
        assert self.ending is not None
        self.strategy.end(self.ending)
        return Execution(self.ending, tuple(self.events), tuple(self.choices), self.state())

    def state(self) -> State:
        return State(self.objects, tuple(self.frames))

    def names(self) -> tuple[str, ...]:
        return tuple(self.system.world.name(thread) for thread, _ in self.choices)

    def engage(self, threads: Sequence[int]) -> None:
        """Give a worker to each of these threads that stands before a step."""
        for thread in threads:
            operation = self.frames[thread].operation
            if operation is not None:
                self.pending[thread] = self.prepared(thread, self.frames[thread])[0]
                self.timed = self.timed or operation.duration is not None
                worker = self.workers[thread] = self.pool.worker()
                worker.task = partial(self.perform, thread, worker)

    def wait(self) -> None:
        """Wait, in the thread that called, until the execution is over."""
        seen = -1
        while not self.main.take_within(PATIENCE):
            if seen == len(self.events):
                raise InternalError("no step was taken for a minute", self.names())
            seen = len(self.events)

    def perform(self, thread: int, worker: Worker) -> None:
        """Take a thread's steps, in its worker, whenever it has the baton.

        The worker keeps its own place and locals (`frame`); that the kernel's agree is what the
        tests compare.
        """
        self.begun[thread] = True
        linked = self.system.linked[thread]
        frames, pending = self.frames, self.pending
        frame = frames[thread]
        try:
            while True:
                operation = frame.operation
                assert operation is not None
                way = None
                if operation.can_choose:
                    way = self.choose(operation, thread)
                outcome = operation.apply(self.objects, thread, way or 0)
                failing = None
                if outcome.wrong is not None:
                    failing = self.system.failing(outcome)
                elif operation.objects:
                    self.perform_really(operation, outcome)
                elif outcome.block is not None:
                    self.perform_block(outcome.block, outcome)
                known = operation.scratch[1]
                frame, failures = proceed(linked, frame, outcome, failing)
                frames[thread] = frame
                self.objects = outcome.objects
                following = frame.operation
                self.one_ended = following is None
                if following is None:
                    self.objects = threads.end(self.objects, thread)
                    pending[thread] = None
                    self.workers[thread] = None
                else:
                    pending[thread] = (following.scratch or self.prepared(thread, frame))[0]
                    if following.duration is not None:
                        self.timed = True
                if outcome.started:
                    failures += self.begin(outcome.started)
                self.record(thread, known, outcome, way)
                if self.after:
                    self.look(self.events[-1], failures)
                heir = self.next()
                if heir is worker:
                    continue
                if following is None:
                    self.leave(thread, worker)
                    (heir or self.main).give()
                    return
                (heir or self.main).give()
                worker.take()
                if self.unwinding:
                    raise _Unwound
        except _Unwound:
            self.let_go(thread)
        except BaseException as fault:
            # Whatever it is, it belongs to the caller, and the baton to the main thread.
            self.fault = self.fault or fault
            self.let_go(thread)
            self.workers[thread] = None
        self.pool.idle.append(worker)
        self.main.give()

    def leave(self, thread: int, worker: Worker) -> None:
        """Give back the worker of a thread that has ended; later, if Python takes it for an owner still."""
        held = (self.objects[number] for number in self.reentrant)
        owns = any(owned is not None and owned[0] == thread for owned in held)
        (self.kept if owns else self.pool.idle).append(worker)

    def choose(self, operation: Operation, thread: int) -> int | None:
        """Decide which result a step has; None where there is one alone."""
        ways = operation.ways(self.objects, thread)
        return None if ways == 1 else self.strategy.draw(ways)

    def begin(self, started: tuple[int, ...]) -> tuple[Failure, ...]:
        """Let threads begin that the last step has started."""
        state, failures = self.system.started(self.state(), started)
        self.objects = state.objects
        self.frames[:] = state.frames
        self.one_ended = True
        self.engage(started)
        return failures

    def perform_really(self, operation: Operation, outcome: Outcome) -> None:
        number = operation.objects[0]
        real = self.real.get(number)
        if real is not None:
            getattr(real, operation.verb)(operation, outcome)
            for touched in operation.objects:
                if not self.real[touched].agrees(outcome.objects):
                    raise InternalError(
                        f"a real object differs from the kernel after '{operation.verb}'",
                        self.names(),
                    )

    def perform_block(self, block: Block, outcome: Outcome) -> None:
        for number in block.writes:
            variable = self.real[number]
            assert isinstance(variable, primitives.RealVariable)
            variable.value = outcome.objects[number]

    def prepared(self, thread: int, frame: Frame) -> tuple[Option, tuple[Any, ...]]:
        """Work out what does not change while an operation is pending: how it is offered to a
        strategy, and what its event will say.

        Operations are shared by the executions of a system: nothing of this one may be noted here.
        """
        operation = frame.operation
        assert operation is not None
        linked = self.system.linked[thread]
        about = (
            thread,
            operation.verb,
            None,
            operation.objects,
            linked.place(frame.position),
            operation.reads,
            operation.writes,
            operation.gives,
            operation.takes,
            (),
        )
        made = operation.scratch = Option(thread, operation), (about, operation.text)
        return made

    def record(
        self, thread: int, known: tuple[Any, ...], outcome: Outcome, way: int | None
    ) -> None:
        """Record a step that was taken; the last one of a thread gives what a join takes."""
        about, text = known
        results = outcome.results
        event = Event._make(
            (
                len(self.events),
                *about,
                outcome.success,
                results[0] if results else None,
                way,
                text,
                False,
            )
        )
        ended = self.pending[thread] is None
        if ended or not is_plain(outcome):
            event = completed(event, outcome, self.stores, ended)
        self.choices.append((thread, way))
        self.events.append(event)

    def look(self, event: Event | None, failures: tuple[Failure, ...]) -> None:
        state = self.state()
        for after in self.after:
            if after(state, event, failures):
                self.ending = "stopped"

    def next(self) -> Worker | None:
        """Pick who goes on; None where nobody does, and `ending` says why."""
        if self.ending is not None:
            return None
        objects = self.objects
        if self.one_ended and self.system.over(objects):
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
            if self.timed:
                options = [self.with_time(option) for option in options]
            if not options:
                self.ending = "stuck"
            elif len(self.events) >= self.max_steps:
                self.ending = "budget"
            else:
                worker = self.workers[self.strategy.pick(options)]
                assert worker is not None
                return worker
        return None

    def with_time(self, option: Option) -> Option:
        """Tell whether a step with a duration can be taken before its time is up."""
        thread, operation, _ = option
        if operation.duration is None or not operation.ready(self.objects, thread):
            return option
        return Option(thread, operation, True)

    def unwind(self) -> None:
        """End what is left: one worker at a time, by an exception in the call that it waits in."""
        self.unwinding = True
        self.pool.idle.extend(self.kept)
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
        for real in self.real.values():
            real.let_go(self.objects, thread)
