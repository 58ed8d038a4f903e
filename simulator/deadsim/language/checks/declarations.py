"""Params, and everything that threads share: what a file declares."""

from typing import Any

from deadsim.kernel.expressions.operators import stored
from deadsim.language.checks import modes
from deadsim.language.checks.form import is_null, unlike
from deadsim.language.checks.hints import as_map
from deadsim.language.expressions.names import (
    NAME,
    NOUNS,
    RESERVED,
    STATE_FUNCTIONS,
    Meaning,
    Parameter,
    Problems,
    Scope,
    Shared,
    Unknown,
    clean,
    declared,
    elements,
    listed,
    nearest,
    noun,
)
from deadsim.language.expressions.texts import Expressions
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence
from deadsim.language.reading.scalars import FLOAT, Source, core_value
from deadsim.language.tables.sections import SECTIONS, EntryOption, Section
from deadsim.model import objects
from deadsim.model.objects import SharedObject
from deadsim.model.place import Place
from deadsim.model.primitives import BY_SECTION
from deadsim.model.values import MAX_TEXT, Unset, Value

MAX_ELEMENTS = 10_000


class Declarations:
    """Collects what a file declares: the meaning of every shared name, and the objects."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.shared: dict[str, Meaning] = {}
        self.places: dict[str, Place] = {}
        self.objects: list[SharedObject] = []
        self.first_object = 0

    def declared(self, number: int) -> SharedObject | None:
        """Give what was declared with this number; None of a thread, and of what is not there."""
        place = number - self.first_object
        return self.objects[place] if 0 <= place < len(self.objects) else None

    def constants(self, own: dict[str, Meaning] | None = None) -> Expressions:
        """Give a reader of constant expressions."""
        return Expressions(self.problems, Scope(self.shared, own), "constant")

    def claim_name(self, name: str, place: Place, meaning: Meaning) -> bool:
        """Give a name its meaning, unless it has one."""
        if name in self.shared:
            line = self.places[name].line
            other = noun(self.shared[name])
            self.problems.add(place, f"'{name}' is {other} already (line {line})")
            return False
        self.shared[name] = meaning
        self.places[name] = place
        return True

    def params(self, node: Node | None, given: dict[str, str]) -> dict[str, Value]:
        """Read the params; those given from outside take the place of the file's own values."""
        values: dict[str, Value] = {}
        for key, written in pairs(node, self.problems, "'params'"):
            name = self.variable_name(key)
            value = self.param_value(written)
            if name is None or isinstance(value, Unset):
                continue
            if name in given:
                value = self.param_given(name, given[name], value)
            if self.claim_name(name, key.place, Parameter(value)):
                values[name] = value
        return values

    def param_value(self, node: Node) -> Value | Unset:
        value = core_value(node) if isinstance(node, Scalar) else None
        if isinstance(node, Scalar) and isinstance(value, Unset):
            if node.plain and FLOAT.fullmatch(node.value):
                value = None
            elif len(node.value) <= MAX_TEXT:
                return node.value
        if value is None or isinstance(value, Unset):
            self.problems.add(
                node.place, f"a param is an integer, true, false or a text{unlike(node)}"
            )
            return Unset.UNSET
        return self.constants().constant(node)

    def param_given(self, name: str, text: str, default: Value) -> Value:
        """Read a param from the command line, as the type that the file's own value has."""
        read = core_value(Scalar(text, True, Place(1, 1), None))
        if isinstance(default, str):
            return text
        if isinstance(default, bool) and isinstance(read, bool):
            return read
        whole = isinstance(read, int) and not isinstance(read, bool) and abs(read) < 2**63
        if not isinstance(default, bool) and whole:
            assert isinstance(read, int)
            return read
        wanted = "true or false" if isinstance(default, bool) else "an integer"
        self.problems.add(
            self.places.get(name, Place(1, 1)), f"the param '{name}' is {wanted}, not '{text}'"
        )
        return default

    def variable_name(self, key: Scalar) -> str | None:
        """Read a name that expressions use; None where it cannot be one."""
        name = clean(key.value)
        if not NAME.fullmatch(name):
            self.problems.add(
                key.place,
                f"'{key.value}' is not a name: a letter or '_', then letters, digits, '_' or '-'",
            )
            return None
        if name in RESERVED_NAMES:
            self.problems.add(key.place, f"'{name}' is a word of the expression language")
            return None
        return name

    def array(
        self, key: Scalar, section: str
    ) -> tuple[str, tuple[int, ...], tuple[str | None, ...]] | None:
        """Read a declared name with the extents of its array."""
        found = declared(key.value)
        if found is None:
            self.problems.add(
                key.place,
                f"'{key.value}' is not a name: a letter or '_', then letters, digits, '_' or '-'; an array is 'name[size]'",
            )
            return None
        if section == "variables" and found.name in RESERVED_NAMES:
            self.problems.add(key.place, f"'{found.name}' is a word of the expression language")
            return None
        if len(found.extents) > 2:
            self.problems.add(key.place, "an array has one or two dimensions")
            return None
        shape: list[int] = []
        source = Source(key.value, key.place, key.first)
        for text, offset in zip(found.extents, found.offsets, strict=True):
            piece = source.cut(offset, offset + len(text))
            written = Scalar(text, True, piece.place, piece.first)
            extent = self.constants().constant(written)
            if isinstance(extent, Unset):
                return None
            if not isinstance(extent, int) or isinstance(extent, bool) or extent < 0:
                self.problems.add(
                    piece.place, f"the size of an array is an integer, 0 or more{unlike(written)}"
                )
                return None
            shape.append(extent)
        size = 1
        for extent in shape:
            size *= extent
        if size > MAX_ELEMENTS:
            self.problems.add(
                key.place, f"an array may have {MAX_ELEMENTS:,} elements, not {size:,}"
            )
            return None
        return found.name, tuple(shape), found.indices

    def section(self, name: str, node: Node | None) -> None:
        """Read a section, and make its objects."""
        section = SECTIONS[name]
        entries: list[tuple[Scalar, Node | None]]
        if isinstance(node, Sequence):
            entries = []
            for item in node.items:
                if isinstance(item, Scalar):
                    entries.append((item, None))
                else:
                    self.problems.add(item.place, f"expected the name of {an(name)}")
        else:
            entries = list(pairs(node, self.problems, f"'{name}'"))
        for key, value in entries:
            self.entry(section, key, value)

    def give_locks(self) -> None:
        """Make a lock for each condition that has none: reentrant, and called as the condition."""
        for position, made in enumerate(tuple(self.objects)):
            if isinstance(made, objects.Condition) and made.lock < 0:
                number = self.first_object + len(self.objects)
                self.objects[position] = made._replace(lock=number)
                self.objects.append(objects.Lock(made.name, True, made.place))

    def entry(self, section: Section, key: Scalar, value: Node | None) -> None:
        array = self.array(key, section.name)
        if array is None:
            return
        name, shape, indices = array
        first = self.first_object + len(self.objects)
        meaning = Shared(section.name, first, shape, name)
        self.claim_name(name, key.place, meaning)
        given = self.options(section, key, value)
        for position, element in enumerate(elements(name, shape)):
            own = index_values(indices, shape, position)
            made = None if given is None else self.made(section, element, key, given, own)
            if made is None:
                if self.shared[name] is meaning:  # its number will be that of the next object
                    self.shared[name] = Unknown()
                return
            self.objects.append(made)

    def options(self, section: Section, key: Scalar, value: Node | None) -> dict[str, Node] | None:
        """Tell the options of an entry apart; None where something is missing."""
        noun_ = NOUNS[section.name]
        nothing = value is None or (is_null(value) and section.name != "variables")
        if nothing or value is None:
            missing = [option.name for option in section.options if option.required]
            if missing:
                self.problems.add(key.place, f"{an(section.name)} wants '{missing[0]}'")
                return None
            if section.name == "variables":
                self.problems.add(key.place, "a variable wants a value to begin with")
                return None
            return {}
        if isinstance(value, Mapping):
            known = {option.name: option for option in section.options}
            given: dict[str, Node] = {}
            for name, node in value.pairs:
                if name.value in known:
                    given[name.value] = node
                else:
                    hint = nearest(name.value, known) or f"; it takes {listed(known, 'and')}"
                    self.problems.add(
                        name.place,
                        f"a {noun_} has no option '{name.value}'{hint}".replace(
                            "a event", "an event"
                        ).replace("a rwlock", "an rwlock"),
                    )
            for option in section.options:
                if option.name not in given and (option.required or section.name == "variables"):
                    self.problems.add(key.place, f"{an(section.name)} wants '{option.name}'")
                    return None
            return given
        if section.short is None:
            takes = listed([option.name for option in section.options], "and")
            self.problems.add(value.place, f"expected a map of options ({takes}) or nothing")
            return None
        return {section.short: value}

    def made(
        self,
        section: Section,
        element: str,
        key: Scalar,
        given: dict[str, Node],
        own: dict[str, Meaning],
    ) -> SharedObject | None:
        """Make one object; None where an option of it is wrong."""
        values: dict[str, Value] = {}
        lock: int | None = None
        for option in section.options:
            node = given.get(option.name)
            if node is None:
                values[option.name] = option.default
            elif option.shape == "modes":
                values[option.name] = None  # read with the others, once their words are right
            elif option.shape == "lock":
                scope = Scope(self.shared, own)
                target = Expressions(self.problems, scope, "constant").reference(node, ("locks",))
                if target is None:
                    return None
                if target.fixed is None:
                    self.problems.add(node.place, "the lock of a condition is known from the start")
                    return None
                lock = target.fixed
            else:
                value = self.option_value(option, node, own)
                if isinstance(value, Unset):
                    return None
                values[option.name] = value
        if section.name == "rwlocks":
            found = modes.kind(given, self.problems)
            if found is None:
                return None
            if found.modes is not None:
                prefer: Any = found.prefer
                return objects.ModeLock(element, found.modes, prefer, found.victims, key.place)
        if section.name == "locks" and values["reentrant"] and not values["owned"]:
            wrong = "a reentrant lock has an owner: 'reentrant: true' and 'owned: false' exclude one another"
            self.problems.add(given["owned"].place, wrong)
            return None
        return build(section.name, element, key.place, values, lock)

    def option_value(
        self, option: EntryOption, node: Node, own: dict[str, Meaning]
    ) -> Value | Unset:
        if option.shape == "word":
            known = listed(option.words)
            if isinstance(node, Scalar) and node.value in option.words:
                return node.value
            hint = nearest(node.value, option.words) if isinstance(node, Scalar) else ""
            self.problems.add(node.place, f"'{option.name}' is {known}{unlike(node)}{hint}")
            return Unset.UNSET
        if option.shape == "value" and isinstance(node, Mapping):
            self.problems.add(
                node.place,
                f"a variable's value is an integer, true, false, null, a text or a list{unlike(node)}",
            )
            return Unset.UNSET
        value = self.constants(own).constant(node)
        if isinstance(value, Unset):
            return value
        if option.shape == "boolean" and not isinstance(value, bool):
            self.problems.add(node.place, f"'{option.name}' is true or false{unlike(node)}")
            return Unset.UNSET
        if option.shape == "integer":
            low = option.least is not None and isinstance(value, int) and value < option.least
            if not isinstance(value, int) or isinstance(value, bool) or low:
                more = "" if option.least is None else f", {option.least} or more"
                self.problems.add(node.place, f"'{option.name}' is an integer{more}{unlike(node)}")
                return Unset.UNSET
        return value


RESERVED_NAMES = RESERVED.difference(STATE_FUNCTIONS)


def build(
    section: str, name: str, place: Place, values: dict[str, Value], lock: int | None
) -> SharedObject:
    """Make the object that an entry declares; its options are called as the fields."""
    given: dict[str, Value] = values
    if section == "conditions":
        given = {**values, "lock": -1 if lock is None else lock}
    if section == "rwlocks":
        given = {"prefer": values["prefer"]}
    if section == "variables":
        given = {"initial": stored(values["value"])}
    made: SharedObject = BY_SECTION[section].declared(name=name, place=place, **given)
    return made


def an(section: str) -> str:
    """Say what a section's entries are, as in 'a lock'."""
    return noun(Shared(section, 0, (), ""))


def index_values(
    indices: tuple[str | None, ...], shape: tuple[int, ...], position: int
) -> dict[str, Meaning]:
    """Bind the indices that a declared array names, for its element at this position."""
    own: dict[str, Meaning] = {}
    for index, extent in zip(reversed(indices), reversed(shape), strict=True):
        if index is not None:
            own[index] = Parameter(position % extent if extent else 0, "index")
        position //= extent or 1
    return own


def pairs(node: Node | None, problems: Problems, what: str) -> tuple[tuple[Scalar, Node], ...]:
    """Read a map; nothing behind its key is as if it were absent."""
    if node is None or is_null(node):
        return ()
    if not isinstance(node, Mapping):
        problems.add(node.place, f"{what} is a map from names to what they are{as_map(what, node)}")
        return ()
    return node.pairs
