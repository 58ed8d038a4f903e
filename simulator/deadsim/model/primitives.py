"""What each primitive is, one row each: the one table that everything about primitives comes from.

Rooms that have a part of their own for each primitive (its kernel file, its real counterpart, its shape,
its text as Python) are exhaustive over these rows; `tests/house/test_descriptors.py` lists what is missing.
A row says of every verb with which classes it may fail, and a verb without an entry is refused where that
is asked.
"""

from typing import NamedTuple

from deadsim.model import objects
from deadsim.model.claims import DeadlockKind
from deadsim.model.failures import FailureClass

NEVER: tuple[FailureClass, ...] = ()
MISUSE: tuple[FailureClass, ...] = ("Misuse",)
BROKEN_PIPE: tuple[FailureClass, ...] = ("BrokenPipe",)
SHUT_DOWN: tuple[FailureClass, ...] = ("ShutDown",)
BROKEN_BARRIER: tuple[FailureClass, ...] = ("BrokenBarrier",)
VICTIM: tuple[FailureClass, ...] = ("Victim",)


class Wanted(NamedTuple):
    """Something that one waits for, and that anybody may provide.

    `fact` is the kernel's name for it, `want` the reports' one. `waits` follows "waits", with a place for
    the object; `helps` is what one does who provides it, `by` joins an object to who does, and `never` follows
    "which nobody will ever". `unhelped` is the kind of deadlock where nobody can. A thread provides it
    `once` that has to wait itself then.
    """

    fact: str
    want: str
    waits: str
    helps: str
    by: str
    unhelped: DeadlockKind = "never-signalled"
    never: str = "release"
    once: bool = False


class Primitive(NamedTuple):
    """A row: its class, its noun, its section, what may be asked of it, its verbs, what one waits for at it.

    `verbs` are those that are steps, and with which classes each may fail once its operands are worked out; with an
    owner one waits for that owner, which no row has to say.
    """

    declared: type
    noun: str
    section: str
    queries: tuple[str, ...]
    verbs: dict[str, tuple[FailureClass, ...]]
    wanted: tuple[Wanted, ...] = ()


_ITEM = Wanted("items", "item", "for an item in {}", "puts one in", "filled by", "peer-gone")
_TAKER = Wanted(
    "receives",
    "receive",
    "for its offer to {} to be taken",
    "receives",
    "received by",
    "peer-gone",
    "receive",
)
_ROOM = Wanted("slots", "room", "for room in {}", "takes an item out", "emptied by", "peer-gone")

PRIMITIVES = (
    Primitive(
        objects.Lock,
        "lock",
        "locks",
        ("locked", "holder"),
        {"acquire": NEVER, "release": MISUSE},
        (Wanted("unlocked", "unlock", "for {}", "releases it", "released by"),),
    ),
    Primitive(
        objects.ModeLock,
        "modelock",
        "rwlocks",
        ("locked", "holder"),
        {"acquire": VICTIM, "release": MISUSE},
    ),
    Primitive(
        objects.RWLock,
        "rwlock",
        "rwlocks",
        ("locked", "holder"),
        {"acquire": NEVER, "release": MISUSE},
    ),
    Primitive(
        objects.Semaphore,
        "semaphore",
        "semaphores",
        ("value",),
        {"acquire": NEVER, "release": MISUSE},
        (Wanted("permits", "permit", "for a permit of {}", "releases it", "released by"),),
    ),
    Primitive(
        objects.Condition,
        "condition",
        "conditions",
        ("waiting",),
        {
            "acquire": NEVER,
            "release": MISUSE,
            "wait": MISUSE,
            "notify": MISUSE,
            "notify_all": MISUSE,
        },
        (
            Wanted(
                "notifies",
                "notify",
                "to be notified on {}",
                "notifies",
                "notified by",
                never="notify",
            ),
        ),
    ),
    Primitive(
        objects.Event,
        "event",
        "events",
        ("is_set", "waiting"),
        {"wait": NEVER, "set": NEVER, "clear": NEVER},
        (Wanted("set", "set", "until {} is set", "sets it", "set by", never="set"),),
    ),
    Primitive(
        objects.Barrier,
        "barrier",
        "barriers",
        ("waiting", "broken"),
        {"wait": BROKEN_BARRIER, "abort": NEVER, "reset": NEVER},
        (
            Wanted(
                "arrivals",
                "arrivals",
                "at {} for others to arrive",
                "arrives",
                "waits for",
                "barrier-starvation",
                once=True,
            ),
            Wanted(
                "leavers",
                "leavers",
                "at {} until the last round has left",
                "leaves it",
                "left by",
                "barrier-starvation",
                once=True,
            ),
        ),
    ),
    Primitive(
        objects.Latch,
        "latch",
        "latches",
        ("value",),
        {"wait": NEVER, "count_down": NEVER},
        (
            Wanted(
                "count_downs",
                "count_down",
                "until {} is at zero",
                "counts it down",
                "counted down by",
                "barrier-starvation",
            ),
        ),
    ),
    Primitive(
        objects.Queue,
        "queue",
        "queues",
        ("qsize", "empty", "full"),
        {
            "put": (*MISUSE, *SHUT_DOWN),
            "get": SHUT_DOWN,
            "task_done": MISUSE,
            "join": NEVER,
            "shutdown": NEVER,
        },
        (
            _ITEM,
            _ROOM,
            Wanted(
                "dones",
                "task_done",
                "until all items of {} are done",
                "calls task_done",
                "done by",
                "missing-task-done",
            ),
        ),
    ),
    Primitive(
        objects.Pipe,
        "pipe",
        "pipes",
        ("qsize",),
        {"send": BROKEN_PIPE, "receive": BROKEN_PIPE, "close": NEVER},
        (_ITEM, _ROOM, _TAKER),
    ),
    Primitive(objects.Variable, "variable", "variables", (), {"read": NEVER, "write": NEVER}),
)

BY_CLASS: dict[type, Primitive] = {row.declared: row for row in PRIMITIVES}
BY_SECTION: dict[str, Primitive] = {row.section: row for row in PRIMITIVES}
WANTED: dict[str, Wanted] = {one.fact: one for row in PRIMITIVES for one in row.wanted}
"""What a thread may wait for, by the name of the fact or stock that it needs."""

THREAD_VERBS: dict[str, tuple[FailureClass, ...]] = {"start": MISUSE, "join": MISUSE}
"""The steps that are about threads."""

LOCAL_VERBS: dict[str, tuple[FailureClass, ...]] = {
    "step": NEVER,
    "yield": NEVER,
    "print": NEVER,
    "choose": NEVER,
    "sleep": NEVER,
    "select": NEVER,
}
"""The steps that are about nothing that is declared."""


ASKED: dict[str, tuple[FailureClass, ...]] = {
    query: NEVER for row in PRIMITIVES for query in row.queries if query != "holder"
} | {"finished": NEVER}
"""The steps that ask something shared how it is; a claim alone may ask for the holder."""


def sections_of(query: str) -> tuple[str, ...]:
    """List the sections whose objects answer a question."""
    return tuple(dict.fromkeys(row.section for row in PRIMITIVES if query in row.queries))
