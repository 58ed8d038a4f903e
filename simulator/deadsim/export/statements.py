"""The steps of a thread as Python statements."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from deadsim.export.failures import Classes
from deadsim.export.names import Names, identifier
from deadsim.export.select import select
from deadsim.language.checks.form import Statement, is_null, may_come_to_itself, statement, steps
from deadsim.language.expressions.names import Problems, clean
from deadsim.language.reading.document import Mapping as Map
from deadsim.language.reading.document import Node, Scalar, Sequence
from deadsim.model.lock_modes import canonical


class Procedure(NamedTuple):
    """A procedure of the scenario: its arguments, and its steps."""

    args: tuple[str, ...]
    body: Node
    locals: Node | None = None


class Shared(NamedTuple):
    """What is shared: for each name its section, which are arrays, and the procedures.

    Where it is `untimed` no step gives up after some time; `roomless` are the pipes without room.
    """

    sections: Mapping[str, str]
    arrays: frozenset[str]
    procedures: Mapping[str, Procedure]
    classes: Classes
    untimed: bool = False
    roomless: frozenset[str] = frozenset()
    freed: frozenset[str] = frozenset()  # locks that a victim has given back already

    def comes_to_itself(self, name: str) -> bool:
        """Decide whether a procedure may call itself, directly or through others."""
        return may_come_to_itself(name, {one: p.body for one, p in self.procedures.items()})


class Body:
    """Writes the steps of one function; `sections` says what its arguments are, where they are objects."""

    def __init__(
        self, shared: Shared, names: Names, sections: Mapping[str, str] | None = None
    ) -> None:
        self.shared = shared
        self.names = names
        self.sections = {**shared.sections, **(sections or {})}
        self.assigned: set[str] = set()
        self.inlined = 0
        self.frames: dict[tuple[str, str], str] = {}  # procedures around that may be called again
        self.leaving = False  # whether a failure may go through what is written
        self.maybe = False  # whether a finalizer may begin before each step

    def block(self, node: Node, indent: str) -> list[str]:
        """Write a list of steps; `pass` where there is none."""
        lines: list[str] = []
        for item in steps(node, Problems(), "steps"):
            given = statement(item, Problems())
            assert given is not None
            lines += ["maybe()"] if self.maybe else []
            lines += self.written(given)
        return [indent + line for line in lines or ["pass"]]

    def written(self, given: Statement) -> list[str]:
        """Write one step."""
        write: Callable[[Statement], list[str]] = getattr(self, f"do_{given.verb.name}", self.asked)
        return write(given)

    def asked(self, given: Statement) -> list[str]:
        """Write a step that is a call of one object, with no option but a `count`."""
        assert given.verb.sections, given.verb.name
        assert given.options.keys() <= {"count"}, given.verb.name
        name, count = self.names.object(given.value), self.option(given, "count")
        return [f"{name}.{given.verb.name}({count or ''})"]

    def worked_out(self) -> list[str]:
        """Give what has to be worked out before what was written last."""
        return []

    def section(self, node: Node) -> str:
        """Give the section in which what a step is about was declared."""
        assert isinstance(node, Scalar)
        return self.sections[clean(node.value).partition("[")[0].strip()]

    def option(self, given: Statement, name: str) -> str | None:
        """Write the expression of an option, None where it is not there."""
        node = given.options.get(name)
        if name == "timeout" and self.shared.untimed:
            return None
        return None if node is None or is_null(node) else self.names.expression(node)

    def value(self, given: Statement, default: str = "None") -> str:
        """Write what is put, sent, written or added: a `value`, or a `text`."""
        text = given.options.get("text")
        if text is not None:
            return self.names.words(text)
        return self.option(given, "value") or default

    def local(self, given: Statement, name: str = "into") -> str | None:
        """Give the local that receives a result."""
        node = given.options.get(name)
        return identifier(node.value) if isinstance(node, Scalar) and not is_null(node) else None

    def receive(self, given: Statement, value: str) -> list[str]:
        """Write something that has a result."""
        into = self.local(given)
        return [f"{into} = {value}" if into else value]

    def patience(self, given: Statement, block: str = "blocking") -> str:
        """Write `blocking` and `timeout` as arguments."""
        parts = []
        blocking, timeout = self.option(given, "blocking"), self.option(given, "timeout")
        if blocking is not None and blocking != "True":
            parts.append(f"{block}={blocking}")
        if timeout is not None:
            parts.append(f"timeout={self.limit(timeout)}")
        return ", ".join(parts)

    def limit(self, timeout: str) -> str:
        """Write how long to wait for what is waited for in one step."""
        return f"({timeout}) * SCALE"

    def do_acquire(self, given: Statement) -> list[str]:
        parts = [self.patience(given)]
        if self.section(given.value) == "rwlocks":
            parts.insert(0, self.mode(given))
        arguments = ", ".join(part for part in parts if part)
        return self.receive(given, f"{self.names.object(given.value)}.acquire({arguments})")

    def do_with(self, given: Statement) -> list[str]:
        nodes = given.value.items if isinstance(given.value, Sequence) else (given.value,)
        held = [self.held(node, given) for node in nodes]
        inner = self.block(given.options["do"], "    ")
        return [f"with {', '.join(held)}:", *inner] if held else ["if True:", *inner]

    def held(self, node: Node, given: Statement) -> str:
        """Write what holds something for as long as a `with` lasts."""
        name = self.names.object(node)
        if self.section(node) != "rwlocks":
            return name
        return f"{name}.held({self.mode(given)})"

    def mode(self, given: Statement) -> str:
        """Write the mode of a lock; nothing where none is named."""
        mode = given.options.get("mode")
        return repr(canonical(mode.value)) if isinstance(mode, Scalar) else ""

    def do_release(self, given: Statement) -> list[str]:
        name = self.names.object(given.value)
        arguments = self.option(given, "count") or self.mode(given)
        if self.leaving and name.partition("[")[0] in self.shared.freed:
            arguments = f"{arguments or None}, isinstance(sys.exc_info()[1], Victim)"
        return [f"{name}.release({arguments})"]

    def do_wait(self, given: Statement) -> list[str]:
        name = self.names.object(given.value)
        until, timeout = self.option(given, "until"), self.option(given, "timeout")
        limit = f"({timeout}) * SCALE" if timeout else ""
        if until is not None:
            arguments = ", ".join(filter(None, (f"lambda: {until}", limit)))
            return self.receive(given, f"{name}.wait_for({arguments})")
        return self.receive(given, f"{name}.wait({limit})")

    def do_put(self, given: Statement) -> list[str]:
        more = self.patience(given, "block")
        call = f"{self.names.object(given.value)}.put({self.value(given)}{', ' + more if more else ''})"
        into = self.local(given)
        if not more:
            return [call, *([f"{into} = True"] if into else [])]
        done, not_done = (
            ([f"    {into} = True"], f"    {into} = False") if into else ([], "    pass")
        )
        return ["try:", f"    {call}", *done, "except queue.Full:", not_done]

    def do_get(self, given: Statement) -> list[str]:
        more = self.patience(given, "block")
        into, ok = self.local(given), self.local(given, "ok")
        call = f"{self.names.object(given.value)}.get({more})"
        taken = f"{into} = {call}" if into else call
        if not more:
            return [taken, *([f"{ok} = True"] if ok else [])]
        lines = [
            "try:",
            f"    {taken}",
            *([f"    {ok} = True"] if ok else []),
            "except queue.Empty:",
        ]
        empty = [f"    {name} = {value}" for name, value in ((into, "None"), (ok, "False")) if name]
        return [*lines, *(empty or ["    pass"])]

    def do_join(self, given: Statement) -> list[str]:
        name, timeout = self.names.object(given.value), self.option(given, "timeout")
        limit = f"({timeout}) * SCALE" if timeout else ""
        if self.section(given.value) == "queues":
            if not limit:
                into = self.local(given)
                return [f"{name}.join()", *([f"{into} = True"] if into else [])]
            return self.receive(given, f"join_queue({name}, {limit})")
        return self.receive(
            given, f"join(note({self.thread(given.value)}){', ' if limit else ''}{limit})"
        )

    def do_start(self, given: Statement) -> list[str]:
        return [f"for thread in note({self.thread(given.value)}):", "    thread.start()"]

    def thread(self, node: Node) -> str:
        """Write the name of a thread, or of an array of them, as a text."""
        assert isinstance(node, Scalar)
        name, bracket, rest = clean(node.value.strip()).partition("[")
        if name in self.names.replaced:  # an argument that stands for a thread
            name, bracket, rest = self.names.replaced[name].partition("[")
        if not bracket:
            return repr(name)
        return f"{name!r}, {self.names.text(f'({rest.rstrip()[:-1]})')}"

    def do_send(self, given: Statement) -> list[str]:
        return [f"{self.names.object(given.value)}.send({self.value(given)})"]

    def do_receive(self, given: Statement) -> list[str]:
        into, ok = self.local(given) or "_", self.local(given, "ok") or "_"
        return [f"{into}, {ok} = {self.names.object(given.value)}.receive()"]

    def do_shutdown(self, given: Statement) -> list[str]:
        immediate = self.option(given, "immediate")
        argument = f"immediate={immediate}" if immediate else ""
        return [f"{self.names.object(given.value)}.shutdown({argument})"]

    def do_close(self, given: Statement) -> list[str]:
        end = given.options.get("end")
        return [
            f"{self.names.object(given.value)}.close({end.value if isinstance(end, Scalar) else 'write'!r})"
        ]

    def variable(self, node: Node) -> str:
        """Write a variable that is written."""
        name = self.names.object(node)
        if name.isidentifier():
            self.assigned.add(name)
        return name

    def do_read(self, given: Statement) -> list[str]:
        return [f"{self.local(given) or '_'} = {self.names.object(given.value)}"]

    def do_write(self, given: Statement) -> list[str]:
        return [f"{self.variable(given.value)} = {self.value(given)}"]

    def do_add(self, given: Statement) -> list[str]:
        return [f"{self.variable(given.value)} += {self.value(given, '1')}"]

    def do_select(self, given: Statement) -> list[str]:
        before, step, after = select(self, given)
        return [*before, *step, *after]

    def do_let(self, given: Statement) -> list[str]:
        assert isinstance(given.value, Map)
        return [
            f"{identifier(name.value)} = {self.names.expression(value)}"
            for name, value in given.value.pairs
        ]

    def do_atomic(self, given: Statement) -> list[str]:
        maybe, self.maybe = self.maybe, False
        lines = ["with atomic:", *self.block(given.value, "    ")]
        self.maybe = maybe
        return lines

    def do_if(self, given: Statement) -> list[str]:
        lines = [
            f"if {self.names.expression(given.value)}:",
            *self.block(given.options["then"], "    "),
        ]
        if "else" in given.options:
            lines += ["else:", *self.block(given.options["else"], "    ")]
        return lines

    def do_while(self, given: Statement) -> list[str]:
        return [
            f"while {self.names.expression(given.value)}:",
            *self.block(given.options["do"], "    "),
        ]

    def do_repeat(self, given: Statement) -> list[str]:
        index = self.local(given, "index") or "_"
        return [
            f"for {index} in range({self.names.expression(given.value)}):",
            *self.block(given.options["do"], "    "),
        ]

    def do_forever(self, given: Statement) -> list[str]:
        return ["while True:", *self.block(given.value, "    ")]

    def do_break(self, given: Statement) -> list[str]:
        return ["break"]

    def do_continue(self, given: Statement) -> list[str]:
        return ["continue"]

    def do_return(self, given: Statement) -> list[str]:
        return ["return"]

    def do_pass(self, given: Statement) -> list[str]:
        return ["pass"]

    def do_yield(self, given: Statement) -> list[str]:
        return ["time.sleep(0)"]

    def do_choose(self, given: Statement) -> list[str]:
        return self.receive(given, f"random.choice({self.names.expression(given.value)})")

    def do_step(self, given: Statement) -> list[str]:
        return [f"step({self.names.words(given.value)})"]

    def do_print(self, given: Statement) -> list[str]:
        end = given.options.get("end")
        more = f", end={self.names.words(end)}" if isinstance(end, Scalar) else ""
        return [f"print({self.names.words(given.value)}{more})"]

    def do_sleep(self, given: Statement) -> list[str]:
        return [f"time.sleep(({self.names.expression(given.value)}) * SCALE)"]

    def do_assert(self, given: Statement) -> list[str]:
        message = given.options.get("message")
        more = f", {self.names.words(message)}" if isinstance(message, Scalar) else ""
        return [f"assert {self.names.expression(given.value)}{more}"]

    def do_raise(self, given: Statement) -> list[str]:
        if is_null(given.value):
            return ["raise"]
        assert isinstance(given.value, Scalar)
        return [self.shared.classes.raised(given.value.value, self.names.words(given.value))]

    def do_try(self, given: Statement) -> list[str]:
        lines = ["try:", *self.block(given.value, "    ")]
        node = given.options.get("except")
        branches = {
            key.value: self.block(steps, "    ")
            for key, steps in (node.pairs if isinstance(node, Map) else ())
        }
        lines += self.shared.classes.clauses(branches)
        if "else" in given.options:
            lines += ["else:"] if branches else []
            lines += self.block(given.options["else"], "    ")
        if "finally" in given.options:
            outer, self.leaving = self.leaving, True
            lines += ["finally:", *self.block(given.options["finally"], "    ")]
            self.leaving = outer
        elif not branches:
            lines += ["finally:", "    pass"]
        return lines

    def inner(self, replaced: dict[str, str], sections: dict[str, str]) -> "Body":
        """Give what writes a procedure that is called here."""
        return Body(self.shared, Names(self.names.arrays, replaced), sections)

    def do_call(self, given: Statement) -> list[str]:
        """Write a procedure where it is called: its objects stand in it, its values are its arguments."""
        assert isinstance(given.value, Scalar)
        name = clean(given.value.value)
        procedure = self.shared.procedures[name]
        given_args = given.options.get("args")
        nodes = given_args.items if isinstance(given_args, Sequence) else ()
        replaced: dict[str, str] = {}
        sections: dict[str, str] = {}
        values: list[tuple[str, str]] = []
        again = self.shared.comes_to_itself(name)
        written = mentioned(procedure.body)
        for argument, node in zip(procedure.args, nodes, strict=True):
            text = clean(node.value).partition("[")[0].strip() if isinstance(node, Scalar) else ""
            section = self.sections.get(text)
            if section and (section != "variables" or argument in written):
                sections[argument] = section
                if again and section not in ("variables", "threads"):
                    values.append((identifier(argument), self.names.object(node)))
                else:
                    replaced[argument] = self.names.object(node)
            else:
                values.append((identifier(argument), self.names.expression(node)))
        given_values = ", ".join(value for _, value in values)
        frame = name, repr(sorted(replaced.items()))
        if frame in self.frames:
            return [f"{self.frames[frame]}({given_values})"]
        inner = self.inner(replaced, sections)
        inner.leaving = self.leaving
        inner.inlined = self.inlined + 1
        inner.maybe = self.maybe
        function = f"{identifier(name)}_{inner.inlined}"
        if again:
            inner.frames = {**self.frames, frame: function}
        begun = [
            f"    {identifier(one.value)} = {inner.names.expression(node)}"
            for one, node in (procedure.locals.pairs if isinstance(procedure.locals, Map) else ())
        ]
        body = [*begun, *inner.block(procedure.body, "    ")]
        self.inlined = inner.inlined
        if not again:
            function = f"{identifier(name)}_{self.inlined}"
        shared = sorted(inner.assigned)
        declared = [f"    global {', '.join(shared)}"] if shared else []
        parameters = ", ".join(argument for argument, _ in values)
        return [
            *(["@deeper"] if again else []),
            f"def {function}({parameters}):",
            *declared,
            *body,
            f"{function}({given_values})",
        ]


def mentioned(node: Node) -> set[str]:
    """Find the names that steps read, write or add to by name."""
    found: set[str] = set()
    if isinstance(node, Sequence):
        for item in node.items:
            found |= mentioned(item)
    elif isinstance(node, Map):
        for key, value in node.pairs:
            if key.value in ("read", "write", "add") and isinstance(value, Scalar):
                found.add(clean(value.value).partition("[")[0].strip())
            found |= mentioned(value)
    return found
