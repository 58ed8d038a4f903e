"""Which function writes which verb."""

from deadsim.language.checks.form import Statement
from deadsim.language.emit import attempts, calls, control
from deadsim.language.emit import shared_steps as sharing
from deadsim.language.emit.body import Body
from deadsim.language.emit.file_scope import Surroundings
from deadsim.language.emit.writer import Write, Writer
from deadsim.language.expressions.names import Scope
from deadsim.model.primitives import PRIMITIVES


def _pending(writer: Writer, given: Statement) -> None:
    """Note a step that is read and checked, but not carried out yet."""
    writer.around.not_yet(given.place, f"'{given.verb.name}'")


WRITE: dict[str, Write] = {
    # What is about one object, and has no option but a `count`.
    **{verb: sharing.counted for row in PRIMITIVES for verb in row.verbs},
    "acquire": sharing.acquire,
    "with": sharing.with_,
    "wait": sharing.wait,
    "put": sharing.put,
    "get": sharing.get,
    "join": sharing.join,
    "start": sharing.plain,
    "send": sharing.put,
    "receive": sharing.get,
    "close": sharing.close,
    "read": sharing.read,
    "write": sharing.write,
    "add": sharing.add,
    "atomic": sharing.atomic,
    "let": control.let,
    "if": control.if_,
    "while": control.while_,
    "repeat": control.repeat,
    "forever": control.forever,
    "break": control.break_,
    "continue": control.continue_,
    "return": control.return_,
    "pass": control.pass_,
    "yield": control.yield_,
    "choose": control.choose,
    "step": control.step,
    "print": control.print_,
    "sleep": control.sleep,
    "assert": control.assert_,
    "raise": attempts.raise_,
    "try": attempts.try_,
    "call": calls.call,
    "signal": _pending,
}


def writer(around: Surroundings, body: Body, scope: Scope) -> Writer:
    """Make what writes the steps of one thread."""
    return Writer(around, body, scope, WRITE)
