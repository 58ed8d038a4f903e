"""Scenarios in which one defect is planted: a release taken out, acquires swapped, a signal dropped.

The edits are made on the nodes of the file, so that a step of an array of threads, or of a procedure, is
edited once for all who take it, and what is meant by the rest of the file is found out anew.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence, parse
from deadsim.language.scenario import load_edited
from deadsim.model.instructions import Step
from deadsim.model.objects import Semaphore
from deadsim.model.place import Place
from deadsim.model.program import Program

Kind: TypeAlias = Literal[
    "release taken out",
    "acquires swapped",
    "signal dropped",
    "notify dropped",
    "notify_all dropped",
    "set dropped",
    "count_down dropped",
]

SIGNALS: dict[str, Kind] = {
    "notify": "notify dropped",
    "notify_all": "notify_all dropped",
    "set": "set dropped",
    "count_down": "count_down dropped",
}

BODIES = ("do", "then", "else", "forever", "default")
"""Keys of a step behind which there are steps that may take, release or signal something."""

LOCAL = frozenset(("step", "yield", "sleep", "pass"))
"""Steps that may stand between two acquires which count as neighbours."""


class Edit(NamedTuple):
    """One defect that can be planted: the steps that it is about, as texts, and what becomes of their list."""

    place: Place
    kind: Kind
    steps: tuple[str, ...]
    before: Sequence
    after: Sequence


class Mutants:
    """The scenarios that differ from one by an edit; `edits` are in the order of the file."""

    def __init__(self, program: Program) -> None:
        self.program = program
        root = parse(program.source, program.file)
        assert root is not None
        self.root = _Unfolding().of(root)
        self.plain = load_edited(program, self.root)
        steps = {
            instruction
            for thread in self.plain.threads
            for instruction in thread.code.instructions
            if isinstance(instruction, Step)
        }
        self.places = {step.place for step in steps}
        self.messages = {step.place for step in steps if self.gives_a_message(step)}
        found = [edit for steps in self.lists() for edit in self.in_list(steps)]
        self.edits = tuple(sorted(found, key=lambda edit: edit.place))

    def with_edit(self, edit: Edit) -> Program | None:
        """Give the scenario with a defect planted; None where that makes no difference."""
        root = _Replacing(edit.before, edit.after).of(self.root)
        mutant = load_edited(self.program, root)
        return None if mutant.threads == self.plain.threads else mutant

    def gives_a_message(self, step: Step) -> bool:
        """Decide whether a step releases a semaphore that is a signal."""
        if step.verb != "release" or step.target is None:
            return False
        first = len(self.plain.threads) + 1
        declared = [self.plain.objects[number - first] for number in step.target.candidates()]
        return all(isinstance(one, Semaphore) and one.signal for one in declared)

    def lists(self) -> Iterator[Sequence]:
        """List the bodies of threads and procedures, and all that are nested in them, each once."""
        assert isinstance(self.root, Mapping)
        seen: set[int] = set()
        front: list[Node] = []
        for key, value in self.root.pairs:
            if key.value in ("threads", "procedures") and isinstance(value, Mapping):
                for _, whole in value.pairs:
                    front += [whole] if isinstance(whole, Sequence) else bodies(whole)
        while front:
            body = front.pop(0)
            if isinstance(body, Sequence) and id(body) not in seen:
                seen.add(id(body))  # an alias is the same list again
                yield body
                front += [inner for step in body.items for inner in bodies(step)]

    def in_list(self, body: Sequence) -> Iterator[Edit]:
        """List the defects that can be planted in a list of steps, where a thread has them."""
        for number, step in enumerate(body.items):
            about = _about(step)
            if about is not None and about.place in self.places:
                yield from self.at_step(body, number, about)

    def at_step(self, body: Sequence, number: int, about: "_About") -> Iterator[Edit]:
        """List the defects that can be planted at a step of a list."""
        before, rest = body.items[:number], body.items[number + 1 :]

        def edit(kind: Kind, steps: tuple[str, ...], items: tuple[Node, ...]) -> Edit:
            return Edit(about.place, kind, steps, body, body._replace(items=items))

        text = (about.text,)
        match about.verb:
            case "release":
                message = about.place in self.messages
                kind: Kind = "signal dropped" if message else "release taken out"
                yield edit(kind, text, before + rest)
            case "with":
                taken = (about.acquiring(), *about.body)
                yield edit("release taken out", text, before + taken + rest)
                if (other := _next(about.body, 0)) is not None and other[1].object != about.object:
                    at, inner = other
                    between, after = about.body[:at], about.body[at + 1 :]
                    last = (inner.acquiring(), *between, about.holding(after))
                    if inner.verb == "with":
                        within = about.holding(inner.body)
                        last = (inner.holding((*between, within, *after)),)
                    yield edit("acquires swapped", (*text, inner.text), before + last + rest)
            case "acquire":
                if (other := _next(rest, 0)) is not None and other[1].object != about.object:
                    at, inner = other
                    between, after = rest[:at], rest[at + 1 :]
                    mine = body.items[number]
                    last = (rest[at], *between, mine)
                    if inner.verb == "with":
                        last = (inner.holding((*between, mine, *inner.body)),)
                    yield edit("acquires swapped", (*text, inner.text), before + last + after)
            case verb if verb in SIGNALS:
                yield edit(SIGNALS[verb], text, before + rest)


class _About(NamedTuple):
    """A step that takes, gives back or signals one object: its verb, and what is beside it."""

    key: Scalar
    value: Scalar
    options: tuple[tuple[Scalar, Node], ...]
    body: tuple[Node, ...]  # of a `with`

    @property
    def verb(self) -> str:
        return self.key.value

    @property
    def place(self) -> Place:
        return self.key.place

    @property
    def object(self) -> str:
        return " ".join(self.value.value.split())

    @property
    def text(self) -> str:
        return f"{self.verb}: {self.object}"

    def acquiring(self) -> Mapping:
        """Write a `with` as an acquire alone."""
        key = self.key._replace(value="acquire")
        return Mapping(((key, self.value), *self.options), self.place)

    def holding(self, steps: tuple[Node, ...]) -> Mapping:
        """Write a `with` of other steps."""
        do = Scalar("do", True, self.place, None), Sequence(steps, self.place)
        return Mapping(((self.key, self.value), *self.options, do), self.place)


def _about(step: Node) -> _About | None:
    """Read a step that is about one object; None where it is something else."""
    if not isinstance(step, Mapping):
        return None
    verbs = ("acquire", "release", "with", *SIGNALS)
    key, value = next((pair for pair in step.pairs if pair[0].value in verbs), (None, None))
    if key is None or not isinstance(value, Scalar):
        return None
    body = next((given for name, given in step.pairs if name.value == "do"), None)
    options = tuple(pair for pair in step.pairs if pair[0] is not key and pair[0].value != "do")
    return _About(key, value, options, body.items if isinstance(body, Sequence) else ())


def _next(steps: tuple[Node, ...], first: int) -> tuple[int, _About] | None:
    """Find the acquire, or `with`, that comes next, with nothing but local work before it."""
    for number, step in enumerate(steps[first:], first):
        about = _about(step)
        if about is not None and about.verb in ("acquire", "with"):
            return number, about
        if LOCAL.isdisjoint(_words(step)):
            return None
    return None


def _words(step: Node) -> list[str]:
    """List the keys of a step."""
    if isinstance(step, Scalar):
        return [step.value]
    return [key.value for key, _ in step.pairs] if isinstance(step, Mapping) else []


def bodies(step: Node) -> list[Node]:
    """List the lists of steps that a step, a thread or a procedure has."""
    if not isinstance(step, Mapping):
        return []
    found = [value for key, value in step.pairs if key.value in BODIES]
    for key, value in step.pairs:
        if key.value == "select" and isinstance(value, Sequence):
            found += [body for branch in value.items for body in bodies(branch)]
    return found


class _Unfolding:
    """Writes each `with` of several objects as one within the other; what was one node stays one."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Node, Node]] = {}

    def of(self, node: Node) -> Node:
        if isinstance(node, Scalar):
            return node
        if id(node) not in self.known:
            self.known[id(node)] = node, self.made(node)
        return self.known[id(node)][1]

    def made(self, node: Sequence | Mapping) -> Node:
        if isinstance(node, Sequence):
            return node._replace(items=tuple(map(self.of, node.items)))
        pairs = tuple((key, self.of(value)) for key, value in node.pairs)
        values = {key.value: value for key, value in pairs}
        several = values.get("with")
        if not isinstance(several, Sequence) or not several.items:
            return node._replace(pairs=pairs)
        given = [(key, value) for key, value in pairs if key.value not in ("with", "do")]
        key = next(key for key, _ in pairs if key.value == "with")
        do = next(key for key, _ in pairs if key.value == "do")
        inner = values["do"]
        for item in reversed(several.items):
            one = Mapping(((key, item), *given, (do, inner)), node.place)
            inner = Sequence((one,), node.place)
        return one


class _Replacing:
    """Writes a tree with one list in the place of another, wherever that stands."""

    def __init__(self, before: Sequence, after: Sequence) -> None:
        self.known: dict[int, Node] = {id(before): after}

    def of(self, node: Node) -> Node:
        if isinstance(node, Scalar):
            return node
        if id(node) not in self.known:
            if isinstance(node, Sequence):
                self.known[id(node)] = node._replace(items=tuple(map(self.of, node.items)))
            else:
                pairs = tuple((key, self.of(value)) for key, value in node.pairs)
                self.known[id(node)] = node._replace(pairs=pairs)
        return self.known[id(node)]
