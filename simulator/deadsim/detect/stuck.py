"""Who can never take another step in a state."""

from typing import Any, TypeVar

from deadsim.detect.coarse import Coarse, Flows
from deadsim.detect.flow import OWN_END
from deadsim.detect.progress import Progress
from deadsim.detect.relaxed import Relaxed, TooMany
from deadsim.kernel.operation import Needs
from deadsim.kernel.supply import Held
from deadsim.kernel.system import State, System
from deadsim.kernel.thread import ENDED, RUNNING

# Following values is worth so many places at each step that asks for it, and so many saved up; a
# thread with a long loop of its own would else be followed to its end at every step.
CREDIT = 100
MOST_CREDIT = 20_000

# After values were too many to follow, they are not followed for some steps: 1, 3, 7, ...
MOST_REST = 63

Found = TypeVar("Found")

MOST_KNOWN = 20_000  # states of which it is kept who is stuck


def remember(known: dict[Any, Found], key: Any, found: Found) -> None:
    """Keep what was found about a state, of not too many of them."""
    if len(known) >= MOST_KNOWN:
        known.clear()
    known[key] = found


class StuckJudge:
    """Decides who is stuck in states of one program; it keeps what it works out about the code.

    Where nothing at all is enabled, all are. Else a blocked thread whose helpers can move, and get
    to what it waits for without a step that could block, is not; for the rest there is relaxed
    progress, with values as long as that is worth it.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.flows = Flows(system)
        self.credit = MOST_CREDIT
        self.rest = self.resting = 0
        # What was found about states, by their keys.
        self.settled: dict[Any, bool] = {}
        self.followed: dict[Any, tuple[Progress | None, int]] = {}
        self.coarse: dict[Any, Progress] = {}

    def begin(self) -> None:
        """Begin a run: what it finds does not depend on what was judged before."""
        self.credit = MOST_CREDIT
        self.rest = self.resting = 0

    def stuck(self, state: State) -> Progress | None:
        """Find who is stuck; None where nobody is."""
        objects = state.objects
        blocked = []
        can_move = False
        for thread, frame in enumerate(state.frames):
            operation = frame.operation
            if operation is None:
                continue
            if operation.can_block and not operation.ways(objects, thread):
                blocked.append(thread)
            else:
                can_move = True
        if not blocked:
            return None
        if not can_move:
            return self.total(state, blocked)
        key = state.key()
        settled = self.settled.get(key)
        if settled is None:
            settled = self.all_settled(state, blocked)
            remember(self.settled, key, settled)
        if settled:
            return None
        progress = self.progress(state, key)
        return progress if progress.stuck else None

    def total(self, state: State, blocked: list[int]) -> Progress:
        """Describe a state in which nothing is enabled."""
        halts: dict[int, dict[int, Held]] = {t: {state.frames[t].position: {}} for t in blocked}
        ended = frozenset(t for t in range(len(state.frames)) if state.objects[t] == ENDED)
        return Progress(frozenset(blocked), frozenset(), halts, ended)

    def progress(self, state: State, key: Any) -> Progress:
        """Let every thread run on as far as it could get if nothing were ever taken away."""
        self.credit = min(MOST_CREDIT, self.credit + CREDIT)
        if self.credit <= 0 or self.resting:
            self.resting = max(0, self.resting - 1)
            return self.coarsely(state, key)
        known = self.followed.get(key)
        if known is None:
            relaxed = Relaxed(self.system, state)
            try:
                known = (relaxed.progress(), relaxed.places)
            except TooMany:
                known = (None, relaxed.places)
            remember(self.followed, key, known)
        progress, places = known
        self.credit -= places  # as if it was found anew: the same however often it was asked
        if progress is None:
            self.resting = self.rest = min(MOST_REST, 2 * self.rest + 1)
            return self.coarsely(state, key)
        return progress

    def coarsely(self, state: State, key: Any) -> Progress:
        """Find who is stuck without following values."""
        found = self.coarse.get(key)
        if found is None:
            found = Coarse(self.system, self.flows, state).progress()
            remember(self.coarse, key, found)
        return found

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
            needs = operation.needs(state.objects, thread)
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
