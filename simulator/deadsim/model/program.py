"""A scenario as it was read: what is shared, who runs, what is claimed and asked for."""

from typing import Literal, NamedTuple, TypeAlias, get_args

from deadsim.model.claims import Claims
from deadsim.model.expressions import Expression
from deadsim.model.instructions import Code
from deadsim.model.objects import SharedObject
from deadsim.model.place import Place
from deadsim.model.values import Value

RECURSION = (
    16  # open calls of procedures that come to themselves, unless something else is asked for
)
MOST_RECURSION = 1_000  # the most that may be asked for: as many as Python lets be open
RUN_STEPS = 100_000  # how long one run may get, unless something else is asked for


class Thread(NamedTuple):
    """A thread of the scenario; those without `autostart` wait for a `start`."""

    name: str
    daemon: bool
    autostart: bool
    code: Code
    place: Place


class Invariant(NamedTuple):
    """An expression that is to hold in every state."""

    expression: Expression
    text: str
    place: Place


class Choice(NamedTuple):
    """One name of a schedule: who takes the step, and which of its results (None: left open).

    Of those by which the thread's finalizer begins the first is -1, the next -2.
    """

    thread: str
    result: int | None = None


class Plan(NamedTuple):
    """Which schedule `run` follows; a script has names, and where each of them stands."""

    strategy: str = "round-robin"  # one of `strategies.registry`
    seed: int | None = None
    depth: int | None = None
    script: tuple[Choice, ...] | None = None


class Limits(NamedTuple):
    """Budgets that the scenario asks for; None where it does not."""

    steps: int | None = None
    states: int | None = None
    executions: int | None = None
    seconds: float | None = None
    memory: int | None = None
    recursion: int | None = None


Timeouts: TypeAlias = Literal["free", "last", "off"]
"""When the time of a timed step may run out: at any point while it is blocked, only where no thread can
take any other step, or never."""

TIMEOUTS: tuple[Timeouts, ...] = get_args(Timeouts)


class Program(NamedTuple):
    """A whole scenario.

    Objects are numbered through: the threads first, then the printed output, then `objects` in the
    order of the file. `source` is the text of the file as it was read, `data` its bytes; `given` are the
    params whose values came from outside, and so is `timeouts` where it was `asked` for.
    """

    name: str
    description: str
    file: str
    source: str
    data: bytes
    params: dict[str, Value]
    given: dict[str, Value]
    threads: tuple[Thread, ...]
    objects: tuple[SharedObject, ...]
    invariants: tuple[Invariant, ...]
    claims: Claims
    plan: Plan
    limits: Limits
    timeouts: Timeouts = "free"
    asked: bool = False

    def with_timeouts(self, asked: Timeouts | None) -> "Program":
        """Give the same scenario with other time-outs than its own, where some are asked for."""
        if asked is None or asked == self.timeouts:
            return self
        return self._replace(timeouts=asked, asked=True)

    @property
    def tells_timeouts(self) -> bool:
        """Tell whether a schedule has to say how time runs out, to be one of the file."""
        return self.timeouts != "free" or self.asked

    @property
    def digest(self) -> str:
        """Give the SHA-256 of the file, in hexadecimal."""
        import hashlib  # few commands want it, and it takes a while to load

        return hashlib.sha256(self.data).hexdigest()
