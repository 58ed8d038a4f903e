"""What is known after a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, TypeAlias

from deadsim.detect.deadlocks.situation import Situation, situation
from deadsim.detect.holdings import Holdings
from deadsim.kernel.log import events_of
from deadsim.kernel.scenario_source import ScenarioSource
from deadsim.kernel.system import State, System
from deadsim.kernel.world import World
from deadsim.model.program import Choice, Program
from deadsim.model.values import Value
from deadsim.runs.playback import Moment, Reached, describe, first_shown, follow
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock, Finding

Outcome: TypeAlias = Literal["completed", "stuck", "budget", "interrupted"]
Verdict: TypeAlias = Literal["as-expected", "refuted", "undecided"]


@dataclass(frozen=True)  # without slots: what is worked out of it is kept with it
class Run:
    """One run of a scenario.

    `strategy` is the name of what chose the schedule (`script` and `replay` among them), `seed` None
    where nothing was drawn. `reasons` say in a sentence each why the claims are refuted or
    undecided, where that is neither a defect that was found nor a budget. It has `ended` if nothing could have followed; `failed` are the
    numbers of the threads that did, `able` of those that could take a step at its end. `replays` are the
    runs that show the deadlocks which were predicted, by their schedules.
    """

    program: Program
    system: System = field(compare=False, repr=False)
    command: Literal["run", "replay"]
    strategy: str
    seed: int | None
    outcome: Outcome
    verdict: Verdict
    reasons: tuple[str, ...]
    schedule: tuple[Choice, ...]
    defects: tuple[Finding, ...]
    suspicions: tuple[Finding, ...]
    leaks: tuple[Deadlock, ...]
    variables: dict[str, Value]
    output: str
    ended: bool
    failed: frozenset[int]
    able: frozenset[int]
    replays: "Mapping[tuple[Choice, ...], Run]" = field(default_factory=dict)
    last: State | None = field(default=None, compare=False, repr=False)
    seen: tuple[Event, ...] | None = field(default=None, compare=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        """Keep neither states nor what was worked out of them: they are found again from the schedule."""
        kept = {one.name: getattr(self, one.name) for one in fields(self)}
        return {**kept, "last": None, "seen": None}

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Give what happened, step by step; of a long run it is made when somebody asks."""
        if self.seen is not None:
            return self.seen
        numbers = {self.world.name(thread): thread for thread in self.world.threads}
        choices = ((numbers[name], way) for name, way in self.schedule)
        return tuple(events_of(ScenarioSource(self.system).again(choices)))

    @cached_property
    def held(self) -> Holdings:
        """Give who holds what at the end, and held what before each step."""
        return Holdings(self.events)

    @cached_property
    def situation(self) -> Situation:
        """Describe how every thread stands at the end."""
        found = (one for one in (*self.deadlocks, *self.leaks) if one.schedule is None)
        state = self.state
        return situation(self.system, state, self.held, self.failed, self.able, found)

    @property
    def state(self) -> State:
        """Give the state in which it has ended."""
        return self.states[-1].state if self.last is None else self.last

    @property
    def first(self) -> int:
        """Give the first step that is shown: of a long run only its last ones are."""
        return first_shown(len(self.schedule))

    @cached_property
    def states(self) -> tuple[Reached, ...]:
        """Give the state before step `first`, and that after each step from there on."""
        return tuple(follow(self.system, self.schedule, self.first))

    @cached_property
    def moments(self) -> tuple[Moment, ...]:
        """Describe how everything stood in each of the `states`."""
        found = [one for one in (*self.deadlocks, *self.leaks) if one.schedule is None]
        return tuple(describe(self.states, self.events, found))

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
