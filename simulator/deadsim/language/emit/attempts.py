"""How `try` and `raise` are written."""

from deadsim.language.checks.form import Statement, is_null
from deadsim.language.checks.raised import raised_class
from deadsim.language.emit.exits import OpenCall, OpenExcept, OpenFinally, OpenTry
from deadsim.language.emit.writer import Writer
from deadsim.language.expressions.names import listed, nearest
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence
from deadsim.model.failures import EVERY, type_of
from deadsim.model.instructions import Fail, Resume


def try_(writer: Writer, given: Statement) -> None:
    """Write a `try`: first its steps, then each branch, then `finally` for failures that go on.

    The steps of `finally` stand at every way out, as CPython has it.
    """
    body, place = writer.body, given.place
    final = given.options.get("finally")
    branches = read_branches(writer, given)
    if final is None and "except" not in given.options:
        writer.problems.add(place, "'try' wants 'except' or 'finally'")
    whole = OpenFinally(final, body.here) if final is not None else None
    if whole is not None:
        writer.exits.append(whole)
    outs: list[int] = []

    def leave() -> None:
        if whole is not None:
            begin = body.here
            aside = writer.exits.pop()
            writer.block(whole.steps, "'finally'")
            writer.exits.append(aside)
            whole.holes.append((begin, body.here + 1))  # and the jump that follows
        outs.append(body.jump(place))

    inner = OpenTry(body.here)
    writer.exits.append(inner)
    writer.block(given.value, "'try'")
    writer.exits.pop()
    covered = inner.covered(body.here)
    writer.nested(given, "else")
    leave()
    for name, steps in branches:
        slot = body.keep()
        origin = writer.guard(covered, slot, catches=name)
        writer.exits.append(OpenExcept(origin, slot))
        writer.block(steps, "a branch of 'except'")
        writer.exits.pop()
        leave()
        body.drop([slot])
    if whole is not None:
        writer.exits.pop()
        slot = body.keep()
        origin = writer.guard(whole.covered(body.here), slot, final=True)
        inside = dealt_with(writer) is not None
        if inside:  # then it is this failure that a `raise` alone hands on
            writer.exits.append(OpenExcept(origin, slot))
        outer, writer.leaving = writer.leaving, slot
        writer.block(whole.steps, "'finally'")
        writer.leaving = outer
        if inside:
            writer.exits.pop()
        body.emit(Resume(origin, slot, place))
        body.drop([slot])
    body.land(*outs)


def read_branches(writer: Writer, given: Statement) -> list[tuple[str, Node]]:
    """Read what `except` names, with what is done then; `any` comes last."""
    node = given.options.get("except")
    if node is None:
        return []
    if not isinstance(node, Mapping):
        hint = f"; write 'except: {{{EVERY}: [...]}}'" if isinstance(node, Sequence) else ""
        message = f"'except' is a map from classes of failures to steps{hint}"
        writer.problems.add(node.place, message)
        return []
    found: list[tuple[str, Node]] = []
    known = writer.around.classes
    for key, steps in node.pairs:
        name = key.value
        if name != EVERY and name not in known:
            hint = nearest(name, (*known, EVERY))
            if not hint:
                hint = f"; that can be {listed((*known, EVERY))}"
            writer.problems.add(key.place, f"nothing here raises '{name}'{hint}")
        found.append((name, steps))
    return sorted(found, key=lambda one: one[0] == EVERY)


def dealt_with(writer: Writer) -> OpenExcept | None:
    """Find the branch of an `except` in which a step stands, in the same body."""
    for exit in reversed(writer.exits):
        if isinstance(exit, OpenExcept):
            return exit
        if isinstance(exit, OpenCall):
            break
    return None


def raise_(writer: Writer, given: Statement) -> None:
    """Write `raise`: with a text, or alone, which hands on what is dealt with."""
    if is_null(given.value):
        branch = dealt_with(writer)
        if branch is None:
            message = "'raise' alone stands in an 'except' of the same body; else it wants a text"
            writer.problems.add(given.place, message)
        else:
            writer.body.emit(Resume(branch.origin, branch.slot, given.place))
        return
    work = writer.lowering(given)
    name = raised_class(given.value.value) if isinstance(given.value, Scalar) else None
    if name == EVERY:
        message = f"no class is called '{EVERY}': that is what 'except' calls all of them"
        writer.problems.add(given.value.place, message)
    text = work.lower(writer.expressions().text(given.value, "'raise'"))
    writer.body.emit(Fail(type_of(name), text, name, given.place))
    work.done()
