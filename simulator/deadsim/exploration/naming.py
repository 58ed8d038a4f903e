"""The names of deadlocks that a search has come to."""

from deadsim.detect.deadlocks import name_deadlocks
from deadsim.detect.progress import Progress
from deadsim.detect.stuck import StuckJudge
from deadsim.exploration.hunt import Goal
from deadsim.kernel.supply import Held
from deadsim.kernel.system import State
from deadsim.kernel.thread import ENDED
from deadsim.model.claims import DeadlockKind
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock


class Naming:
    """Names deadlocks; with `every` each that differs is a goal of its own, else each kind.

    `seen` has the kind, core and objects of all that were found.
    """

    def __init__(self, judge: StuckJudge, every: bool) -> None:
        self.judge = judge
        self.every = every
        program = judge.system.program
        self.daemons = {thread.name for thread in program.threads if thread.daemon}
        self.seen: set[tuple[DeadlockKind, tuple[str, ...], tuple[str, ...]]] = set()

    def goal_of(self, one: Deadlock) -> Goal:
        """Give the goal that a deadlock is, and note that it was seen."""
        self.seen.add((one.kind, one.threads, one.objects))
        places = tuple(wait.place for wait in one.waits)
        which = (one.kind, one.threads, one.objects, places) if self.every else (one.kind,)
        return Goal("deadlock", which)

    def name(
        self, state: State, events: tuple[Event, ...], stuck: frozenset[int]
    ) -> tuple[Deadlock, ...]:
        """Describe the deadlocks of a state; leaks are none. Those in `stuck` were proved to be."""
        total = not self.judge.system.enabled(state)
        progress = exact(self.judge, state, stuck)
        proved = {self.judge.system.program.threads[thread].name for thread in stuck}
        return tuple(
            one._replace(proof="proved") if proved.issuperset(one.threads) else one
            for one in name_deadlocks(self.judge, state, events, progress, total)
            if not self.daemons.issuperset((*one.threads, *one.also_stuck))
        )


def exact(judge: StuckJudge, state: State, stuck: frozenset[int]) -> Progress:
    """Put right what relaxed progress says of a state with what the search has shown."""
    judge.begin()
    found = judge.stuck(state)
    if found is None:
        ended = frozenset(t for t in range(len(state.frames)) if state.objects[t] == ENDED)
        found = Progress(frozenset(), frozenset(), {}, ended)
    missing = stuck - found.stuck
    halts: dict[int, dict[int, Held]] = {**{t: {state.frames[t].position: {}} for t in missing}, **found.halts}
    return found._replace(stuck=found.stuck | missing, doomed=found.doomed - missing, halts=halts)
