"""Write a thread's body as instructions: what all verbs have in common."""

from collections.abc import Callable
from collections.abc import Mapping as Table
from typing import Any, TypeAlias

from deadsim.language.checks import form, hints, modes
from deadsim.language.checks.form import Statement
from deadsim.language.emit.body import Body
from deadsim.language.emit.exits import Exit, OpenCall
from deadsim.language.emit.file_scope import ProcedureText, Surroundings
from deadsim.language.emit.lowering import Lowering
from deadsim.language.expressions.names import (
    Bound,
    Scope,
    Shared,
    Slot,
    Unknown,
    clean,
    listed,
    noun,
)
from deadsim.language.expressions.texts import Expressions
from deadsim.language.reading.document import Node, Scalar
from deadsim.language.tables.verbs import IN_ATOMIC, MODES, PENDING_SECTIONS
from deadsim.model.expressions import Constant, Expression, Target
from deadsim.model.instructions import IN_MODE, Handler
from deadsim.model.objects import ModeLock
from deadsim.model.place import Place

Write: TypeAlias = Callable[["Writer", Statement], None]


class Writer:
    """Writes the steps of one thread, in one scope; `table` says how each verb is written."""

    def __init__(
        self, around: Surroundings, body: Body, scope: Scope, table: Table[str, Write]
    ) -> None:
        self.around = around
        self.problems = around.problems
        self.body = body
        self.scope = scope
        self.table = table
        self.exits: list[Exit] = []
        self.in_atomic = False
        self.leaving: int | None = None  # the slot of the failure that goes through a `finally`

    def thread(self, node: Node, what: str = "a thread's body") -> None:
        """Write a whole body."""
        self.exits.append(whole := OpenCall(""))
        self.block(node, what)
        self.exits.pop()
        self.body.land(*whole.returns)

    def procedure(self, text: ProcedureText) -> None:
        """Write a procedure that nobody calls, for its problems alone."""
        self.exits.append(OpenCall(text.name))
        self.block(text.body, "a procedure's body")
        self.exits.pop()

    def block(self, node: Node, what: str) -> None:
        """Write a list of steps."""
        for item in form.steps(node, self.problems, what):
            self.around.count(item.place)
            statement = form.statement(item, self.problems)
            if statement is not None:
                self.statement(statement)

    def statement(self, given: Statement) -> None:
        """Write one step."""
        name = given.verb.name
        if self.in_atomic and name not in IN_ATOMIC:
            message = f"'{name}' cannot stand inside 'atomic'; {listed(IN_ATOMIC, 'and')} can"
            self.problems.add(given.place, message)
            return
        self.table[name](self, given)

    def expressions(self) -> Expressions:
        return Expressions(self.problems, self.scope, "thread")

    def lowering(self, given: Statement) -> Lowering:
        return Lowering(self.body, given.place)

    def target(self, given: Statement) -> Target | None:
        """Read the object that a step is about, and check the options that go with its kind."""
        return self.object(given, given.value)

    def object(self, given: Statement, node: Node) -> Target | None:
        verb = given.verb
        target = self.expressions().reference(node, verb.sections, verb.arrays)
        section = self.section(node)
        if target is None or section is None:
            return target
        if section in PENDING_SECTIONS:
            self.around.not_yet(given.place, f"'{verb.name}' of a process")
        for option in verb.options:
            if option.name in given.options and option.sections and section not in option.sections:
                kinds = listed(option.sections)
                self.problems.add(
                    given.options[option.name].place, f"'{option.name}' is for {kinds}"
                )
        return target

    def may_be_freed(self, target: Target) -> bool:
        """Decide whether what a thread holds may be given back for it, as that of a victim."""
        declared = self.around.declared(target.candidates().start)
        return isinstance(declared, ModeLock) and declared.victims

    def mode(self, given: Statement, node: Node, target: Target | None) -> tuple[str, ...]:
        """Read in which mode a step is about an rwlock: as the flag that says so."""
        if target is None or self.section(node) != "rwlocks":
            return ()
        asked = given.options.get("mode")
        declared = self.around.declared(target.candidates().start)
        takes = given.verb.name != "release"
        if isinstance(declared, ModeLock):
            if asked is not None:
                found = modes.named_mode(asked, declared.modes, self.problems)
                return () if found is None else (f"{IN_MODE}{found}",)
            if takes:
                modes.wants_mode(target.name, declared.modes, given.place, self.problems)
            return ()
        if asked is None:
            if takes:
                self.problems.add(given.place, "an rwlock wants 'mode: read' or 'mode: write'")
            return ()
        if not takes:
            message = (
                "'mode' of 'release' is for an rwlock with 'modes'; any other has one at a time"
            )
            self.problems.add(asked.place, message)
            return ()
        return (form.word(asked, MODES, self.problems),)

    def section(self, node: Node) -> str | None:
        """Find the section in which what a name means was declared."""
        if not isinstance(node, Scalar):
            return None
        meaning = self.scope.find(clean(node.value.split("[")[0].strip()))
        return meaning.section if isinstance(meaning, (Shared, Bound)) else None

    def into(self, given: Statement, option: str = "into") -> int | None:
        """Find the slot of the local that receives a result."""
        node = given.options.get(option)
        name = form.local_name(node, self.problems) if node is not None else None
        return None if name is None or node is None else self.assigned(name, node.place)

    def assigned(self, name: str, place: Place) -> int | None:
        """Find the slot of a local that is given a value; None where it is none."""
        meaning = self.scope.find(name)
        if isinstance(meaning, Slot):
            return meaning.number
        if meaning is not None and not isinstance(meaning, Unknown):
            self.problems.add(
                place, f"'{name}' is {noun(meaning)}; a local needs a name of its own"
            )
        return None

    def option(self, given: Statement, name: str, default: Expression) -> Expression:
        node = given.options.get(name)
        return default if node is None else self.expressions().read(node)

    def value(self, given: Statement) -> Expression:
        """Read what is put, sent or written: a `value`, or a `text`."""
        value, text = given.options.get("value"), given.options.get("text")
        if text is not None:
            if value is not None:
                self.problems.add(text.place, "'value' and 'text' exclude one another")
            return self.expressions().text(text, "'text'")
        if value is None:
            self.problems.add(given.place, f"'{given.verb.name}' wants 'value' or 'text'")
            return Constant(None)
        return self.expressions().read(value)

    def boolean(self, node: Node) -> bool:
        value = self.expressions().constant(node)
        if not isinstance(value, bool):
            self.problems.add(node.place, f"expected true or false{form.unlike(node)}")
        return bool(value)

    def seconds(self, key: str, node: Node, what: str) -> Expression:
        """Read a time; `what` names it."""
        other = hints.as_seconds(key, node)
        if other is not None:
            self.problems.add(node.place, other)
            return Constant(1)
        read = self.expressions().read(node)
        if isinstance(read, Constant) and (not isinstance(read.value, int) or read.value < 0):
            self.problems.add(node.place, f"{what} is an integer, 0 or more{form.unlike(node)}")
        return read

    def guard(self, covered: list[tuple[int, int]], slot: int | None = None, **how: Any) -> int:
        """Let failures in these stretches go on here; gives where that is."""
        target = self.body.here
        self.body.handlers.extend(
            Handler(first, last, target, slot, **how) for first, last in covered
        )
        return target

    def nested(self, given: Statement, option: str) -> None:
        node = given.options.get(option)
        if node is not None:
            self.block(node, f"'{option}'")
