"""The virtual clock: it withholds sleepers that are not due, in front of another strategy.

An interval starts when the thread comes to stand before its step. The next one falls due when
nothing else can go on, or when `PATIENCE` steps were taken since time last moved: a thread that
spins does not stop time. Nothing ever really sleeps.
"""

from collections.abc import Sequence

from deadsim.strategies.strategy import Option, Strategy

PATIENCE = 1_000


class Clock:
    """Keeps virtual time, in seconds, for the strategy behind it."""

    def __init__(self, inner: Strategy) -> None:
        self.inner = inner
        self.now = 0
        self.since_moved = 0
        self.due: dict[int, int] = {}

    def begin(self) -> None:
        self.now = self.since_moved = 0
        self.due = {}
        self.inner.begin()

    def pick(self, options: Sequence[Option]) -> int:
        timed = [option for option in options if option.operation.duration is not None]
        if timed:
            self.look(timed)
            waiting = [option for option in timed if self.due[option.thread] > self.now]
            if waiting and (len(waiting) == len(options) or self.since_moved >= PATIENCE):
                self.move(min(self.due[option.thread] for option in waiting))
            options = [
                option for option in options if self.due.get(option.thread, 0) <= self.now
            ]
        thread = self.inner.pick(options)
        self.taken(thread)
        return thread

    def force(self, options: Sequence[Option], thread: int) -> None:
        """Note that a thread goes on because it was named: if it sleeps, its time has come."""
        self.look([option for option in options if option.operation.duration is not None])
        if self.due.get(thread, 0) > self.now:
            self.move(self.due[thread])
        self.taken(thread)

    def look(self, timed: Sequence[Option]) -> None:
        for option in timed:
            if option.thread not in self.due:
                self.due[option.thread] = self.now + (option.operation.duration or 0)

    def move(self, to: int) -> None:
        self.now = to
        self.since_moved = 0

    def taken(self, thread: int) -> None:
        self.since_moved += 1
        self.due.pop(thread, None)

    def draw(self, bound: int) -> int:
        return self.inner.draw(bound)

    def end(self, outcome: str) -> None:
        self.inner.end(outcome)
