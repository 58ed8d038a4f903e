"""The steps of a thread as Python statements, each of which waits for its turn in a schedule."""

import ast

from deadsim.export.forced import IN_TURNS
from deadsim.export.names import Names, identifier
from deadsim.export.questions import QUESTIONS
from deadsim.export.select import select
from deadsim.export.statements import Body
from deadsim.language.checks.form import Statement
from deadsim.language.reading.document import Node, Scalar
from deadsim.model.primitives import BY_SECTION


def bracketed(expression: str) -> str:
    """Put brackets around what is more than a name or a number."""
    return expression if expression.isalnum() else f"({expression})"


class TurnNames(Names):
    """Names of which each variable is read in a turn of its own."""

    def __init__(self, names: Names, variables: frozenset[str]) -> None:
        super().__init__(names.arrays, names.replaced)
        self.variables = variables
        self.before: list[str] = []  # what is worked out before the step that is being written
        self.count = 0

    def text(self, source: str) -> str:
        """Write the text of an expression."""
        tree = ast.parse(super().text(source), mode="eval")
        return ast.unparse(ast.fix_missing_locations(_Reads(self).visit(tree)))

    def reference(self, text: str) -> str:
        """Write a reference; what it is indexed with is read in turns before."""
        found = super().reference(text)
        base, _, index = found.partition("[")
        if "read(" not in index:
            return found
        self.count += 1
        self.before.append(f"_at_{self.count} = {index[:-1]}")
        return f"{base}[_at_{self.count}]"


class _Reads(ast.NodeTransformer):
    """Wraps each read of a shared variable, and each question."""

    def __init__(self, names: TurnNames) -> None:
        self.names = names

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id in self.names.arrays:
            get = ast.parse(f"lambda where: {node.value.id}[where]", mode="eval").body
            return ast.Call(ast.Name("read"), [get, self.visit(node.slice)], [])
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "list" and node.args:
            inner = node.args[0]
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
                array = inner.func.value
                if isinstance(array, ast.Name) and array.id in self.names.arrays:
                    name = array.id
                    return ast.parse(
                        f"[read(lambda where: {name}[where], one) for one in {name}]", mode="eval"
                    ).body
        node.args = [self.visit(argument) for argument in node.args]
        if isinstance(node.func, ast.Name) and node.func.id.removeprefix("ask_") in QUESTIONS:
            return ast.Call(ast.Name("read"), [node.func, *node.args], [])
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.names.variables:
            return ast.parse(f"read(lambda: {node.id})", mode="eval").body
        return node


class TurnBody(Body):
    """Writes steps that take turns; those in `atomic` blocks are plain."""

    names: TurnNames

    def block(self, node: Node, indent: str) -> list[str]:
        """Write a list of steps, with what is worked out before each."""
        outer, self.names.before = self.names.before, []
        lines = super().block(node, indent)
        self.names.before = outer
        return lines

    def written(self, given: Statement) -> list[str]:
        lines = super().written(given)
        before, self.names.before = self.names.before, []
        timeout = given.options.get("timeout")
        if self.shared.untimed and timeout is not None:
            unused = self.names.expression(timeout)  # what it reads takes turns all the same
            after, self.names.before = self.names.before, []
            before += [*after, *([f"_ = {unused}"] if "read(" in unused else [])]
        return [*before, *lines]

    def plainly(self) -> Body:
        """Give what writes the same steps without turns."""
        inner = Body(self.shared, Names(self.names.arrays, self.names.replaced), self.sections)
        inner.assigned = self.assigned
        return inner

    def turn(self, *lines: str) -> list[str]:
        """Write what is done in one turn."""
        return ["with turn:", *(f"    {line}" for line in lines)]

    def limit(self, timeout: str) -> str:
        """While the schedule lasts nobody waits."""
        return f"turn.at_most(({timeout}) * SCALE)"

    def do_acquire(self, given: Statement) -> list[str]:
        if self.section(given.value) != "rwlocks":
            return self.turn(*super().do_acquire(given))
        parts = [self.mode(given), self.plainly().patience(given)]
        arguments = ", ".join(part for part in parts if part)
        return self.receive(given, f"{self.names.object(given.value)}.acquire({arguments})")

    def held(self, node: Node, given: Statement) -> str:
        name = super().held(node, given)
        return name if self.section(node) == "rwlocks" else f"held({name})"

    def asked(self, given: Statement) -> list[str]:
        count = self.option(given, "count")
        before = [f"_count = {count}"] if count else []
        name = self.names.object(given.value)
        return [*before, *self.turn(f"{name}.{given.verb.name}({'_count' if count else ''})")]

    def do_release(self, given: Statement) -> list[str]:
        if "mode" not in given.options and not self.leaving:
            return self.asked(given)
        return self.turn(*super().do_release(given))

    def do_wait(self, given: Statement) -> list[str]:
        if BY_SECTION[self.section(given.value)].declared in IN_TURNS:
            return super().do_wait(given)
        timeout = self.option(given, "timeout")
        limit = self.limit(timeout) if timeout else ""
        return self.turn(*self.receive(given, f"{self.names.object(given.value)}.wait({limit})"))

    def in_turn_with_value(self, given: Statement, lines: list[str]) -> list[str]:
        """Work a value out first, then do what is done with it in one turn."""
        value = self.value(given)
        return [
            f"_value = {value}",
            *self.turn(*(line.replace(f"({value}", "(_value", 1) for line in lines)),
        ]

    def do_put(self, given: Statement) -> list[str]:
        return self.in_turn_with_value(given, super().do_put(given))

    def do_get(self, given: Statement) -> list[str]:
        return self.turn(*super().do_get(given))

    def do_join(self, given: Statement) -> list[str]:
        name, timeout, into = (
            self.names.object(given.value),
            self.option(given, "timeout"),
            self.local(given),
        )
        if self.section(given.value) == "queues":
            if timeout is None:
                return [*self.turn(f"{name}.join()"), *([f"{into} = True"] if into else [])]
            return self.turn(*self.receive(given, f"join_queue({name}, {self.limit(timeout)})"))
        before, which = self.which(given.value)
        # That a thread has ended is known a moment after its last step.
        limit = f", max(0.2, ({timeout}) * SCALE)" if timeout else ""
        return [*before, *self.turn(*self.receive(given, f"join(note({which}){limit})"))]

    def which(self, node: Node) -> tuple[list[str], str]:
        """Write the arguments that name a thread; what it is indexed with is read in turns before."""
        arguments = self.thread(node)
        return (
            ([f"_name, _at = {arguments}"], "_name, _at")
            if "read(" in arguments
            else ([], arguments)
        )

    def do_start(self, given: Statement) -> list[str]:
        before, which = self.which(given.value)
        return [*before, *self.turn(f"for thread in note({which}):", "    thread.start()")]

    def do_send(self, given: Statement) -> list[str]:
        name = self.names.object(given.value)
        if name.partition("[")[0] in self.shared.roomless:  # which takes its turns itself
            return [f"_value = {self.option(given, 'value') or 'None'}", f"{name}.send(_value)"]
        return self.in_turn_with_value(given, super().do_send(given))

    def do_receive(self, given: Statement) -> list[str]:
        return self.turn(*super().do_receive(given))

    def do_shutdown(self, given: Statement) -> list[str]:
        return self.turn(*super().do_shutdown(given))

    def do_close(self, given: Statement) -> list[str]:
        return self.turn(*super().do_close(given))

    def parts(self, node: Node) -> tuple[str, str]:
        """Write the index of a variable, empty where it has none, and the variable with it."""
        name = self.names.object(node)
        base, bracket, index = name.partition("[")
        if not bracket:
            self.variable(node)
            return "", name
        return index[:-1], f"{base}[_index]"

    def do_read(self, given: Statement) -> list[str]:
        index, name = self.parts(given.value)
        before = [f"_index = {index}"] if index else []
        return [*before, *self.turn(f"{self.local(given) or '_'} = {name}")]

    def do_write(self, given: Statement) -> list[str]:
        index, name = self.parts(given.value)
        before, self.names.before = self.names.before, []  # the value is read before the index is
        lines = [
            f"_value = {self.value(given)}",
            *before,
            *([f"_index = {index}"] if index else []),
        ]
        return [*lines, *self.turn(f"{name} = _value")]

    def do_add(self, given: Statement) -> list[str]:
        index, name = self.parts(given.value)
        lines = [f"_index = {index}"] if index else []
        lines += self.turn(f"_old = {name}")
        return [
            *lines,
            f"_value = _old + {bracketed(self.value(given, '1'))}",
            *self.turn(f"{name} = _value"),
        ]

    def do_atomic(self, given: Statement) -> list[str]:
        return self.turn("with atomic:", *self.plainly().block(given.value, "    "))

    def do_select(self, given: Statement) -> list[str]:
        before, step, after = select(self, given)
        return [*before, *self.turn(*step), *after]

    def worked_out(self) -> list[str]:
        before, self.names.before = self.names.before, []
        return before

    def do_yield(self, given: Statement) -> list[str]:
        return self.turn("pass")

    def do_choose(self, given: Statement) -> list[str]:
        values = [f"_values = {self.names.expression(given.value)}"]
        return [*values, *self.turn(*self.receive(given, "turn.pick(_values)"))]

    def do_step(self, given: Statement) -> list[str]:
        return [f"_what = {self.names.words(given.value)}", *self.turn("step(_what)")]

    def do_print(self, given: Statement) -> list[str]:
        end = given.options.get("end")
        after = self.names.words(end) if isinstance(end, Scalar) else repr("\n")
        lines = [
            f"_text, _end = {self.names.words(given.value)}, {after}",
            *self.turn("sys.stdout.write(_text)"),
        ]
        return [
            *lines,
            "if _end:",
            *(f"    {line}" for line in self.turn("sys.stdout.write(_end)")),
        ]

    def do_sleep(self, given: Statement) -> list[str]:
        return [
            f"_seconds = {self.names.expression(given.value)}",
            *self.turn("time.sleep(turn.at_most(_seconds * SCALE))"),
        ]

    def inner(self, replaced: dict[str, str], sections: dict[str, str]) -> Body:
        """Give what writes a procedure that is called here."""
        variables = frozenset(
            identifier(name)
            for name, section in self.shared.sections.items()
            if section == "variables"
        )
        return TurnBody(
            self.shared, TurnNames(Names(self.names.arrays, replaced), variables), sections
        )
