"""How the call of a procedure is written: its steps are written out where it is called."""

from deadsim.language.checks import form
from deadsim.language.checks.form import Statement
from deadsim.language.emit.body import Frame
from deadsim.language.emit.exits import OpenCall
from deadsim.language.emit.file_scope import ProcedureText
from deadsim.language.emit.lowering import Lowering
from deadsim.language.emit.writer import Writer
from deadsim.language.expressions.names import (
    Bound,
    Meaning,
    Parameter,
    Procedure,
    Scope,
    Slot,
    Unknown,
    clean,
    nearest,
    noun,
)
from deadsim.language.reading.document import Node, Scalar
from deadsim.model.expressions import Constant, Expression, Local
from deadsim.model.instructions import Enter, Forget, Return


def call(writer: Writer, given: Statement) -> None:
    name = clean(given.value.value) if isinstance(given.value, Scalar) else ""
    text = writer.around.procedures.get(name)
    if text is None:
        meaning = writer.scope.find(name)
        if meaning is not None and not isinstance(meaning, Procedure):
            writer.problems.add(given.value.place, f"'{name}' is {noun(meaning)}, not a procedure")
        else:
            hint = nearest(name, writer.around.procedures)
            writer.problems.add(given.value.place, f"unknown procedure '{name}'{hint}")
        return
    nodes: tuple[Node, ...] = ()
    if "args" in given.options:
        nodes = form.items(given.options["args"], writer.problems, "'args'")
    if len(nodes) != len(text.args):
        wanted = f"{len(text.args)} argument{'s' if len(text.args) != 1 else ''}"
        writer.problems.add(given.place, f"'{name}' takes {wanted}, not {len(nodes)}")
        return
    work = writer.lowering(given)
    if writer.around.comes_to_itself(name):
        open_frame(writer, text, given, nodes, work)
        work.done()
        return
    inner = procedure_scope(writer, text, given, nodes, work)
    outer, writer.scope = writer.scope, inner
    writer.exits.append(call := OpenCall(name))
    writer.block(text.body, "a procedure's body")
    writer.exits.pop()
    writer.scope = outer
    writer.body.land(*call.returns)
    work.done()


def procedure_scope(
    writer: Writer, text: ProcedureText, given: Statement, nodes: tuple[Node, ...], work: Lowering
) -> Scope:
    """Bind a procedure's arguments, and make its locals."""
    own: dict[str, Meaning] = {}
    values: list[tuple[str, Expression]] = []
    for name, node in zip(text.args, nodes, strict=True):
        found = reference(writer, text.name, name, node)
        if found is None:
            values.append((name, writer.expressions().read(node)))
        elif isinstance(found, Bound):
            own[name] = Bound(found.section, work.kept_target(found.target))
        else:
            own[name] = found
    for (name, _), value in zip(values, work.all(tuple(value for _, value in values)), strict=True):
        if isinstance(value, Constant) and name not in text.locals:
            own[name] = Parameter(value.value, "argument")
        else:
            kept = work.keep(value)
            assert isinstance(kept, Local)
            own[name] = Slot(kept.slot)
    fresh = [
        local for local in text.locals if local not in own and local not in writer.around.shared
    ]
    slots = [work.result() for _ in fresh]
    own.update({local: Slot(slot) for local, slot in zip(fresh, slots, strict=True)})
    if slots:
        writer.body.emit(Forget(tuple(slots), given.place))
    for local, slot in zip(fresh, slots, strict=True):
        if local in text.given:
            writer.body.let(slot, Constant(text.given[local]), text.place)
    return Scope(writer.around.shared, own)


def open_frame(
    writer: Writer, text: ProcedureText, given: Statement, nodes: tuple[Node, ...], work: Lowering
) -> None:
    """Write a call as a frame: objects are known to the procedure, their indices and all values are given.

    It is written once for each combination of objects, after the thread's own steps.
    """
    body = writer.body
    bound: list[Bound | Unknown | None] = []
    values: list[Expression] = []
    for name, node in zip(text.args, nodes, strict=True):
        found = reference(writer, text.name, name, node)
        bound.append(found)
        if found is None:
            values.append(writer.expressions().read(node))
        elif isinstance(found, Bound):
            values.extend(found.target.indices)
    lowered = work.all(tuple(values))
    shapes = tuple(
        (one.section, one.target._replace(indices=()), len(one.target.indices))
        if isinstance(one, Bound)
        else one
        for one in bound
    )
    key = (text.name, shapes)
    frame = body.units.get(key)
    if frame is None:
        frame = body.units[key] = Frame(len(body.units), text, tuple(bound))
        outer, body.own = body.own, None
        if body.stack is None:
            body.stack = body.slot(())
        body.own = frame.own
        frame.arguments = [body.slot() for _ in values]
        body.own = outer
    arguments = tuple(zip(frame.arguments, lowered, strict=True))
    body.emit(Enter(frame.number, arguments, writer.around.recursion, given.place))


def write_frames(writer: Writer) -> None:
    """Write the procedures that are called as frames, and those that they call."""
    body, around = writer.body, writer.around
    done = 0
    while done < len(body.units):
        frame = list(body.units.values())[done]
        done += 1
        text = frame.text
        body.own, body.spare = frame.own, []
        own: dict[str, Meaning] = {}
        slots = iter(frame.arguments)
        for name, bound in zip(text.args, frame.bound, strict=True):
            if bound is None:
                own[name] = Slot(next(slots))
            elif isinstance(bound, Bound):
                indices = tuple(Local(next(slots), "") for _ in bound.target.indices)
                own[name] = Bound(bound.section, bound.target._replace(indices=indices))
            else:
                own[name] = bound
        for local in text.locals:
            if local not in own and local not in around.shared:
                own[local] = Slot(body.slot())
        frame.entry = body.here
        for local, value in text.given.items():
            meaning = own.get(local)
            if isinstance(meaning, Slot):
                body.let(meaning.number, Constant(value), text.place)
        inner = Writer(around, body, Scope(around.shared, own), writer.table)
        inner.exits.append(call := OpenCall(text.name, frame=True))
        inner.block(text.body, "a procedure's body")
        body.land(*call.returns)
        frame.last = body.emit(Return(frame.number, text.place))
    body.own = None


def reference(writer: Writer, procedure: str, argument: str, node: Node) -> Bound | Unknown | None:
    """Find the object that an argument names; None where it is an expression."""
    section = writer.section(node)
    if section is None:
        meaning = None
        if isinstance(node, Scalar):
            meaning = writer.scope.find(clean(node.value))
        return Unknown() if isinstance(meaning, Unknown) else None
    if section == "variables" and not writer.around.by_reference(procedure, argument):
        return None
    target = writer.expressions().reference(node, (section,), arrays=True)
    return None if target is None else Bound(section, target)
