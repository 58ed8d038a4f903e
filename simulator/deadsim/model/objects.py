"""What the threads of a scenario share; every element of an array is an object of its own."""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.model.lock_modes import Conflicts
from deadsim.model.place import Place
from deadsim.model.values import Value


class Lock(NamedTuple):
    """A mutex; reentrant as `threading.RLock` is.

    One that is not `owned` any thread may release. It is a `signal` where others release it than who takes it.
    """

    name: str
    reentrant: bool
    place: Place
    owned: bool = True
    signal: bool = False


class RWLock(NamedTuple):
    """Many readers or one writer."""

    name: str
    prefer: Literal["none", "writers"]
    place: Place


class ModeLock(NamedTuple):
    """An rwlock that is held in modes, of which some conflict; with `victims` a circle of waits is broken.

    With `prefer` "queue" a request waits behind earlier ones that it conflicts with.
    """

    name: str
    modes: Conflicts
    prefer: Literal["none", "queue"]
    victims: bool
    place: Place


class Semaphore(NamedTuple):
    """A count of permits; nobody owns those of a `signal`, which is given by others than who takes it."""

    name: str
    value: int
    bounded: bool
    place: Place
    signal: bool = False


class Condition(NamedTuple):
    """A condition on a lock (its number among the objects).

    It is `left` where some thread has a step that leaves a wait for it half done.
    """

    name: str
    lock: int
    spurious: bool
    place: Place
    left: bool = False


class Event(NamedTuple):
    """A flag to wait for."""

    name: str
    set: bool
    place: Place


class Barrier(NamedTuple):
    """A point where `parties` threads wait for one another.

    It `breaks` where some thread has a step that may break it.
    """

    name: str
    parties: int
    place: Place
    breaks: bool = False


class Latch(NamedTuple):
    """A count that only goes down; whoever waits goes on once it has come to zero."""

    name: str
    value: int
    place: Place


class Queue(NamedTuple):
    """A `queue.Queue`, `LifoQueue` or `PriorityQueue`; maxsize 0 or less is unlimited.

    It `shuts` where some thread has a step that shuts it down.
    """

    name: str
    maxsize: int
    order: Literal["fifo", "lifo", "priority"]
    place: Place
    shuts: bool = False


class Pipe(NamedTuple):
    """A one-way pipe that carries items; one without room hands them over.

    It is `left` where some thread has a step that takes its offer back.
    """

    name: str
    capacity: int
    place: Place
    left: bool = False


class Variable(NamedTuple):
    """A place in shared memory."""

    name: str
    initial: Value
    place: Place


SharedObject: TypeAlias = (
    Lock
    | RWLock
    | ModeLock
    | Semaphore
    | Condition
    | Event
    | Barrier
    | Latch
    | Queue
    | Pipe
    | Variable
)
