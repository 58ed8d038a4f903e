"""What the bodies of one file have in common: its names, its procedures, its bounds."""

from collections.abc import Callable

from deadsim.language.checks import form
from deadsim.language.expressions.names import Meaning, Problems, clean
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence
from deadsim.model.objects import SharedObject
from deadsim.model.place import Place
from deadsim.model.program import RECURSION
from deadsim.model.values import Value

MAX_STEPS = 100_000  # of a scenario, procedures written out where they are called
MAX_INSTRUCTIONS = 4_000_000  # of all threads together, each element of an array for itself


class TooLarge(Exception):
    """Raised where a scenario passes its bounds."""

    def __init__(self, place: Place) -> None:
        self.place = place


class ProcedureText:
    """A procedure as it stands in the file."""

    def __init__(
        self,
        name: str,
        place: Place,
        args: tuple[str, ...],
        body: Node,
        given: dict[str, Value] | None = None,
    ) -> None:
        self.name = name
        self.place = place
        self.args = args
        self.body = body
        self.given = given or {}  # locals with the values that they begin with
        self.locals = tuple({**self.given, **form.collect_locals(body)})


class Surroundings:
    """What the bodies of one file have in common."""

    def __init__(
        self,
        problems: Problems,
        shared: dict[str, Meaning],
        declared: Callable[[int], SharedObject | None] = lambda number: None,
    ) -> None:
        self.problems = problems
        self.declared = declared  # by number
        self.shared = shared
        self.procedures: dict[str, ProcedureText] = {}
        self.recursion = RECURSION
        self.classes: tuple[str, ...] = ()  # of failures, that something in the file can raise
        self.roomless: frozenset[str] = frozenset()  # pipes that hold nothing
        self.pending: dict[tuple[Place, str], None] = {}
        self._recursive: dict[str, bool] = {}
        self.steps = 0
        self.counting = True
        self.instructions = 0

    def count(self, place: Place) -> None:
        """Count a step that is written; raises TooLarge where there are too many."""
        if self.counting:
            self.steps += 1
        self.instructions += 1
        if self.steps > MAX_STEPS or self.instructions > MAX_INSTRUCTIONS:
            raise TooLarge(place)

    def not_yet(self, place: Place, what: str) -> None:
        """Note the use of something that is read and checked, but not carried out."""
        self.pending[place, what] = None

    def comes_to_itself(self, name: str) -> bool:
        """Decide whether a procedure may call itself, directly or through others."""
        found = self._recursive.get(name)
        if found is None:
            bodies = {one: text.body for one, text in self.procedures.items()}
            found = self._recursive[name] = form.may_come_to_itself(name, bodies)
        return found

    def by_reference(self, name: str, argument: str, seen: tuple[str, ...] = ()) -> bool:
        """Decide whether a procedure reads or writes the variable that an argument names."""
        text = self.procedures.get(name)
        if text is None or name in seen:
            return False

        def uses(node: Node) -> bool:
            if isinstance(node, Sequence):
                return any(uses(item) for item in node.items)
            if not isinstance(node, Mapping):
                return False
            values = {key.value: value for key, value in node.pairs}
            for verb in ("read", "write", "add"):
                about = values.get(verb)
                if (
                    isinstance(about, Scalar)
                    and clean(about.value.split("[")[0].strip()) == argument
                ):
                    return True
            called, given = values.get("call"), values.get("args")
            if isinstance(called, Scalar) and isinstance(given, Sequence):
                other = self.procedures.get(clean(called.value))
                for position, item in enumerate(given.items):
                    if (
                        other is not None
                        and position < len(other.args)
                        and isinstance(item, Scalar)
                        and clean(item.value) == argument
                        and self.by_reference(other.name, other.args[position], (*seen, name))
                    ):
                        return True
            return any(uses(value) for value in values.values())

        return uses(text.body)
