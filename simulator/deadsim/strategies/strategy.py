"""What a strategy is: it picks one of the threads that can take a step."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from deadsim.kernel.operation import Operation

if TYPE_CHECKING:
    from random import Random


class Option(Protocol):
    """A thread that can take a step, and the operation that it stands before.

    Where that has a duration, `ready` says whether it can be taken before the time is up; one that is
    `held` can only be taken once nobody else can go on. Of a thread whose finalizer may begin, `begins`
    is true; who is blocked `only_begins` it then, and nothing else.
    """

    @property
    def thread(self) -> int: ...

    @property
    def operation(self) -> Operation: ...

    @property
    def ready(self) -> bool: ...

    @property
    def held(self) -> bool: ...

    @property
    def begins(self) -> object: ...

    @property
    def only_begins(self) -> bool: ...


class Ready(NamedTuple):
    """A step with a duration that can be taken before its time is up."""

    thread: int
    operation: Operation
    ready: bool = True
    held: bool = False
    begins: object = False
    only_begins: bool = False


class Standing(Protocol):
    """A thread, and the operation that it stands before."""

    @property
    def thread(self) -> int: ...

    @property
    def operation(self) -> Operation: ...


def with_beginnings(options: Iterable[Option], may_begin: Iterable[Standing]) -> list[Option]:
    """Add those among who `may_begin` a finalizer that can do nothing else now."""
    options = list(options)
    able = {option.thread for option in options if not option.held}
    more = {
        one.thread: Ready(one.thread, one.operation, False, begins=True, only_begins=True)
        for one in may_begin
        if one.thread not in able
    }
    rest = (option for option in options if option.thread not in more)
    return sorted((*rest, *more.values()), key=lambda option: option.thread)


class Strategy(Protocol):
    """Chooses one schedule.

    The engine calls `begin` before an execution and `end` after it. `pick` gets the threads that can
    go on, in the order of their numbers and at least one; `draw` decides everything else that is
    left to chance, where a schedule calls what there is to choose from by `places`. One that has a
    `keeps_time` which is true is told who is held too; one that `begins` finalizers may say there whose
    is to begin next, though nobody can move. Both are recorded by the engine, so a replay needs nothing from a strategy.
    """

    def begin(self) -> None: ...

    def pick(self, options: Sequence[Option]) -> int:
        """Give the thread that takes the next step."""
        ...

    def draw(self, bound: int, places: Sequence[int] | None = None) -> int:
        """Give a number from 0 to `bound` - 1."""
        ...

    def end(self, outcome: str) -> None: ...


def begins_next(strategy: Strategy) -> int | None:
    """Give whose finalizer a strategy lets begin with the next step; None where it says nothing of it."""
    begins = getattr(strategy, "begins", None)
    found: int | None = None if begins is None else begins()
    return found


class Chance:
    """Numbers from a seed: the same on every version of Python."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.used = False
        self.random: Random | None = None

    def begin(self) -> None:
        """Start anew from the seed."""
        self.random = None
        self.used = False

    def draw(self, bound: int) -> int:
        """Give a number from 0 to `bound` - 1, each as likely; only `random()` is promised to stay."""
        random = self.random or self.seeded()
        return int(random.random() * bound)

    def seeded(self) -> "Random":
        """Make the numbers; not before they are needed, for it takes a while."""
        from random import Random

        self.random = Random(self.seed)
        self.used = True
        return self.random
