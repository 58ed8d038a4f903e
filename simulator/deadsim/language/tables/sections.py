"""The table of sections: what may be declared in each, with its options.

The checker (`declarations`) and the JSON Schema (`schema`) both come from it.
"""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.model.values import Value

EntryShape: TypeAlias = Literal["boolean", "integer", "word", "lock", "value", "modes"]


class EntryOption(NamedTuple):
    """An option of what is declared; `least` bounds an integer."""

    name: str
    shape: EntryShape
    about: str
    default: Value = None
    required: bool = False
    least: int | None = 0
    words: tuple[str, ...] = ()


class Section(NamedTuple):
    """What may stand in a section; `short` is the option that a value without a map gives."""

    name: str
    about: str
    options: tuple[EntryOption, ...]
    short: str | None = None


SECTIONS: dict[str, Section] = {
    section.name: section
    for section in (
        Section(
            "locks",
            "mutexes: one owner at a time",
            (
                EntryOption(
                    "reentrant", "boolean", "its owner may take it again, as an RLock", False
                ),
                EntryOption(
                    "owned", "boolean", "false: any thread may release it, as Python's Lock", True
                ),
            ),
        ),
        Section(
            "rwlocks",
            "many readers or one writer, or locks that are held in modes",
            (
                EntryOption(
                    "prefer",
                    "word",
                    "writers: a queued writer blocks new readers; queue: a request waits behind earlier ones",
                    "none",
                    words=("none", "writers", "queue"),
                ),
                EntryOption(
                    "modes",
                    "modes",
                    "which modes there are, each with those that it conflicts with, or the name of a preset",
                ),
                EntryOption(
                    "deadlocks",
                    "word",
                    "victim: of a circle of threads that wait for such locks one fails",
                    "none",
                    words=("none", "victim"),
                ),
            ),
        ),
        Section(
            "semaphores",
            "counts of permits, which any thread may give back",
            (
                EntryOption("value", "integer", "permits at the beginning", required=True),
                EntryOption("bounded", "boolean", "never more permits than that", False),
            ),
            "value",
        ),
        Section(
            "conditions",
            "conditions to wait for, each with a lock",
            (
                EntryOption("lock", "lock", "a lock of `locks` (default: one of its own)"),
                EntryOption("spurious", "boolean", "waiters may wake unasked", False),
            ),
            "lock",
        ),
        Section(
            "events",
            "flags to wait for",
            (EntryOption("set", "boolean", "whether it begins set", False),),
        ),
        Section(
            "barriers",
            "points where some number of threads wait for one another",
            (EntryOption("parties", "integer", "how many", required=True, least=1),),
            "parties",
        ),
        Section(
            "latches",
            "counts to wait for: who waits goes on once it is at zero, where it stays",
            (EntryOption("value", "integer", "how many count_downs it takes", required=True),),
            "value",
        ),
        Section(
            "queues",
            "queues, as `queue.Queue`",
            (
                EntryOption("maxsize", "integer", "room; 0 or less: unlimited", 0, least=None),
                EntryOption(
                    "order",
                    "word",
                    "which item comes first",
                    "fifo",
                    words=("fifo", "lifo", "priority"),
                ),
            ),
        ),
        Section(
            "pipes",
            "one-way pipes that carry items",
            (
                EntryOption(
                    "capacity",
                    "integer",
                    "room; 0: who sends waits until the item is received",
                    required=True,
                ),
            ),
        ),
        Section(
            "variables",
            "shared memory: a name and the value that it begins with",
            (EntryOption("value", "value", "the value that it begins with"),),
            "value",
        ),
    )
}
