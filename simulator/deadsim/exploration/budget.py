"""How much a search may use: when it is spent, what was found so far is still reported.

One budget is kept by all phases of a command; a phase may have a part of it, and never more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from time import monotonic

from deadsim.engine.interrupts import Interrupt

STATES, SECONDS, MEMORY = 1_000_000, 60, 1_024

MEASURED = 0.02
"""Seconds between two looks at the memory, which takes longer than a look at the clock."""


class Spent(Exception):
    """A budget was spent, or the user has asked to stop; `reason` is a sentence without a full stop.

    `option` is what bounds it, with its `amount`.
    """

    def __init__(
        self, reason: str, interrupted: bool = False, option: str = "", amount: float = 0
    ) -> None:
        self.reason = reason
        self.interrupted = interrupted
        self.option, self.amount = option, amount
        super().__init__(reason)


class Budget:
    """Counts what is used; `count` raises Spent. Seconds are those of the clock on the wall, memory
    is in MiB and what the process has grown by since.
    """

    def __init__(
        self,
        states: int = STATES,
        seconds: float = SECONDS,
        memory: int = MEMORY,
        steps: int | None = None,
        executions: int | None = None,
        interrupt: Interrupt | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.states, self.seconds, self.memory = states, seconds, memory
        self.steps, self.executions = steps, executions
        self.interrupt = interrupt
        self.clock = clock or monotonic
        self.began = self.measured = self.clock()
        self.until = self.began + seconds
        self.before = resident()
        self.look: Callable[[Budget], None] | None = None  # shows how far it has come
        self.hunting = False  # whether only shorter schedules are looked for
        self.visited = self.done = 0  # states, executions
        self.depth = 0  # steps of the longest schedules so far
        self.transitions = 0
        self.noted: Callable[[int], None] | None = None  # is told how many states were visited
        self.most = (0, 0)  # states and steps that were counted before something began anew

    def part(
        self,
        seconds: float | None = None,
        states: int | None = None,
        executions: int | None = None,
    ) -> Budget:
        """Give a part of what is left of it, as large as is said at the most; it counts for itself."""
        found = Budget(
            self.states if states is None else min(states, self.states),
            self.seconds,
            self.memory,
            self.steps,
            self.executions if executions is None else executions,
            self.interrupt,
            self.clock,
        )
        found.began, found.before = self.began, self.before
        found.until = self.until
        if seconds is not None:
            found.until = min(self.until, self.clock() + seconds)
        found.look, found.hunting = self.look, self.hunting
        return found

    def count(self, states: int, transitions: int = 0) -> None:
        """Note states and steps that were taken; raises Spent where that was too much."""
        self.visited += states
        self.transitions += transitions
        if self.noted is not None:
            self.noted(self.counted[0])
        self.stop_if_asked()
        if self.visited > self.states:
            raise spent(f"{self.states:,} states", "--max-states", self.states)
        self.watch()

    def begin_anew(self, visited: int, transitions: int) -> None:
        """Go back to an earlier count, for what is visited once more; what was counted stays known."""
        self.most = self.counted
        self.visited, self.transitions = visited, transitions

    @property
    def counted(self) -> tuple[int, int]:
        """Give how many states and steps were counted, those included that were counted anew."""
        return max((self.visited, self.transitions), self.most)

    def execution(self, number: int, steps: int) -> None:
        """Note an execution, counted from 1, and how long it is."""
        if self.executions is not None and number > self.executions:
            raise spent(f"{self.executions:,} executions", "--max-executions", self.executions)
        self.done, self.depth = number, max(self.depth, steps)
        self.watch()

    def watch(self) -> None:
        """Look at the clock, and now and then at the memory; raises Spent."""
        self.stop_if_asked()
        if self.look is not None:
            self.look(self)
        now = self.clock()
        if now > self.until:
            raise spent(f"{self.seconds:g} seconds", "--max-seconds", self.seconds)
        if now - self.measured >= MEASURED:
            self.measured = now
            if resident() - self.before > self.memory:
                raise spent(f"{self.memory:,} MiB", "--max-memory", self.memory)

    def stop_if_asked(self) -> None:
        """Raise Spent where the user has asked to stop."""
        if self.interrupt is not None and self.interrupt.asked:
            raise Spent("interrupted", interrupted=True)

    @property
    def is_spent(self) -> bool:
        """Decide whether nothing is left of the time, or the user has asked to stop."""
        asked = self.interrupt is not None and self.interrupt.asked
        return asked or self.clock() > self.until

    def too_deep(self, steps: int) -> Spent:
        """Say that schedules get longer than they may."""
        words = f"schedules get longer than {steps:,} steps (--max-steps)"
        return Spent(words, option="--max-steps", amount=steps)

    def elapsed(self) -> float:
        """Give the seconds since the search began."""
        return self.clock() - self.began


def spent(what: str, option: str, amount: float) -> Spent:
    """Say which budget was spent."""
    return Spent(f"the budget of {what} is spent ({option})", option=option, amount=amount)


class Stop(Interrupt):
    """Asks a run to stop where a budget is spent, as Ctrl-C does."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    @property
    def asked(self) -> bool:  # type: ignore[override]  # read only here
        """Decide whether it is spent."""
        return self.budget.is_spent


def resident() -> float:
    """Measure the memory of this process, in MiB; where the system does not say, its peak."""
    try:
        with open("/proc/self/statm", "rb") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, ValueError, IndexError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (2**20 if sys.platform == "darwin" else 2**10)
