"""Name a deadlock: its kind, its minimal core, and who is stuck because of it.

Every thread that is stuck, or bound to get stuck, is led to those that could let it go on. The
smallest sets that are closed under that are the cores: a circle, or a single thread that nobody can
help any more. All others are stuck because of a core.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Literal, NamedTuple

from deadsim.detect.components import components
from deadsim.detect.deadlocks.lost_signals import (
    lost_notify,
    missed_set,
    out_of_time,
    stolen_notify,
)
from deadsim.detect.deadlocks.wakers import Halt, Halts
from deadsim.detect.holdings import Holdings, named
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.detect.stuck.progress import Progress
from deadsim.kernel.primitives.condition import Waiter
from deadsim.kernel.primitives.thread import RUNNING
from deadsim.kernel.system import State
from deadsim.model.claims import DeadlockKind
from deadsim.model.objects import Condition
from deadsim.model.objects import Event as EventObject
from deadsim.model.primitives import WANTED
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock, Wait


class _Root(NamedTuple):
    """A core: its kind, its threads, the order in which each waits for the next, what was lost."""

    kind: DeadlockKind
    core: tuple[int, ...]
    cycle: tuple[int, ...]
    lost_at: int | None


def name_deadlocks(
    judge: StuckJudge,
    state: State,
    events: Sequence[Event],
    held: Holdings,
    progress: Progress,
    total: bool,
) -> tuple[Deadlock, ...]:
    """Describe each deadlock of a state; `total` says that nothing at all can move in it.

    `events` led to it, and `held` has followed them.
    """
    return _Naming(judge, state, events, held, progress).deadlocks(total)


class _Naming:
    def __init__(
        self,
        judge: StuckJudge,
        state: State,
        events: Sequence[Event],
        held: Holdings,
        progress: Progress,
    ) -> None:
        self.world = judge.system.world
        self.linked = judge.system.linked
        self.state = state
        self.events = events
        self.progress = progress
        self.held = held
        self.around = Halts(judge, state, progress, held)
        self.halts = self.around.halts
        self.follows = {thread: self.chosen(halt) for thread, halt in self.halts.items()}

    def chosen(self, halt: Halt) -> set[int]:
        """Give those whom a thread's being stuck rests on.

        Of owners one that is stuck is enough: itself, or the one nearest to wait for it in turn.
        One that has ended, or goes round for ever, never lets go: then it rests on nobody else.
        """
        if self.waits_for_itself(halt):
            return {halt.thread}
        if halt.owners is None:
            return {other for other in halt.wakers if other in self.halts}
        if any(other not in self.halts for other in halt.owners):
            return set()
        nearest = sorted(halt.owners, key=lambda other: (self.distance(other, halt.thread), other))
        return set(nearest[:1])

    def waits_for_itself(self, halt: Halt) -> bool:
        """Decide whether a thread waits for what it holds itself, and nobody else does."""
        if halt.thread in (halt.owners or ()):
            return True
        if halt.owners is not None:  # behind a writer that waits for this reader to leave
            return halt.takes and halt.blocked and halt.number in self.held.of(halt.thread)
        return self.around.permit_holders(halt.number) == (halt.thread,)

    def distance(self, start: int, goal: int) -> int:
        """Count how many waits lead from one thread to another; far where none do."""
        seen = {start}
        front = [start]
        steps = 0
        while front:
            if goal in front:
                return steps
            steps += 1
            following = {o for t in front if t in self.halts for o in self.halts[t].wakers}
            front = sorted(following - seen)
            seen |= following
        return len(self.state.frames) + 1

    def roots(self) -> dict[int, _Root]:
        """Find for each thread the core that its being stuck rests on."""
        parts = components(self.follows)
        found: dict[int, _Root] = {}
        for part in parts:  # those that others rest on come first
            outside = sorted(
                {o for t in part for o in self.follows[t] if o not in part and o in found}
            )
            root = found[outside[0]] if outside else self.core(tuple(sorted(part)))
            found.update(dict.fromkeys(part, root))
        return found

    def core(self, core: tuple[int, ...]) -> _Root:
        halts = [self.halts[thread] for thread in core]
        first = halts[0]
        circles = len(core) > 1 or first.thread in self.follows[first.thread]
        cycle = self.cycle(core) if len(core) > 1 else ()
        if len(core) == 1 and self.waits_for_itself(first):
            return _Root("self-deadlock", core, core, None)
        if circles and all(halt.owners is not None for halt in halts):
            return _Root("circular-wait", core, cycle, None)
        if len(core) == 1 and first.owners is not None:
            return _Root(self.without_owner(first), core, (), None)
        for halt in halts:
            named_by_history = self.by_history(halt)
            if named_by_history is not None:
                return _Root(named_by_history[0], core, cycle, named_by_history[1])
        if any(self.is_nested(halt) for halt in halts):
            return _Root("nested-monitor", core, cycle, None)
        if not circles:
            return _Root(self.without_help(first), core, (), None)
        return _Root("communication", core, cycle, None)

    def cycle(self, core: tuple[int, ...]) -> tuple[int, ...]:
        """Order a core so that each waits for the next; empty where no circle has all of them."""
        way = [core[0]]
        while len(way) <= len(core):
            following = sorted(self.follows[way[-1]] - set(way))
            if not following:
                break
            way.append(following[0])
        closes = len(way) == len(core) and core[0] in self.follows[way[-1]]
        return tuple(way) if closes else ()

    def without_owner(self, halt: Halt) -> DeadlockKind:
        """Name why no owner ever lets go, where none of them waits himself."""
        if self.world.is_thread(halt.number):
            return "collateral"  # of a thread that goes round for ever
        if any(other in self.progress.ended for other in halt.owners or ()):
            return "orphaned-lock"  # they have ended, or will, and leave it held
        return "never-signalled"

    def by_history(self, halt: Halt) -> tuple[DeadlockKind, int | None] | None:
        """Name a kind that what happened before decides, with the step at which a signal was lost."""
        declared = self.declared(halt)
        holders = self.around.permit_holders(halt.number)
        if any(other in self.progress.ended for other in holders):
            return "leaked-permit", None
        if isinstance(declared, Condition):
            lost = lost_notify(self.events, halt.thread, halt.number)
            if lost is not None:
                return "lost-wakeup", lost
            stolen = stolen_notify(self.events, halt.thread, halt.number)
            if stolen is not None:
                return "wrong-waiter", stolen
            if self.is_passed_over(halt):
                return "wrong-waiter", None
        if isinstance(declared, EventObject):
            missed = missed_set(self.events, halt.thread, halt.number, declared.set)
            if missed is not None:
                return "missed-signal", missed
        return None

    def is_passed_over(self, halt: Halt) -> bool:
        """Decide whether those ahead of a thread will have every notify that can still come.

        One that only wants its lock back takes one along if there is somebody who can go on to it.
        """
        ahead = self.ahead(halt)
        if any(one.status == "waiting" for one in ahead):
            return self.around.notifiers(halt)
        return bool(ahead) and self.around.notifiers(halt, self.halts)

    def ahead(self, halt: Halt) -> list[Waiter]:
        """List those to whom a notify goes before it comes to a thread that waits."""
        if halt.missing == 1:
            return []
        waiters = self.state.objects[halt.number]
        before = takewhile(lambda one: one.thread != halt.thread, waiters)
        return [one for one in before if one.listed]

    def is_nested(self, halt: Halt) -> bool:
        """Decide whether a thread waits on a condition while it holds what a notifier waits for."""
        if not self.is_condition(halt):
            return False
        own = self.held.of(halt.thread)
        others = (self.halts[other] for other in halt.wakers if other in self.halts)
        return any(other.number in own and other.thread != halt.thread for other in others)

    def without_help(self, halt: Halt) -> DeadlockKind:
        """Name why nobody lets a thread go on, who waits for what anybody could provide."""
        return WANTED[str(halt.facts[0][0])].unhelped

    def is_condition(self, halt: Halt) -> bool:
        """Decide whether a thread waits to be notified."""
        return isinstance(self.declared(halt), Condition)

    def declared(self, halt: Halt) -> object:
        return self.around.declared(halt.number)

    def deadlocks(self, total: bool) -> tuple[Deadlock, ...]:
        roots = self.roots()
        found: dict[tuple[int, ...], _Root] = {}
        for thread in sorted(self.progress.stuck & roots.keys()):
            found.setdefault(roots[thread].core, roots[thread])
        deadlocks: list[Deadlock] = []
        proof: Literal["proved", "relaxed"] = "proved" if total else "relaxed"
        for core, root in found.items():
            members = set(core)
            also = [
                t for t, other in sorted(roots.items()) if other.core == core and t not in members
            ]
            concerned = members.union(also)
            rest = [
                t
                for t in self.world.threads
                if self.state.objects[t] == RUNNING and t not in concerned
            ]
            waits = tuple(self.wait(t, root.kind) for t in core)
            deadlocks.append(
                Deadlock(
                    kind=root.kind,
                    proof=proof,
                    step=self.events[-1].step if self.events else None,
                    threads=self.names(core),
                    objects=tuple(dict.fromkeys(wait.object for wait in waits)),
                    waits=waits,
                    cycle=self.names(root.cycle),
                    also_stuck=self.names(also),
                    still_running=self.names(rest),
                    lost_at=root.lost_at,
                    lost_to=self.lost_to(root),
                )
            )
        return tuple(deadlocks)

    def lost_to(self, root: _Root) -> str | None:
        """Name a thread that took the notify of another although its time had run out."""
        if root.kind != "wrong-waiter":
            return None
        if root.lost_at is not None:
            thread = out_of_time(self.events, root.lost_at)
            return None if thread is None else self.world.name(thread)
        halts = (self.halts[one] for one in root.core)
        ahead = [one for halt in halts if self.is_condition(halt) for one in self.ahead(halt)]
        late = ahead and all(one.gave_up for one in ahead)
        return self.world.name(ahead[0].thread) if late else None

    def names(self, threads: Sequence[int]) -> tuple[str, ...]:
        return self.world.names(threads)

    def wait(self, thread: int, kind: DeadlockKind) -> Wait:
        halt = self.halts[thread]
        wakers = halt.wakers
        if kind == "leaked-permit" and not wakers:
            wakers = self.around.permit_holders(halt.number)
        return Wait(
            self.world.name(thread),
            halt.verb,
            halt.object,
            self.around.want(halt),
            halt.missing,
            self.linked[thread].place(halt.position),
            named(self.world, self.held.of(thread)),
            self.names(wakers),
            halt.blocked,
        )
