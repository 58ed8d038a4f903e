"""One execution on real threads.

Every thread has a worker, an operating-system thread that carries its body out and announces each of
its steps here (`take`). Exactly one of them runs at a time: the one that has the baton. Where it
comes to stand before its next step it asks the strategy itself (there is no controller thread, so
nothing is handed over where a thread goes on by itself), and gives the baton to who was picked. The
scheduler knows no program: what happens when a step is taken it asks of the source.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count, islice
from typing import Any

from deadsim.engine.baton import Baton
from deadsim.engine.execution import Ending, Execution
from deadsim.engine.interrupts import Interrupt
from deadsim.engine.moment import Moment, Watcher
from deadsim.engine.pool import Pool, Worker
from deadsim.engine.real.objects import Reals
from deadsim.errors import InternalError
from deadsim.kernel.log import events_of
from deadsim.kernel.primitives.thread import ENDED
from deadsim.kernel.rest import goes_on, in_time
from deadsim.kernel.row import Result, Row, may_begin, own
from deadsim.kernel.source import Source
from deadsim.kernel.world import World
from deadsim.strategies.strategy import Ready, Strategy, begins_next, with_beginnings
from deadsim.trace.event import Event

PATIENCE = 60.0  # seconds that one step may take before something is wrong with deadsim


class _Unwound(BaseException):
    """Raised in the blocked call of a thread whose execution is over."""


def execute(
    source: Source,
    strategy: Strategy,
    pool: Pool,
    watchers: Sequence[Watcher] = (),
    max_steps: int = 100_000,
    interrupt: Interrupt | None = None,
    world: World | None = None,
) -> Execution:
    """Carry a source out once, under one strategy; in a `world` that executions before have filled.

    Whatever a strategy or watcher raises comes out of here, after all threads were unwound.
    """
    run = _Run(source, strategy, pool, watchers, max_steps, interrupt or Interrupt(), world)
    return run.carry_out()


class _Run:
    def __init__(
        self,
        source: Source,
        strategy: Strategy,
        pool: Pool,
        watchers: Sequence[Watcher],
        max_steps: int,
        interrupt: Interrupt,
        world: World | None = None,
    ) -> None:
        self.source = source
        self.tabular = source.tabular
        self.results = source.results
        self.rest = True  # whether time may run out
        self.keeps_time = getattr(strategy, "keeps_time", False)
        self.strategy = strategy
        self.pool = pool
        self.after = tuple([watcher.after for watcher in watchers])
        self.max_steps = max_steps
        self.interrupt = interrupt
        beginning = source.begin(world)
        world, self.objects, self.begun_with, self.failures = beginning
        self.world = world
        self.moment = Moment(world, self.objects)
        self.moment.events = self.events
        self.rows = self.moment.rows
        self.real = Reals(world)
        self.workers: dict[int, Worker] = {}
        self.begun: set[int] = set()
        self.kept: list[Worker] = []  # of threads that have ended and left an owned lock held
        self.begins = source.begins  # whether finalizers may begin
        self.log: list[Any] = []  # results, or where the source replays who took which
        self.latest: dict[int, int] = {}  # of each thread its last step, where results are kept
        self.made: list[Event] = []  # those that were asked for
        self.making: Iterator[Event] | None = None
        self.last: Result | None = None
        self.chosen: Row | None = None  # the step that was picked, until it is taken
        self.starter: Worker | Baton | None = (
            None  # who waits for a thread to come to its first step
        )
        self.running = 0  # threads that keep the program alive
        self.ending: Ending | None = None
        self.fault: BaseException | None = None
        self.unwinding = False

    def carry_out(self) -> Execution:
        self.strategy.begin()
        for thread, row in self.begun_with:
            self.engage(thread, row)
        for thread, row in self.begun_with:
            if row is None and self.fault is None:
                self.starter = self.pool.main
                self.workers[thread].give()
                self.wait()
        first = None if self.fault is not None else self.go_on()
        if first is not None:
            first.give()
            self.wait()
        self.unwind()
        if self.fault is not None:
            raise self.fault
        assert self.ending is not None
        self.strategy.end(self.ending)
        return Execution(self.ending, self.choices(), self.moment, self.events)

    def choices(self) -> tuple[tuple[int, int | None], ...]:
        """Give who took each step so far, with which result."""
        log: Any = self.log
        return tuple(log if self.tabular else [result.choice for result in log])

    def events(self) -> tuple[Event, ...]:
        """Give what has happened so far."""
        if not self.tabular:
            return tuple(events_of(self.log))
        if self.making is None:
            self.making = events_of(self.source.again(self.each_choice()))
        self.made.extend(islice(self.making, len(self.log) - len(self.made)))
        return tuple(self.made)

    def each_choice(self) -> Iterator[tuple[int, int | None]]:
        """Give who took each step, as far as it is asked for."""
        for number in count():
            yield self.log[number]

    def names(self) -> tuple[str, ...]:
        """Name who took each step."""
        return tuple(self.world.name(thread) for thread, _ in self.choices())

    def engage(self, thread: int, row: Row | None) -> None:
        """Give a worker to a thread that begins; let it run to its first step, if that is not known."""
        worker = self.workers[thread] = self.pool.worker()
        worker.task = partial(self.work, thread, worker)
        self.running += not self.world.is_daemon(thread)
        self.rows[thread] = row

    def wait(self) -> None:
        """Wait, in the thread that called, until the execution is over."""
        seen = -1
        while not self.pool.main.take_within(PATIENCE):
            if seen == len(self.log):
                raise InternalError("no step was taken for a minute", self.names())
            seen = len(self.log)

    def work(self, thread: int, worker: Worker) -> None:
        """Carry a thread out, in its worker."""
        self.begun.add(thread)
        self.world.maker = thread
        try:
            self.source.perform(thread, self.take)
            heir = self.finish(thread)
            self.leave(thread, worker)
            heir.give()
            return
        except _Unwound:
            self.real.let_go(self.objects, thread)
        except BaseException as fault:
            # Whatever it is, it belongs to the caller, and the baton to the main thread; but what a
            # body raises because it was unwound is nothing that happened.
            if not self.unwinding:
                self.fault = self.fault or fault
            self.real.let_go(self.objects, thread)
            self.workers.pop(thread, None)
        self.pool.idle.append(worker)
        self.pool.main.give()

    def take(self, row: Row) -> Result:
        """Let a thread stand before a step; returns when it was taken, with what happened.

        This is called for every step, so that little of it is handed to others.
        """
        if self.chosen is not row:
            if self.unwinding:
                raise _Unwound  # its body goes on for all that; nothing of that happens
            self.wait_for_turn(row)
        self.chosen = None
        objects, thread = self.objects, row.thread
        results = row.known.get(row.key(objects)) or self.results(row, objects)
        if not results:
            raise InternalError("the strategy picked a thread that is blocked", self.names())
        result = results[0]
        if len(results) > 1 or result.choice[1] is not None:
            result = self.drawn(results)
        for number, value in result.changes:
            objects[number] = value
        if result.acts and not self.real.perform(result.row, result.outcome, objects):
            self.disagree(result.row)
        self.rows[thread] = result.next
        self.last = result
        if not self.tabular:
            self.keep(result)
        else:
            self.log.append(result.choice)
            if result.next is None:
                self.ended(thread)
        if result.started:
            self.start(result, self.workers[thread])
        return result

    def wait_for_turn(self, row: Row) -> None:
        """Hand the baton on, unless it is this very step that is picked; returns when it is."""
        worker = self.workers[row.thread]
        if self.starter is not None:
            self.arrive(row, worker)
            return
        if not self.tabular:
            self.stand(row)
        heir = self.go_on()
        if heir is not worker:
            (heir or self.pool.main).give()
            worker.take()
            if self.unwinding:
                raise _Unwound

    def keep(self, result: Result) -> None:
        """Keep what happened in a step of a source that cannot say it again; its thread makes things now."""
        thread = result.row.thread
        self.latest[thread] = len(self.log)
        self.log.append(result)
        self.world.maker = thread

    def drawn(self, results: tuple[Result, ...]) -> Result:
        """Decide which result a step has."""
        left = results if self.rest else in_time(results)
        places = tuple([result.choice[1] or 0 for result in left])
        if places == tuple(range(len(left))):
            return left[self.strategy.draw(len(left))]
        return left[self.strategy.draw(len(left), places)]

    def disagree(self, row: Row) -> None:
        raise InternalError(
            f"a real object differs from the kernel after '{row.verb}'", self.names()
        )

    def go_on(self) -> Worker | None:
        """Let watchers look, and pick who goes on; None where nobody does, and `ending` says why."""
        objects = self.objects
        enabled: list[Any] = []
        blocked: list[Row] = []
        timed = False
        for row in self.rows:
            if row is None:
                continue
            if row.can_block and not row.operation.ways(objects, row.thread):
                blocked.append(row)
            else:
                enabled.append(row)
                if row.timed:
                    timed = True
        if self.after and self.look(enabled, blocked):
            self.ending = "stopped"
        elif not self.running:
            self.ending = "completed"
        elif self.interrupt.asked:
            self.ending = "interrupted"
        elif not enabled and begins_next(self.strategy) is None:
            self.ending = "stuck"
        elif len(self.log) >= self.max_steps:
            self.ending = "budget"
        else:
            if timed:
                enabled = self.with_times(enabled)
            if self.begins:
                enabled = with_beginnings(enabled, filter(may_begin, self.rows))
            thread = self.strategy.pick(enabled)
            self.chosen = self.rows[thread]
            return self.workers[thread]
        return None

    def look(self, enabled: list[Row], blocked: list[Row]) -> bool:
        """Let watchers look; tell whether one of them stops the execution."""
        moment = self.moment
        moment.enabled, moment.blocked = enabled, blocked
        moment.over = not self.running
        moment.step = len(self.log) - 1
        result = moment.result = self.last
        failures = self.failures if result is None else result.failures
        stops = False
        for after in self.after:
            if after(moment, failures):
                stops = True
        return stops

    def with_times(self, enabled: list[Row]) -> list[Row | Ready]:
        """Tell of each step with a duration whether it can be taken now, and before its time is up."""
        if not self.source.last:
            return [self.with_time(row) for row in enabled]
        results = [self.results(row, self.objects) for row in enabled]
        self.rest = not any(map(goes_on, results))
        return [
            self.with_time(row)
            if self.rest or own(in_time(found))
            else Ready(row.thread, row.operation, False, held=True, begins=may_begin(row))
            for row, found in zip(enabled, results, strict=True)
            if self.keeps_time or self.rest or own(in_time(found))
        ]

    def with_time(self, row: Row) -> Row | Ready:
        """Tell whether a step with a duration can be taken before its time is up."""
        if not row.timed or not row.operation.ready(self.objects, row.thread):
            return row
        return Ready(row.thread, row.operation, begins=may_begin(row))

    def start(self, result: Result, starter: Worker) -> None:
        """Let threads begin that a step has started."""
        for thread, row in result.started:
            if row is not None:
                self.engage(thread, row)
            elif not self.tabular:
                self.engage(thread, None)
                self.run_up(thread, starter)
                self.world.maker = result.row.thread

    def run_up(self, thread: int, starter: Worker) -> None:
        """Let a thread run to its first step, or to its end, and come back."""
        self.starter = starter
        self.workers[thread].give()
        starter.take()
        if self.unwinding:
            raise _Unwound

    def arrive(self, row: Row, worker: Worker) -> None:
        """Come to the first step of a thread, and give the baton back to who has started it."""
        starter, self.starter = self.starter, None
        assert starter is not None
        self.stand(row)
        starter.give()
        worker.take()
        if self.unwinding:
            raise _Unwound

    def stand(self, row: Row) -> None:
        """Note where a thread stands of which that was not known; take in what is new in the world."""
        self.grow()
        self.rows[row.thread] = row

    def grow(self) -> None:
        """Take in what has appeared in the world."""
        for number in range(len(self.objects), len(self.world)):
            self.objects.append(self.world.entities[number].initial)
            self.rows.append(None)
            self.real.add(number)

    def ended(self, thread: int) -> None:
        """Note that a thread has ended."""
        self.running -= not self.world.is_daemon(thread)

    def finish(self, thread: int) -> Worker | Baton:
        """End a thread whose body has come to its end; gives who gets the baton."""
        if not self.tabular:
            self.grow()
            self.objects[thread] = ENDED
            self.ended(thread)
            self.end_with_last_step(thread)
        starter, self.starter = self.starter, None
        return starter or self.go_on() or self.pool.main

    def end_with_last_step(self, thread: int) -> None:
        """Let a thread's last step be its end, which gives what a join takes."""
        number = self.latest.get(thread)
        if number is not None:
            result = self.log[number]
            self.log[number] = result.ended()
            if self.last is result:
                self.last = self.log[number]

    def leave(self, thread: int, worker: Worker) -> None:
        """Give back the worker of a thread that has ended; later, if Python takes it for an owner still."""
        del self.workers[thread]
        owns = self.real.owned and self.real.is_owner(self.objects, thread)
        (self.kept if owns else self.pool.idle).append(worker)

    def unwind(self) -> None:
        """End what is left: one worker at a time, by an exception in the call that it waits in."""
        self.unwinding = True
        self.pool.idle.extend(self.kept)
        for thread, worker in sorted(self.workers.items()):
            if thread in self.begun:
                worker.give()
                self.wait()
            else:
                self.pool.idle.append(worker)
        self.workers.clear()
