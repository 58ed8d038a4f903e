"""How the steps are written that are about what threads share: one function for each verb."""

from typing import NamedTuple

from deadsim.language.checks import form
from deadsim.language.checks.form import Statement
from deadsim.language.emit.exits import OpenWith, may_be_caught
from deadsim.language.emit.writer import Writer
from deadsim.language.reading.document import Scalar
from deadsim.model.expressions import Binary, Compare, Constant, Expression, Local, Not
from deadsim.model.instructions import IN_MODE, LEAVING, Atomic, AtomicEnd, Resume


def acquire(writer: Writer, given: Statement) -> None:
    waiting = patience(writer, given)
    about(writer, given, (), waiting.flags, waiting.operands, ("into",))


def plain(writer: Writer, given: Statement) -> None:
    about(writer, given, (), (), (), ())


def counted(writer: Writer, given: Statement) -> None:
    """Write a step that may have a `count`."""
    node = given.options.get("count")
    if node is None:
        plain(writer, given)
        return
    least = 0 if given.verb.name == "notify" else 1
    count = writer.expressions().read(node)
    if isinstance(count, Constant) and (
        not isinstance(count.value, int) or isinstance(count.value, bool) or count.value < least
    ):
        writer.problems.add(
            node.place, f"'count' is an integer, {least} or more{form.unlike(node)}"
        )
    about(writer, given, (count,), ("count",), (), ())


def put(writer: Writer, given: Statement) -> None:
    """Write `put` or `send`."""
    value = writer.value(given)
    waiting = patience(writer, given)
    about(writer, given, (value,), waiting.flags, waiting.operands, ("into",))


def get(writer: Writer, given: Statement) -> None:
    """Write `get` or `receive`."""
    waiting = patience(writer, given)
    about(writer, given, (), waiting.flags, waiting.operands, ("into", "ok"))


def join(writer: Writer, given: Statement) -> None:
    waiting = patience(writer, given)
    target = writer.target(given)
    if target is not None and target.whole and writer.section(given.value) == "queues":
        writer.problems.add(given.value.place, f"'{target.name}' is an array; say which one")
    about(writer, given, (), waiting.flags, waiting.operands, ("into",))


def shutdown(writer: Writer, given: Statement) -> None:
    node = given.options.get("immediate")
    immediate = node is not None and writer.boolean(node)
    about(writer, given, (), ("immediate",) if immediate else (), (), ())


def close(writer: Writer, given: Statement) -> None:
    end = "write"
    if "end" in given.options:
        option = next(option for option in given.verb.options if option.name == "end")
        end = form.word(given.options["end"], option, writer.problems)
    about(writer, given, (), (end,), (), ())


def wait(writer: Writer, given: Statement) -> None:
    waiting = patience(writer, given)
    if "until" in given.options:
        wait_for(writer, given, waiting)
    else:
        about(writer, given, (), waiting.flags, waiting.operands, ("into",))


class Patience(NamedTuple):
    """Whether a step waits for as long as it takes: the flags that say so, and the timeout."""

    flags: tuple[str, ...] = ()
    operands: tuple[Expression, ...] = ()


def patience(writer: Writer, given: Statement) -> Patience:
    """Read `blocking` and `timeout`, which exclude one another."""
    blocking, timeout = given.options.get("blocking"), given.options.get("timeout")
    tries = blocking is not None and not writer.boolean(blocking)
    if timeout is None:
        return Patience(("try",)) if tries else Patience()
    if tries:
        writer.problems.add(timeout.place, "'timeout' and 'blocking: false' exclude one another")
    duration = writer.seconds("timeout", timeout, "'timeout'")
    return Patience(("timed",), (duration,))


def about(
    writer: Writer,
    given: Statement,
    values: tuple[Expression, ...],
    flags: tuple[str, ...],
    timeout: tuple[Expression, ...],
    into: tuple[str, ...],
) -> None:
    """Write a step that is about one object: its index is read first, then what it is given."""
    target = writer.target(given)
    flags = (*writer.mode(given, given.value, target), *flags)
    slots = tuple(writer.into(given, name) for name in into)
    if target is None:
        return
    work = writer.lowering(given)
    lowered = work.all((*target.indices, *values, *timeout))
    found = target._replace(indices=lowered[: len(target.indices)])
    operands = lowered[len(target.indices) :]
    if given.verb.name == "release" and writer.leaving is not None and writer.may_be_freed(target):
        operands = (*operands, Local(writer.leaving, ""))
        flags = (*flags, LEAVING)
    writer.body.step(given.verb.name, found, given.place, operands, slots, flags)
    work.done()


def wait_for(writer: Writer, given: Statement, waiting: Patience) -> None:
    """Write `wait` with `until`: look, and wait again as long as it is false and time is left.

    Of no time nothing is left after the first round, whoever woke it: it looks twice, as Python does.
    """
    target = writer.target(given)
    into = writer.into(given)
    until = writer.expressions().read(given.options["until"])
    if target is None:
        return
    work = writer.lowering(given)
    kept = work.kept_target(target)
    timeout = tuple(
        one if isinstance(one, Constant) else work.keep(one) for one in work.all(waiting.operands)
    )
    value, woken = work.result(), work.result()
    body, place = writer.body, given.place
    body.let(value, work.lower(until), place)
    outs = [body.branch(Not(Local(value, "")), place)]
    body.step("wait", kept, place, timeout, (woken,), waiting.flags)
    top = body.here
    body.let(value, work.lower(until), place)
    outs.append(body.branch(Not(Local(value, "")), place))
    if timeout != (Constant(0),):
        for limit in timeout:
            outs.append(body.branch(Local(woken, ""), place))
            if not isinstance(limit, Constant):
                outs.append(body.branch(Compare(limit, ((">", Constant(0)),)), place))
        body.step("wait", kept, place, timeout, (woken,), (*waiting.flags, "again"))
        body.jump(place, top)
    body.land(*outs)
    if into is not None:
        body.let(into, Local(value, ""), place)
    work.done()


def with_(writer: Writer, given: Statement) -> None:
    single = isinstance(given.value, Scalar)
    nodes = (given.value,) if single else form.items(given.value, writer.problems, "'with'")
    work = writer.lowering(given)
    opened: list[OpenWith] = []
    for node in nodes:
        target = writer.object(given, node)
        if target is None:
            continue
        kept = work.kept_target(target)
        own = writer.mode(given, node, target)
        writer.body.step("acquire", kept, given.place, into=(None,), flags=own)
        opened.append(OpenWith(kept, given.place, writer.body.here, modes_of(own)))
        writer.exits.append(opened[-1])
    writer.nested(given, "do")
    for one in reversed(opened):
        writer.exits.pop()
        covered = one.covered(writer.body.here)
        writer.body.step("release", one.target, one.place, flags=one.flags)
        released(writer, covered, one)
    work.done()


def released(writer: Writer, covered: list[tuple[int, int]], one: OpenWith) -> None:
    """Write what a failure does: it releases, and goes on outwards; kept where that may be caught, or decides."""
    body, place = writer.body, one.place
    skip = body.jump(place)
    freed = writer.may_be_freed(one.target)
    slot = body.keep() if may_be_caught(writer.exits) or freed else None
    target = writer.guard(covered, slot)
    if freed and slot is not None:
        flags = (*one.flags, LEAVING)
        body.step("release", one.target, place, (Local(slot, ""),), flags=flags)
    else:
        body.step("release", one.target, place, flags=one.flags)
    body.emit(Resume(target, slot, place))
    if slot is not None:
        body.drop([slot])
    body.land(skip)


def modes_of(flags: tuple[str, ...]) -> tuple[str, ...]:
    """Give the flags that a release has of those of its acquire."""
    return tuple(flag for flag in flags if flag.startswith(IN_MODE))


# Shared variables.


def read(writer: Writer, given: Statement) -> None:
    about(writer, given, (), (), (), ("into",))


def write(writer: Writer, given: Statement) -> None:
    target = writer.target(given)
    value = writer.value(given)
    if target is None:
        return
    work = writer.lowering(given)
    lowered, *indices = work.all((value, *target.indices))
    found = target._replace(indices=tuple(indices))
    writer.body.step("write", found, given.place, (lowered,))
    work.done()


def add(writer: Writer, given: Statement) -> None:
    target = writer.target(given)
    value = writer.option(given, "value", Constant(1))
    if target is None:
        return
    work = writer.lowering(given)
    kept = work.kept_target(target)
    old = work.result()
    writer.body.step("read", kept, given.place, into=(old,))
    total = Binary("+", Local(old, ""), work.lower(value))
    writer.body.step("write", kept, given.place, (total,))
    work.done()


def atomic(writer: Writer, given: Statement) -> None:
    begin = writer.body.emit(Atomic(-1, given.place))
    writer.in_atomic = True
    writer.block(given.value, "'atomic'")
    writer.in_atomic = False
    end = writer.body.emit(AtomicEnd(given.place))
    writer.body.instructions[begin] = Atomic(end, given.place)
