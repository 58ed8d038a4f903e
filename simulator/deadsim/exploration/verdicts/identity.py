"""What a search has come to as goals: which deadlocks and failures count as the same."""

from collections.abc import Collection

from deadsim.detect.deadlocks.kinds import name_deadlocks
from deadsim.detect.holdings import Holdings
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.detect.stuck.progress import Progress
from deadsim.exploration.verdicts.goal import Goal
from deadsim.kernel.abstract.form import Held
from deadsim.kernel.primitives.thread import ENDED, RUNNING
from deadsim.kernel.system import State, System
from deadsim.model.claims import DeadlockKind
from deadsim.model.place import Place
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock

ROUNDS = 50
"""Steps of each thread, in which it may come to its end."""


class Naming:
    """Names deadlocks; with `every` each that differs is a goal of its own, else each kind.

    So with failures and invariants: else each type is one.

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

    def goal_of_failure(self, type: str, thread: int, place: Place, message: str) -> Goal:
        """Give the goal that a thread's failure is."""
        return Goal(type, (thread, place, message) if self.every else ())

    def goal_of_invariant(self, number: int) -> Goal:
        """Give the goal that a broken invariant is."""
        return Goal("invariant", (number,) if self.every else ())

    def name(
        self, state: State, events: tuple[Event, ...], stuck: frozenset[int]
    ) -> tuple[Deadlock, ...]:
        """Describe the deadlocks of a state; leaks are none. Those in `stuck` were proved to be."""
        system = self.judge.system
        able = [t for t in range(len(state.frames)) if system.ways(state, t)]
        total = system.over(state.objects) or not able
        progress = exact(self.judge, state, able, stuck)
        proved = {self.judge.system.program.threads[thread].name for thread in stuck}
        return tuple(
            one._replace(proof="proved") if proved.issuperset(one.threads) else one
            for one in name_deadlocks(self.judge, state, events, Holdings(events), progress, total)
            if not self.daemons.issuperset((*one.threads, *one.also_stuck))
        )


def exact(
    judge: StuckJudge, state: State, able: Collection[int], stuck: frozenset[int]
) -> Progress:
    """Put right what relaxed progress says of a state, where some are `able`, with what a search has shown."""
    judge.begin()
    standing = [t for t, frame in enumerate(state.frames) if frame.operation is not None]
    blocked = [thread for thread in standing if thread not in able]
    found = judge.judge(state, blocked, bool(able)) if blocked else None
    if found is None:
        ended = frozenset(t for t in range(len(state.frames)) if state.objects[t] == ENDED)
        found = Progress(frozenset(), frozenset(), {}, ended)
    missing = stuck - found.stuck
    halts: dict[int, dict[int, Held]] = {
        **{t: {state.frames[t].position: {}} for t in missing},
        **found.halts,
    }
    # Relaxed progress promises nothing of a step that may be a misuse, though that may be how a thread ends.
    others = {t for t, status in enumerate(state.objects[: len(state.frames)]) if status == RUNNING}
    others -= found.stuck | stuck | found.ended
    ending = others and others & ended_by_a_run(judge.system, state)
    return Progress(
        found.stuck | missing,
        found.doomed - missing - ending,
        {thread: places for thread, places in halts.items() if thread not in ending},
        found.ended | ending,
    )


def ended_by_a_run(system: System, state: State) -> set[int]:
    """Find threads that can end, by letting all take steps in turn."""
    threads = range(len(state.frames))
    for number in range(ROUNDS * len(threads)):
        enabled = system.enabled(state)
        if not enabled:
            break
        thread = min(enabled, key=lambda one: (one - number) % len(threads))
        state = system.step(state, thread).state
    return {thread for thread in threads if state.objects[thread] == ENDED}
