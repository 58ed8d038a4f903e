"""What is known after all schedules, or as many as a budget allowed."""

from typing import Any, Literal, NamedTuple

from deadsim.engine.interrupts import noted
from deadsim.engine.pool import Pool
from deadsim.exploration.verdicts.goal import Goal, Shown
from deadsim.exploration.verdicts.level import Found
from deadsim.kernel.system import System
from deadsim.model.claims import FinalClaim, KindClaim, OutputClaim
from deadsim.model.program import Choice, Program
from deadsim.runs.result import Run, Verdict
from deadsim.runs.runner import Runner
from deadsim.trace.finding import Deadlock, Finding


class Judged(NamedTuple):
    """One claim: what was expected, how often it was found to hold, and whether that is as claimed.

    `why` says what decided it, where that was not the search; what was not `asked` counts for nothing.
    """

    key: str
    expected: KindClaim | FinalClaim | OutputClaim
    found: Found
    holds: bool | None
    why: str | None = None
    asked: bool = True


class Growing(NamedTuple):
    """An object whose value, permits or items got more and more, or less: the least and the most that were seen."""

    object: str
    least: int
    most: int


class Limit(NamedTuple):
    """The option that bounds what was spent, and how much that was."""

    option: str
    amount: float


class Defect(NamedTuple):
    """A defect, with the schedule that shows it with the fewest context switches.

    It is `minimal` where no other schedule has fewer. `nearest_good` differs from it in its last
    name, and goes on to a good end by round robin; `run` is the replay on real threads. `goal` and
    `shown` are what was looked for, and how it was found.
    """

    finding: Finding
    schedule: tuple[Choice, ...]
    switches: int
    minimal: bool
    nearest_good: tuple[Choice, ...] | None
    run: Run
    goal: Goal
    shown: Shown


class Example:
    """Any run of a scenario, for where there is no defect to show: carried out when it is asked for first."""

    def __init__(self, program: Program, system: System | None = None) -> None:
        self.program = program
        self.system = system
        self.known: Run | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Example) and self.program == other.program

    def __hash__(self) -> int:
        return hash(Example)

    def __reduce__(self) -> tuple[Any, ...]:
        return Example, (self.program,)

    @property
    def run(self) -> Run:
        """Give the run."""
        if self.known is None:
            runner = Runner(self.program, self.system)
            with noted() as interrupt, Pool() as pool:
                self.known = runner.run(pool, self.program.plan, interrupt=interrupt, predict=False)
        return self.known


class Exploration(NamedTuple):
    """All that was found out; `complete` if nothing could have been missed of what was asked.

    `covered` says what was, where something is missing, `grows` what kept on growing, and `limit` which
    budget was spent; `decided_in` are the seconds until the verdict stood, None where it is undecided.
    `example` is any run. `executions` is None for a stateful search,
    `states` and `transitions` for a stateless one.
    """

    program: Program
    engine: Literal["memory", "threads"]
    claims: tuple[Judged, ...]
    complete: bool
    interrupted: bool
    executions: int | None
    states: int | None
    transitions: int | None
    seconds: float
    decided_in: float | None
    reduction: str
    covered: str | None
    grows: tuple[Growing, ...]
    limit: Limit | None
    defects: tuple[Defect, ...]
    example: Example

    @property
    def verdict(self) -> Verdict:
        """Say what it means for the claims."""
        holds = [claim.holds for claim in self.claims if claim.asked]
        if False in holds:
            return "refuted"
        return "undecided" if None in holds else "as-expected"

    @property
    def deadlocks(self) -> tuple[Deadlock, ...]:
        """Give the deadlocks."""
        return tuple(d.finding for d in self.defects if isinstance(d.finding, Deadlock))
