"""Python's own barrier, taken apart into the steps at which it lets another thread in.

Its condition gets a lock to which whoever wakes comes back only when it is let. So each wait is carried out in
the pieces between which others may come: up to where it waits, and from where it woke on.
"""

import threading
from typing import Any

PATIENCE = 20.0


class GatedLock:
    """A lock under a condition; a thread that wakes waits at its gate before it takes the lock back."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.acquire, self.release = self.lock.acquire, self.lock.release
        self.__enter__, self.__exit__ = self.lock.__enter__, self.lock.__exit__
        self.steppers: dict[int, Stepper] = {}

    def __enter__(self) -> bool:
        return self.lock.__enter__()

    def __exit__(self, *error: Any) -> None:
        self.lock.release()

    def _is_owned(self) -> bool:
        return self.lock.locked()

    def _release_save(self) -> None:
        stepper = self.steppers[threading.get_ident()]
        self.lock.release()
        stepper.parked.release()

    def _acquire_restore(self, saved: None) -> None:
        stepper = self.steppers[threading.get_ident()]
        stepper.awake.set()
        stepper.gate.acquire()
        stepper.awake.clear()
        self.lock.acquire()


class Stepper:
    """A real thread that waits at the barrier when it is told to, a piece at a time."""

    def __init__(self, barrier: "SteppedBarrier") -> None:
        self.barrier = barrier
        self.parked = threading.Semaphore(0)  # released where it waits, and where its wait is over
        self.gate = threading.Semaphore(0)
        self.awake = threading.Event()  # it woke, and stands at its gate
        self.told = threading.Semaphore(0)
        self.timeout: float | None = None
        self.over = True
        self.result: Any = None
        self.stops = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        self.barrier.lock.steppers[threading.get_ident()] = self
        while self.told.acquire() and not self.stops:
            try:
                self.result = self.barrier.real.wait(self.timeout)
            except threading.BrokenBarrierError:
                self.result = "broken"
            self.over = True
            self.parked.release()

    def step(self, timed: bool) -> Any:
        """Take the next piece of a wait: "waits", a place in the line, or "broken"."""
        if self.over:
            self.over, self.timeout = False, 0 if timed else None
            self.told.release()
        else:
            assert self.awake.wait(PATIENCE), "it sleeps on where the kernel lets it go on"
            self.gate.release()
        assert self.parked.acquire(timeout=PATIENCE)
        return self.result if self.over else "waits"

    def stop(self) -> None:
        self.stops = True
        self.told.release()
        self.gate.release(1_000)


class SteppedBarrier:
    """A `threading.Barrier` whose waits are taken a piece at a time by some threads."""

    def __init__(self, parties: int, threads: int) -> None:
        self.lock = GatedLock()
        self.real: Any = threading.Barrier(parties)
        self.real._cond = threading.Condition(self.lock)  # type: ignore[arg-type]
        self.steppers = [Stepper(self) for _ in range(threads)]

    def stop(self) -> None:
        """Let all threads end."""
        self.real.abort()
        for stepper in self.steppers:
            stepper.stop()
        for stepper in self.steppers:
            stepper.thread.join(PATIENCE)
