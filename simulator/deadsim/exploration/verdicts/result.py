"""What is known after all schedules, or as many as a budget allowed."""

from typing import Any, Literal, NamedTuple

from deadsim.engine.interrupts import noted
from deadsim.engine.pool import Pool
from deadsim.exploration.verdicts.goal import Goal, Shown
from deadsim.exploration.verdicts.level import Found
from deadsim.kernel.system import System
from deadsim.model.claims import Fair, FinalClaim, KindClaim, OutputClaim
from deadsim.model.place import Place
from deadsim.model.program import Choice, Program
from deadsim.runs.judge import NOBODY
from deadsim.runs.result import Run, Verdict
from deadsim.runs.runner import Runner
from deadsim.trace.finding import Deadlock, Finding, Livelock


class Judged(NamedTuple):
    """One claim: what was expected, how often it was found to hold, and whether that is as claimed.

    `why` says what decided it, where that was not the search, `hint` what else was seen that may be meant;
    what was not `asked` counts for nothing.
    """

    key: str
    expected: KindClaim | FinalClaim | OutputClaim
    found: Found
    holds: bool | None
    why: str | None = None
    asked: bool = True
    hint: str | None = None

    @property
    def fair(self) -> Fair | None:
        """Say which endless schedules it is about: those that are weakly or strongly fair, or None."""
        return self.expected.fair if isinstance(self.expected, KindClaim) else None


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

    @property
    def replay(self) -> tuple[Choice, ...]:
        """Give the schedule that shows it to the end: with once round, where other schedules lead out."""
        found = self.finding
        if isinstance(found, Livelock) and found.fair is not None:
            return self.schedule + found.loop
        return self.schedule


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


class Canary(NamedTuple):
    """A defect that was planted where there was none, and whether the claims found it (None: not decided).

    `steps` are the texts of the steps that it is about, `claim` is the first that no longer holds.
    """

    place: Place
    edit: str
    steps: tuple[str, ...]
    found: bool | None
    claim: str | None


class Canaries(NamedTuple):
    """The defects that were planted in a scenario; `why` says why none were."""

    planted: tuple[Canary, ...]
    why: str | None = None


class Unreached(NamedTuple):
    """A step that no schedule reaches: its place, what it is in words, and the threads that have it.

    Of an array of threads it is the name of the array.
    """

    place: Place
    step: str
    threads: tuple[str, ...]


class ExampleRun(NamedTuple):
    """A whole run, and how it ends: well, or with which defects."""

    schedule: tuple[Choice, ...]
    outcome: str


class Examples(NamedTuple):
    """Runs that are far apart, out of so many classes of equivalent ones; of `every` class where none was left out."""

    runs: tuple[ExampleRun, ...]
    classes: int
    every: bool


class Exploration(NamedTuple):
    """All that was found out; `complete` if nothing could have been missed of what was asked.

    `covered` says what was, where something is missing, `grows` what kept on growing, and `limit` which
    budget was spent; `decided_in` are the seconds until the verdict stood, None where it is undecided.
    `example` is any run. `executions` is None for a stateful search, `states` and `transitions` for a stateless
    one. `unreached` are the steps that no schedule reaches, None where it is not known. `canaries` and `examples`
    are there where they were asked for.
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
    unreached: tuple[Unreached, ...] | None = None
    canaries: Canaries | None = None
    examples: Examples | None = None

    @property
    def verdict(self) -> Verdict:
        """Say what it means for the claims."""
        holds = [claim.holds for claim in self.claims if claim.asked]
        if False in holds:
            return "refuted"
        return "undecided" if None in holds else "as-expected"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Say why it is undecided, where that is no budget."""
        return (NOBODY,) if any(claim.why == NOBODY for claim in self.claims) else ()

    @property
    def deadlocks(self) -> tuple[Deadlock, ...]:
        """Give the deadlocks."""
        return tuple(d.finding for d in self.defects if isinstance(d.finding, Deadlock))
