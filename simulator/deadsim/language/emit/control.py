"""How control flow is written, and what is local to a thread: one function for each verb."""

from deadsim.language.checks import form
from deadsim.language.checks.form import Statement, is_null
from deadsim.language.emit.exits import Guarded, OpenCall, OpenFinally, OpenLoop, OpenWith
from deadsim.language.emit.writer import Writer
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence
from deadsim.model.expressions import Binary, Compare, Constant, Expression, Local, Not
from deadsim.model.failures import FATAL
from deadsim.model.instructions import Fail


def let(writer: Writer, given: Statement) -> None:
    if not isinstance(given.value, Mapping):
        writer.problems.add(given.value.place, "'let' wants a map from locals to their values")
        return
    for key, node in given.value.pairs:
        name = form.local_name(key, writer.problems)
        slot = None if name is None else writer.assigned(name, key.place)
        work = writer.lowering(given)
        value = work.lower(writer.expressions().read(node))
        if slot is not None:
            writer.body.let(slot, value, given.place)
        work.done()


def if_(writer: Writer, given: Statement) -> None:
    work = writer.lowering(given)
    no = writer.body.branch(work.lower(writer.expressions().read(given.value)), given.place)
    work.done()
    writer.nested(given, "then")
    if "else" not in given.options:
        writer.body.land(no)
        return
    end = writer.body.jump(given.place)
    writer.body.land(no)
    writer.nested(given, "else")
    writer.body.land(end)


def while_(writer: Writer, given: Statement) -> None:
    loop = OpenLoop(writer.body.here)
    work = writer.lowering(given)
    end = writer.body.branch(work.lower(writer.expressions().read(given.value)), given.place)
    work.done()
    repeated(writer, loop, given, "do", end)


def forever(writer: Writer, given: Statement) -> None:
    writer.exits.append(loop := OpenLoop(writer.body.here))
    writer.block(given.value, "'forever'")
    writer.exits.pop()
    writer.body.jump(given.place, loop.top)
    writer.body.land(*loop.breaks)


def repeated(
    writer: Writer, loop: OpenLoop, given: Statement, option: str, end: int | None
) -> None:
    writer.exits.append(loop)
    writer.nested(given, option)
    writer.exits.pop()
    writer.body.jump(given.place, loop.top)
    writer.body.land(end, *loop.breaks)


def repeat(writer: Writer, given: Statement) -> None:
    work = writer.lowering(given)
    times = work.lower(writer.expressions().read(given.value))
    if isinstance(times, Constant) and not isinstance(times.value, int):
        writer.problems.add(given.value.place, "'repeat' wants an integer")
    if not isinstance(times, Constant):
        times = work.keep(times)
    count = work.result()
    index = writer.into(given, "index")
    writer.body.let(count, Constant(0), given.place)
    loop = OpenLoop(writer.body.here)
    more = Compare(Local(count, ""), (("<", times),))
    end = writer.body.branch(more, given.place)
    if index is not None:
        writer.body.let(index, Local(count, ""), given.place)
    writer.body.let(count, Binary("+", Local(count, ""), Constant(1)), given.place)
    repeated(writer, loop, given, "do", end)
    work.done()


def leave(
    writer: Writer, given: Statement, kind: type[OpenLoop | OpenCall]
) -> OpenLoop | OpenCall | None:
    """Release what is open inside the loop or procedure that is left, and do each `finally`."""
    before: list[Guarded] = []
    exits = writer.exits
    for exit in reversed(exits):
        if isinstance(exit, Guarded):
            before.append(exit)
        elif isinstance(exit, kind):
            starts: list[int] = []
            for opened in before:
                starts.append(writer.body.here)
                if isinstance(opened, OpenWith):
                    writer.body.step("release", opened.target, opened.place, flags=opened.flags)
                elif isinstance(opened, OpenFinally):
                    writer.exits = exits[: exits.index(opened)]
                    writer.block(opened.steps, "'finally'")
            writer.exits = exits
            for opened, start in zip(before, starts, strict=True):
                opened.holes.append((start, writer.body.here + 1))  # and the jump that follows
            return exit
        elif isinstance(exit, OpenCall):
            break
    writer.problems.add(given.place, f"'{given.verb.name}' stands outside of every loop")
    return None


def break_(writer: Writer, given: Statement) -> None:
    loop = leave(writer, given, OpenLoop)
    if isinstance(loop, OpenLoop):
        loop.breaks.append(writer.body.jump(given.place))


def continue_(writer: Writer, given: Statement) -> None:
    loop = leave(writer, given, OpenLoop)
    if isinstance(loop, OpenLoop):
        writer.body.jump(given.place, loop.top)


def return_(writer: Writer, given: Statement) -> None:
    call = leave(writer, given, OpenCall)
    if isinstance(call, OpenCall):
        call.returns.append(writer.body.jump(given.place))


def pass_(writer: Writer, given: Statement) -> None:
    pass


def yield_(writer: Writer, given: Statement) -> None:
    writer.body.step("yield", None, given.place)


def choose(writer: Writer, given: Statement) -> None:
    nodes = form.items(given.value, writer.problems, "'choose'")
    if isinstance(given.value, Sequence) and not nodes:
        writer.problems.add(given.value.place, "'choose' wants at least one value")
    work = writer.lowering(given)
    values = work.all(tuple(writer.expressions().read(node) for node in nodes))
    writer.body.step("choose", None, given.place, values, (writer.into(given),))
    work.done()


def step(writer: Writer, given: Statement) -> None:
    noted(writer, "step", given, "'step'")


def noted(writer: Writer, verb: str, given: Statement, what: str) -> None:
    if is_null(given.value):
        writer.problems.add(given.value.place, f"{what} wants a text")
    work = writer.lowering(given)
    text = work.lower(writer.expressions().text(given.value, what))
    writer.body.step(verb, None, given.place, (text,))
    work.done()


def print_(writer: Writer, given: Statement) -> None:
    reader = writer.expressions()
    text = reader.text(given.value, "'print'")
    end: Expression = Constant("\n")
    if "end" in given.options:
        end = reader.text(given.options["end"], "'end'")
    work = writer.lowering(given)
    first, last = work.all((text, end))
    writer.body.step("print", None, given.place, (first,))
    skip = writer.body.branch(last, given.place)
    if not isinstance(last, Constant) or last.value:
        writer.body.step("print", None, given.place, (last,))
    writer.body.land(skip)
    work.done()


def sleep(writer: Writer, given: Statement) -> None:
    duration = writer.seconds("sleep", given.value, "the time to sleep")
    work = writer.lowering(given)
    writer.body.step("sleep", None, given.place, (work.lower(duration),))
    work.done()


def assert_(writer: Writer, given: Statement) -> None:
    work = writer.lowering(given)
    test = work.lower(writer.expressions().read(given.value))
    failing: Expression = Constant(not test.value) if isinstance(test, Constant) else Not(test)
    fine = writer.body.branch(failing, given.place)
    message: Expression = Constant("is false: " + _source(given.value))
    if "message" in given.options:
        message = writer.expressions().text(given.options["message"], "'message'")
    writer.body.emit(Fail("assertion", work.lower(message), FATAL, given.place))
    writer.body.land(fine)
    work.done()


def _source(node: Node) -> str:
    return " ".join(node.value.split()) if isinstance(node, Scalar) else "[...]"
