"""What a file claims and asks for: `invariants`, `expect`, `schedule`, `limits`."""

from deadsim.language.checks.declarations import pairs
from deadsim.language.checks.form import is_null, unlike
from deadsim.language.expressions.names import (
    NOUNS,
    Problems,
    Scope,
    Shared,
    elements,
    listed,
    nearest,
)
from deadsim.language.expressions.texts import Expressions
from deadsim.language.reading.document import Mapping, Node, Scalar, Sequence
from deadsim.language.reading.scalars import core_value
from deadsim.model.claims import (
    DEADLOCK_KINDS,
    DEFECT_TYPES,
    FAIR,
    FAIR_LEVELS,
    LEVELS,
    NAMED_TYPES,
    Claims,
    DeadlockKind,
    DefectType,
    Fair,
    FinalClaim,
    KindClaim,
    Level,
    OutputClaim,
)
from deadsim.model.program import (
    MOST_RECURSION,
    TIMEOUTS,
    Choice,
    Invariant,
    Limits,
    Plan,
    Timeouts,
)
from deadsim.strategies.registry import NAMES, WITH_DEPTH
from deadsim.trace.schedule import parse_name

MAX_SCRIPT = 100_000

CLAIMED: tuple[DefectType, ...] = (*DEFECT_TYPES, *NAMED_TYPES)

PARTS: dict[DefectType, tuple[str, ...]] = {
    "deadlock": ("claim", "kind", "threads", "objects"),
    "race": ("claim", "on"),
    "livelock": ("claim", "fair"),
    "starvation": ("claim", "threads", "fair"),
}
"""What a claim has that is written as a map."""


class Demands:
    """Reads what a file claims and asks for."""

    def __init__(self, problems: Problems, scope: Scope) -> None:
        self.problems = problems
        self.scope = scope

    def claim(self) -> Expressions:
        return Expressions(self.problems, self.scope, "claim")

    def source(self, node: Node) -> str:
        return " ".join(node.value.split()) if isinstance(node, Scalar) else "[...]"

    def invariants(self, node: Node | None) -> tuple[Invariant, ...]:
        """Read the expressions that are to hold in every state."""
        return tuple(
            Invariant(self.claim().read(item), self.source(item), item.place)
            for item in self.several(node, "'invariants'")
        )

    def several(self, node: Node | None, what: str, single: bool = False) -> tuple[Node, ...]:
        if node is None or is_null(node):
            return ()
        if isinstance(node, Sequence):
            return node.items
        if single:
            return (node,)
        self.problems.add(node.place, f"{what} is a list, in [ ] or behind '- '")
        return ()

    def expect(self, node: Node | None) -> Claims:
        """Read `expect`."""
        kinds: dict[DefectType, KindClaim] = {}
        final: tuple[FinalClaim, ...] = ()
        output: tuple[OutputClaim, ...] = ()
        for key, value in pairs(node, self.problems, "'expect'"):
            if is_null(value):
                continue
            if key.value in CLAIMED:
                kinds[key.value] = self.kind(key.value, value)._replace(place=key.place)
            elif key.value == "final":
                final = self.final(value)
            elif key.value == "output":
                output = self.output(value)
            else:
                known = (*CLAIMED, "final", "output")
                hint = nearest(key.value, known) or f"; they are {listed(known, 'and')}"
                self.problems.add(key.place, f"nothing called '{key.value}' can be expected{hint}")
        return Claims(kinds, final, output)

    def level(self, node: Node) -> Level:
        for level in LEVELS:
            if isinstance(node, Scalar) and node.value == level:
                return level
        hint = nearest(node.value, LEVELS) if isinstance(node, Scalar) else ""
        self.problems.add(node.place, f"expected {listed(LEVELS)}{unlike(node)}{hint}")
        return "never"

    def kind(self, type: DefectType, node: Node) -> KindClaim:
        if type == "starvation" and not isinstance(node, Mapping):
            self.problems.add(
                node.place,
                "'starvation' wants to know whose: {claim: possible, threads: [NAME]}",
            )
            return KindClaim("never", threads=(), fair="weak")
        if not isinstance(node, Mapping) or type not in PARTS:
            return KindClaim(self.level(node))
        given = self.parts(type, node)
        if "claim" not in given:
            levels = FAIR_LEVELS if "fair" in given or type == "starvation" else LEVELS
            self.problems.add(node.place, f"'{type}' wants 'claim': {listed(levels)}")
            return KindClaim("never")
        level = self.level(given["claim"])
        if type == "starvation" or "fair" in given:
            return self.fair_kind(type, node, given, level)
        if level == "never" and len(given) > 1:
            other = next(name for name in given if name != "claim")
            self.problems.add(given[other].place, f"'{other}' says nothing beside 'claim: never'")
        return KindClaim(
            level,
            self.deadlock_kind(given.get("kind")),
            self.known_names(given.get("threads"), ("threads",), "thread"),
            self.known_names(given.get("objects"), tuple(NOUNS), "object"),
            self.known_names(given.get("on"), ("variables",), "variable", arrays=True),
        )

    def parts(self, type: DefectType, node: Mapping) -> dict[str, Node]:
        """Give what a claim's map has that it may have."""
        known = PARTS[type]
        given: dict[str, Node] = {}
        for key, value in node.pairs:
            if key.value not in known:
                hint = nearest(key.value, known) or f"; it takes {listed(known, 'and')}"
                self.problems.add(key.place, f"'{type}' has no '{key.value}'{hint}")
            elif not is_null(value):
                given[key.value] = value
        return given

    def fair_kind(
        self, type: DefectType, node: Mapping, given: dict[str, Node], level: Level
    ) -> KindClaim:
        """Read a claim about endless schedules that are fair."""
        if level not in FAIR_LEVELS:
            about = "of a fair livelock" if type == "livelock" else f"of {type}"
            self.problems.add(
                given["claim"].place,
                f"{about} {listed(FAIR_LEVELS)} can be claimed, not '{level}'",
            )
        fair = self.fair(given["fair"]) if "fair" in given else "weak"
        if type == "livelock":
            return KindClaim(level, fair=fair)
        threads = self.known_names(given.get("threads"), ("threads",), "thread", arrays=True)
        if not threads and "threads" not in given:
            self.problems.add(node.place, "'starvation' wants 'threads': who is starved")
        elif isinstance(given["threads"], Sequence) and not given["threads"].items:
            self.problems.add(given["threads"].place, "'threads' names nobody")
        return KindClaim(level, threads=threads or (), fair=fair)

    def fair(self, node: Node) -> Fair:
        for fair in FAIR:
            if isinstance(node, Scalar) and node.value == fair:
                return fair
        hint = nearest(node.value, FAIR) if isinstance(node, Scalar) else ""
        self.problems.add(node.place, f"'fair' is {listed(FAIR)}{unlike(node)}{hint}")
        return "weak"

    def deadlock_kind(self, node: Node | None) -> DeadlockKind | None:
        if node is None:
            return None
        for kind in DEADLOCK_KINDS:
            if isinstance(node, Scalar) and node.value == kind:
                return kind
        hint = nearest(node.value, DEADLOCK_KINDS) if isinstance(node, Scalar) else ""
        self.problems.add(
            node.place,
            f"unknown kind of deadlock{hint or '; they are ' + listed(DEADLOCK_KINDS, 'and')}",
        )
        return None

    def known_names(
        self, node: Node | None, sections: tuple[str, ...], noun: str, arrays: bool = False
    ) -> tuple[str, ...] | None:
        if node is None:
            return None
        known: list[str] = []
        for name in self.scope.names(sections):
            meaning = self.scope.find(name)
            assert isinstance(meaning, Shared)
            known.extend(elements(name, meaning.shape))
            if arrays and meaning.shape:
                known.append(name)
        found: list[str] = []
        for item in self.several(node, f"the {noun}s", single=True):
            read = parse_name(item.value) if isinstance(item, Scalar) else None
            name = read[0].thread if read else ""
            if name not in known:
                written = item.value if isinstance(item, Scalar) else "..."
                self.problems.add(
                    item.place, f"unknown {noun} '{written}'{nearest(written, known)}"
                )
            else:
                found.append(name)
        return tuple(sorted(set(found), key=known.index))

    def final(self, node: Node) -> tuple[FinalClaim, ...]:
        def one(key: str, level: Level, item: Node) -> FinalClaim:
            expression = self.claim().read(item)
            return FinalClaim(key, level, expression, self.source(item), item.place)

        if not isinstance(node, Mapping):
            return (one("final.always", "always", node),)
        found: list[FinalClaim] = []
        for key, value in node.pairs:
            if is_null(value):
                continue
            match key.value:
                case "always":
                    found.append(one("final.always", "always", value))
                case "never":
                    found.append(one("final.never", "never", value))
                case "possible":
                    for number, item in enumerate(self.several(value, "'possible'", single=True)):
                        found.append(one(f"final.possible[{number}]", "possible", item))
                case _:
                    hint = nearest(key.value, LEVELS) or f"; it takes {listed(LEVELS, 'and')}"
                    self.problems.add(key.place, f"'final' has no '{key.value}'{hint}")
        return tuple(found)

    def output(self, node: Node) -> tuple[OutputClaim, ...]:
        found: list[OutputClaim] = []
        known = ("possible", "always", "exactly")
        for key, value in pairs(node, self.problems, "'output'"):
            match key.value:
                case "possible" | "always" as level:
                    for number, item in enumerate(
                        self.several(value, f"'{key.value}'", single=True)
                    ):
                        line = (self.line(item),)
                        name = f"output.{key.value}[{number}]"
                        found.append(OutputClaim(name, level, line, item.place))
                case "exactly":
                    items = self.several(value, "'exactly'", single=True)
                    lines = tuple(self.line(item) for item in items)
                    found.append(OutputClaim("output.exactly", "exactly", lines, value.place))
                case _:
                    hint = nearest(key.value, known) or f"; it takes {listed(known, 'and')}"
                    self.problems.add(key.place, f"'output' has no '{key.value}'{hint}")
        return tuple(found)

    def line(self, node: Node) -> str:
        if not isinstance(node, Scalar):
            self.problems.add(node.place, "expected a line of output, as text")
            return ""
        if "\n" in node.value:
            self.problems.add(node.place, "a line of output has no line break in it")
        return node.value

    def integer(self, node: Node, what: str, least: int) -> int | None:
        value = Expressions(self.problems, self.scope, "constant").constant(node)
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.problems.add(node.place, f"{what} is an integer, {least} or more{unlike(node)}")
        return None

    def plan(self, node: Node | None) -> Plan:
        """Read `schedule`."""
        if node is None or is_null(node):
            return Plan()
        if isinstance(node, Sequence):
            return Plan(script=self.script(node))
        if isinstance(node, Scalar):
            return Plan(self.strategy(node))
        given: dict[str, Node] = {}
        known = ("strategy", "seed", "depth")
        for key, value in node.pairs:
            if key.value in known:
                given[key.value] = value
            else:
                hint = nearest(key.value, known) or f"; it takes {listed(known, 'and')}"
                self.problems.add(key.place, f"'schedule' has no '{key.value}'{hint}")
        strategy: str = "round-robin"
        if "strategy" in given:
            strategy = self.strategy(given["strategy"])
        seed = depth = None
        if "seed" in given:
            seed = self.integer(given["seed"], "'seed'", 0)
        if "depth" in given:
            depth = self.integer(given["depth"], "'depth'", 1)
            if strategy not in WITH_DEPTH:
                which = listed(WITH_DEPTH)
                self.problems.add(given["depth"].place, f"'depth' is for the strategy {which}")
        return Plan(strategy, seed, depth)

    def strategy(self, node: Node) -> str:
        for name in NAMES:
            if isinstance(node, Scalar) and node.value == name:
                return name
        hint = nearest(node.value, NAMES) if isinstance(node, Scalar) else ""
        self.problems.add(
            node.place, f"the strategies are {listed(NAMES, 'and')}; or a list of names{hint}"
        )
        return "round-robin"

    def script(self, node: Sequence) -> tuple[Choice, ...]:
        known: list[str] = []
        for name in self.scope.names(("threads",)):
            meaning = self.scope.find(name)
            assert isinstance(meaning, Shared)
            known.extend(elements(name, meaning.shape))
        choices: list[Choice] = []
        for item in node.items:
            read = parse_name(item.value) if isinstance(item, Scalar) else None
            if read is None or read[0].thread not in known:
                written = item.value if isinstance(item, Scalar) else "..."
                self.problems.add(
                    item.place, f"unknown thread '{written}'{nearest(written, known)}"
                )
                continue
            choice, times = read
            if len(choices) + times > MAX_SCRIPT:
                self.problems.add(item.place, f"a script may have {MAX_SCRIPT:,} names")
                break
            choices.extend([choice] * times)
        return tuple(choices)

    def timeouts(self, node: Node | None) -> Timeouts:
        """Read when time runs out."""
        if node is None:
            return "free"
        for word in TIMEOUTS:
            if isinstance(node, Scalar) and node.value == word:
                return word
        hint = nearest(node.value, TIMEOUTS) if isinstance(node, Scalar) else ""
        self.problems.add(node.place, f"'timeouts' is {listed(TIMEOUTS)}{hint}")
        return "free"

    def limits(self, node: Node | None) -> Limits:
        """Read `limits`."""
        found: dict[str, int | None] = {}
        for key, value in pairs(node, self.problems, "'limits'"):
            if key.value not in Limits._fields:
                hint = nearest(key.value, Limits._fields)
                more = hint or f"; they are {listed(Limits._fields, 'and')}"
                self.problems.add(key.place, f"there is no limit '{key.value}'{more}")
            elif not is_null(value):
                found[key.value] = number = self.integer(value, f"'{key.value}'", 1)
                if key.value == "recursion" and number is not None and number > MOST_RECURSION:
                    most = f"at most {MOST_RECURSION:,} such calls may be open"
                    self.problems.add(value.place, most)
        return Limits(**found)


def version(node: Node | None, problems: Problems) -> None:
    """Check the version of the language."""
    if node is None or is_null(node):
        return
    if not isinstance(node, Scalar) or core_value(node) != 1 or core_value(node) is True:
        problems.add(node.place, "this is version 1 of the language; 'version: 1', or nothing")


def literal(node: Node | None, default: str, problems: Problems, what: str, limit: int) -> str:
    """Read a text in which nothing is worked out."""
    if node is None or is_null(node):
        return default
    if not isinstance(node, Scalar):
        problems.add(node.place, f"{what} is a text")
        return default
    if len(node.value) > limit:
        problems.add(node.place, f"a text may have {limit:,} characters")
    return node.value
