"""How much a search may use: when it is spent, what was found so far is still reported."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from time import monotonic

from deadsim.engine.interrupts import Interrupt

STATES, SECONDS, MEMORY = 1_000_000, 60, 1_024


class Spent(Exception):
    """A budget was spent, or the user has asked to stop; `reason` is a sentence without a full stop."""

    def __init__(self, reason: str, interrupted: bool = False) -> None:
        self.reason = reason
        self.interrupted = interrupted
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
    ) -> None:
        self.states, self.seconds, self.memory = states, seconds, memory
        self.steps, self.executions = steps, executions
        self.interrupt = interrupt
        self.began = monotonic()
        self.before = resident()
        self.look: Callable[[Budget], None] | None = None  # shows how far it has come
        self.hunting = False  # whether only shorter schedules are looked for
        self.visited = self.done = 0  # states, executions
        self.depth = 0  # steps of the longest schedules so far
        self.transitions = 0

    def count(self, states: int, transitions: int = 0) -> None:
        """Note states and steps that were taken; raises Spent where that was too much."""
        self.visited += states
        self.transitions += transitions
        if self.interrupt is not None and self.interrupt.asked:
            raise Spent("interrupted", interrupted=True)
        if self.visited > self.states:
            raise Spent(f"the budget of {self.states:,} states is spent (--max-states)")
        self.watch()

    def execution(self, number: int, steps: int) -> None:
        """Note an execution, counted from 1, and how long it is."""
        if self.executions is not None and number > self.executions:
            raise Spent(f"the budget of {self.executions:,} executions is spent (--max-executions)")
        self.done, self.depth = number, max(self.depth, steps)
        if not number % 64:
            self.watch()

    def watch(self) -> None:
        """Look at the clock and at the memory alone."""
        if self.interrupt is not None and self.interrupt.asked:
            raise Spent("interrupted", interrupted=True)
        if self.look is not None:
            self.look(self)
        if self.elapsed() > self.seconds:
            raise Spent(f"the budget of {self.seconds:g} seconds is spent (--max-seconds)")
        if resident() - self.before > self.memory:
            raise Spent(f"the budget of {self.memory:,} MiB is spent (--max-memory)")

    def too_deep(self, steps: int) -> Spent:
        """Say that schedules get longer than they may."""
        return Spent(f"schedules get longer than {steps:,} steps (--max-steps)")

    def elapsed(self) -> float:
        """Give the seconds since the search began."""
        return monotonic() - self.began


def resident() -> float:
    """Measure the memory of this process, in MiB; where the system does not say, its peak."""
    try:
        with open("/proc/self/statm", "rb") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, ValueError, IndexError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (2**20 if sys.platform == "darwin" else 2**10)
