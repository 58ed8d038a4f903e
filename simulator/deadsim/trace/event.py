"""A step that happened."""

from typing import Literal, NamedTuple

from deadsim.model.place import Place
from deadsim.model.values import Value


class Event(NamedTuple):
    """One step: threads, objects and channels by their numbers, steps from 0.

    `gives` and `takes` are the channels by which happens-before left and entered the thread with
    this step (takes first), `ordered_after` earlier steps that came before it by themselves;
    `is_source` says that later steps may be ordered after this one so. `choice` is the result that
    was taken where there were several; `text` what was printed or named.
    """

    step: int
    thread: int
    verb: str
    phase: Literal["begin", "end"] | None
    objects: tuple[int, ...]
    place: Place
    reads: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    gives: tuple[int, ...] = ()
    takes: tuple[int, ...] = ()
    ordered_after: tuple[int, ...] = ()
    success: bool = True
    value: Value = None
    choice: int | None = None
    text: str | None = None
    is_source: bool = False
