"""One run of a scenario, or many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from deadsim.api.assertions import Asserting
from deadsim.api.display import Displaying
from deadsim.api.scenario import Scenario, Source, loaded, timed
from deadsim.engine.interrupts import noted
from deadsim.engine.moment import Watcher
from deadsim.engine.pool import Pool
from deadsim.exploration.verdicts.level import Found
from deadsim.model.claims import DefectType
from deadsim.model.program import Plan, Program, Timeouts
from deadsim.model.values import plain
from deadsim.runs import result
from deadsim.runs.result import Outcome, Verdict
from deadsim.runs.runner import Runner
from deadsim.runs.tally import Count
from deadsim.trace import schedule as schedules
from deadsim.trace.finding import Deadlock, Finding, Race

if TYPE_CHECKING:
    import networkx

    from deadsim.strategies.registry import StrategyName


class _Done(NamedTuple):
    result: result.Run


class Run(_Done, Asserting, Displaying):
    """One run of a scenario; its attributes bear the names of the JSON's keys.

    >>> import deadsim
    >>> run = deadsim.run(deadsim.load("dining", n=3))
    >>> run.outcome, run.deadlocks[0].kind
    ('stuck', 'circular-wait')
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Run of {self.scenario!r}: {self.outcome}, {self.verdict}, {self.steps} steps>"

    _repr_pretty_ = Displaying._repr_pretty_  # else IPython would take the line above

    @property
    def command(self) -> str:
        """Say what was asked for: run or replay."""
        return self.result.command

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
        """Say what carried it out."""
        return "threads"

    @property
    def strategy(self) -> str:
        """Name what chose the schedule."""
        return self.result.strategy

    @property
    def seed(self) -> int | None:
        """Give the seed; None where nothing was drawn."""
        return self.result.seed

    @property
    def outcome(self) -> Outcome:
        """Say how it ended: completed, stuck, budget or interrupted."""
        return self.result.outcome

    @property
    def reasons(self) -> tuple[str, ...]:
        """Say why the claims are refuted or undecided, where that is no defect and no budget."""
        return self.result.reasons

    @property
    def verdict(self) -> Verdict:
        """Say what it means for the claims: as-expected, refuted or undecided."""
        return self.result.verdict

    @property
    def steps(self) -> int:
        """Count the steps."""
        return len(self.result.events)

    @property
    def schedule(self) -> tuple[str, ...]:
        """Name who took each step."""
        return tuple(schedules.words(self.result.schedule))

    @property
    def defects(self) -> tuple[Finding, ...]:
        """Give what was found."""
        return self.result.defects

    @property
    def suspicions(self) -> tuple[Finding, ...]:
        """Give what may be a defect of other schedules; it fails nothing."""
        return self.result.suspicions

    @property
    def leaks(self) -> tuple[Deadlock, ...]:
        """Give the daemons that were stuck, which is no defect."""
        return self.result.leaks

    @property
    def trace(self) -> list[dict[str, Any]]:
        """Give the steps, as in the JSON."""
        from deadsim.report.as_json import trace

        return trace(self.result.world, self.result.events)

    @property
    def threads(self) -> list[dict[str, Any]]:
        """Say how every thread stood at the end, as in the JSON."""
        from deadsim.report.as_json import standing

        return [standing(one) for one in self.result.situation.threads]

    @property
    def deadlocks(self) -> tuple[Deadlock, ...]:
        """Give the deadlocks that were found."""
        return self.result.deadlocks

    @property
    def output(self) -> list[str]:
        """Give the lines that were printed."""
        return self.result.output_lines

    @property
    def variables(self) -> dict[str, Any]:
        """Give the shared variables at the end, lists as lists."""
        return {name: plain(value) for name, value in self.result.variables.items()}

    def found(self, type: DefectType) -> Found:
        """Say whether a type of defect was seen in this run."""
        return "possible" if any(one.type == type for one in self.defects) else "never"

    def racy(self) -> frozenset[str]:
        """List the variables that raced."""
        return frozenset(one.variable for one in self.defects if isinstance(one, Race))

    def wait_for_graph(self) -> networkx.MultiDiGraph[str]:
        """Give the wait-for graph of the last moment."""
        from deadsim.detect.deadlocks.wait_for import wait_for_graph

        return wait_for_graph(self.result.situation)

    def svg(self) -> str:
        """Draw the ring of the first deadlock, or the wait-for graph where there is none."""
        from deadsim.api.pictures import rings

        return next(rings(self.result))

    def timeline(self, *, whole: bool = False) -> str:
        """Draw who held what and who waited when, as SVG; `whole` where a long run would lack its middle."""
        from deadsim.api.pictures import timelines

        return next(timelines(self.result, whole))

    def html(self, *, teach: bool = False, quiz: bool = False) -> str:
        """Write the player: one page to go through the run in, open at its failure.

        With `teach` it opens at the start, with `quiz` too, and asks who can run next.
        """
        from deadsim.api.pictures import mode_of, players

        return next(players(self.result, mode_of(teach, quiz)))

    def to_json(self) -> str:
        """Write the run as JSON."""
        return dump(as_dict(self.result))

    def report(self, columns: int = 80) -> str:
        """Explain the run in words."""
        from deadsim.report.text import report

        return "\n".join(report(self.result, columns))


def run(
    scenario: Source,
    *,
    strategy: StrategyName | None = None,
    seed: int | None = None,
    depth: int | None = None,
    max_steps: int | None = None,
    keep_going: bool = False,
    timeouts: Timeouts | None = None,
) -> Run:
    """Run a scenario once, on real threads; what is not said here the scenario's `schedule` says.

    It is what `load` gave, or a path, the name of a scenario that ships, or plain data.

    >>> import deadsim
    >>> deadsim.run(deadsim.load("two_locks"), strategy="sequential").outcome
    'completed'
    """
    scenario = timed(loaded(scenario), timeouts)
    plan = planned(scenario.program, strategy, seed, depth)
    return Run(run_with(scenario, plan, max_steps=max_steps, keep_going=keep_going))


def run_with(
    scenario: Scenario, plan: Plan, watchers: Sequence[Watcher] = (), **options: Any
) -> result.Run:
    """Run a scenario once by a plan, with others looking on."""
    with noted() as interrupt, Pool() as pool:
        return Runner(scenario.program).run(
            pool, plan, interrupt=interrupt, watchers=watchers, **options
        )


def run_often(
    scenario: Scenario,
    plan: Plan,
    runs: int,
    watchers: Sequence[Watcher] = (),
    **options: Any,
) -> Count:
    """Run a scenario with one seed after another, and count how the runs ended."""
    first = plan.seed or 0
    count = Count(scenario.program, plan.strategy, runs, first)
    with noted() as interrupt, Pool() as pool:
        runner = Runner(scenario.program)
        for seed in range(first, first + runs):
            one = plan._replace(seed=seed)
            run = runner.run(
                pool, one, interrupt=interrupt, watchers=watchers, predict=False, **options
            )
            count.add(seed, run)
            if interrupt.asked:
                break
    return count


def planned(
    program: Program, strategy: StrategyName | None, seed: int | None, depth: int | None
) -> Plan:
    """Give the scenario's plan with what is asked for in place of its own."""
    plan = program.plan
    if strategy is not None:
        plan = Plan(strategy, plan.seed, plan.depth)
    if seed is not None:
        plan = plan._replace(seed=seed)
    if depth is not None:
        plan = plan._replace(depth=depth)
    return plan


def as_dict(run: result.Run) -> dict[str, Any]:
    """Give a run as JSON has it."""
    from deadsim.report import as_json

    return as_json.run(run)


def dump(value: object) -> str:
    """Write JSON."""
    from deadsim.report import as_json

    return as_json.dump(value)
