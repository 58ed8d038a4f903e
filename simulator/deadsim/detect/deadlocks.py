"""Name a deadlock: its kind, its minimal core, and who is stuck because of it.

Every stuck thread, and every thread that is bound to get stuck, is led to those that could let it go
on. Following them ends in a circle, at a thread whose object nobody can give back any more, or at a
thread that goes round for ever.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from deadsim.detect.progress import Progress
from deadsim.detect.situation import holdings, named, target_name
from deadsim.detect.stuck import StuckJudge
from deadsim.errors import Place
from deadsim.kernel.operation import Held
from deadsim.kernel.system import State, System
from deadsim.kernel.thread import RUNNING
from deadsim.model.claims import DeadlockKind
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock, Wait


class _Halt(NamedTuple):
    """What holds a thread up for good: the step, what it is about, and who could help."""

    position: int
    verb: str
    object: str
    wakers: tuple[int, ...]
    blocked: bool


class _Root(NamedTuple):
    """Where following the wakers ended."""

    kind: DeadlockKind
    core: tuple[int, ...]
    cycle: tuple[int, ...]


def name_deadlocks(
    judge: StuckJudge, state: State, events: Sequence[Event], progress: Progress, total: bool
) -> tuple[Deadlock, ...]:
    """Describe each deadlock of a state; `total` says that nothing at all can move in it."""
    return _Naming(judge.system, judge, state, progress).deadlocks(events, total)


class _Naming:
    def __init__(
        self, system: System, judge: StuckJudge, state: State, progress: Progress
    ) -> None:
        self.system = system
        self.judge = judge
        self.state = state
        self.progress = progress
        self.halts: dict[int, _Halt] = {}
        for thread in sorted(progress.stuck | progress.doomed):
            halt = self.halt(thread)
            if halt is not None:
                self.halts[thread] = halt

    def halt(self, thread: int) -> _Halt | None:
        frame = self.state.frames[thread]
        operation = frame.operation
        assert operation is not None
        if thread in self.progress.stuck:
            wakers = operation.awaits(self.state.objects, thread)
            about = target_name(self.system, thread, frame)
            return _Halt(frame.position, operation.verb, about, wakers, True)
        for position, held in sorted(self.progress.halts[thread].items()):
            found = self.coming(thread, position, held)
            if found is not None:
                return found
        return None

    def coming(self, thread: int, position: int, held: Held) -> _Halt | None:
        """Describe the step that a thread which can still move will not get past."""
        stop = self.judge.flows.flow(thread).stop(position)
        instruction = self.system.linked[thread].code.instructions[position]
        if stop.reach is None or not stop.reach.numbers:
            return None
        number = stop.reach.numbers[0]
        target = getattr(instruction, "target", None)
        name = self.system.program.object_name(number) or ""
        if target is not None and target.shape:
            name = target.name
        verb = getattr(instruction, "verb", "")
        if number < len(self.state.frames):
            ended = self.progress.ended
            wakers = tuple(other for other in stop.reach.numbers if other not in ended)
        elif number in held:
            wakers = (thread,)
        else:
            owned = self.state.objects[number]
            wakers = () if owned is None else (owned[0],)
        return _Halt(position, verb, name, wakers, False)

    def roots(self) -> dict[int, _Root]:
        """Follow who waits for whom from every thread, to where it ends."""
        found: dict[int, _Root] = {}
        for thread in self.halts:
            way: dict[int, int] = {}  # thread → how far along
            here = thread
            while here not in found:
                way[here] = len(way)
                halt = self.halts[here]
                following = [other for other in halt.wakers if other in self.halts]
                circle = [other for other in following if other in way]
                if circle:
                    cycle = list(way)[way[circle[0]] :]
                    first = cycle.index(min(cycle))
                    cycle = cycle[first:] + cycle[:first]
                    kind: DeadlockKind = "circular-wait" if len(cycle) > 1 else "self-deadlock"
                    found[here] = _Root(kind, tuple(sorted(cycle)), tuple(cycle))
                elif not following:
                    found[here] = _Root(self.kind_without_circle(halt), (here,), ())
                else:
                    here = following[0]
            found.update(dict.fromkeys(way, found[here]))
        return found

    def kind_without_circle(self, halt: _Halt) -> DeadlockKind:
        """Name why nobody can let a thread go on, where none of them waits himself."""
        if halt.verb == "join":
            return "collateral"  # of a thread that goes round for ever
        if any(other in self.progress.ended for other in halt.wakers):
            return "orphaned-lock"  # they have ended, or will, and leave it held
        return "never-signalled"

    def deadlocks(self, events: Sequence[Event], total: bool) -> tuple[Deadlock, ...]:
        held = holdings(self.system.program, events)
        roots = self.roots()
        found: dict[tuple[int, ...], _Root] = {}
        for thread in sorted(self.progress.stuck & roots.keys()):
            found.setdefault(roots[thread].core, roots[thread])
        deadlocks: list[Deadlock] = []
        proof: Literal["proved", "relaxed"] = "proved" if total else "relaxed"
        for core, root in found.items():
            members = set(core)
            also = [t for t, other in roots.items() if other.core == core and t not in members]
            concerned = members.union(also)
            rest = [
                t
                for t in range(len(self.state.frames))
                if self.state.objects[t] == RUNNING and t not in concerned
            ]
            waits = tuple(self.wait(t, held[t]) for t in core)
            deadlocks.append(
                Deadlock(
                    kind=root.kind,
                    proof=proof,
                    step=events[-1].step if events else None,
                    threads=self.names(core),
                    objects=tuple(dict.fromkeys(wait.object for wait in waits)),
                    waits=waits,
                    cycle=self.names(root.cycle),
                    also_stuck=self.names(also),
                    still_running=self.names(rest),
                )
            )
        return tuple(deadlocks)

    def names(self, threads: Sequence[int]) -> tuple[str, ...]:
        return tuple(self.system.program.threads[thread].name for thread in threads)

    def wait(self, thread: int, held: dict[int, Place]) -> Wait:
        halt = self.halts[thread]
        return Wait(
            self.system.program.threads[thread].name,
            halt.verb,
            halt.object,
            self.system.linked[thread].place(halt.position),
            named(self.system.program, held),
            self.names(halt.wakers),
            halt.blocked,
        )
