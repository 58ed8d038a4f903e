"""Workers: operating-system threads that perform scenario threads, used again and again."""

import os
import threading
from collections.abc import Callable
from types import TracebackType

from deadsim.engine import baton
from deadsim.engine.baton import Baton
from deadsim.errors import InternalError, UsageError

STACK = 256 * 1024  # bytes a worker
PATIENCE = 60.0  # seconds that a worker may take to end


class Worker:
    """One operating-system thread: it takes its baton, does its task, and waits for the next."""

    def __init__(self, number: int) -> None:
        self.baton: Baton = baton.make(number)
        self.give = self.baton.give
        self.take = self.baton.take
        self.task: Callable[[], None] | None = None
        self.thread = threading.Thread(target=self._work, name=f"deadsim-{number}", daemon=True)

    def _work(self) -> None:
        while True:
            self.take()
            task = self.task
            if task is None:
                return
            task()


class Pool:
    """The workers of one call of `run`: made as they are needed, ended when the block is left.

    While it is open the process is kept to one processor, where it can be: only one of the threads
    ever runs, and a hand-over within a processor is cheaper. A pool does not survive a fork.
    """

    def __init__(self) -> None:
        self.workers: list[Worker] = []
        self.idle: list[Worker] = []
        self.main = baton.make()  # of the thread that the pool belongs to
        self.process = os.getpid()
        self.processors: set[int] | None = None

    def __enter__(self) -> "Pool":
        if hasattr(os, "sched_setaffinity"):
            allowed = os.sched_getaffinity(0)
            if len(allowed) > 1:
                self.processors = allowed
                chosen = sorted(allowed)[os.getpid() % len(allowed)]
                os.sched_setaffinity(0, {chosen})  # of this thread; workers inherit it
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        finally:
            if self.processors is not None and os.getpid() == self.process:
                os.sched_setaffinity(0, self.processors)

    def worker(self) -> Worker:
        """Give a worker that has nothing to do."""
        if self.idle:
            return self.idle.pop()
        if os.getpid() != self.process:
            raise InternalError("a pool of workers was used after a fork")
        made = Worker(len(self.workers))
        before = threading.stack_size(STACK)
        try:
            made.thread.start()
        except RuntimeError:
            made.baton.close()
            count = len(self.workers)
            raise UsageError(
                f"this machine gives no more than {count} threads to a process"
            ) from None
        finally:
            threading.stack_size(before)
        self.workers.append(made)
        return made

    def close(self) -> None:
        """End all workers; none of them may be in the middle of a task."""
        workers, self.workers, self.idle = self.workers, [], []
        for worker in workers:
            worker.task = None
            worker.give()
        for worker in workers:
            worker.thread.join(PATIENCE)
            if worker.thread.is_alive():
                raise InternalError("a worker did not end")
            worker.baton.close()
        self.main.close()
