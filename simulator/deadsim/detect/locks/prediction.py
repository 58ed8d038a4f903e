"""Deadlocks that a clean run did not show: locks taken in opposite orders, and a schedule that does it.

Goodlock (Havelund: Using Runtime Analysis to Guide Model Checking of Java Programs, SPIN 2000) finds
circles in the order of locks, without those that a common lock guards, or that start and join keep
apart. Which of them can be reached while every read sees the same write and every lock is taken in
the same order as before is decided by sync-preserving prediction (Tunc, Mathur, Pavlogiannis,
Viswanathan: Sound Dynamic Deadlock Prediction in Linear Time, PLDI 2023).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from deadsim.detect.holdings import Holdings, named
from deadsim.detect.order.happens_before import Clock, join
from deadsim.kernel.world import World
from deadsim.model.objects import Lock
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock, Wait

MOST_EVENTS = 5_000  # of a run that is looked at
MOST_CIRCLES = 100
MOST_THREADS = 6  # in a circle

Prefix: TypeAlias = dict[int, int]  # thread → how many of its events


class Acquire(NamedTuple):
    """A lock was taken while others were held; `guards` are those that a starter held all the time."""

    step: int
    thread: int
    lock: int
    held: frozenset[int]
    guards: frozenset[int]


class Circle(NamedTuple):
    """Acquires each of which wants what the next one's thread holds.

    `schedule` are the steps of the run after which all of them are blocked; None where it is not
    known that there are such.
    """

    acquires: tuple[Acquire, ...]
    schedule: tuple[int, ...] | None


class Trace:
    """A run, by what its threads did with locks."""

    def __init__(self, world: World, events: Sequence[Event], held: Holdings) -> None:
        self.world = world
        self.events = events
        self.holdings = held
        self.own: dict[int, list[int]] = {}  # thread → its steps
        self.place: list[int] = []  # step → which of its thread's steps it is, from 0
        self.acquires: list[Acquire] = []
        self.taken: dict[int, list[tuple[int, int | None]]] = {}  # lock → (acquire, release)
        for event in events:
            own = self.own.setdefault(event.thread, [])
            self.place.append(len(own))
            own.append(event.step)
        self.clocks = self.ordered()
        self.forked = self.started_and_joined()
        self.follow_locks()

    def is_lock(self, number: int) -> bool:
        """Decide whether an object is a lock."""
        declared = self.world.declared(number) if number >= 0 else None
        return isinstance(declared, Lock) and declared.owned

    def ordered(self) -> list[Clock]:
        """Find for each step how many steps of each thread have to come before it, itself included.

        Program order, what a read read, and all of happens-before but the order of locks.
        """
        channels: dict[int, Clock] = {}
        written: dict[int, Clock] = {}
        now: dict[int, Clock] = {}
        clocks: list[Clock] = []
        for event in self.events:
            clock = dict(now.get(event.thread) or channels.get(event.thread, {}))
            for channel in event.effect.takes:
                if not self.is_lock(channel):
                    join(clock, channels.get(channel, {}))
            for step in event.ordered_after:
                join(clock, clocks[step])
            for variable in event.effect.reads:
                join(clock, written.get(variable, {}))
            clock[event.thread] = self.place[event.step] + 1
            for channel in event.effect.gives:
                if not self.is_lock(channel):
                    join(channels.setdefault(channel, {}), clock)
            for variable in event.effect.writes:
                written[variable] = clock
            now[event.thread] = clock
            clocks.append(clock)
        return clocks

    def started_and_joined(self) -> list[Clock]:
        """Find for each step what comes before it by starts and joins alone."""
        channels: dict[int, Clock] = {}
        now: dict[int, Clock] = {}
        clocks: list[Clock] = []
        for event in self.events:
            clock = dict(now.get(event.thread) or channels.get(event.thread, {}))
            for channel in event.effect.takes:
                if channel >= 0 and self.world.is_thread(channel):
                    join(clock, channels.get(channel, {}))
            clock[event.thread] = self.place[event.step] + 1
            for channel in event.effect.gives:
                if channel >= 0 and self.world.is_thread(channel):
                    join(channels.setdefault(channel, {}), clock)
            now[event.thread] = clock
            clocks.append(clock)
        return clocks

    def locks_before(self, step: int, thread: int) -> frozenset[int]:
        """List the locks that a thread held before a step."""
        return frozenset(filter(self.is_lock, self.holdings.before(step, thread)))

    def follow_locks(self) -> None:
        """Find all acquires, their releases, and what was held at each."""
        open_at: dict[int, int] = {}  # lock → which of its acquires is open
        starts: dict[int, tuple[int, int, frozenset[int]]] = {}  # thread → starter, step, its locks
        for event in self.events:
            thread, step = event.thread, event.step
            own = self.locks_before(step, thread)
            after = self.locks_before(step + 1, thread)
            for other in event.effect.starts:
                starts[other] = (thread, step, own)
            for lock in sorted(after - own):
                open_at[lock] = len(self.taken.setdefault(lock, []))
                self.taken[lock].append((step, None))
                self.acquires.append(Acquire(step, thread, lock, own, frozenset()))
            for lock in sorted(own - after):
                taken = self.taken[lock][open_at[lock]]
                self.taken[lock][open_at[lock]] = (taken[0], step)
        self.acquires = [a._replace(guards=self.guards(a.thread, starts)) for a in self.acquires]

    def guards(
        self, thread: int, starts: dict[int, tuple[int, int, frozenset[int]]]
    ) -> frozenset[int]:
        """Find the locks that a thread's starter held from its start until it had joined it."""
        if thread not in starts:
            return frozenset()
        starter, begin, locks = starts[thread]
        kept = locks | self.guards(starter, starts)
        for step in self.own[starter]:
            if step <= begin:
                continue
            if thread in self.events[step].effect.joins:
                return kept
            kept -= locks - self.locks_before(step + 1, starter)
        return frozenset()  # nobody waited for it


def find_circles(world: World, events: Sequence[Event], held: Holdings) -> list[Circle]:
    """Find locks that were taken in opposite orders, each circle of threads and locks once."""
    if len(events) > MOST_EVENTS:
        return []
    trace = Trace(world, events, held)
    groups: dict[tuple[int, int, frozenset[int], frozenset[int]], list[Acquire]] = {}
    for acquire in trace.acquires:
        if acquire.held:
            key = (acquire.thread, acquire.lock, acquire.held, acquire.guards)
            groups.setdefault(key, []).append(acquire)
    found: dict[tuple[tuple[int, int], ...], Circle] = {}
    for circle in _circles(list(groups.values()), trace):
        key_of = tuple(sorted((group[0].thread, group[0].lock) for group in circle))
        known = found.get(key_of)
        if known is not None and known.schedule is not None:
            continue
        chosen, schedule = _predict(trace, circle)
        if known is None or schedule is not None:
            found[key_of] = Circle(chosen, schedule)
    return list(found.values())


def _circles(groups: list[list[Acquire]], trace: Trace) -> Iterator[list[list[Acquire]]]:
    """Enumerate circles of groups, each once, beginning with its lowest thread."""
    count = 0

    def fits(path: list[list[Acquire]], group: list[Acquire]) -> bool:
        new = group[0]
        for other in (one[0] for one in path):
            if other.thread == new.thread or other.lock == new.lock:
                return False
            if (other.held | other.guards) & (new.held | new.guards):
                return False
        return True

    def extend(path: list[list[Acquire]]) -> Iterator[list[list[Acquire]]]:
        last, first = path[-1][0], path[0][0]
        if len(path) > 1 and last.lock in first.held and _apart(path, trace):
            yield list(path)
        if len(path) == MOST_THREADS:
            return
        for group in groups:
            if group[0].thread > first.thread and last.lock in group[0].held and fits(path, group):
                yield from extend([*path, group])

    for group in groups:
        for circle in extend([group]):
            yield circle
            count += 1
            if count >= MOST_CIRCLES:
                return


def _apart(path: list[list[Acquire]], trace: Trace) -> bool:
    """Decide whether starts and joins let all of these be waited for at the same time, at some time."""

    def before(one: Acquire, other: Acquire) -> bool:
        return trace.forked[other.step].get(one.thread, 0) > trace.place[one.step]

    for position, group in enumerate(path):
        for other in path[position + 1 :]:
            if all(before(a, b) or before(b, a) for a in group for b in other):
                return False
    return True


def _predict(
    trace: Trace, circle: list[list[Acquire]]
) -> tuple[tuple[Acquire, ...], tuple[int, ...] | None]:
    """Look for a schedule after which all acquires of a circle are blocked."""
    chosen = [0] * len(circle)
    prefix: Prefix = {}
    while True:
        now = tuple(group[at] for group, at in zip(circle, chosen, strict=True))
        for acquire in now:
            join(prefix, _just_before(trace, acquire))
        if not _close(trace, prefix):
            return now, None
        inside = [p for p, a in enumerate(now) if prefix.get(a.thread, 0) > trace.place[a.step]]
        if not inside:
            steps = [
                event.step
                for event in trace.events
                if trace.place[event.step] < prefix.get(event.thread, 0)
            ]
            return now, tuple(steps)
        for position in inside:
            group = circle[position]
            while prefix.get(group[0].thread, 0) > trace.place[group[chosen[position]].step]:
                chosen[position] += 1
                if chosen[position] == len(group):
                    return tuple(one[0] for one in circle), None


def _just_before(trace: Trace, acquire: Acquire) -> Clock:
    """Give what has to come before a thread stands before an acquire."""
    place = trace.place[acquire.step]
    if place:
        return trace.clocks[trace.own[acquire.thread][place - 1]]
    clock = dict(trace.clocks[acquire.step])
    clock.pop(acquire.thread, None)
    return clock


def _close(trace: Trace, prefix: Prefix) -> bool:
    """Add the releases that have to come too, where a lock is taken again; false if there is none."""
    changed = True
    while changed:
        changed = False
        for taken in trace.taken.values():
            inside = [
                (acquire, release)
                for acquire, release in taken
                if trace.place[acquire] < prefix.get(trace.events[acquire].thread, 0)
            ]
            for _, release in inside[:-1]:
                if release is None:
                    return False
                thread = trace.events[release].thread
                if trace.place[release] >= prefix.get(thread, 0):
                    join(prefix, trace.clocks[release])
                    changed = True
    return True


def suspicion(world: World, events: Sequence[Event], held: Holdings, circle: Circle) -> Deadlock:
    """Describe a circle that no schedule is known for: what each thread held when it took what."""
    names = [world.name(acquire.thread) for acquire in circle.acquires]
    waits = []
    for position, acquire in enumerate(circle.acquires):
        following = names[(position + 1) % len(names)]
        own = held.before(acquire.step, acquire.thread)
        waits.append(
            Wait(
                names[position],
                events[acquire.step].verb,
                world.name(acquire.lock),
                "owner",
                1,
                events[acquire.step].place,
                named(world, own),
                (following,),
                False,
            )
        )
    return Deadlock(
        kind="circular-wait",
        proof="suspected",
        step=None,
        threads=tuple(names),
        objects=tuple(wait.object for wait in waits),
        waits=tuple(waits),
        cycle=tuple(names),
        also_stuck=(),
        still_running=(),
    )
