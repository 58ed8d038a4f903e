"""The judges of one run, looking on step by step."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from deadsim.detect.deadlocks.continuations import never_closed, unavoidable_from
from deadsim.detect.deadlocks.description import describe_all
from deadsim.detect.holdings import Holdings
from deadsim.detect.locks.lock_order import order_hint
from deadsim.detect.order.races import RaceDetector, describe
from deadsim.detect.stuck.closure import Closure
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.detect.stuck.progress import Progress
from deadsim.engine.moment import Moment, Watcher
from deadsim.kernel.abstract.form import ENDLESS
from deadsim.kernel.expressions.evaluator import Evaluate
from deadsim.kernel.failure import Failure
from deadsim.kernel.programs.walk import NOWHERE
from deadsim.kernel.state_query import state_evaluator, true
from deadsim.kernel.system import State, System, finalizers
from deadsim.kernel.world import World
from deadsim.model.place import Place
from deadsim.model.program import Choice
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock, Failed, Livelock, Race

NOBODY = Progress(frozenset(), frozenset(), {}, frozenset())

MOST_RETRACED = 2_000
"""Steps of a run that are looked at for the first from which on a deadlock could not be avoided."""

MOST_UNSETTLED = 1_000
"""Steps for which a run goes on until the core of a deadlock is closed."""

MANY_VISITS = 50  # of one state, before a livelock is suspected
MOST_STATES = 20_000  # steps that are watched for that
MORE = 10  # times as many steps are taken after that as it took, for a run that would still get out of it


class DeadlockWatch:
    """Finds each deadlock at the step with which its core is closed; `stop` says whether to stop then.

    A thread may be stuck long before all that it rests on have come to where they stay. So it is looked on for
    a while (`MOST_UNSETTLED` steps), and only then said as it stood when it was found.
    """

    def __init__(
        self,
        judge: StuckJudge,
        stop: Callable[[], bool],
    ) -> None:
        judge.begin()
        self.judge = judge
        self.system = judge.system
        self.closure = judge.system.once(Closure)
        self.stop = stop
        self.mended = bool(finalizers(judge.system))  # whether who is stuck may be so no more
        self.deadlocks: list[Deadlock] = []
        self.leaks: list[Deadlock] = []
        self.held = Holdings()
        self.seen: set[tuple[object, ...]] = set()
        self.settled: frozenset[int] = frozenset()
        self.since: dict[
            int, int
        ] = {}  # of threads that are stuck: after which step they were first
        self.pending: dict[int, Unsettled] = {}
        self.resting: frozenset[int] = frozenset()  # of those: which never will

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        blocked = moment.blocked
        if moment.result is not None and moment.result.begins:
            # Who was stuck may go on by it; and who stays, stays for another reason.
            self.give_up(moment.events())
            self.settled = self.resting = frozenset()
        if not blocked or moment.over:
            return False
        key = standing_key(moment)
        if key in self.judge.settled:
            return False
        state = state_of(moment)
        threads = [row.thread for row in blocked]
        able = bool(moment.enabled)
        progress = self.judge.judge(state, threads, able, key)
        if progress is None:
            if key in self.judge.settled:
                return False
            # Whether a core is closed does not depend on what relaxed progress knows.
            progress = NOBODY
        for thread in () if self.mended else progress.stuck:
            self.since.setdefault(thread, moment.step)
        settled = self.closure.of(state, threads)
        if not settled <= self.settled:
            self.settled = settled
            self.note(moment, state, settled, not able)
        for thread in settled & self.pending.keys():
            del self.pending[thread]
        waiting = (progress.stuck & self.system.lasting) - settled - self.pending.keys()
        if waiting - self.resting:
            self.rest(moment, state, waiting - self.resting, settled)
        for thread in waiting - self.resting:
            self.pending[thread] = Unsettled(moment.step, state, settled | progress.stuck)
        if self.pending and moment.step >= MOST_UNSETTLED + min(
            one.step for one in self.pending.values()
        ):
            self.give_up(moment.events())
        return bool(self.deadlocks) and self.stop()

    def rest(
        self, moment: Moment, state: State, threads: frozenset[int], settled: frozenset[int]
    ) -> None:
        """Take in at once what will never settle, because who could help goes round for ever."""
        never = never_closed(self.system, state, threads)
        self.resting |= never
        if never:
            self.note(moment, state, settled | self.resting, False)

    def note(self, moment: Moment, state: State, threads: frozenset[int], total: bool) -> None:
        """Take in the deadlocks of a state in which more threads have settled."""
        events = moment.events()
        held = self.held.follow(events)
        for found in describe_all(self.judge, state, events, held, threads, total):
            self.take(found)

    def take(self, found: Deadlock) -> None:
        """Keep a deadlock or leak, if its core was not seen before."""
        core = core_of(found)
        if (core, found.leak) in self.seen or (core, False) in self.seen:
            return
        self.seen.add((core, found.leak))
        if found.leak:
            self.leaks.append(found)
            return
        # What was no defect becomes one when somebody is stuck because of it.
        self.leaks = [one for one in self.leaks if core_of(one) != core]
        # A daemon that is stuck is no deadlock yet.
        lasting = self.numbers((*found.threads, *found.also_stuck)) & self.system.lasting
        first = min(self.since.get(thread, ENDLESS) for thread in lasting)
        step = -1 if found.step is None else found.step
        self.deadlocks.append(found._replace(unavoidable_from=first if 0 <= first < step else None))

    def give_up(self, events: Sequence[Event]) -> None:
        """Say of threads that have not settled how they stood when they were found to be stuck."""
        for one in self.pending.values():
            before = events[: one.step + 1]
            for found in describe_all(
                self.judge, one.state, before, Holdings(before), one.threads, False
            ):
                if not self.settled.issuperset(self.numbers(found.threads)):
                    self.take(found._replace(settled=False))
        self.pending.clear()

    def numbers(self, names: Sequence[str]) -> set[int]:
        """Give the numbers of threads."""
        world = self.system.world
        return {thread for thread in world.threads if world.name(thread) in names}

    def found(self, events: Callable[[], Sequence[Event]]) -> tuple[Deadlock, ...]:
        """Give the deadlocks, those too that have not settled by the end; with a hint where one is proved."""
        if self.pending:
            self.give_up(events())
        return tuple(self.avoidable(hinted(self.system, one), events) for one in self.deadlocks)

    def avoidable(self, found: Deadlock, events: Callable[[], Sequence[Event]]) -> Deadlock:
        """Say from which step on a deadlock could not be avoided, if that is an earlier one than its own."""
        step = -1 if found.step is None else found.step
        schedule = [(event.thread, event.choice) for event in events()[: step + 1]]
        if len(schedule) > MOST_RETRACED:
            return found
        known = unavoidable_from(self.system, schedule)
        steps = [one for one in (known, found.unavoidable_from) if one is not None]
        first = min(steps, default=step)
        return found._replace(unavoidable_from=first if first < step else None)


class Unsettled(NamedTuple):
    """How things stood when a thread was found to be stuck: the step before, the state, and who was."""

    step: int
    state: State
    threads: frozenset[int]


def core_of(found: Deadlock) -> tuple[object, ...]:
    """Give what makes two deadlocks the same: threads, objects and lines of the core."""
    return (found.threads, found.objects, tuple(wait.place for wait in found.waits))


def hinted(system: System, found: Deadlock) -> Deadlock:
    """Add the one order of locks that would avoid a circular wait, where it is proved; of semaphores used as locks too."""
    world = system.world
    locks = {world.name(number) for number, _ in world.shared() if world.is_lock(number)}
    if found.kind != "circular-wait" or any(wait.object not in locks for wait in found.waits):
        return found
    hint = order_hint(system, frozenset(found.objects))
    return found if hint is None else found._replace(hint=hint.words())


class From:
    """Lets another watcher look on from a step on."""

    def __init__(self, step: int, watcher: Watcher) -> None:
        self.step = step
        self.watcher = watcher

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        return moment.step >= self.step and self.watcher.after(moment, failures)


class LivelockWatch:
    """Suspects a livelock where a run comes back to the same state again and again.

    With `ends` it ends a run that is still there after many more steps, at `ended_at`. A saved schedule whose last
    step, `last`, comes back to a state by itself is one once round.
    """

    def __init__(self, system: System, ends: bool = False, last: int | None = None) -> None:
        self.system = system
        self.last = last
        self.round: tuple[int, int] | None = None
        self.visits: dict[object, int | list[int]] = {}  # most are visited once
        self.often: list[
            int
        ] = []  # the steps at which the state was the same, once it was so often
        self.steps = 0
        self.ends = ends
        self.ended_at: int | None = None
        self.state: object = None  # to which it came back so often
        self.movers: set[int] = set()  # since it was there

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        if moment.result is None:
            if self.last is not None:
                self.visits[key_of(moment)] = -1
            return False
        if not self.often:
            self.steps += 1
            if self.steps <= MOST_STATES:
                self.visit(key_of(moment), moment.step)
            return False
        return self.ends and self.is_there_still(moment, moment.result.row.thread)

    def is_there_still(self, moment: Moment, mover: int) -> bool:
        """Decide whether the run is to end: it has come back once more, and somebody went round who is no daemon."""
        step, suspected = moment.step, self.often[-1]
        if step < suspected + MORE * suspected:
            return False
        if step > suspected + (MORE + 1) * suspected:  # it has got out of it
            self.ends = False
            return False
        self.movers.add(mover)
        if key_of(moment) != self.state or self.system.lasting.isdisjoint(self.movers):
            return False
        self.ended_at = step
        return True

    def visit(self, key: object, step: int) -> None:
        """Note that a state was come to."""
        before = self.visits.get(key)
        if before is not None and step == self.last:
            self.round = before if isinstance(before, int) else before[-1], step
        if before is None:
            self.visits[key] = step
        elif isinstance(before, int):
            self.visits[key] = [before, step]
        else:
            before.append(step)
            if len(before) >= MANY_VISITS:
                self.often = before
                self.state = key
                self.visits.clear()

    def suspicions(self, choices: Sequence[tuple[int, int | None]]) -> tuple[Livelock, ...]:
        """Describe what goes round: the threads that take steps in it, and the schedule once round."""
        visits = len(self.often)
        if self.often:
            begin, end = self.often[-2], self.often[-1]
        elif self.round is not None:
            (begin, end), visits = self.round, 2
        else:
            return ()
        world = self.system.world
        loop = tuple(
            Choice(world.name(thread), way) for thread, way in choices[begin + 1 : end + 1]
        )
        names = tuple(dict.fromkeys(choice.thread for choice in loop))
        lasting = world.names(sorted(self.system.lasting))
        if self.often and not set(names).intersection(lasting):
            return ()
        return (Livelock("suspected", end, names, loop, visits),)


class RaceWatch:
    """Finds data races."""

    def __init__(self) -> None:
        self.detector = RaceDetector()

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        result = moment.result
        if result is not None:
            self.detector.after(moment.step, result.row.thread, result.effect)
        return False

    def races(self, world: World, events: Callable[[], Sequence[Event]]) -> tuple[Race, ...]:
        """Give what was found, in the user's own names; only then it is asked what happened."""
        if not self.detector.found:
            return ()
        happened = events()
        return describe(world, happened, Holdings(happened), tuple(self.detector.found.values()))


class OutputWatch:
    """Keeps what is printed; it only has to be `watching` where something could be."""

    def __init__(self, world: World, prints: bool = True) -> None:
        self.output = world.output
        self.parts: list[str] = []
        self.watching: tuple[OutputWatch, ...] = (self,) if prints else ()

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        result = moment.result
        if result is not None and self.output in result.row.touches:
            self.parts.append(result.row.operation.text or "")
        return False

    @property
    def text(self) -> str:
        """Give what was printed."""
        return "".join(self.parts)


class FailureWatch:
    """Notes threads that fail or run out of time, and invariants that do not hold, each of them once."""

    def __init__(self, system: System) -> None:
        self.program = system.program
        self.world = system.world
        self.found: list[Failed] = []
        self.failed: set[int] = set()
        self.late: set[tuple[int, Place, str]] = set()  # whose time ran out where, waiting for what
        self.invariants: list[tuple[int, Evaluate]] = [
            (number, state_evaluator(self.world, invariant.expression))
            for number, invariant in enumerate(self.program.invariants)
        ]

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        step = None if moment.result is None else moment.step
        for failure in failures:
            if failure.type != "timeout":
                self.failed.add(failure.thread)
            elif (failure.thread, failure.place, failure.message) in self.late:
                continue
            else:
                self.late.add((failure.thread, failure.place, failure.message))
            name = self.world.name(failure.thread)
            self.found.append(Failed(failure.type, step, name, failure.place, failure.message))
        for number, holds in list(self.invariants):
            if not true(holds, moment.objects):
                self.invariants = [one for one in self.invariants if one[0] != number]
                invariant = self.program.invariants[number]
                mover = None if step is None else self.mover(moment)
                self.found.append(Failed("invariant", step, mover, invariant.place, invariant.text))
        return False

    def mover(self, moment: Moment) -> str:
        """Name who has taken the last step."""
        assert moment.result is not None
        return self.world.name(moment.result.row.thread)


def state_of(moment: Moment) -> State:
    """Give the state of a scenario at a moment of its execution."""
    rows = moment.rows
    frames = tuple([NOWHERE if (row := rows[t]) is None else row.frame for t in moment.threads])
    return State(tuple(moment.objects), frames)


def standing_key(moment: Moment) -> tuple[object, ...]:
    """Give what decides whether it is plain that nobody is stuck: the places, and what holds who is blocked."""
    objects, rows = moment.objects, moment.rows
    places = [
        objects[thread] if (row := rows[thread]) is None else row.frame[0]
        for thread in moment.threads
    ]
    return (*places, *[(row.thread, row.touches, row.key(objects)) for row in moment.blocked])


def key_of(moment: Moment) -> tuple[object, ...]:
    """Give what tells the state at a moment from others."""
    frames = (row.frame for row in moment.rows if row is not None)
    return (*moment.objects, *[part for frame in frames for part in frame[:3]])
