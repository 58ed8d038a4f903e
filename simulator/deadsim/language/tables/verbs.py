"""The table of verbs: what each is about, its options, and what it means in one line.

The checker (`steps`) and the JSON Schema (`schema`) both come from it, and nothing else says which
keys a step may have.
"""

from typing import Literal, NamedTuple, TypeAlias

Shape: TypeAlias = Literal[
    "object",  # the name of something shared
    "objects",  # one such name, or a list of them
    "expression",
    "boolean",  # a constant
    "text",
    "values",  # a list of expressions
    "assignments",  # local → expression
    "local",  # the name of a local
    "steps",
    "nothing",
    "procedure",
    "process",
    "word",  # one of some words
    "mode",  # of an rwlock
    "branches",  # a list of steps, each with a `do`
    "handlers",  # class of a failure → steps
]


class Option(NamedTuple):
    """A key beside the verb. `sections`: only for objects that were declared there."""

    name: str
    shape: Shape
    about: str
    required: bool = False
    sections: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Verb(NamedTuple):
    """A step. `sections` is where the object that it is about may have been declared."""

    name: str
    shape: Shape
    about: str
    options: tuple[Option, ...] = ()
    sections: tuple[str, ...] = ()
    arrays: bool = False  # a whole array may be named


_BLOCKING = Option("blocking", "boolean", "false: one try, which succeeds or fails at once")
_TIMEOUT = Option("timeout", "expression", "give up after this many virtual seconds")
_MODE = Option("mode", "mode", "how to take an rwlock", sections=("rwlocks",))
MODES = Option("mode", "word", "how to take an rwlock", words=("read", "write"))
"""Those of an rwlock that was declared without."""

_TEXT = Option("text", "text", "in place of `value`: a text, with places in braces")


def _into(about: str) -> Option:
    return Option("into", "local", about)


_TABLE = (
    Verb(
        "acquire",
        "object",
        "take a lock, an rwlock, a permit of a semaphore, or the lock of a condition",
        (_MODE, _BLOCKING, _TIMEOUT, _into("receives whether it was taken")),
        ("locks", "rwlocks", "semaphores", "conditions"),
    ),
    Verb(
        "release",
        "object",
        "give back what was acquired",
        (
            Option("count", "expression", "how many permits", sections=("semaphores",)),
            Option("mode", "mode", "which one of an rwlock with modes", sections=("rwlocks",)),
        ),
        ("locks", "rwlocks", "semaphores", "conditions"),
    ),
    Verb(
        "with",
        "objects",
        "acquire in order, do the steps, release in reverse order, however they end",
        (Option("do", "steps", "the steps under the locks", required=True), _MODE),
        ("locks", "rwlocks", "semaphores", "conditions"),
    ),
    Verb(
        "wait",
        "object",
        "wait for a condition (its lock must be held), an event, a barrier or a latch",
        (
            Option("until", "expression", "wait until this is true", sections=("conditions",)),
            _TIMEOUT,
            _into("receives false after a timeout, of a barrier the order of arrival"),
        ),
        ("conditions", "events", "barriers", "latches"),
    ),
    Verb(
        "notify",
        "object",
        "wake waiters of a condition, longest waiting first",
        (Option("count", "expression", "how many (1)"),),
        ("conditions",),
    ),
    Verb("notify_all", "object", "wake all waiters of a condition", (), ("conditions",)),
    Verb("set", "object", "set an event", (), ("events",)),
    Verb("clear", "object", "clear an event", (), ("events",)),
    Verb(
        "abort",
        "object",
        "break a barrier: who waits there, or comes, gets `BrokenBarrier`",
        (),
        ("barriers",),
    ),
    Verb(
        "reset",
        "object",
        "make a barrier whole; who waits there gets `BrokenBarrier`",
        (),
        ("barriers",),
    ),
    Verb(
        "count_down",
        "object",
        "count a latch down, but never below zero",
        (Option("count", "expression", "by how many (1)"),),
        ("latches",),
    ),
    Verb(
        "put",
        "object",
        "put an item into a queue; waits while it is full",
        (
            Option("value", "expression", "the item"),
            _TEXT,
            _BLOCKING,
            _TIMEOUT,
            _into("receives whether it was put"),
        ),
        ("queues",),
    ),
    Verb(
        "get",
        "object",
        "take an item from a queue; waits while it is empty",
        (
            _into("receives the item"),
            _BLOCKING,
            _TIMEOUT,
            Option("ok", "local", "receives whether there was one"),
        ),
        ("queues",),
    ),
    Verb("task_done", "object", "say that an item of a queue is dealt with", (), ("queues",)),
    Verb(
        "shutdown",
        "object",
        "shut a queue down: no more puts, and no get once it is empty; both raise `ShutDown`",
        (Option("immediate", "boolean", "true: it is emptied, and what was in it counts as done"),),
        ("queues",),
    ),
    Verb(
        "join",
        "object",
        "wait for the end of a thread or process, or until all items of a queue are dealt with",
        (_TIMEOUT, _into("receives whether it ended in time")),
        ("queues", "threads", "processes"),
        arrays=True,
    ),
    Verb(
        "start",
        "object",
        "start a thread, or an array of threads, that has `autostart: false`",
        (),
        ("threads", "processes"),
        arrays=True,
    ),
    Verb(
        "send",
        "object",
        "send an item into a pipe; waits while it is full, or without room until it is received",
        (
            Option("value", "expression", "the item"),
            _TEXT,
        ),
        ("pipes",),
    ),
    Verb(
        "receive",
        "object",
        "receive an item from a pipe; waits while it is empty and open",
        (_into("receives the item"), Option("ok", "local", "receives false at the end")),
        ("pipes",),
    ),
    Verb(
        "close",
        "object",
        "close an end of a pipe",
        (Option("end", "word", "which end (write)", words=("read", "write")),),
        ("pipes",),
    ),
    Verb(
        "read", "object", "read a shared variable", (_into("receives the value"),), ("variables",)
    ),
    Verb(
        "write",
        "object",
        "write a shared variable",
        (Option("value", "expression", "what to write"), _TEXT),
        ("variables",),
    ),
    Verb(
        "add",
        "object",
        "`v += value`: a read, and a write later",
        (Option("value", "expression", "what to add (1)"),),
        ("variables",),
    ),
    Verb(
        "select",
        "branches",
        "do the first of several that can be done: `receive`, `send`, `get`, `put`, `acquire`, `join` or `wait` "
        "for an event or latch, each with its `do`; `timeout: N` or `default: [...]` where none can",
    ),
    Verb("let", "assignments", "give locals values, in order"),
    Verb("atomic", "steps", "do reads, writes and local work as one indivisible step"),
    Verb(
        "if",
        "expression",
        "choose by an expression",
        (
            Option("then", "steps", "if it is true", required=True),
            Option("else", "steps", "if it is not"),
        ),
    ),
    Verb(
        "while",
        "expression",
        "repeat as long as an expression is true",
        (Option("do", "steps", "what to repeat", required=True),),
    ),
    Verb(
        "repeat",
        "expression",
        "repeat a number of times",
        (
            Option("do", "steps", "what to repeat", required=True),
            Option("index", "local", "a local that counts from 0"),
        ),
    ),
    Verb("forever", "steps", "repeat without end"),
    Verb("break", "nothing", "leave the loop"),
    Verb("continue", "nothing", "begin the loop's next round"),
    Verb("return", "nothing", "leave the procedure, or end the thread"),
    Verb("pass", "nothing", "do nothing"),
    Verb("yield", "nothing", "a step that does nothing: a chance for others"),
    Verb(
        "choose",
        "values",
        "take one of some values: exploring tries each, a run picks by its seed",
        (_into("receives the value"),),
    ),
    Verb(
        "call",
        "procedure",
        "do what a procedure says",
        (Option("args", "values", "what it is given: names of objects, or expressions"),),
    ),
    Verb("step", "text", "a named piece of local work, which touches nothing"),
    Verb(
        "print",
        "text",
        "write a text, then its end: two steps, as in CPython",
        (Option("end", "text", "what follows the text (a newline)"),),
    ),
    Verb("sleep", "expression", "let virtual seconds pass"),
    Verb(
        "assert",
        "expression",
        "a claim at this place; the thread ends if it is false",
        (Option("message", "text", "what to say if it is false"),),
    ),
    Verb(
        "raise",
        "text",
        "fail; the class is the word before a colon, or the only word",
    ),
    Verb(
        "try",
        "steps",
        "do steps, and deal with their failures",
        (
            Option("except", "handlers", "classes of failures, or `any`, and what is done then"),
            Option("else", "steps", "if nothing failed"),
            Option("finally", "steps", "at last, however it ends"),
        ),
    ),
    Verb(
        "signal",
        "process",
        "send a signal to a process",
        (Option("name", "text", "which signal", required=True),),
    ),
)

VERBS: dict[str, Verb] = {verb.name: verb for verb in _TABLE}

IN_SELECT: dict[str, tuple[str, ...]] = {
    "receive": ("pipes",),
    "send": ("pipes",),
    "get": ("queues",),
    "put": ("queues",),
    "acquire": ("locks", "rwlocks", "semaphores", "conditions"),
    "join": ("queues", "threads", "processes"),
    "wait": ("events", "latches"),
}
"""The verbs that may be branches of a `select`, and what each may be about there."""

NOT_IN_SELECT = ("timeout", "blocking", "until")
"""Their options that they do not have there."""

IN_ATOMIC = ("read", "write", "add", "let", "if", "assert")

# What is read and checked, but not carried out yet.
PENDING_SECTIONS = ("processes",)
