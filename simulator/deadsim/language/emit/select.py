"""How `select` is written: what its branches are given is read first, then one step is one of them."""

from typing import NamedTuple

from deadsim.language.checks import form
from deadsim.language.checks.form import Statement
from deadsim.language.emit.writer import Writer
from deadsim.language.expressions.names import listed, nearest
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence
from deadsim.language.tables.verbs import IN_SELECT, NOT_IN_SELECT, VERBS, Verb
from deadsim.model.expressions import Compare, Constant, Expression, Local, Target
from deadsim.model.instructions import Step
from deadsim.model.place import Place

OTHERS = ("timeout", "default")


class Branch(NamedTuple):
    """A branch as it was read: its step, what it is given, the locals for its results, what is done then."""

    given: Statement
    target: Target | None
    values: tuple[Expression, ...]
    flags: tuple[str, ...]
    into: tuple[int | None, ...]
    body: Node | None

    @property
    def given_values(self) -> tuple[Expression, ...]:
        """List what is worked out before the step."""
        return (*(self.target.indices if self.target else ()), *self.values)


class Otherwise(NamedTuple):
    """What is taken where no branch can be: at once, or after some time."""

    number: int
    place: Place
    duration: tuple[Expression, ...]
    body: Node | None

    @property
    def given_values(self) -> tuple[Expression, ...]:
        """List what is worked out before the step."""
        return self.duration


def select(writer: Writer, given: Statement) -> None:
    """Write a `select`."""
    branches: list[Branch] = []
    other: Otherwise | None = None
    for number, node in enumerate(items(writer, given)):
        writer.around.count(node.place)
        key = named(node, OTHERS)
        if key is None:
            branch = read(writer, node)
            if branch is not None:
                branches.append(branch)
            continue
        if other is not None:
            writer.problems.add(key.place, f"a 'select' has one {listed(OTHERS)}, and not two")
            return
        other = otherwise(writer, node, key, number)
    if not branches:
        if isinstance(given.value, Sequence) and not writer.problems.found:
            writer.problems.add(given.value.place, "'select' wants at least one branch that waits")
        return
    write(writer, given, branches, other)


def items(writer: Writer, given: Statement) -> tuple[Node, ...]:
    """Read the list of branches."""
    if not isinstance(given.value, Sequence):
        writer.problems.add(
            given.value.place, "'select' wants a list of branches, each behind a '- '"
        )
        return ()
    if not given.value.items:
        writer.problems.add(given.value.place, "'select' wants at least one branch")
    return given.value.items


def named(node: Node, keys: tuple[str, ...]) -> Scalar | None:
    """Find the key of these in a branch; that of a verb with a time-out of its own is none."""
    if not isinstance(node, Mapping) or any(key.value in IN_SELECT for key, _ in node.pairs):
        return None
    return next((key for key, _ in node.pairs if key.value in keys), None)


def otherwise(writer: Writer, node: Node, key: Scalar, number: int) -> Otherwise:
    """Read `timeout` or `default`."""
    assert isinstance(node, Mapping)
    given = {name.value: value for name, value in node.pairs}
    known = ("timeout", "do") if key.value == "timeout" else ("default",)
    for name, _ in node.pairs:
        if name.value not in known:
            hint = nearest(name.value, known) or f"; it takes {listed(known, 'and')}"
            writer.problems.add(name.place, f"a branch '{key.value}' has no '{name.value}'{hint}")
    if key.value == "default":
        return Otherwise(number, key.place, (), given["default"])
    duration = writer.seconds("timeout", given["timeout"], "'timeout'")
    return Otherwise(number, key.place, (duration,), given.get("do"))


def read(writer: Writer, node: Node) -> Branch | None:
    """Read a branch that is a step; None where it is none."""
    known = (*IN_SELECT, *OTHERS)
    if not isinstance(node, Mapping) or not node.pairs:
        hint = f"; branches are {listed(known, 'and')}"
        writer.problems.add(node.place, f"a branch is a map that begins with its verb{hint}")
        return None
    verbs = [key for key, _ in node.pairs if key.value in VERBS]
    wrong = next((key for key in verbs if key.value not in IN_SELECT), None)
    if wrong is not None or not verbs:
        key = wrong or node.pairs[0][0]
        hint = "" if wrong else nearest(key.value, known)
        hint = hint or f"; branches are {listed(known, 'and')}"
        writer.problems.add(key.place, f"'{key.value}' cannot be a branch of 'select'{hint}")
        return None
    if len(verbs) > 1:
        names = listed([key.value for key in verbs], "and")
        writer.problems.add(verbs[1].place, f"a branch has one verb, not {names}")
        return None
    own = options(writer, node, VERBS[verbs[0].value])
    given = form.statement(node._replace(pairs=own), writer.problems)
    body = next((value for key, value in node.pairs if key.value == "do"), None)
    return None if given is None else branch(writer, given, body)


def options(writer: Writer, node: Mapping, verb: Verb) -> tuple[tuple[Scalar, Node], ...]:
    """Leave out of a branch what is none of its verb's options, and say so of what is wrong."""
    takes = [option.name for option in verb.options if option.name not in NOT_IN_SELECT]
    found: list[tuple[Scalar, Node]] = []
    for key, value in node.pairs:
        name = key.value
        if name == verb.name or name in takes:
            found.append((key, value))
        elif name in NOT_IN_SELECT:
            message = f"a branch has no '{name}' of its own; '- timeout: N' is one itself"
            writer.problems.add(key.place, message)
        elif name != "do":
            known = [*takes, "do"]
            hint = nearest(name, known) or f"; it takes {listed(known, 'and')}"
            writer.problems.add(key.place, f"a branch '{verb.name}' has no '{name}'{hint}")
    return tuple(found)


def branch(writer: Writer, given: Statement, body: Node | None) -> Branch:
    """Read what a branch is given."""
    verb = given.verb.name
    own = given._replace(verb=given.verb._replace(sections=IN_SELECT[verb]))
    target = writer.target(own)
    if (
        target is not None
        and verb == "send"
        and target.name.split("[")[0] in writer.around.roomless
    ):
        writer.problems.add(
            given.value.place,
            f"'{target.name}' has no room: an offer to it is no branch of 'select'",
        )
    if target is not None and target.whole and writer.section(given.value) == "queues":
        writer.problems.add(given.value.place, f"'{target.name}' is an array; say which one")
    values: tuple[Expression, ...] = ()
    if verb in ("send", "put"):
        values = (writer.value(given),)
    flags = writer.mode(given, given.value, target) if verb == "acquire" else ()
    names = ("into", "ok") if verb in ("get", "receive") else ("into",)
    into = tuple(writer.into(given, name) for name in names)
    return Branch(given, target, values, flags, into, body)


def write(
    writer: Writer, given: Statement, branches: list[Branch], other: Otherwise | None
) -> None:
    """Write the reads, the step, and what is done after each branch."""
    if any(one.target is None for one in branches):
        return
    entries: list[Branch | Otherwise] = list(branches)
    if other is not None:
        entries.insert(other.number, other)
    work = writer.lowering(given)
    lowered = iter(work.all(tuple(value for one in entries for value in one.given_values)))
    parts: list[Step] = []
    duration: tuple[Expression, ...] = ()
    for one in entries:
        values = tuple(next(lowered) for _ in one.given_values)
        if isinstance(one, Otherwise):
            duration = values
            continue
        assert one.target is not None
        count = len(one.target.indices)
        target = one.target._replace(indices=values[:count])
        verb = one.given.verb.name
        parts.append(Step(verb, target, values[count:], one.flags, one.into, one.given.place))
    which, first, second = work.result(), work.result(), work.result()
    flags: tuple[str, ...] = ("select",)
    if other is not None:
        flags = ("select", "timed" if other.duration else "default")
    number = other.number if other else None
    body = writer.body
    body.emit(
        Step(
            "select", None, duration, flags, (which, first, second), given.place,
            tuple(parts), number,
        )
    )  # fmt: skip
    ends = []
    places = [n for n in range(len(parts) + (other is not None)) if n != number]
    for at, one in zip(places, branches, strict=True):
        no = body.branch(Compare(Local(which, ""), (("==", Constant(at)),)), one.given.place)
        for slot, result in zip(one.into, (first, second), strict=False):
            if slot is not None:
                body.let(slot, Local(result, ""), one.given.place)
        if one.body is not None:
            writer.block(one.body, "'do'")
        ends.append(body.jump(one.given.place))
        body.land(no)
    if other is not None and other.body is not None:
        writer.block(other.body, "'do'" if other.duration else "'default'")
    body.land(*ends)
    work.done()
