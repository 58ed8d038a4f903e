"""What is known after a run."""

from typing import Literal, NamedTuple, TypeAlias

from deadsim.detect.deadlocks.situation import Situation
from deadsim.kernel.system import System
from deadsim.kernel.world import World
from deadsim.model.program import Choice, Program
from deadsim.model.values import Value
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock, Finding

Outcome: TypeAlias = Literal["completed", "stuck", "budget", "interrupted"]
Verdict: TypeAlias = Literal["as-expected", "refuted", "undecided"]


class Run(NamedTuple):
    """One run of a scenario.

    `strategy` is the name of what chose the schedule (`script` and `replay` among them), `seed` None
    where nothing was drawn. `reasons` say in a sentence each why the claims are refuted, where that
    is not a defect that was found.
    """

    program: Program
    system: System
    command: Literal["run", "replay"]
    strategy: str
    seed: int | None
    outcome: Outcome
    verdict: Verdict
    reasons: tuple[str, ...]
    schedule: tuple[Choice, ...]
    events: tuple[Event, ...]
    defects: tuple[Finding, ...]
    suspicions: tuple[Finding, ...]
    leaks: tuple[Deadlock, ...]
    variables: dict[str, Value]
    output: str
    situation: Situation

    @property
    def world(self) -> World:
        """Give who ran and what was shared."""
        return self.system.world

    @property
    def deadlocks(self) -> tuple[Deadlock, ...]:
        """Give the deadlocks among the defects."""
        return tuple(found for found in self.defects if isinstance(found, Deadlock))

    @property
    def output_lines(self) -> list[str]:
        """Give what was printed, line by line; a last line need not end."""
        return lines(self.output)


def lines(output: str) -> list[str]:
    """Cut printed text into its lines."""
    cut = output.split("\n")
    return cut[:-1] if not cut[-1] else cut
