"""How one thread wakes another and no third: an eventfd, a pipe, or a lock.

An eventfd costs about half of what a `threading.Lock` does. Descriptors are few, so threads past
the first `DESCRIPTORS` take a lock each; so do all where there is neither eventfd nor a pipe that
can be polled.
"""

import _thread
import os
import select
import sys
from collections.abc import Callable
from typing import Protocol

DESCRIPTORS = 400


class Baton(Protocol):
    """Given as often as it is taken; `take` waits until it is given."""

    def give(self) -> None: ...

    def take(self) -> None: ...

    def take_within(self, seconds: float) -> bool:
        """Take it if it is given in this time."""
        ...

    def close(self) -> None: ...


if sys.platform == "linux":

    class EventfdBaton:
        """A counter in the kernel."""

        def __init__(self) -> None:
            self.descriptor = os.eventfd(0, os.EFD_CLOEXEC)
            self.readable = _poll(self.descriptor)

        def give(self) -> None:
            os.eventfd_write(self.descriptor, 1)

        def take(self) -> None:
            os.eventfd_read(self.descriptor)

        def take_within(self, seconds: float) -> bool:
            if not self.readable(seconds * 1000):
                return False
            os.eventfd_read(self.descriptor)
            return True

        def close(self) -> None:
            os.close(self.descriptor)


class PipeBaton:
    """A byte in a pipe."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()
        self.readable = _poll(self.reader)

    def give(self) -> None:
        os.write(self.writer, b"x")

    def take(self) -> None:
        os.read(self.reader, 1)

    def take_within(self, seconds: float) -> bool:
        if not self.readable(seconds * 1000):
            return False
        self.take()
        return True

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)


class LockBaton:
    """A lock that is held until it is given."""

    def __init__(self) -> None:
        self.lock = _thread.allocate_lock()
        self.lock.acquire()

    def give(self) -> None:
        self.lock.release()

    def take(self) -> None:
        self.lock.acquire()

    def take_within(self, seconds: float) -> bool:
        return self.lock.acquire(timeout=seconds)

    def close(self) -> None:
        pass


def _poll(descriptor: int) -> Callable[[float], list[tuple[int, int]]]:
    """Make a function that waits some milliseconds for something to read."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return waiting.poll


def kind(number: int = 0) -> str:
    """Name the sort of baton that the worker with this number gets."""
    if number < DESCRIPTORS and hasattr(os, "eventfd"):
        return "eventfd"
    if number < DESCRIPTORS // 2 and hasattr(select, "poll"):
        return "pipe"
    return "lock"


def make(number: int = 0) -> Baton:
    """Make a baton for the worker with this number."""
    try:
        if kind(number) == "eventfd":
            return EventfdBaton()
        if kind(number) == "pipe":
            return PipeBaton()
    except OSError:
        pass  # no descriptor is left; a lock needs none
    return LockBaton()
