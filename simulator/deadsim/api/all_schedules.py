"""All schedules of a scenario, or of many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from deadsim.api.assertions import Asserting
from deadsim.api.display import Displaying, preformatted
from deadsim.api.files import scenarios_under
from deadsim.api.one_run import dump
from deadsim.api.pictures import mode_of, players, rings, timelines
from deadsim.api.scenario import Scenario, Source, given, loaded, timed
from deadsim.engine.interrupts import noted
from deadsim.engine.pool import Pool
from deadsim.errors import UsageError
from deadsim.exploration.budget import Budget
from deadsim.exploration.canary import plant
from deadsim.exploration.examples import with_examples
from deadsim.exploration.explorer import Request
from deadsim.exploration.explorer import explore as explore_all
from deadsim.exploration.verdicts import result
from deadsim.exploration.verdicts.level import Found
from deadsim.exploration.verdicts.result import Canary, Defect, ExampleRun, Unreached
from deadsim.language.scenario import load as read_scenario
from deadsim.model.claims import NAMED_TYPES, DefectType
from deadsim.model.program import Limits, Timeouts
from deadsim.runs.result import Verdict
from deadsim.strategies.registry import StrategyName
from deadsim.trace.finding import Deadlock, Race


class Claim(NamedTuple):
    """One claim: what was written, how often it was found, and whether it holds (None: unknown).

    >>> import deadsim
    >>> deadsim.explore(deadsim.load("two_locks")).claims["deadlock"].found
    'possible'
    """

    expected: Any
    found: Found
    holds: bool | None

    @property
    def possible(self) -> bool:
        """Tell whether some execution shows it."""
        return self.found in ("possible", "always")

    @property
    def always(self) -> bool:
        """Tell whether every execution shows it."""
        return self.found == "always"

    @property
    def never(self) -> bool:
        """Tell whether it was proved that no execution shows it."""
        return self.found == "never"


class _Done(NamedTuple):
    result: result.Exploration


class Exploration(_Done, Asserting, Displaying):
    """All schedules of a scenario; its attributes bear the names of the JSON's keys.

    Each type of defect is an attribute too:

    >>> import deadsim
    >>> result = deadsim.explore(deadsim.load("dining", n=3))
    >>> result.deadlock.possible, result.race.never, result.complete
    (True, True, True)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Exploration of {self.scenario!r}: {self.verdict}, {len(self.defects)} defects>"

    _repr_pretty_ = Displaying._repr_pretty_  # else IPython would take the line above

    @property
    def command(self) -> str:
        """Say what was asked for."""
        return "explore"

    @property
    def scenario(self) -> str:
        """Give the scenario's name."""
        return self.result.program.name

    @property
    def file(self) -> str:
        """Give the scenario's file."""
        return self.result.program.file

    @property
    def params(self) -> dict[str, Any]:
        """Give the params and their values."""
        return dict(self.result.program.params)

    @property
    def timeouts(self) -> str:
        """Say when time ran out: free, last or off."""
        return self.result.program.timeouts

    @property
    def engine(self) -> str:
        """Say what carried the schedules out."""
        return self.result.engine

    @property
    def verdict(self) -> Verdict:
        """Say what it means for the claims: as-expected, refuted or undecided."""
        return self.result.verdict

    @property
    def complete(self) -> bool:
        """Tell whether nothing could have been missed of what was asked."""
        return self.result.complete

    @property
    def claims(self) -> dict[str, Claim]:
        """Give every claim by its key."""
        from deadsim.report.exploration import expected

        return {c.key: Claim(expected(c), c.found, c.holds) for c in self.result.claims}

    @property
    def executions(self) -> int | None:
        """Count the executions; None for a search over states."""
        return self.result.executions

    @property
    def states(self) -> int | None:
        """Count the states that were visited; None for a search over executions."""
        return self.result.states

    @property
    def transitions(self) -> int | None:
        """Count the steps that were looked at; None for a search over executions."""
        return self.result.transitions

    @property
    def seconds(self) -> float:
        """Say how long it took."""
        return self.result.seconds

    @property
    def reduction(self) -> str:
        """Name what was left out because it could show nothing new."""
        return self.result.reduction

    @property
    def covered(self) -> str | None:
        """Say what was covered, where not everything was."""
        return self.result.covered

    @property
    def reasons(self) -> tuple[str, ...]:
        """Say why it is undecided, where that is no budget."""
        return self.result.reasons

    @property
    def defects(self) -> tuple[Defect, ...]:
        """Give what was found, each with the schedule that shows it."""
        return self.result.defects

    @property
    def deadlocks(self) -> tuple[Deadlock, ...]:
        """Give the deadlocks that were found."""
        return self.result.deadlocks

    @property
    def canaries(self) -> tuple[Canary, ...] | None:
        """Give the defects that were planted, where that was asked for, and whether they were found."""
        return None if self.result.canaries is None else self.result.canaries.planted

    @property
    def unreached(self) -> tuple[Unreached, ...] | None:
        """List the steps that no schedule reaches; None where not every state was visited."""
        return self.result.unreached

    @property
    def examples(self) -> tuple[ExampleRun, ...] | None:
        """Give some runs that are far apart, where that was asked for."""
        return None if self.result.examples is None else self.result.examples.runs

    def found(self, type: DefectType) -> Found:
        """Say how often a type of defect was found: never, possible, always, or unknown."""
        return self.claims[type].found

    def racy(self) -> frozenset[str]:
        """List the variables that were seen to race."""
        found = (one.finding for one in self.defects)
        return frozenset(one.variable for one in found if isinstance(one, Race))

    def __getattr__(self, name: str) -> Claim:
        claims = self.result.program.claims
        if name in claims.types:
            return self.claims[name]
        if name in NAMED_TYPES:
            raise AttributeError(f"nothing is claimed of {name}, so it was not looked for")
        raise AttributeError(f"an exploration has no attribute '{name}'")

    def svg(self) -> str | None:
        """Draw the ring of the first deadlock; None where there is none."""
        return next(rings(self.result)) if self.deadlocks else None

    def timeline(self, *, whole: bool = False) -> str:
        """Draw the first defect, as SVG: who held what and who waited when; or a run, where there is none.

        A long run is drawn without its middle, unless it is to be `whole`.
        """
        return next(timelines(self.result, whole))

    def html(self, *, teach: bool = False, quiz: bool = False) -> str:
        """Write the player of the first defect: one page to go through its run in; or through a run without one.

        With `teach` it opens at the start, with `quiz` too, and asks who can run next.
        """
        return next(players(self.result, mode_of(teach, quiz)))

    def to_json(self) -> str:
        """Write the exploration as JSON."""
        from deadsim.report.exploration import as_dict

        return dump(as_dict(self.result))

    def report(self, columns: int = 80) -> str:
        """Explain the exploration in words."""
        from deadsim.report.exploration import report

        return "\n".join(report(self.result, columns))


class Check(NamedTuple):
    """Many scenarios explored.

    >>> import deadsim
    >>> done = deadsim.check(["two_locks", "dining"])
    >>> done.passed, done.failed, done.undecided
    (2, 0, 0)
    """

    results: tuple[Exploration, ...]

    @property
    def passed(self) -> int:
        """Count the scenarios whose claims all hold."""
        return self.count("as-expected")

    @property
    def failed(self) -> int:
        """Count the scenarios with a claim that does not hold."""
        return self.count("refuted")

    @property
    def undecided(self) -> int:
        """Count the scenarios with a claim that nobody knows about."""
        return self.count("undecided")

    def count(self, verdict: Verdict) -> int:
        """Count the results with this verdict."""
        return sum(result.verdict == verdict for result in self.results)

    def report(self) -> str:
        """Say a line for each scenario, and a summary."""
        from deadsim.report.exploration import brief

        lines = [line for one in self.results for line in brief(one.result)]
        return "\n".join(
            [*lines, f"{self.passed} passed, {self.failed} failed, {self.undecided} undecided"]
        )

    def _repr_html_(self) -> str:
        return preformatted(self.report())

    def html(self) -> str:
        """Write the report as a page; each of `results` has a player of its own."""
        head = '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>deadsim check</title></head>'
        return f"{head}\n<body>{preformatted(self.report())}</body>\n</html>\n"

    def to_dict(self) -> dict[str, Any]:
        """Give the results as JSON has them."""
        from deadsim.report.exploration import as_dict

        return {
            "deadsim": 1,
            "command": "check",
            "results": [as_dict(one.result) for one in self.results],
            "passed": self.passed,
            "failed": self.failed,
            "undecided": self.undecided,
        }

    def to_json(self) -> str:
        """Write the results as JSON."""
        return dump(self.to_dict())


def explore(
    scenario: Source,
    *,
    claims: Iterable[str] | None = None,
    max_steps: int | None = None,
    max_states: int | None = None,
    max_executions: int | None = None,
    max_seconds: float | None = None,
    max_memory: int | None = None,
    engine: Literal["memory", "threads"] = "memory",
    preemptions: int | None = None,
    sample: StrategyName | None = None,
    reduction: Literal["auto", "none"] = "auto",
    every: bool = False,
    canary: bool = False,
    examples: int = 0,
    timeouts: Timeouts | None = None,
) -> Exploration:
    """Decide the claims of a scenario over all schedules, or say that a budget was spent first.

    The scenario is what `load` gave, or a path, the name of one that ships, or plain data.
    `claims` are those to decide (all), by their keys; with `every`, each distinct defect is shown, not
    one of each kind.

    >>> import deadsim
    >>> result = deadsim.explore(deadsim.load("lost_update"))
    >>> result.race.always, result.verdict
    (True, 'as-expected')

    Memory is in MiB. Engine "threads" carries each execution out on real threads;
    `preemptions` bounds how many a schedule has; `sample` draws schedules instead of covering all.
    Raises UsageError for a claim that there is none of.
    """
    scenario = timed(loaded(scenario), timeouts)
    for name, value, known in (
        ("engine", engine, ("memory", "threads")),
        ("reduction", reduction, ("auto", "none")),
    ):
        if value not in known:
            raise UsageError(f"there is no {name} '{value}'; they are {', '.join(known)}")
    limits = Limits(max_steps, max_states, max_executions, max_seconds, max_memory)
    keys = chosen(scenario, claims)
    request = Request(keys, limits, every, engine, preemptions, sample, reduction, canary, examples)
    return Exploration(explore_with(scenario, request))


def explore_with(
    scenario: Scenario,
    request: Request,
    look: Callable[[Budget], None] | None = None,
    tell: Callable[[result.Exploration], None] | None = None,
) -> result.Exploration:
    """Explore a scenario, with somebody looking on, who may be told the verdict as soon as it stands."""
    with noted() as interrupt, Pool() as pool:
        found = explore_all(scenario.program, pool, request, interrupt, look, tell)
        if request.examples:
            found = with_examples(found, pool, request, interrupt, look)
        return plant(found, pool, request, interrupt, look) if request.canary else found


def chosen(scenario: Scenario, claims: Iterable[str] | None) -> frozenset[str] | None:
    """Check the claims that were asked for; `final` and `output` stand for all of theirs."""
    if claims is None:
        return None
    from deadsim.language.expressions.names import nearest

    wanted = frozenset([claims] if isinstance(claims, str) else claims)
    parts = scenario.program.claims
    keys = [*parts.types, *(c.key for c in parts.final), *(c.key for c in parts.output)]
    known = {*keys, "final", "output"}
    for name in sorted(wanted - known):
        if name in NAMED_TYPES:
            raise UsageError(f"nothing is claimed of {name}: name it under 'expect'")
        hint = nearest(name, sorted(known))
        there_are = ", ".join((*parts.types, "final", "output", *keys[len(parts.types) :]))
        raise UsageError(
            f"there is no claim '{name}'{f'{hint} The' if hint else '; the'} claims are {there_are}"
        )
    return wanted


def check(
    paths: Source | Iterable[Source],
    params: Mapping[str, Any] | None = None,
    **options: Any,
) -> Check:
    """Explore every scenario under some paths, or scenarios as `explore` takes them, with its options.

    >>> import deadsim
    >>> deadsim.check("two_locks").results[0].verdict
    'as-expected'
    """
    return Check(tuple(explore(one, **options) for one in scenarios_of(paths, params or {})))


def scenarios_of(
    sources: Source | Iterable[Source], params: Mapping[str, Any]
) -> Iterator[Scenario]:
    """Read scenarios, all those in the folders that are named among them."""
    if isinstance(sources, Scenario | str | os.PathLike | Mapping):
        sources = (sources,)
    for source in sources if isinstance(sources, Iterable) else (sources,):
        if isinstance(source, str | os.PathLike) and os.path.isdir(source):
            for path, data in scenarios_under([os.fspath(source)]):
                yield Scenario(read_scenario(data, path, given(params)))
        else:
            yield loaded(source, **params)
