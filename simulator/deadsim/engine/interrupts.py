"""Ctrl-C while threads run: noted at once, acted on at the next step."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether the user has asked to stop."""

    __slots__ = ("asked",)

    def __init__(self) -> None:
        self.asked = False


@contextmanager
def noted() -> Iterator[Interrupt]:
    """Note Ctrl-C instead of raising KeyboardInterrupt somewhere, while the block runs.

    Only in the main thread, and only where nobody else handles the signal; a second Ctrl-C raises.
    """
    interrupt = Interrupt()

    def note(number: int, frame: FrameType | None) -> None:
        if interrupt.asked:
            raise KeyboardInterrupt
        interrupt.asked = True

    mine = threading.current_thread() is threading.main_thread()
    if not mine or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield interrupt
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
