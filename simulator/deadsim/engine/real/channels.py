"""Pipes without room: a deque of offers under a lock, each with a lock that is released when it is taken."""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

from deadsim.engine.real.waits import Waiters, disagreement
from deadsim.kernel.operation import Operation, Outcome
from deadsim.model import objects
from deadsim.model.values import Value


class RealChannel:
    """A pipe without room: who sends waits until the item was received."""

    def __init__(self, number: int, pipe: objects.Pipe) -> None:
        self.number = number
        self.guard = threading.Lock()
        self.items: deque[Value] = deque()
        self.waiters = Waiters()
        self.closed: set[str] = set()

    def send(self, operation: Operation, outcome: Outcome) -> None:
        with self.guard:
            if outcome.phase == "begin":
                if self.closed:
                    raise disagreement("a pipe", "send")
                self.items.append(outcome.objects[self.number].standing[-1][1])
                self.waiters.join()
            elif not self.waiters.leave():
                raise disagreement("a pipe", "send")

    def leave(self, operation: Operation, outcome: Outcome) -> None:
        me = threading.get_ident()
        with self.guard:
            if me in self.waiters.waiting:
                del self.items[self.waiters.waiting.index(me)]
            self.waiters.withdraw()

    def receive(self, operation: Operation, outcome: Outcome) -> None:
        with self.guard:
            item = (self.items.popleft(), True) if self.items else (None, False)
            if item != outcome.results:
                raise disagreement("a pipe", "receive")
            self.waiters.wake(int(item[1]))

    def close(self, operation: Operation, outcome: Outcome) -> None:
        with self.guard:
            self.closed.update(outcome.objects[self.number].closed)
            if "read" in self.closed:  # nobody takes what is offered any more
                self.items.clear()
                self.waiters.waiting.clear()

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state: what is offered, and which ends are closed."""
        closed, standing, _ = state[self.number]
        offered = [] if "read" in closed else [item for _, item in standing]
        real = list(self.items)
        return (
            real == offered
            and self.closed == set(closed)
            and len(self.waiters.waiting) == len(real)
        )

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds: nothing."""
