"""What a step did to the order of things and to what threads hold."""

from typing import Literal, NamedTuple, TypeAlias

Numbers: TypeAlias = tuple[int, ...]

Channel: TypeAlias = int  # the number of an object; ~number for the readers of an rwlock
Store: TypeAlias = tuple[str, int, int]  # what for, the object's number, and a thread or 0


class Mark(NamedTuple):
    """A step puts itself into a store at some place, or takes out what is there.

    A store that was never used has `room` places that nobody filled.
    """

    store: Store
    at: int
    puts: bool
    room: int = 0


class Effect(NamedTuple):
    """What a step did, whatever it is called: objects, threads and channels by their numbers.

    `gives` and `takes` are the channels by which happens-before left and entered the thread (takes
    first), `marks` what it put into stores and took out of them. The thread has one more of each of
    `acquires`, one less of `releases`; it sets what it `parks` aside while it waits, and has it back
    with what it `resumes`. What it `signals` wakes those who wait, what it `clears` is signalled no
    more. It began the threads that it `starts`, saw the end of those that it `joins`, and `ends` says
    that it was its thread's last step. Its notify went to the threads `notified`, be it in vain.
    """

    reads: Numbers = ()
    writes: Numbers = ()
    gives: Numbers = ()
    takes: Numbers = ()
    marks: tuple[Mark, ...] = ()
    success: bool = True
    phase: Literal["begin", "end"] | None = None
    acquires: Numbers = ()
    releases: Numbers = ()
    parks: Numbers = ()
    resumes: Numbers = ()
    signals: Numbers = ()
    clears: Numbers = ()
    starts: Numbers = ()
    joins: Numbers = ()
    ends: bool = False
    notified: Numbers = ()

    @property
    def is_source(self) -> bool:
        """Tell whether later steps may be ordered after this one by what it put into a store."""
        return any(mark.puts for mark in self.marks)


NOTHING = Effect()
