"""Queues: those of `queue`, by their calls that do not wait.

Python has a `shutdown` from 3.13 on; before, `Shutting` adds one that does the same.
"""

import queue
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from deadsim.errors import InternalError
from deadsim.kernel.operation import Operation, Outcome, wanted
from deadsim.kernel.primitives.queue import Put, Shutdown
from deadsim.model import objects
from deadsim.model.values import Value


class Shutting:
    """Adds to a queue of an older Python what `shutdown` does in 3.13."""

    def __init__(self, made: "queue.Queue[Value]") -> None:
        self.made = made
        self.is_shutdown = False

    def shutdown(self, immediate: bool) -> None:
        """Shut it down; immediate, it is emptied, and what was in it counts as done."""
        self.is_shutdown = True
        while immediate and not self.made.empty():
            self.made.get_nowait()
            with suppress(ValueError):  # nothing was owed for it
                self.made.task_done()

    def refuses(self, puts: bool) -> bool:
        """Tell whether a put, or a get, raises."""
        return self.is_shutdown and (puts or self.made.empty())


class ShutDown(Exception):
    """Raised in place of Python's own where that has none."""


REFUSED: type[Exception] = getattr(queue, "ShutDown", ShutDown)


class RealQueue:
    """A `queue.Queue`, `LifoQueue` or `PriorityQueue`."""

    def __init__(self, number: int, declared: objects.Queue) -> None:
        self.number = number
        make: dict[str, type[queue.Queue[Value]]] = {
            "fifo": queue.Queue,
            "lifo": queue.LifoQueue,
            "priority": queue.PriorityQueue,
        }
        self.queue = make[declared.order](declared.maxsize)
        self.shutting = None if hasattr(self.queue, "shutdown") else Shutting(self.queue)

    def refuse(self, puts: bool) -> None:
        """Raise what an older Python does not."""
        if self.shutting is not None and self.shutting.refuses(puts):
            raise ShutDown

    def shutdown(self, operation: Operation, outcome: Outcome) -> None:
        assert isinstance(operation, Shutdown)
        real: Any = self.shutting or self.queue
        real.shutdown(operation.immediate)

    def put(self, operation: Operation, outcome: Outcome) -> None:
        try:
            put = wanted(operation)
            assert isinstance(put, Put)
            self.refuse(True)
            self.queue.put(put.item, False)
            done = True
        except queue.Full:
            done = False
        except REFUSED:
            if outcome.wrong is not None:
                return
            done = False
        if done is not outcome.success or outcome.wrong is not None:
            raise InternalError("a queue of Python does not 'put' as the kernel does")

    def get(self, operation: Operation, outcome: Outcome) -> None:
        try:
            self.refuse(False)
            item, done = self.queue.get(False), True
        except queue.Empty:
            item, done = None, False
        except REFUSED:
            if outcome.wrong is not None:
                return
            item, done = None, None
        if (item, done) != outcome.results:
            raise InternalError("a queue of Python does not 'get' as the kernel does")

    def task_done(self, operation: Operation, outcome: Outcome) -> None:
        self.queue.task_done()

    def join(self, operation: Operation, outcome: Outcome) -> None:
        if outcome.success:
            self.queue.join()

    def answer(self, question: str) -> Value:
        """Answer a question."""
        said: Value = getattr(self.queue, question)()
        return said

    def agrees(self, state: Sequence[Any]) -> bool:
        """Compare with the kernel's state: how many items, how many that are not dealt with, whether it is shut."""
        items, unfinished, is_shut = state[self.number]
        real: Any = self.shutting or self.queue
        return (
            self.queue.qsize() == len(items)
            and self.queue.unfinished_tasks == unfinished
            and real.is_shutdown is is_shut
        )

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds: nothing."""
