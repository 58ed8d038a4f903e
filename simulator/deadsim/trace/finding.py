"""What was found in a run: one frozen class for each shape of defect.

Everything is in the user's own names. Reports and pictures are renderings of these, and compute
nothing of their own. Steps count from 0; None stands for the program's start, before any step.
"""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.model.claims import DeadlockKind, Fair
from deadsim.model.place import Place
from deadsim.model.program import Choice

Proof: TypeAlias = Literal["proved", "relaxed", "suspected"]


class Hold(NamedTuple):
    """An object that a thread holds, where it took it, and how often it has it; in which `mode`, if it has such."""

    object: str
    place: Place
    times: int = 1
    mode: str | None = None


Want: TypeAlias = str
"""What a thread waits for: that an "owner" lets go, the "end" of a thread, or what `model.primitives` lists."""


class Wait(NamedTuple):
    """What a thread waits for, and for whom; `blocked` is false of one that is bound to wait.

    `missing` is how often it takes what it wants; `timeout` after how many virtual seconds it gives up.
    What it wants is `taken` by those for whom it waits, if they have it and nobody else could give it; they only stand
    `ahead` of it in a queue, if they do not have it.
    `helps` is what the wakers do, where that is something else than what is waited for. Of a lock with
    modes it wants `mode`, and those for whom it waits have `met` it with theirs, one after the other.
    Whatever it waits for as well, where one of several lets it go on, is `more`. Of a thread that waits in its
    `finalizer` that is where it stood when that began.
    """

    thread: str
    verb: str
    object: str
    want: Want
    missing: int
    place: Place
    holds: tuple[Hold, ...]
    wakers: tuple[str, ...]
    blocked: bool
    timeout: int | None = None
    taken: bool = False
    ahead: bool = False
    helps: str | None = None
    more: tuple["Wait", ...] = ()
    mode: str | None = None
    met: tuple[str, ...] = ()
    finalizer: Place | None = None


class Access(NamedTuple):
    """One access to a shared variable, and what its thread held then."""

    thread: str
    verb: Literal["read", "write"]
    step: int
    place: Place
    holds: tuple[Hold, ...]


class Deadlock(NamedTuple):
    """Threads that can never take another step: the core, with what each of it waits for.

    Who waits for one of several has one of the `waits` for each. `cycle` lists the core in the order in which each waits for the next, where there is a cycle.
    `also_stuck` can never end because of the core; `still_running` are all other unfinished threads, and
    those `waiting_too` among them never move again either, but not because of it; of those `unknown` that
    is not known. `lost_at` is the step
    at which a signal was lost, where that is why; `taker` had it instead, with `others` (`late`: its time had run out), or used it
    up at `used_at` by what it did to `used`. It `rests_on` threads that go round for ever. It is not `settled` where not every
    thread of the core is known to be blocked where it will stay. `unavoidable_from` is an earlier step from
    which on it could not be avoided, `ways` how many other steps close the same core. `schedule` is another
    schedule that shows it, where this run does not; `hint` says what is missing, or in the way. `covered` says
    that it is proved because all continuations were looked at. It is a `leak`, and no defect, where daemons alone are stuck.
    The `finalizers` of some threads could help, and never have to begin.
    """

    kind: DeadlockKind
    proof: Proof
    step: int | None
    threads: tuple[str, ...]
    objects: tuple[str, ...]
    waits: tuple[Wait, ...]
    cycle: tuple[str, ...]
    also_stuck: tuple[str, ...]
    still_running: tuple[str, ...]
    lost_at: int | None = None
    schedule: tuple[Choice, ...] | None = None
    hint: str | None = None
    taker: str | None = None
    used_at: int | None = None
    used: str | None = None
    late: bool = False
    others: tuple[str, ...] = ()
    waiting_too: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    settled: bool = True
    unavoidable_from: int | None = None
    ways: int | None = None
    covered: bool = False
    leak: bool = False
    finalizers: tuple[str, ...] = ()
    type: Literal["deadlock"] = "deadlock"


class Race(NamedTuple):
    """Two accesses to a variable, one a write, that nothing orders."""

    variable: str
    step: int
    accesses: tuple[Access, Access]
    type: Literal["race"] = "race"


class Failed(NamedTuple):
    """A thread that failed, or an invariant that did not hold any more after its step."""

    type: Literal["assertion", "invariant", "misuse", "error", "timeout"]
    step: int | None
    thread: str | None
    place: Place
    message: str


class ClaimBroken(NamedTuple):
    """A claim about the end of the program, or about its output, that this run contradicts."""

    type: Literal["final", "output"]
    claim: str
    step: int | None
    place: Place
    message: str


class Livelock(NamedTuple):
    """Threads that go round for ever: the schedule once round, and how often the state was the same.

    With `fair` nobody is left out who stays able to move (weak), or is able again and again (strong);
    else no schedule leads out. Of starvation there is a `victim`, and what it waits for.
    """

    proof: Proof
    step: int | None
    threads: tuple[str, ...]
    loop: tuple[Choice, ...]
    visits: int
    fair: Fair | None = None
    victim: str | None = None
    wait: Wait | None = None
    type: Literal["livelock", "starvation"] = "livelock"


Finding: TypeAlias = Deadlock | Race | Failed | ClaimBroken | Livelock
