"""What CPython's own code does, written out as a scenario: locks, conditions, and plain variables for what it keeps.

`threading.Condition` is the model's own, which has each of CPython's windows (`test_conformance`); an
Event, a Semaphore, a Barrier and a Queue are written here as they are written there, function by function
(3.11 to 3.13). Each has its text by the verb, with `{mine}` for a local of the thread that receives the
result, so that a family of programs can be had with the primitive and written out.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

from deadsim import loads
from deadsim.kernel.primitives.thread import ENDED
from deadsim.kernel.system import System
from deadsim.space.packed import Outgrown, Space

MOST_STATES = 60_000


class Pair(NamedTuple):
    """A primitive and what it is written out as: what is declared, and the steps of each call."""

    plain: str
    written: str
    plain_calls: Mapping[str, str]
    written_calls: Mapping[str, str]


def under(condition: str, *steps: str) -> str:
    """Write steps that are done with a lock held."""
    return f"{{with: {condition}, do: [{', '.join(steps)}]}}"


def when(test: str, *steps: str, otherwise: str = "") -> str:
    """Write a branch."""
    other = f", else: [{otherwise}]" if otherwise else ""
    return f'{{if: "{test}", then: [{", ".join(steps)}]{other}}}'


def put(variable: str, value: str) -> str:
    """Write an assignment to what is shared."""
    return f'{{write: {variable}, value: "{value}"}}'


FAILED = "{raise: broken}"

EVENT = Pair(
    "events: [E]",
    "conditions: [cond]\nvariables: {flag: 0, RESULTS}",
    {
        "set": "{set: E}",
        "clear": "{clear: E}",
        "wait": "{wait: E, into: mine}",
        "wait for some time": "{wait: E, timeout: 1, into: mine}",
    },
    {
        "set": under("cond", put("flag", "1"), "{notify_all: cond}"),
        "clear": under("cond", put("flag", "0")),
        "wait": under(
            "cond", when("flag", "{let: {mine: true}}", otherwise="{wait: cond, into: mine}")
        ),
        "wait for some time": under(
            "cond",
            when("flag", "{let: {mine: true}}", otherwise="{wait: cond, timeout: 1, into: mine}"),
        ),
    },
)

_TAKE = put("permits", "permits - 1")

SEMAPHORE = Pair(
    "semaphores: {S: 1}",
    "conditions: [cond]\nvariables: {permits: 1, RESULTS}",
    {
        "acquire": "{acquire: S}, {let: {mine: true}}",
        "try": "{acquire: S, blocking: false, into: mine}",
        "acquire in time": "{acquire: S, timeout: 1, into: mine}",
        "acquire at once": "{acquire: S, timeout: 0, into: mine}",
        "release": "{release: S}",
        "release two": "{release: S, count: 2}",
    },
    {
        "acquire": under("cond", "{wait: cond, until: permits > 0}", _TAKE)
        + ", {let: {mine: true}}",
        "try": under("cond", "{let: {mine: permits > 0}}", when("mine", _TAKE)),
        "acquire in time": under(
            "cond", "{wait: cond, until: permits > 0, timeout: 1, into: mine}", when("mine", _TAKE)
        ),
        "acquire at once": under(
            "cond", "{wait: cond, until: permits > 0, timeout: 0, into: mine}", when("mine", _TAKE)
        ),
        "release": under("cond", put("permits", "permits + 1"), "{notify: cond}"),
        "release two": under(
            "cond", put("permits", "permits + 2"), "{notify: cond}", "{notify: cond}"
        ),
    },
)


def barrier(timeout: str) -> str:
    """Write `Barrier.wait`; the state is 0 filling, 1 draining, 2 broken, 3 resetting."""
    waits = f"{{wait: cond, until: state != 0{timeout}}}"
    return under(
        "cond",
        "{wait: cond, until: state != 1 and state != 3}",
        when("state == 2", FAILED),
        "{let: {mine: count}}",
        put("count", "count + 1"),
        when(
            f"mine + 1 == {PARTIES}",
            put("state", "1"),
            "{notify_all: cond}",
            otherwise=", ".join(
                (waits, when("state == 0", put("state", "2"), "{notify_all: cond}"))
            ),
        ),
        "{let: {bad: state != 1}}",
        put("count", "count - 1"),
        when("count == 0 and (state == 1 or state == 3)", put("state", "0"), "{notify_all: cond}"),
        when("bad", FAILED),
    )


PARTIES = 2

BARRIER = Pair(
    f"barriers: {{B: {PARTIES}}}",
    "conditions: [cond]\nvariables: {state: 0, count: 0, RESULTS}",
    {
        "wait": "{wait: B, into: mine}",
        "wait for some time": "{wait: B, timeout: 1, into: mine}",
        "abort": "{abort: B}",
        "reset": "{reset: B}",
    },
    {
        "wait": barrier(""),
        "wait for some time": barrier(", timeout: 1"),
        "abort": under("cond", put("state", "2"), "{notify_all: cond}"),
        "reset": under(
            "cond",
            when(
                "count > 0",
                when("state == 0 or state == 2", put("state", "3")),
                otherwise=put("state", "0"),
            ),
            "{notify_all: cond}",
        ),
    },
)

_PUT = (put("size", "size + 1"), put("owed", "owed + 1"), "{notify: not_empty}")
_GET = (put("size", "size - 1"), "{notify: not_full}")
_SHUT = when("shut", FAILED)
_SHUT_EMPTY = when("shut and size == 0", FAILED)


def putting(patience: str) -> str:
    """Write `Queue.put`."""
    return under(
        "not_full",
        _SHUT,
        f"{{wait: not_full, until: size < 1 or shut{patience}, into: mine}}",
        _SHUT,
        when("mine", *_PUT),
    )


def getting(patience: str) -> str:
    """Write `Queue.get`."""
    return under(
        "not_empty",
        _SHUT_EMPTY,
        f"{{wait: not_empty, until: size > 0 or shut{patience}, into: mine}}",
        _SHUT_EMPTY,
        when("mine", *_GET),
    )


QUEUE = Pair(
    "queues: {q: {maxsize: 1}}",
    "locks: [mutex]\nconditions: {not_full: mutex, not_empty: mutex, all_done: mutex}\n"
    "variables: {size: 0, owed: 0, shut: false, RESULTS}",
    {
        "put": "{put: q, value: 1, into: mine}",
        "put in time": "{put: q, value: 1, timeout: 1, into: mine}",
        "get": "{get: q, ok: mine}",
        "get in time": "{get: q, timeout: 1, ok: mine}",
        "task_done": "{task_done: q}",
        "join": "{join: q}",
        "shutdown": "{shutdown: q}",
        "shutdown at once": "{shutdown: q, immediate: true}",
    },
    {
        "put": putting(""),
        "put in time": putting(", timeout: 1"),
        "get": getting(""),
        "get in time": getting(", timeout: 1"),
        "task_done": under(
            "all_done",
            when("owed == 0", FAILED),
            when("owed == 1", "{notify_all: all_done}"),
            put("owed", "owed - 1"),
        ),
        "join": under("all_done", "{wait: all_done, until: owed == 0}"),
        "shutdown": under(
            "mutex", put("shut", "true"), "{notify_all: not_empty}", "{notify_all: not_full}"
        ),
        "shutdown at once": under(
            "mutex",
            put("shut", "true"),
            "{let: {there: size}}",
            put("size", "0"),
            put("owed", "max(0, owed - there)"),
            "{notify_all: all_done}",
            "{notify_all: not_empty}",
            "{notify_all: not_full}",
        ),
    },
)

PAIRS = {"event": EVENT, "semaphore": SEMAPHORE, "barrier": BARRIER, "queue": QUEUE}

Program = tuple[tuple[str, ...], ...]
"""The calls of each thread."""


def family(pair: Pair, threads: int, calls: int) -> Iterator[Program]:
    """List all programs of so many threads with so many calls each, up to the order of the threads."""
    bodies = list(product(pair.plain_calls, repeat=calls))
    seen = set()
    for chosen in product(bodies, repeat=threads):
        program = tuple(sorted(chosen))
        if program not in seen:
            seen.add(program)
            yield program


def text(pair: Pair, program: Program, written: bool) -> str:
    """Write a program, with the primitive or written out: each result of a call is kept in a variable."""
    calls = pair.written_calls if written else pair.plain_calls
    count = len(program[0])
    results = ", ".join(f"'r{thread}[{count}]': null" for thread in range(len(program)))
    declared = pair.written if written else f"{pair.plain}\nvariables: {{RESULTS}}"
    bodies = []
    for thread, body in enumerate(program):
        steps = []
        for number, call in enumerate(body):
            steps.append("{let: {mine: null, bad: null, there: null}}")
            steps.append(calls[call])
            steps.append(f'{{write: "r{thread}[{number}]", value: "[mine, 1]"}}')
        bodies.append(f"  t{thread}: [{', '.join(steps)}]")
    return "\n".join((declared.replace("RESULTS", results), "threads:", *bodies)) + "\n"


Outcome = tuple[tuple[bool, ...], tuple[str, ...]]
"""Which threads ended, and what all calls gave, in a state in which nobody can go on."""


def outcomes(scenario: str) -> frozenset[Outcome]:
    """Search all states plainly, and list how the program may come to rest."""
    system = System(loads(scenario).program)
    kept = [n for n, one in system.world.shared() if one.name.startswith("r") and "[" in one.name]
    space = Space(system)
    while True:
        try:
            return frozenset(ends(space, kept))
        except Outgrown:
            space.widen()


def ends(space: Space, kept: list[int]) -> Iterator[Outcome]:
    """Search all states of a space."""
    seen, front = {space.start}, [space.start]
    while front:
        packed = front.pop()
        after = space.followers(packed)
        if not after:
            state = space.state(packed)
            ended = tuple(state.objects[thread] == ENDED for thread in space.threads)
            yield ended, tuple(repr(state.objects[number]) for number in kept)
        for _, one in after:
            if one not in seen:
                seen.add(one)
                front.append(one)
        assert len(seen) <= MOST_STATES, "the program is not small"
