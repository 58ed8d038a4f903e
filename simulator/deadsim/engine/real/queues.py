"""Queues: those of `queue`, by their calls that do not wait."""

import queue
from collections.abc import Sequence
from typing import Any

from deadsim.errors import InternalError
from deadsim.kernel.operation import Operation, Outcome, wanted
from deadsim.kernel.primitives.queue import Put
from deadsim.model import objects
from deadsim.model.values import Value


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

    def put(self, operation: Operation, outcome: Outcome) -> None:
        try:
            put = wanted(operation)
            assert isinstance(put, Put)
            self.queue.put(put.item, False)
            done = True
        except queue.Full:
            done = False
        if done is not outcome.success:
            raise InternalError("a queue of Python does not 'put' as the kernel does")

    def get(self, operation: Operation, outcome: Outcome) -> None:
        try:
            item, done = self.queue.get(False), True
        except queue.Empty:
            item, done = None, False
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
        """Compare with the kernel's state: how many items, and how many that are not dealt with."""
        items, unfinished = state[self.number]
        return self.queue.qsize() == len(items) and self.queue.unfinished_tasks == unfinished

    def let_go(self, state: Sequence[Any], thread: int) -> None:
        """Release what a thread that is unwound still holds: nothing."""
