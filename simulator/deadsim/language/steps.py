"""Write a thread's body as instructions: one method for each verb."""

from collections.abc import Callable

from deadsim.errors import Place
from deadsim.language import form
from deadsim.language.body import Body
from deadsim.language.document import Mapping, Node, Scalar, Sequence
from deadsim.language.exits import OpenCall, OpenLoop, OpenWith
from deadsim.language.expressions import Expressions
from deadsim.language.form import Statement, is_null
from deadsim.language.lowering import Lowering
from deadsim.language.names import (
    Bound,
    Meaning,
    Parameter,
    Procedure,
    Scope,
    Shared,
    Slot,
    Unknown,
    clean,
    listed,
    nearest,
    noun,
)
from deadsim.language.surroundings import ProcedureText, Surroundings
from deadsim.language.verbs import IN_ATOMIC, PENDING_OPTIONS, PENDING_SECTIONS
from deadsim.model.expressions import (
    Binary,
    Compare,
    Constant,
    Expression,
    Local,
    Not,
    Target,
)
from deadsim.model.instructions import Atomic, AtomicEnd, Fail, Forget


class Steps:
    """Writes the steps of one thread, in one scope."""

    def __init__(self, around: Surroundings, body: Body, scope: Scope) -> None:
        self.around = around
        self.problems = around.problems
        self.body = body
        self.scope = scope
        self.exits: list[OpenWith | OpenLoop | OpenCall] = []
        self.in_atomic = False

    def thread(self, node: Node, place: Place) -> None:
        """Write a whole body."""
        self.exits.append(whole := OpenCall(""))
        self.block(node, "a thread's body")
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
        for option in PENDING_OPTIONS:
            if option in given.options:
                self.around.not_yet(given.place, f"the option '{option}'")
        write: Callable[[Statement], None] = getattr(self, f"do_{name}", self.pending)
        write(given)

    # What the methods below share.

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
            self.around.not_yet(given.place, f"'{verb.name}' of {noun(Shared(section, 0, (), ''))}")
        for option in verb.options:
            if option.name in given.options and option.sections and section not in option.sections:
                kinds = listed(option.sections)
                self.problems.add(given.options[option.name].place, f"'{option.name}' is for {kinds}")
        if section == "rwlocks" and verb.name in ("acquire", "with") and "mode" not in given.options:
            self.problems.add(given.place, "an rwlock wants 'mode: read' or 'mode: write'")
        return target

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
            self.problems.add(place, f"'{name}' is {noun(meaning)}; a local needs a name of its own")
        return None

    def option(self, given: Statement, name: str, default: Expression) -> Expression:
        node = given.options.get(name)
        return default if node is None else self.expressions().read(node)

    def boolean(self, node: Node) -> bool:
        value = self.expressions().constant(node)
        if not isinstance(value, bool):
            self.problems.add(node.place, "expected true or false")
        return bool(value)

    def never_negative(self, expression: Expression, node: Node, what: str) -> None:
        if isinstance(expression, Constant):
            value = expression.value
            if not isinstance(value, int) or value < 0:
                self.problems.add(node.place, f"{what} is an integer, 0 or more")

    def nested(self, given: Statement, option: str) -> None:
        node = given.options.get(option)
        if node is not None:
            self.block(node, f"'{option}'")

    # Locks.

    def do_acquire(self, given: Statement) -> None:
        target = self.target(given)
        if target is None:
            return
        work = self.lowering(given)
        into = self.into(given)
        self.check_patience(given)
        self.body.step("acquire", work.target(target), given.place, into=(into,))
        work.done()

    def check_patience(self, given: Statement) -> None:
        """Check `blocking` and `timeout`, which exclude one another."""
        blocking, timeout = given.options.get("blocking"), given.options.get("timeout")
        if blocking is not None and not self.boolean(blocking) and timeout is not None:
            self.problems.add(timeout.place, "'timeout' and 'blocking: false' exclude one another")
        if timeout is not None:
            self.never_negative(self.expressions().read(timeout), timeout, "'timeout'")

    def do_release(self, given: Statement) -> None:
        target = self.target(given)
        if "count" in given.options:
            self.expressions().read(given.options["count"])
        if target is None:
            return
        work = self.lowering(given)
        self.body.step("release", work.target(target), given.place)
        work.done()

    def do_with(self, given: Statement) -> None:
        single = isinstance(given.value, Scalar)
        nodes = (given.value,) if single else form.items(given.value, self.problems, "'with'")
        if "mode" in given.options:
            option = next(option for option in given.verb.options if option.name == "mode")
            form.word(given.options["mode"], option, self.problems)
        work = self.lowering(given)
        opened: list[OpenWith] = []
        for node in nodes:
            target = self.object(given, node)
            if target is None:
                continue
            kept = work.kept_target(target)
            self.body.step("acquire", kept, given.place, into=(None,))
            opened.append(OpenWith(kept, given.place, self.body.here))
            self.exits.append(opened[-1])
        self.nested(given, "do")
        for one in reversed(opened):
            self.exits.pop()
            covered = one.covered(self.body.here)
            self.body.step("release", one.target, one.place)
            self.body.guard(covered, one.target, one.place)
        work.done()

    # Shared variables.

    def do_read(self, given: Statement) -> None:
        target = self.target(given)
        into = self.into(given)
        if target is None:
            return
        work = self.lowering(given)
        self.body.step("read", work.target(target), given.place, into=(into,))
        work.done()

    def do_write(self, given: Statement) -> None:
        target = self.target(given)
        value = self.option(given, "value", Constant(None))
        if target is None:
            return
        work = self.lowering(given)
        lowered, *indices = work.all((value, *target.indices))
        found = target._replace(indices=tuple(indices))
        self.body.step("write", found, given.place, (lowered,))
        work.done()

    def do_add(self, given: Statement) -> None:
        target = self.target(given)
        value = self.option(given, "value", Constant(1))
        if target is None:
            return
        work = self.lowering(given)
        kept = work.kept_target(target)
        old = work.result()
        self.body.step("read", kept, given.place, into=(old,))
        total = Binary("+", Local(old, ""), work.lower(value))
        self.body.step("write", kept, given.place, (total,))
        work.done()

    def do_let(self, given: Statement) -> None:
        if not isinstance(given.value, Mapping):
            self.problems.add(given.value.place, "'let' wants a map from locals to their values")
            return
        for key, node in given.value.pairs:
            name = form.local_name(key, self.problems)
            slot = None if name is None else self.assigned(name, key.place)
            work = self.lowering(given)
            value = work.lower(self.expressions().read(node))
            if slot is not None:
                self.body.let(slot, value, given.place)
            work.done()

    def do_atomic(self, given: Statement) -> None:
        begin = self.body.emit(Atomic(-1, given.place))
        self.in_atomic = True
        self.block(given.value, "'atomic'")
        self.in_atomic = False
        end = self.body.emit(AtomicEnd(given.place))
        self.body.instructions[begin] = Atomic(end, given.place)

    # Control flow.

    def do_if(self, given: Statement) -> None:
        work = self.lowering(given)
        no = self.body.branch(work.lower(self.expressions().read(given.value)), given.place)
        work.done()
        self.nested(given, "then")
        if "else" not in given.options:
            self.body.land(no)
            return
        end = self.body.jump(given.place)
        self.body.land(no)
        self.nested(given, "else")
        self.body.land(end)

    def do_while(self, given: Statement) -> None:
        loop = OpenLoop(self.body.here)
        work = self.lowering(given)
        end = self.body.branch(work.lower(self.expressions().read(given.value)), given.place)
        work.done()
        self.repeated(loop, given, "do", end)

    def do_forever(self, given: Statement) -> None:
        self.exits.append(loop := OpenLoop(self.body.here))
        self.block(given.value, "'forever'")
        self.exits.pop()
        self.body.jump(given.place, loop.top)
        self.body.land(*loop.breaks)

    def repeated(self, loop: OpenLoop, given: Statement, option: str, end: int | None) -> None:
        self.exits.append(loop)
        self.nested(given, option)
        self.exits.pop()
        self.body.jump(given.place, loop.top)
        self.body.land(end, *loop.breaks)

    def do_repeat(self, given: Statement) -> None:
        work = self.lowering(given)
        times = work.lower(self.expressions().read(given.value))
        if isinstance(times, Constant) and not isinstance(times.value, int):
            self.problems.add(given.value.place, "'repeat' wants an integer")
        if not isinstance(times, Constant):
            times = work.keep(times)
        count = work.result()
        index = self.into(given, "index")
        self.body.let(count, Constant(0), given.place)
        loop = OpenLoop(self.body.here)
        more = Compare(Local(count, ""), (("<", times),))
        end = self.body.branch(more, given.place)
        if index is not None:
            self.body.let(index, Local(count, ""), given.place)
        self.body.let(count, Binary("+", Local(count, ""), Constant(1)), given.place)
        self.repeated(loop, given, "do", end)
        work.done()

    def leave(self, given: Statement, kind: type[OpenLoop | OpenCall]) -> OpenLoop | OpenCall | None:
        """Release what is open inside the loop or procedure that is left."""
        before: list[OpenWith] = []
        for exit in reversed(self.exits):
            if isinstance(exit, OpenWith):
                before.append(exit)
            elif isinstance(exit, kind):
                starts: list[int] = []
                for opened in before:
                    starts.append(self.body.here)
                    self.body.step("release", opened.target, opened.place)
                for opened, start in zip(before, starts, strict=True):
                    opened.holes.append((start, self.body.here + 1))  # and the jump that follows
                return exit
            elif isinstance(exit, OpenCall):
                break
        self.problems.add(given.place, f"'{given.verb.name}' stands outside of every loop")
        return None

    def do_break(self, given: Statement) -> None:
        loop = self.leave(given, OpenLoop)
        if isinstance(loop, OpenLoop):
            loop.breaks.append(self.body.jump(given.place))

    def do_continue(self, given: Statement) -> None:
        loop = self.leave(given, OpenLoop)
        if isinstance(loop, OpenLoop):
            self.body.jump(given.place, loop.top)

    def do_return(self, given: Statement) -> None:
        call = self.leave(given, OpenCall)
        if isinstance(call, OpenCall):
            call.returns.append(self.body.jump(given.place))

    def do_pass(self, given: Statement) -> None:
        pass

    def do_yield(self, given: Statement) -> None:
        self.body.step("yield", None, given.place)

    def do_choose(self, given: Statement) -> None:
        nodes = form.items(given.value, self.problems, "'choose'")
        if isinstance(given.value, Sequence) and not nodes:
            self.problems.add(given.value.place, "'choose' wants at least one value")
        work = self.lowering(given)
        values = work.all(tuple(self.expressions().read(node) for node in nodes))
        self.body.step("choose", None, given.place, values, (self.into(given),))
        work.done()

    # Threads.

    def do_start(self, given: Statement) -> None:
        target = self.target(given)
        if target is not None:
            work = self.lowering(given)
            self.body.step("start", work.target(target), given.place)
            work.done()

    def do_join(self, given: Statement) -> None:
        target = self.target(given)
        into = self.into(given)
        self.check_patience(given)
        section = self.section(given.value)
        if target is None:
            return
        if target.whole and section == "queues":
            self.problems.add(given.value.place, f"'{target.name}' is an array; say which one")
        work = self.lowering(given)
        self.body.step("join", work.target(target), given.place, into=(into,))
        work.done()

    # Local work that shows.

    def do_step(self, given: Statement) -> None:
        self.noted("step", given, "'step'")

    def noted(self, verb: str, given: Statement, what: str) -> None:
        if is_null(given.value):
            self.problems.add(given.value.place, f"{what} wants a text")
        work = self.lowering(given)
        text = work.lower(self.expressions().text(given.value, what))
        self.body.step(verb, None, given.place, (text,))
        work.done()

    def do_print(self, given: Statement) -> None:
        reader = self.expressions()
        text = reader.text(given.value, "'print'")
        end: Expression = Constant("\n")
        if "end" in given.options:
            end = reader.text(given.options["end"], "'end'")
        work = self.lowering(given)
        first, last = work.all((text, end))
        self.body.step("print", None, given.place, (first,))
        skip = self.body.branch(last, given.place)
        if not isinstance(last, Constant) or last.value:
            self.body.step("print", None, given.place, (last,))
        self.body.land(skip)
        work.done()

    def do_sleep(self, given: Statement) -> None:
        duration = self.expressions().read(given.value)
        self.never_negative(duration, given.value, "the time to sleep")
        work = self.lowering(given)
        self.body.step("sleep", None, given.place, (work.lower(duration),))
        work.done()

    def do_assert(self, given: Statement) -> None:
        work = self.lowering(given)
        test = work.lower(self.expressions().read(given.value))
        failing: Expression = Constant(not test.value) if isinstance(test, Constant) else Not(test)
        fine = self.body.branch(failing, given.place)
        message: Expression = Constant("is false: " + _source(given.value))
        if "message" in given.options:
            message = self.expressions().text(given.options["message"], "'message'")
        self.body.emit(Fail("assertion", work.lower(message), given.place))
        self.body.land(fine)
        work.done()

    def do_raise(self, given: Statement) -> None:
        work = self.lowering(given)
        message = work.lower(self.expressions().text(given.value, "'raise'"))
        self.body.emit(Fail("error", message, given.place))
        work.done()

    # Procedures.

    def do_call(self, given: Statement) -> None:
        name = clean(given.value.value) if isinstance(given.value, Scalar) else ""
        text = self.around.procedures.get(name)
        if text is None:
            meaning = self.scope.find(name)
            if meaning is not None and not isinstance(meaning, Procedure):
                self.problems.add(given.value.place, f"'{name}' is {noun(meaning)}, not a procedure")
            else:
                hint = nearest(name, self.around.procedures)
                self.problems.add(given.value.place, f"unknown procedure '{name}'{hint}")
            return
        calls = [exit.name for exit in self.exits if isinstance(exit, OpenCall)]
        if name in calls:
            self.problems.add(given.value.place, f"'{name}' calls itself; procedures cannot recurse")
            return
        nodes: tuple[Node, ...] = ()
        if "args" in given.options:
            nodes = form.items(given.options["args"], self.problems, "'args'")
        if len(nodes) != len(text.args):
            wanted = f"{len(text.args)} argument{'s' if len(text.args) != 1 else ''}"
            self.problems.add(given.place, f"'{name}' takes {wanted}, not {len(nodes)}")
            return
        work = self.lowering(given)
        inner = self.procedure_scope(text, given, nodes, work)
        outer, self.scope = self.scope, inner
        self.exits.append(call := OpenCall(name))
        self.block(text.body, "a procedure's body")
        self.exits.pop()
        self.scope = outer
        self.body.land(*call.returns)
        work.done()

    def procedure_scope(
        self, text: ProcedureText, given: Statement, nodes: tuple[Node, ...], work: Lowering
    ) -> Scope:
        """Bind a procedure's arguments, and make its locals."""
        own: dict[str, Meaning] = {}
        values: list[tuple[str, Expression]] = []
        for name, node in zip(text.args, nodes, strict=True):
            bound = self.bound(text.name, name, node)
            if bound is None:
                values.append((name, self.expressions().read(node)))
            elif isinstance(bound, Bound):
                own[name] = Bound(bound.section, work.kept_target(bound.target))
            else:
                own[name] = bound
        for (name, _), value in zip(
            values, work.all(tuple(value for _, value in values)), strict=True
        ):
            if isinstance(value, Constant) and name not in text.locals:
                own[name] = Parameter(value.value, "argument")
            else:
                kept = work.keep(value)
                assert isinstance(kept, Local)
                own[name] = Slot(kept.slot)
        fresh = [
            local
            for local in text.locals
            if local not in own and local not in self.around.shared
        ]
        slots = [work.result() for _ in fresh]
        own.update({local: Slot(slot) for local, slot in zip(fresh, slots, strict=True)})
        if slots:
            self.body.emit(Forget(tuple(slots), given.place))
        return Scope(self.around.shared, own)

    def bound(self, procedure: str, argument: str, node: Node) -> Bound | Unknown | None:
        """Find the object that an argument names; None where it is an expression."""
        section = self.section(node)
        if section is None:
            meaning = None
            if isinstance(node, Scalar):
                meaning = self.scope.find(clean(node.value))
            return Unknown() if isinstance(meaning, Unknown) else None
        if section == "variables" and not self.around.by_reference(procedure, argument):
            return None
        target = self.expressions().reference(node, (section,), arrays=True)
        return None if target is None else Bound(section, target)

    # What is read and checked, but not carried out yet.

    def pending(self, given: Statement) -> None:
        if given.verb.shape == "process":
            self.around.not_yet(given.place, f"'{given.verb.name}'")
            return
        self.target(given)
        self.check_patience(given)
        for option in given.verb.options:
            node = given.options.get(option.name)
            if node is None:
                continue
            if option.shape == "expression":
                value = self.expressions().read(node)
                if option.name == "count" and isinstance(value, Constant) and (
                    not isinstance(value.value, int) or value.value < 1
                ):
                    self.problems.add(node.place, "'count' is an integer, 1 or more")
            elif option.shape == "word":
                form.word(node, option, self.problems)
            elif option.shape == "local":
                self.into(given, option.name)


def _source(node: Node) -> str:
    return " ".join(node.value.split()) if isinstance(node, Scalar) else "[...]"
