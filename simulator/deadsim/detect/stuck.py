"""Who can never take another step in a state."""

from deadsim.detect.coarse import Coarse, Flows
from deadsim.detect.flow import FREES_END
from deadsim.detect.progress import Progress
from deadsim.detect.relaxed import Relaxed, TooMany
from deadsim.kernel.operation import Held
from deadsim.kernel.system import State, System
from deadsim.kernel.thread import ENDED

# Following values is worth so many places at each step that asks for it, and so many saved up; a
# thread with a long loop of its own would else be followed to its end at every step.
CREDIT = 100
MOST_CREDIT = 20_000


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

    def begin(self) -> None:
        """Begin a run: what it finds does not depend on what was judged before."""
        self.credit = MOST_CREDIT

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
        if self.all_settled(state, blocked):
            return None
        progress = self.progress(state)
        return progress if progress.stuck else None

    def total(self, state: State, blocked: list[int]) -> Progress:
        """Describe a state in which nothing is enabled."""
        halts: dict[int, dict[int, Held]] = {t: {state.frames[t].position: {}} for t in blocked}
        ended = frozenset(t for t in range(len(state.frames)) if state.objects[t] == ENDED)
        return Progress(frozenset(blocked), frozenset(), halts, ended)

    def progress(self, state: State) -> Progress:
        """Let every thread run on as far as it could get if nothing were ever taken away."""
        self.credit = min(MOST_CREDIT, self.credit + CREDIT)
        if self.credit > 0:
            relaxed = Relaxed(self.system, state)
            try:
                return relaxed.progress()
            except TooMany:
                pass
            finally:
                self.credit -= relaxed.places
        return Coarse(self.system, self.flows, state).progress()

    def all_settled(self, state: State, blocked: list[int]) -> bool:
        """Decide quickly, where that can be, that none of the blocked threads is stuck.

        So it is if each of those that a thread waits for will let go what it wants without a step
        that could block, and can move, or is blocked itself and settled in the same way.
        """
        waiting: dict[int, int] = {}  # how many of those it waits for are not known to help yet
        helped: dict[int, list[int]] = {}  # who waits for a thread that is blocked itself
        ready: list[int] = []
        is_blocked = set(blocked)
        for thread in blocked:
            operation = state.frames[thread].operation
            assert operation is not None
            wanted = operation.objects[0]
            if wanted < len(state.frames):
                if thread not in self.system.lasting:
                    return False  # the program may end with what a daemon waits for
                wanted = FREES_END
            waiting[thread] = 0
            for owner in operation.awaits(state.objects, thread):
                frame = state.frames[owner]
                if owner == thread or frame.operation is None:
                    return False
                if wanted not in self.flows.flow(owner).frees_next(frame.position):
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
