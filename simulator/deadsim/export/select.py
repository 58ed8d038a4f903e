"""`select` as Python, which has none for threads: its branches are tried one after the other until one is done."""

from typing import TYPE_CHECKING

from deadsim.language.checks.form import Statement, is_null, statement
from deadsim.language.expressions.names import Problems
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from deadsim.export.statements import Body

FIRST_OF = '''
def was_taken(taken):
    """Tell that a branch was taken, or was not."""
    return (None, None) if taken else None


def get_now(waited_for):
    try:
        return waited_for.get(block=False), True
    except queue.Empty:
        return None


def put_now(waited_for, item):
    try:
        return was_taken(not waited_for.put(item, block=False))
    except queue.Full:
        return None


def receive_now(pipe):
    with pipe.changed:
        there = pipe.closed or getattr(pipe, "items", None) or getattr(pipe, "offers", None)
        return pipe.receive() if there else None


def send_now(pipe, item):
    with pipe.changed:
        if not pipe.closed and len(pipe.items) >= pipe.capacity:
            return None
        return was_taken(not pipe.send(item))


def set_now(event):
    return was_taken(event.is_set() if callable(event.is_set) else event.is_set)


def first_of(branches, timeout=None, otherwise=None):
    """Take one of several branches that can be taken; where none can, `otherwise`, after some time if there is one.

    Gives its place, and what it gave.
    """
    end = time.monotonic() + (timeout or 0)
    while True:
        for place, attempt in tried(branches, otherwise):
            got = attempt()
            if got is not None:
                return (place, *got)
        if otherwise is not None and time.monotonic() >= end:
            return otherwise, None, None
        time.sleep(0.0005)


def tried(branches, otherwise):
    """List the branches in the order in which they are tried."""
    return random.sample(branches, len(branches))
'''

FIRST_OF_IN_TURNS = FIRST_OF.replace(
    """    return random.sample(branches, len(branches))
""",
    """    if not turn.scheduled or turn.mine.choice is None:
        return random.sample(branches, len(branches))
    if turn.mine.choice == otherwise:
        return [(otherwise, lambda: (None, None))]
    return [(place, attempt) for place, attempt in branches if place == turn.mine.choice]
""",
)


def select(body: "Body", given: Statement) -> tuple[list[str], list[str], list[str]]:
    """Write a `select`: what is worked out before, the step itself, and what is done after it."""
    assert isinstance(given.value, Sequence)
    before: list[str] = []
    attempts: list[str] = []
    after: list[str] = []
    otherwise = ""
    for place, node in enumerate(given.value.items):
        assert isinstance(node, Mapping)
        keys = {key.value: value for key, value in node.pairs}
        verbs = [key for key in keys if key not in ("timeout", "default", "do")]
        then = keys.get("do") or keys.get("default")
        received: list[str] = []
        if verbs:
            attempts.append(attempt(body, node, place, before, received))
        elif "default" in keys:
            otherwise = f", otherwise={place}"
        elif not body.shared.untimed:
            seconds = body.names.expression(keys["timeout"])
            before += [*body.worked_out(), f"_limit = ({seconds}) * SCALE"]
            otherwise = f", _limit, {place}"
        steps = [] if then is None or is_null(then) else body.block(then, "    ")
        lines = [f"    {line}" for line in received] + steps
        after += [f"{'if' if not after else 'elif'} _which == {place}:", *(lines or ["    pass"])]
    step = [f"_which, _first, _second = first_of([{', '.join(attempts)}]{otherwise})"]
    return before, step, after


def attempt(body: "Body", node: Mapping, place: int, before: list[str], received: list[str]) -> str:
    """Write what tries a branch; what it is given is worked out before, what it gives is received after it."""
    own = node._replace(pairs=tuple(pair for pair in node.pairs if pair[0].value != "do"))
    given = statement(own, Problems())
    assert given is not None
    into, ok = body.local(given), body.local(given, "ok")
    verb = given.verb.name
    about = f"_about_{place}"
    if verb == "join" and body.section(given.value) != "queues":
        named = f"{body.thread(given.value)},"
    else:
        named = body.names.object(given.value)
    before += [*body.worked_out(), f"{about} = {named}"]
    if verb in ("get", "receive"):
        received += [
            f"{name} = _{value}" for name, value in ((into, "first"), (ok, "second")) if name
        ]
        return f"({place}, lambda: {verb}_now({about}))"
    if verb in ("put", "send"):
        item = body.value(given)
        before += [*body.worked_out(), f"_item_{place} = {item}"]
        received += [f"{into} = True"] if into else []
        return f"({place}, lambda: {verb}_now({about}, _item_{place}))"
    received += [f"{into} = True"] if into else []
    return f"({place}, lambda: {waits(body, given, about)})"


def waits(body: "Body", given: Statement, about: str) -> str:
    """Write what tries to acquire, to join, or to wait."""
    section = body.section(given.value)
    match given.verb.name, section:
        case "acquire", "rwlocks":
            return f"was_taken({about}.acquire({word(given.options['mode'])!r}, blocking=False))"
        case "acquire", _:
            return f"was_taken({about}.acquire(blocking=False))"
        case "join", "queues":
            return f"was_taken(join_queue({about}, 0))"
        case "join", _:
            return f"was_taken(join(note(*{about}), 0))"
        case _, "events":
            return f"set_now({about})"
        case _:
            return f"was_taken({about}.wait(0))"


def word(node: Node) -> str:
    """Give a word as it stands."""
    assert isinstance(node, Scalar)
    return node.value
