"""Who can never take another step in a state."""

from typing import Any

from deadsim.detect.stuck.coarse_progress import Coarse, Flows
from deadsim.detect.stuck.flow import OWN_END
from deadsim.detect.stuck.progress import Progress
from deadsim.detect.stuck.valued_progress import Relaxed, TooMany
from deadsim.kernel.abstract.form import Held
from deadsim.kernel.operation import Needs
from deadsim.kernel.primitives.thread import ENDED, RUNNING
from deadsim.kernel.system import State, System

# Following values is worth so many places at each step that asks for it, and so many saved up; a
# thread with a long loop of its own would else be followed to its end at every step.
CREDIT = 100
MOST_CREDIT = 20_000

# After values were too many to follow, they are not followed for some steps: 1, 3, 7, ...
MOST_REST = 63

MOST_KNOWN = 5_000  # states of which it is kept who is stuck


class _Known:
    """What was found about a state."""

    __slots__ = ("coarse", "followed", "places", "settled", "total")

    def __init__(self) -> None:
        self.total: Progress | None = None  # where nothing is enabled
        self.settled: bool | None = None  # whether it was plain that nobody is stuck
        self.followed: Progress | None = None
        self.places: int | None = None  # how many were followed; without `followed`: too many
        self.coarse: Progress | None = None


class StuckJudge:
    """Decides who is stuck in states of one program; it keeps what it works out about the code.

    Where nothing at all is enabled, all are. Else a blocked thread whose helpers can move, and get
    to what it waits for without a step that could block, is not; for the rest there is relaxed
    progress, with values as long as that is worth it.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.flows = system.once(Flows)
        self.credit = MOST_CREDIT
        self.rest = self.resting = 0
        self.settled: set[Any] = set()
        self.by_key: dict[Any, _Known] = {}
        self.by_state: dict[State, _Known] = {}  # the same again: quicker, where steps are shared

    def begin(self) -> None:
        """Begin a run: what it finds does not depend on what was judged before."""
        self.credit = MOST_CREDIT
        self.rest = self.resting = 0

    def stuck(self, state: State) -> Progress | None:
        """Find who is stuck; None where nobody is."""
        objects, frames = state
        blocked = []
        can_move = False
        for thread, (_, _, _, operation) in enumerate(frames):
            if operation is None:
                continue
            if operation.can_block and not operation.ways(objects, thread):
                blocked.append(thread)
            else:
                can_move = True
        return self.judge(state, blocked, can_move) if blocked else None

    def judge(
        self, state: State, blocked: list[int], can_move: bool, key: Any = None
    ) -> Progress | None:
        """Find who is stuck, where it is known who is blocked and whether anybody can move.

        Where it is plain that nobody is, `key`, which tells the state from others, becomes `settled`.
        """
        known = self.by_state.get(state) or self.known(state)
        if not can_move:
            if known.total is None:
                known.total = self.total(state, blocked)
            return known.total
        if known.settled is None:
            known.settled = self.all_settled(state, blocked)
        if known.settled:
            if len(self.settled) >= MOST_KNOWN:
                self.settled.clear()
            self.settled.add(key)
            return None
        progress = self.progress(state, known)
        return progress if progress.stuck else None

    def known(self, state: State) -> _Known:
        """Give what was found about a state."""
        if len(self.by_state) >= MOST_KNOWN:
            self.by_state.clear()
            self.by_key.clear()
        found = self.by_state[state] = self.by_key.setdefault(state.key(), _Known())
        return found

    def total(self, state: State, blocked: list[int]) -> Progress:
        """Describe a state in which nothing is enabled."""
        halts: dict[int, dict[int, Held]] = {t: {state.frames[t].position: {}} for t in blocked}
        ended = frozenset(t for t in range(len(state.frames)) if state.objects[t] == ENDED)
        return Progress(frozenset(blocked), frozenset(), halts, ended)

    def progress(self, state: State, known: _Known) -> Progress:
        """Let every thread run on as far as it could get if nothing were ever taken away."""
        self.credit = min(MOST_CREDIT, self.credit + CREDIT)
        if self.credit <= 0 or self.resting:
            self.resting = max(0, self.resting - 1)
            return self.coarsely(state, known)
        self.whole(state)
        assert known.places is not None
        self.credit -= known.places  # as if it was found anew: the same however often it was asked
        if known.followed is None:
            self.resting = self.rest = min(MOST_REST, 2 * self.rest + 1)
            return self.coarsely(state, known)
        return known.followed

    def whole(self, state: State) -> Progress:
        """Find who is stuck and who is doomed whatever it costs, and whatever was judged before."""
        known = self.by_state.get(state) or self.known(state)
        if known.places is None:
            relaxed = Relaxed(self.system, state)
            try:
                known.followed = relaxed.progress()
            except TooMany:
                pass
            known.places = relaxed.places
        return known.followed or self.coarsely(state, known)

    def coarsely(self, state: State, known: _Known) -> Progress:
        """Find who is stuck without following values."""
        if known.coarse is None:
            known.coarse = Coarse(self.system, self.flows, state).progress()
        return known.coarse

    def all_settled(self, state: State, blocked: list[int]) -> bool:
        """Decide quickly, where that can be, that none of the blocked threads is stuck.

        So it is if each of the owners that a thread waits for will let go what it wants without a
        step that could block, and can move, or is blocked itself and settled in the same way; and
        if enough of those that can move will provide what anybody may provide.
        """
        waiting: dict[int, int] = {}  # how many of those it waits for are not known to help yet
        helped: dict[int, list[int]] = {}  # who waits for a thread that is blocked itself
        ready: list[int] = []
        is_blocked = set(blocked)
        lasting = [t for t in self.system.lasting if state.objects[t] == RUNNING]
        for thread in blocked:
            if len(lasting) == 1 and thread not in self.system.lasting:
                return False  # the program may end with the step that would help a daemon
            operation = state.frames[thread].operation
            assert operation is not None
            several = operation.each_need(state.objects, thread)
            if len(several) > 1:
                if not any(
                    one.owners is None and self.supplied(state, one, is_blocked) for one in several
                ):
                    return False
                waiting[thread] = 0
                ready.append(thread)
                continue
            needs = several[0]
            if needs.owners is None:
                if not self.supplied(state, needs, is_blocked):
                    return False
            elif OWN_END in needs.facts and thread not in self.system.lasting:
                return False  # the program may end with what a daemon waits for
            waiting[thread] = 0
            for owner in needs.owners or ():
                frame = state.frames[owner]
                if owner == thread or frame.operation is None:
                    return False
                if self.flows.flow(owner).certain(frame.position).isdisjoint(needs.facts):
                    return False
                if owner in is_blocked:
                    waiting[thread] += 1
                    helped.setdefault(owner, []).append(thread)
            if not waiting[thread]:
                ready.append(thread)
        settled = 0
        while ready:
            settled += 1
            for thread in helped.get(ready.pop(), ()):
                waiting[thread] -= 1
                if not waiting[thread]:
                    ready.append(thread)
        return settled == len(blocked)

    def supplied(self, state: State, needs: Needs, is_blocked: set[int]) -> bool:
        """Decide whether those that can move provide enough for certain."""
        count = 0
        for thread, frame in enumerate(state.frames):
            if frame.operation is None or thread in is_blocked:
                continue
            certain = self.flows.flow(thread).certain(frame.position)
            if certain.isdisjoint(needs.facts) or not certain.issuperset(needs.also):
                continue
            count += 1
            if count >= needs.amount or any(("all of", *fact) in certain for fact in needs.facts):
                return True
        return False
