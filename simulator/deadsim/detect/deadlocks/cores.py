"""The cores of the deadlocks of a state, and the kind of each.

Every thread that stays where it is is led to those that could let it go on. The smallest sets that are
closed under that are the cores: a circle, or a single thread that nobody can help any more. All others
are stuck because of a core.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from deadsim.detect.components import components
from deadsim.detect.deadlocks.history import Astray, astray_notify, missed_set
from deadsim.detect.deadlocks.wakers import Halt, Halts
from deadsim.detect.holdings import Holdings
from deadsim.kernel.row import own
from deadsim.kernel.system import State, System, after
from deadsim.model.claims import DeadlockKind
from deadsim.model.objects import Condition, Lock, ModeLock
from deadsim.model.objects import Event as EventObject
from deadsim.model.primitives import WANTED
from deadsim.trace.event import Event

MOST_STEPS = 200
"""Steps of a thread that was woken, in which it may use up what it was told."""


class Core(NamedTuple):
    """A core: its kind, the halts of its threads, and the order in which each waits for the next.

    `behind` are those that stay where they are because of it, `astray` says what became of a signal, and
    `rests_on` are threads that go round for ever and never help.
    """

    kind: DeadlockKind
    halts: tuple[Halt, ...]
    cycle: tuple[int, ...]
    behind: tuple[int, ...]
    astray: Astray | None
    rests_on: tuple[int, ...]

    @property
    def threads(self) -> tuple[int, ...]:
        """Give the numbers of its threads."""
        return tuple(halt.thread for halt in self.halts)

    @property
    def objects(self) -> tuple[str, ...]:
        """Name what its threads wait for."""
        return tuple(dict.fromkeys(one.object for halt in self.halts for one in halt.each))


def find_cores(
    system: System,
    state: State,
    events: Sequence[Event],
    held: Holdings,
    threads: Collection[int],
) -> tuple[Core, ...]:
    """Find the cores among threads that stay where they are; those of daemons alone come last.

    `events` led to the state, and `held` has followed them.
    """
    return _Finder(system, state, events, held, threads).cores()


class _Finder:
    def __init__(
        self,
        system: System,
        state: State,
        events: Sequence[Event],
        held: Holdings,
        threads: Collection[int],
    ) -> None:
        self.system = system
        self.world = system.world
        self.count = len(state.frames)
        self.events = events
        self.held = held
        self.around = Halts(system, state, held, threads)
        self.history: dict[int, Astray | None] = {}
        self.follow()

    def follow(self) -> None:
        """Lead each thread to those whom its being stuck rests on."""
        self.halts = self.around.halts
        self.follows = {thread: self.chosen(halt) for thread, halt in self.halts.items()}
        self.parts = components(self.follows)  # those that others rest on come first

    def cores(self) -> tuple[Core, ...]:
        """Find them, in the order of their first threads."""
        while idle := self.idle_daemons():
            self.around.leave_out(idle)
            self.follow()
        roots: dict[int, Core] = {}
        for part in self.parts:
            outside = sorted({o for t in part for o in self.follows[t] if o not in part})
            root = roots[outside[0]] if outside else self.core(tuple(sorted(part)))
            roots.update(dict.fromkeys(part, root))
        behind: dict[tuple[int, ...], list[int]] = {}
        found: dict[tuple[int, ...], Core] = {}
        for thread in sorted(roots):
            core = roots[thread]
            found[core.threads] = core
            if thread not in core.threads:
                behind.setdefault(core.threads, []).append(thread)
        each = [
            core._replace(behind=tuple(behind.get(threads, ()))) for threads, core in found.items()
        ]
        return tuple(sorted(each, key=lambda core: self.is_of_daemons(core.threads)))

    def is_of_daemons(self, threads: Collection[int]) -> bool:
        """Decide whether all of these are daemons."""
        return all(self.world.is_daemon(thread) for thread in threads)

    def idle_daemons(self) -> set[int]:
        """Find daemons that wait for work, and that others are said to be stuck because of."""
        found: set[int] = set()
        for part in self.parts:
            rests = any(o not in part for t in part for o in self.follows[t])
            if rests or not self.is_of_daemons(part) or self.around.idle.issuperset(part):
                continue
            halts = [self.halts[thread] for thread in part]
            others = any(
                not self.world.is_daemon(t) and not self.follows[t].isdisjoint(part)
                for t in self.halts
            )
            if others and all(self.waits_for_work(halt) for halt in halts):
                found.update(part)
        return found

    def waits_for_work(self, halt: Halt) -> bool:
        """Decide whether a daemon stands where it would come to again, or has not begun to do anything."""
        if halt.owned or self.lost(halt):
            return False
        flow = self.around.closure.flows.flow(halt.thread)
        first = flow.first()
        fresh = halt.position in first.steps + first.failing
        return (fresh or flow.serves(halt.position)) and self.has_giver(halt)

    def has_giver(self, halt: Halt) -> bool:
        """Decide whether somebody else's text gives what a daemon waits for: no daemon, or one that waits for work."""
        return any(
            other != halt.thread
            and (not self.world.is_daemon(other) or other in self.around.idle)
            and self.around.closure.ever_provides(other, halt.facts)
            for other in self.world.threads
        )

    def chosen(self, halt: Halt) -> set[int]:
        """Give those whom a thread's being stuck rests on.

        Of owners one that is stuck is enough: itself, or the one nearest to wait for it in turn.
        One that has ended, or goes round for ever, never lets go: then it rests on nobody else.
        """
        if halt.branches:
            found = set[int]().union(*map(self.chosen, halt.branches))
            return found if self.waits_for_itself(halt) else found - {halt.thread}
        if self.waits_for_itself(halt):
            return {halt.thread}
        if not halt.owned:
            return {other for other in halt.wakers if other in self.halts}
        stuck = [other for other in halt.wakers if other in self.halts]
        outside = [other for other in halt.wakers if other not in self.halts]
        if outside and (halt.owners is None or not stuck or any(map(self.around.ended, outside))):
            return set()
        if halt.owners is None:
            return {other for other in halt.wakers if other != halt.thread}
        nearest = sorted(stuck, key=lambda other: (self.distance(other, halt.thread), other))
        return set(nearest[:1])

    def waits_for_itself(self, halt: Halt) -> bool:
        """Decide whether a thread waits for what it holds itself, and nobody else does."""
        if halt.branches:
            return all(map(self.waits_for_itself, halt.branches))
        if halt.owners is not None and halt.thread in halt.owners:
            return True
        if halt.owners is not None:  # behind a writer that waits for this reader to leave
            if isinstance(self.around.declared(halt), ModeLock):
                return False  # it asks for one more mode, and waits for others
            return halt.takes and halt.number in self.held.of(halt.thread)
        return halt.keepers == (halt.thread,)

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
        return self.count + 1

    def core(self, threads: tuple[int, ...]) -> Core:
        """Name a core."""
        halts = tuple(self.halts[thread] for thread in threads)
        circles = len(threads) > 1 or threads[0] in self.follows[threads[0]]
        cycle = self.cycle(threads) if circles else ()
        kind, astray = self.kind(halts, circles)
        if kind == "orphaned-lock" and not halts[0].keepers:
            # Others may hold it too, and give it back.
            gone = tuple(o for o in halts[0].owners or () if self.around.ended(o))
            halts = (halts[0]._replace(wakers=gone),)
        rests_on: dict[int, None] = {}
        # A thread that waits for itself does so whatever others do; a permit or a lock is lost
        # whether or not its taker has ended yet.
        if kind not in ("self-deadlock", "leaked-permit", "orphaned-lock"):
            rests_on = dict.fromkeys(o for halt in halts for o in self.around.still_moving(halt))
        return Core(kind, halts, cycle, (), astray, tuple(rests_on))

    def kind(self, halts: tuple[Halt, ...], circles: bool) -> tuple[DeadlockKind, Astray | None]:
        """Name the kind of a core, with what became of the signal that is missing."""
        first = halts[0]
        if len(halts) == 1 and self.waits_for_itself(first):
            return "self-deadlock", None
        if circles and all(halt.owned for halt in halts):
            return "circular-wait", None
        if len(halts) == 1 and first.owned:
            return self.without_owner(first.each[0]), None
        for halt in halts:
            lost = self.lost(halt)
            if lost is not None:
                return lost, self.astray(halt)
        if any(self.is_nested(halt) for halt in halts):
            return "nested-monitor", None
        if circles:
            return "communication", None
        first = next(one for one in first.each if not one.owned)
        return WANTED[str(first.facts[0][0])].unhelped, self.astray(first)

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
        if halt.keepers:
            if isinstance(self.around.declared(halt), Lock):
                helps = any(self.around.may_give(other, halt) for other in halt.keepers)
                return "never-signalled" if helps else "orphaned-lock"
            ends = any(self.around.may_end(other) for other in halt.keepers)
            return "leaked-permit" if ends else "never-signalled"
        if any(self.around.ended(other) for other in halt.owners or ()):
            return "orphaned-lock"
        return "never-signalled"

    def lost(self, halt: Halt) -> DeadlockKind | None:
        """Give the kind that a signal which did not reach a thread makes."""
        astray = self.astray(halt)
        return None if astray is None else astray.kind

    def astray(self, halt: Halt) -> Astray | None:
        """Say what became of the signal that a thread waits for."""
        if halt.thread not in self.history:
            declared = self.around.declared(halt)
            found: Astray | None = None
            if self.halts[halt.thread].branches:
                pass  # nobody joins the waiters of what is only looked at
            elif isinstance(declared, Condition):
                found = astray_notify(self.events, halt.thread, halt.number, declared.lock)
                if found is not None and found.kind == "wrong-waiter":
                    found = self.used_soon(found)
            elif isinstance(declared, EventObject):
                found = missed_set(self.events, halt.thread, halt.number, declared.set)
            self.history[halt.thread] = found
        return self.history[halt.thread]

    def used_soon(self, astray: Astray) -> Astray:
        """Look whether who had a wake-up is about to use up its news; then it was no wrong waiter."""
        assert astray.taker is not None
        state, taker = self.around.state, astray.taker
        for _ in range(MOST_STEPS if astray.news else 0):
            # Others take steps only where it has to wait for them.
            enabled = self.system.enabled(state)
            if not enabled:
                break
            mover = taker if taker in enabled else enabled[0]
            result = own(self.system.results(state, mover))[0]
            written = astray.news.intersection(result.effect.writes)
            if written and mover == taker:
                return Astray(None, astray.step, taker, None, min(written))
            state = after(state, result)
        return astray

    def is_nested(self, halt: Halt) -> bool:
        """Decide whether a thread waits on a condition while it holds what a notifier waits for."""
        if not isinstance(self.around.declared(halt), Condition):
            return False
        own = self.held.of(halt.thread)
        others = (self.halts[other] for other in halt.wakers if other in self.halts)
        each = (one for other in others for one in other.each)
        return any(one.number in own and one.thread != halt.thread for one in each)
