"""Locks that are held in modes, which Python does not have: who holds what, under a real lock."""

import threading
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from deadsim.engine.real.objects import disagreement
from deadsim.kernel.operation import Operation, Outcome, wanted
from deadsim.kernel.primitives.modelock import Acquire, Release
from deadsim.model import objects


class RealModeLock:
    """A lock with modes: its holders and those who queue, by their workers.

    `circle` are all locks of which a circle of waits is broken, itself among them.
    """

    def __init__(self, number: int, lock: objects.ModeLock) -> None:
        self.number = number
        self.declared = lock
        self.conflicts = {mode: frozenset(others) for mode, others in lock.modes}
        self.guard = threading.Lock()
        self.held: Counter[tuple[int, str]] = Counter()
        self.queue: deque[tuple[int, str]] = deque()
        self.circle: Sequence[RealModeLock] = (self,)

    def has_to_wait(self, mode: str) -> bool:
        """Decide whether the worker that calls has to wait for a mode."""
        me = threading.get_ident()
        conflicts = self.conflicts[mode]
        if any(other != me and one in conflicts for other, one in self.held):
            return True
        if self.declared.prefer == "none" or any(other == me for other, _ in self.held):
            return False
        earlier = []
        for other, one in self.queue:
            if other == me:
                break
            earlier.append(one)
        return not conflicts.isdisjoint(earlier)

    def acquire(self, operation: Operation, outcome: Outcome) -> None:
        me = threading.get_ident()
        request = wanted(operation)
        assert isinstance(request, Acquire)
        mode = request.mode
        with self.guard:
            waits = self.has_to_wait(mode)
            if outcome.phase == "begin":
                self.queue.append((me, mode))
            elif outcome.success:
                self.held[me, mode] += 1
                if outcome.phase == "end":
                    self.queue.remove((me, mode))
        if outcome.wrong is not None:
            for one in self.circle:
                one.leave()
        if waits is (outcome.success and outcome.phase != "begin"):
            raise disagreement("a lock with modes", "acquire")

    def release(self, operation: Operation, outcome: Outcome) -> None:
        assert isinstance(operation, Release)
        me = threading.get_ident()
        with self.guard:
            mine = [mode for other, mode in self.held if other == me]
            if operation.mode is None or operation.mode in mine:
                mode = operation.mode or (mine[0] if len(mine) == 1 else "")
                if self.held[me, mode] > 0:
                    self.lower(me, mode, 1)
                elif not operation.leaving:
                    raise disagreement("a lock with modes", "release")
            elif not operation.leaving:
                raise disagreement("a lock with modes", "release")

    def lower(self, thread: int, mode: str, count: int) -> None:
        """Give a mode back so often."""
        self.held[thread, mode] -= count
        self.held = +self.held

    def leave(self) -> None:
        """Give back all that the worker that calls has or asks for."""
        me = threading.get_ident()
        with self.guard:
            for other, mode in [*self.held]:
                if other == me:
                    del self.held[other, mode]
            self.queue = deque(one for one in self.queue if one[0] != me)

    def answer(self, question: str) -> bool:
        """Answer a question: whether anybody holds it."""
        return bool(self.held)

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state: how often each mode is held, and what is asked for in which order."""
        grants = state[self.number]
        held = sorted((mode, count) for _, mode, count in grants.held)
        mine = sorted((mode, count) for (_, mode), count in self.held.items())
        return held == mine and [mode for _, mode in self.queue] == [
            mode for _, mode in grants.queued
        ]

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds."""
        self.leave()
