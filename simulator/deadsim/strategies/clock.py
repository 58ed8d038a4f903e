"""The virtual clock: it withholds who is not due, in front of another strategy.

An interval starts when the thread comes to stand before its step: a sleep, or one that gives up
after some time. The next one falls due when nothing else can go on, or when `PATIENCE` steps were
taken since time last moved: a thread that spins does not stop time. A step that can be taken without
its time being up is never withheld. Nothing ever really sleeps.
"""

from collections.abc import Sequence

from deadsim.strategies.strategy import Option, Strategy

PATIENCE = 1_000


class Clock:
    """Keeps virtual time, in seconds, for the strategy behind it.

    Where `patient` it moves on only when nothing else can go on. Who is held gets no further before that,
    though its time be up.
    """

    keeps_time = True

    def __init__(self, inner: Strategy, patient: bool = False) -> None:
        self.inner = inner
        self.patient = patient
        self.now = 0
        self.since_moved = 0
        self.due: dict[int, int] = {}
        self.last: dict[int, int] = {}  # when the last step with a duration would have been due
        self.early = False  # whether who goes on can choose, and is not out of time

    def begin(self) -> None:
        self.now = self.since_moved = 0
        self.due = {}
        self.last = {}
        self.early = False
        self.inner.begin()

    def pick(self, options: Sequence[Option]) -> int:
        timed = [option for option in options if option.operation.duration is not None]
        if timed:
            self.look(timed)
            options = [option for option in options if not option.held]
            waiting = [option for option in timed if not option.held and self.withheld(option)]
            spins = self.since_moved >= PATIENCE and not self.patient
            if waiting and (len(waiting) == len(options) or spins):
                self.move(min(self.due[option.thread] for option in waiting))
            options = [option for option in options if not self.withheld(option)]
        thread = self.inner.pick(options)
        self.taken(options, thread)
        return thread

    def withheld(self, option: Option) -> bool:
        """Decide whether a step has to wait until its time is up."""
        return not option.ready and self.due.get(option.thread, 0) > self.now

    def force(self, options: Sequence[Option], thread: int) -> None:
        """Note that a thread goes on because it was named: its time has come."""
        self.look([option for option in options if option.operation.duration is not None])
        named = next(option for option in options if option.thread == thread)
        if self.withheld(named):
            self.move(self.due[thread])
        self.taken((named,), thread)

    def look(self, timed: Sequence[Option]) -> None:
        for option in timed:
            thread, operation = option.thread, option.operation
            if thread not in self.due:
                begun = self.last.get(thread) if operation.continues else None
                self.due[thread] = self.now + (operation.duration or 0) if begun is None else begun

    def move(self, to: int) -> None:
        self.now = to
        self.since_moved = 0

    def taken(self, options: Sequence[Option], thread: int) -> None:
        self.since_moved += 1
        due = self.due.pop(thread, None)
        self.early = False
        if due is not None:
            self.last[thread] = due
            if due > self.now:
                taken = next(option for option in options if option.thread == thread)
                self.early = taken.operation.may_be_late

    def draw(self, bound: int, places: Sequence[int] | None = None) -> int:
        if bound == 1:
            return 0
        if self.early and (places is None or 1 in places):  # it wakes unasked: its time is not up
            return places.index(1) if places else 1
        return self.inner.draw(bound)

    def end(self, outcome: str) -> None:
        self.inner.end(outcome)
