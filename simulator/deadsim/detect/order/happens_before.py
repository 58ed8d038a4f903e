"""Vector clocks: which steps of a run came before which, by the order that the program enforces.

A clock says of each thread how far it is known. Thread clocks advance where something leaves them;
a channel (an object, by its number) keeps what was given to it so far, so that every earlier
release, set or arrival counts. Mattern: Virtual Time and Global States of Distributed Systems, 1989.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from deadsim.kernel.ordering import Stores
from deadsim.trace.effect import Effect
from deadsim.trace.event import Event

Clock: TypeAlias = dict[int, int]


def join(into: Clock, other: Clock) -> None:
    """Let one clock know all that another knows."""
    for thread, time in other.items():
        if into.get(thread, 0) < time:
            into[thread] = time


class HappensBefore:
    """Follows a run step by step; `clocks[t]` is what thread t knows."""

    def __init__(self) -> None:
        self.clocks: dict[int, Clock] = {}
        self.channels: dict[int, Clock] = {}
        self.stores = Stores()
        self.steps: dict[int, Clock] = {}  # of those that later ones may be ordered after

    def before(self, step: int, thread: int, effect: Effect) -> Clock:
        """Take in what comes before a step, and give its thread's clock."""
        clock = self.clocks.get(thread)
        if clock is None:
            # Its first step: it knows what whoever started it knew.
            clock = self.clocks[thread] = {thread: 1}
            join(clock, self.channels.get(thread, {}))
        for channel in effect.takes:
            given = self.channels.get(channel)
            if given is not None:
                join(clock, given)
        if effect.marks:
            for earlier in self.stores.follow(step, effect.marks):
                join(clock, self.steps[earlier])
        return clock

    def after(self, step: int, thread: int, effect: Effect) -> None:
        """Give on what leaves the thread with a step."""
        clock = self.clocks[thread]
        if effect.marks and effect.is_source:
            self.steps[step] = dict(clock)
            clock[thread] += not effect.gives
        for channel in effect.gives:
            known = self.channels.get(channel)
            if known is None:
                self.channels[channel] = dict(clock)
            else:
                join(known, clock)
        if effect.gives:
            clock[thread] += 1

    def pass_by(self, step: int, thread: int, effect: Effect) -> None:
        """Take in what comes before a step that accesses nothing, and give on what leaves with it."""
        if effect.marks or effect.takes or thread not in self.clocks:
            self.before(step, thread, effect)
        if effect.marks or effect.gives:
            self.after(step, thread, effect)


class Order(NamedTuple):
    """A later step comes after an earlier one of another thread, by what the program enforces."""

    earlier: int
    later: int


def orders(events: Iterable[Event]) -> tuple[Order, ...]:
    """Find the fewest orders between threads that, with the order within each, are all of happens-before.

    Sorted by the later step.
    """
    own: dict[int, int] = {}  # thread → how many of its steps there were
    place: list[
        tuple[int, int]
    ] = []  # step → its thread, and which of that thread's steps it is, from 1
    clocks: list[Clock] = []  # step → of each thread how many steps come before it, itself included
    given: dict[int, dict[int, int]] = {}  # channel → thread → its last step that gave to it
    last: dict[int, Clock] = {}
    found: list[Order] = []
    for event in events:
        thread = event.thread
        before = dict(last.get(thread, {}))
        channels = event.effect.takes if thread in last else (*event.effect.takes, thread)
        steps = {step for channel in channels for step in given.get(channel, {}).values()}
        for step in sorted(steps.union(event.ordered_after), reverse=True):
            other, count = place[step]
            if other != thread and before.get(other, 0) < count:
                found.append(Order(step, event.step))
                join(before, clocks[step])
        own[thread] = before[thread] = own.get(thread, 0) + 1
        place.append((thread, own[thread]))
        clocks.append(before)
        last[thread] = before
        for channel in event.effect.gives:
            given.setdefault(channel, {})[thread] = event.step
    return tuple(found)
