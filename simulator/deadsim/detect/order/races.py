"""Data races of a run: two accesses to a variable, one a write, that nothing orders.

FastTrack (Flanagan, Freund: FastTrack: Efficient and Precise Dynamic Race Detection, PLDI 2009): of
writes the last one suffices, of reads the last one too as long as they are ordered. A race is found
whether or not the two accesses were neighbours in the run.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from deadsim.detect.holdings import Holdings, named
from deadsim.detect.order.happens_before import Clock, HappensBefore
from deadsim.kernel.world import World
from deadsim.trace.effect import Effect
from deadsim.trace.event import Event
from deadsim.trace.finding import Access, Race


class _Last(NamedTuple):
    """A last access: by whom, at which time of its own clock, in which step."""

    thread: int
    time: int
    step: int


class RacePair(NamedTuple):
    """Two steps that race, and the variable."""

    variable: int
    first: int
    second: int


class RaceDetector:
    """Follows a run step by step; of each variable the first race is kept in `found`."""

    def __init__(self) -> None:
        self.order = HappensBefore()
        self.writes: dict[int, _Last] = {}
        self.reads: dict[int, dict[int, _Last]] = {}
        self.found: dict[int, RacePair] = {}
        # A variable (in a tuple) → who accessed it last, if that was in its epoch, and nobody wrote since.
        self.has_read: dict[tuple[int, ...], int] = {}
        self.has_written: dict[tuple[int, ...], int] = {}
        self.reader = self.has_read.get  # bound once: this is asked at every access
        self.writer = self.has_written.get

    def after(self, step: int, thread: int, effect: Effect) -> None:
        """See what a thread's step did."""
        # An access that its thread has made before in the same epoch tells nothing new, and is the
        # commonest of all; so this is quick.
        reads, writes = effect.reads, effect.writes
        if reads:
            if self.reader(reads) == thread and not effect.gives:
                return
        elif writes:
            if self.writer(writes) == thread and not effect.gives:
                return
        else:
            self.order.pass_by(step, thread, effect)
            if (self.has_read or self.has_written) and (effect.gives or effect.marks):
                self.begin_epoch(thread)
            return
        clock = self.order.before(step, thread, effect)
        time = clock[thread]
        for variable in reads:
            self.read(variable, step, thread, clock, time)
        for variable in writes:
            self.write(variable, step, thread, clock, time)
            self.has_read.pop((variable,), None)
            self.has_written.pop((variable,), None)
        self.order.after(step, thread, effect)
        if effect.gives or effect.marks:
            self.begin_epoch(thread)
        elif len(reads) == 1 and not writes:
            self.has_read[reads] = thread
        elif len(writes) == 1 and not reads:
            self.has_written[writes] = thread

    def begin_epoch(self, thread: int) -> None:
        """Forget what a thread has accessed in its epoch: another one begins."""
        for last in (self.has_read, self.has_written):
            for accessed in [one for one, who in last.items() if who == thread]:
                del last[accessed]

    def read(self, variable: int, step: int, thread: int, clock: Clock, time: int) -> None:
        readers = self.reads.setdefault(variable, {})
        same = readers.get(thread)
        if same is not None and same.time == time:
            return
        written = self.writes.get(variable)
        if written is not None and written.time > clock.get(written.thread, 0):
            self.note(variable, written.step, step)
        for other in [r for r in readers.values() if r.time <= clock.get(r.thread, 0)]:
            del readers[other.thread]  # ordered before this read, which stands for it from now on
        readers[thread] = _Last(thread, time, step)

    def write(self, variable: int, step: int, thread: int, clock: Clock, time: int) -> None:
        written = self.writes.get(variable)
        if written is not None and written.thread == thread and written.time == time:
            if not self.reads.get(variable):
                return
        elif written is not None and written.time > clock.get(written.thread, 0):
            self.note(variable, written.step, step)
        for reader in self.reads.get(variable, {}).values():
            if reader.time > clock.get(reader.thread, 0):
                self.note(variable, reader.step, step)
        self.reads.pop(variable, None)
        self.writes[variable] = _Last(thread, time, step)

    def note(self, variable: int, first: int, second: int) -> None:
        self.found.setdefault(variable, RacePair(variable, first, second))


def describe(
    world: World, events: Sequence[Event], held: Holdings, pairs: Sequence[RacePair]
) -> tuple[Race, ...]:
    """Write races in the user's own names; `held` has followed the run."""
    races = []
    for pair in sorted(pairs, key=lambda pair: (pair.second, pair.variable)):
        steps = (pair.first, pair.second)
        written = any(pair.variable in events[step].effect.writes for step in steps)
        assert written, "two reads do not race"
        first, second = (access(world, events[step], held, pair.variable) for step in steps)
        name = world.name(pair.variable)
        races.append(Race(name, pair.second, (first, second)))
    return tuple(races)


def access(world: World, event: Event, held: Holdings, variable: int) -> Access:
    """Describe one of two accesses: of a block that reads and writes, the write."""
    verb: Literal["read", "write"] = "write" if variable in event.effect.writes else "read"
    name = world.name(event.thread)
    holds = named(world, held.before(event.step, event.thread))
    return Access(name, verb, event.step, event.place, holds)
