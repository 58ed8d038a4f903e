"""Read a whole scenario file."""

from collections.abc import Mapping as MappingType
from typing import NamedTuple

from deadsim.errors import ScenarioError, UsageError
from deadsim.language.checks import claims, form
from deadsim.language.checks.claims import Demands
from deadsim.language.checks.declarations import Declarations, index_values, pairs
from deadsim.language.checks.form import body_hint, is_null, unlike
from deadsim.language.checks.raised import raised_classes
from deadsim.language.emit.body import Body
from deadsim.language.emit.calls import write_frames
from deadsim.language.emit.file_scope import MAX_STEPS, ProcedureText, Surroundings, TooLarge
from deadsim.language.emit.finalizer import Finalizer, parts
from deadsim.language.emit.steps import writer
from deadsim.language.emit.uses import told_apart
from deadsim.language.expressions.names import (
    NAME,
    Meaning,
    Problems,
    Procedure,
    Scope,
    Shared,
    Slot,
    Unknown,
    clean,
    elements,
    listed,
    nearest,
    noun,
)
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence, decode, parse
from deadsim.language.tables.sections import SECTIONS
from deadsim.language.tables.verbs import PENDING_SECTIONS
from deadsim.model.instructions import Code
from deadsim.model.objects import Pipe
from deadsim.model.place import Place
from deadsim.model.program import RECURSION, Program, Thread
from deadsim.model.values import MAX_TEXT, Unset, Value, as_given

KEYS = (
    "version",
    "name",
    "description",
    "params",
    *SECTIONS,
    "threads",
    "processes",
    "procedures",
    "invariants",
    "schedule",
    "expect",
    "limits",
    "timeouts",
)
MAX_THREADS = 10_000
THREAD_KEYS = ("daemon", "autostart", "locals", "do", "anywhere")


def load(data: bytes, file: str, params: MappingType[str, str] | None = None) -> Program:
    """Read a scenario; `file` names it in messages, `params` take the place of its own values.

    Raises ScenarioError with every problem that was found.
    """
    text = decode(data, file)
    root = parse(text, file)
    return _Loader(file, text, data, dict(params or {})).load(root)


def load_edited(program: Program, root: Node) -> Program:
    """Read a scenario again, with other nodes than its file has, and with the params that it was given."""
    params = {name: as_given(value) for name, value in program.given.items()}
    return _Loader(program.file, program.source, program.data, params).load(root)


def is_scenario(data: bytes) -> bool:
    """Decide whether a file is a scenario: a YAML map with `threads` or `processes`."""
    try:
        root = parse(decode(data, ""), "")
    except ScenarioError:
        return any(line.startswith((b"threads:", b"processes:")) for line in data.splitlines())
    return isinstance(root, Mapping) and any(
        key.value in ("threads", "processes") for key, _ in root.pairs
    )


class _Template(NamedTuple):
    """A thread or array of threads as the file has it."""

    name: str
    shape: tuple[int, ...]
    indices: tuple[str | None, ...]
    key: Scalar
    body: Node
    options: dict[str, Node]


class _Loader:
    def __init__(self, file: str, text: str, data: bytes, params: dict[str, str]) -> None:
        self.file = file
        self.text = text
        self.data = data
        self.given = params
        self.problems = Problems()
        self.declared = Declarations(self.problems)
        self.around = Surroundings(self.problems, self.declared.shared, self.declared.declared)

    def fail(self) -> ScenarioError:
        return ScenarioError(self.file, tuple(self.problems.found), self.text)

    def load(self, root: Node | None) -> Program:
        if not isinstance(root, Mapping):
            place = Place(1, 1, 1, self.file) if root is None else root.place
            what = "is empty" if root is None or is_null(root) else "is no map"
            self.problems.add(place, f"the file {what}; a scenario is a map with 'threads'")
            raise self.fail()
        top = self.top(root)
        params = self.declared.params(top.get("params"), self.given)
        unknown = [name for name in self.given if name not in params]
        if unknown and not self.problems.found:
            hint = nearest(unknown[0], params) or f"; it has {listed(params, 'and') or 'none'}"
            raise UsageError(f"the scenario has no param '{unknown[0]}'{hint}")
        templates = self.templates(top.get("threads"))
        count = sum(len(elements(t.name, t.shape)) for t in templates)
        if count > MAX_THREADS:
            place = templates[-1].key.place
            self.problems.add(place, f"a scenario may have {MAX_THREADS:,} threads, not {count:,}")
            raise self.fail()
        self.processes(top.get("processes"))
        self.declared.first_object = count + 1
        for section in SECTIONS:
            self.declared.section(section, top.get(section))
        self.declared.give_locks()
        self.around.classes = raised_classes(top)
        self.around.roomless = frozenset(
            one.name.split("[")[0]
            for one in self.declared.objects
            if isinstance(one, Pipe) and not one.capacity
        )
        self.procedures(top.get("procedures"))
        demands = Demands(self.problems, Scope(self.declared.shared))
        limits = demands.limits(top.get("limits"))
        self.around.recursion = limits.recursion or RECURSION
        try:
            threads = self.threads(templates)
            self.uncalled()
        except TooLarge as large:
            message = f"a scenario may have {MAX_STEPS:,} steps, procedures written out"
            self.problems.add(large.place, message)
            raise self.fail() from None
        name = claims.literal(top.get("name"), _stem(self.file), self.problems, "'name'", MAX_TEXT)
        program = Program(
            name=" ".join(name.split()),
            description=claims.literal(
                top.get("description"), "", self.problems, "'description'", MAX_TEXT
            ),
            file=self.file,
            source=self.text,
            data=self.data,
            params=params,
            given={name: params[name] for name in self.given},
            threads=threads,
            objects=told_apart(threads, self.declared.objects, count + 1),
            invariants=demands.invariants(top.get("invariants")),
            claims=demands.expect(top.get("expect")),
            plan=demands.plan(top.get("schedule")),
            limits=limits,
            timeouts=demands.timeouts(top.get("timeouts")),
        )
        if self.problems.found:
            raise self.fail()
        self.check_carried_out()
        return program

    def top(self, root: Mapping) -> dict[str, Node]:
        """Read the keys of the file; one without a value is as if absent."""
        top: dict[str, Node] = {}
        for key, value in root.pairs:
            if key.value not in KEYS:
                hint = nearest(key.value, KEYS)
                self.problems.add(key.place, f"unknown key '{key.value}'{hint}")
            elif not is_null(value) or key.value == "threads":
                top[key.value] = value
            if key.value in PENDING_SECTIONS and not is_null(value):
                self.around.not_yet(key.place, f"'{key.value}'")
        claims.version(top.get("version"), self.problems)
        if "threads" not in top and "processes" not in top:
            self.problems.add(root.place, "a scenario has 'threads'; this one has none")
        return top

    def check_carried_out(self) -> None:
        """Refuse what was read and checked, but is not carried out yet."""
        for place, what in self.around.pending:
            self.problems.add(place, f"{what} is part of the language, but not carried out yet")
        if self.problems.found:
            raise self.fail()

    def templates(self, node: Node | None) -> list[_Template]:
        found: list[_Template] = []
        total = 0
        for key, value in pairs(node, self.problems, "'threads'"):
            array = self.declared.array(key, "threads")
            if array is None:
                continue
            name, shape, indices = array
            if not self.declared.claim_name(name, key.place, Shared("threads", total, shape, name)):
                continue
            body, options = self.thread_options(key, value)
            found.append(_Template(name, shape, indices, key, body, options))
            total += len(elements(name, shape))
        return found

    def processes(self, node: Node | None) -> None:
        """Note the names of processes, so that steps may be about them; more is not read yet."""
        for key, _ in pairs(node, self.problems, "'processes'"):
            array = self.declared.array(key, "processes")
            if array is not None:
                name, shape, _ = array
                self.declared.claim_name(name, key.place, Shared("processes", 0, shape, name))

    def thread_options(self, key: Scalar, value: Node) -> tuple[Node, dict[str, Node]]:
        """Tell a thread's body from its options."""
        nothing = Scalar("", True, key.place, None)
        if not isinstance(value, Mapping):
            if not isinstance(value, Sequence) and not is_null(value):
                self.problems.add(
                    value.place,
                    f"a thread is a list of steps, or a map with 'do'{body_hint(value)}",
                )
                return nothing, {}
            return value, {}
        options: dict[str, Node] = {}
        for name, given in value.pairs:
            if name.value in THREAD_KEYS:
                options[name.value] = given
            else:
                hint = nearest(name.value, THREAD_KEYS)
                steps = "" if hint else "; its steps are a list, each behind a '- '"
                self.problems.add(name.place, f"a thread has no '{name.value}'{hint or steps}")
        return options.get("do", nothing), options

    def procedures(self, node: Node | None) -> None:
        for key, value in pairs(node, self.problems, "'procedures'"):
            name = clean(key.value)
            if not NAME.fullmatch(name):
                self.problems.add(key.place, f"'{key.value}' is not a name")
                continue
            self.declared.claim_name(name, key.place, Procedure(name))
            args: list[str] = []
            given: dict[str, Value] = {}
            body: Node = Scalar("", True, key.place, None)
            if isinstance(value, Sequence):
                body = value
            else:
                for word, node in value.pairs if isinstance(value, Mapping) else ():
                    if word.value == "args":  # before the locals, which are called otherwise
                        args = self.arguments(node)
                for word, node in pairs(value, self.problems, f"the procedure '{name}'"):
                    if word.value == "do":
                        body = node
                    elif word.value == "locals":
                        given = self.locals(node, {one: Unknown() for one in args}, "argument")
                    elif word.value != "args":
                        known = ("args", "locals", "do")
                        hint = nearest(word.value, known) or f"; it has {listed(known, 'and')}"
                        self.problems.add(word.place, f"a procedure has no '{word.value}'{hint}")
            self.around.procedures[name] = ProcedureText(name, key.place, tuple(args), body, given)

    def locals(self, node: Node | None, own: dict[str, Meaning], what: str) -> dict[str, Value]:
        """Read `locals`: names, and the constants that they begin with."""
        known: dict[str, Meaning] = {
            one: meaning for one, meaning in own.items() if not isinstance(meaning, Unknown)
        }
        reader = self.declared.constants(known)
        found: dict[str, Value] = {}
        for key, inner in pairs(node, self.problems, "'locals'"):
            name = form.local_name(key, self.problems)
            value = reader.constant(inner)
            if (
                name is None
                or isinstance(value, Unset)
                or not self.own_name(name, key.place, "a local")
            ):
                continue
            if name in own:
                self.problems.add(key.place, f"'{name}' is an {what} already")
                continue
            found[name] = value
        return found

    def arguments(self, node: Node | None) -> list[str]:
        args: list[str] = []
        if node is None or is_null(node):
            return args
        for item in form.items(node, self.problems, "'args'"):
            name = form.local_name(item, self.problems)
            if name is None:
                continue
            if name in args:
                self.problems.add(item.place, f"two arguments are called '{name}'")
            self.own_name(name, item.place, "an argument")
            args.append(name)
        return args

    def own_name(self, name: str, place: Place, what: str) -> bool:
        """Check that a local, index or argument is not called as something shared is."""
        meaning = self.declared.shared.get(name)
        if meaning is not None:
            self.problems.add(place, f"'{name}' is {noun(meaning)}; {what} needs a name of its own")
        return meaning is None

    def threads(self, templates: list[_Template]) -> tuple[Thread, ...]:
        threads: list[Thread] = []
        for template in templates:
            names = elements(template.name, template.shape)
            for index in template.indices:
                if index is not None:
                    self.own_name(index, template.key.place, "an index")
            daemon = self.flag(template, "daemon", False)
            autostart = self.flag(template, "autostart", True)
            self.around.counting = True
            code: Code | None = None
            for position, name in enumerate(names or [template.name]):
                bound = any(index is not None for index in template.indices)
                if code is None or bound:
                    before = len(self.problems.found)
                    code = self.code(template, position)
                    if len(self.problems.found) > before:
                        break  # its other elements would only say the same again
                self.around.counting = False
                if names:
                    threads.append(Thread(name, daemon, autostart, code, template.key.place))
        return tuple(threads)

    def flag(self, template: _Template, option: str, default: bool) -> bool:
        node = template.options.get(option)
        if node is None or is_null(node):
            return default
        value = self.declared.constants().constant(node)
        if isinstance(value, Unset):
            return default
        if not isinstance(value, bool):
            self.problems.add(node.place, f"'{option}' is true or false{unlike(node)}")
        return bool(value)

    def code(self, template: _Template, position: int) -> Code:
        """Write the code of one thread."""
        body = Body()
        own = index_values(template.indices, template.shape, position)
        for name, value in self.locals(template.options.get("locals"), own, "index").items():
            own[name] = Slot(body.slot(value))
        for name in form.collect_locals(template.body):
            if name not in own and name not in self.declared.shared:
                own[name] = Slot(body.slot())
        thread = writer(self.around, body, Scope(self.declared.shared, own))
        thread.thread(template.body)
        body.end(template.key.place)
        write_frames(thread)
        written = template.options.get("anywhere")
        if written is None or is_null(written):
            return body.code()
        times, steps = parts(written, self.declared.constants(dict(own)), self.problems)
        # Its locals are its own, as those of a procedure are.
        known: dict[str, Meaning] = {n: one for n, one in own.items() if not isinstance(one, Slot)}
        inner = Finalizer(body)
        for name in form.collect_locals(steps):
            if name not in known and name not in self.declared.shared:
                known[name] = Slot(inner.slot())
        writer(self.around, inner, Scope(self.declared.shared, known)).thread(steps, "'anywhere'")
        return inner.laid_out(times, written.place, self.around, self.declared)

    def uncalled(self) -> None:
        """Check each procedure for itself too, whatever its arguments may turn out to be."""
        pending = dict(self.around.pending)
        self.around.counting = True
        for text in self.around.procedures.values():
            body = Body()
            own: dict[str, Meaning] = {name: Unknown() for name in text.args}
            for name in text.locals:
                if name not in own and name not in self.declared.shared:
                    own[name] = Slot(body.slot())
            writer(self.around, body, Scope(self.declared.shared, own)).procedure(text)
        self.around.pending = pending


def _stem(file: str) -> str:
    return file.replace("\\", "/").rsplit("/", 1)[-1].split(".")[0] or file
