"""A program that is ready to be carried out: its world, its table of steps, and its states."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from deadsim.kernel.dependence import Dependence, bit
from deadsim.kernel.failure import Failure
from deadsim.kernel.operation import Objects, Operation, Outcome
from deadsim.kernel.primitives import thread as threads
from deadsim.kernel.programs.link import link
from deadsim.kernel.programs.linked import Linked, Stop
from deadsim.kernel.programs.rows import Rows
from deadsim.kernel.programs.walk import NOWHERE, Frame
from deadsim.kernel.rest import goes_on, in_time
from deadsim.kernel.row import Result, chosen, own
from deadsim.kernel.select import Alternative
from deadsim.kernel.state_query import watched
from deadsim.kernel.world import world_of
from deadsim.model.program import Program

Said = TypeVar("Said")


class State(NamedTuple):
    """All that decides how a scenario goes on: its objects, and where each thread stands."""

    objects: Objects
    frames: tuple[Frame, ...]

    def key(self) -> tuple[Any, ...]:
        """Give what tells this state from others; what is pending follows from the rest."""
        return (self.objects, tuple([frame[:3] for frame in self.frames]))


class Transition(NamedTuple):
    """A step that was taken: the state after it, and which threads failed with it."""

    state: State
    outcome: Outcome
    failures: tuple[Failure, ...]


class System:
    """A program that is ready to be carried out; it holds no state of its own.

    `linked` is the code of each thread, `rows` the table of its steps, `lasting` are the threads that
    keep the program alive. Where it is the `last` thing that happens that a time runs out, it does so
    only at rest (`kernel.rest`).
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.world = world_of(program)
        self.linked: tuple[Linked, ...] = tuple(
            link(program, self.world, number) for number in range(len(program.threads))
        )
        self.rows = Rows(self.world, self.linked, program)
        self.last = program.timeouts == "last" and any(map(is_timed, self.linked))
        self._initial: dict[bool, Transition] = {}
        self._said: dict[Callable[[System], Any], Any] = {}
        self.lasting = frozenset(t for t in self.world.threads if not self.world.is_daemon(t))

    def __reduce__(self) -> tuple[Any, ...]:
        return System, (self.program,)

    def once(self, work: Callable[["System"], Said]) -> Said:
        """Give what something says of this program; it is asked once, and what it says is kept here."""
        if work not in self._said:
            self._said[work] = work(self)
        said: Said = self._said[work]
        return said

    def initial(self, keep_output: bool = False) -> Transition:
        """Give the state in which all threads that start by themselves stand before a step."""
        found = self._initial.get(keep_output)
        if found is None:
            found = self._initial[keep_output] = self._begin(keep_output)
        return found

    def _begin(self, keep_output: bool) -> Transition:
        world = self.world
        objects = [entity.initial for entity in world.entities]
        if keep_output:
            objects[world.output] = ""
        frames = [NOWHERE for _ in world.threads]
        failures: tuple[Failure, ...] = ()
        for thread in world.threads:
            if world.entities[thread].autostart:
                row, failed = self.rows.begin(thread)
                failures += failed
                objects[thread] = threads.ENDED if row is None else threads.RUNNING
                frames[thread] = NOWHERE if row is None else row.frame
        state = State(self.rows.all_shown(tuple(objects), frames), tuple(frames))
        return Transition(state, Outcome(state.objects), failures)

    def over(self, objects: Objects) -> bool:
        """Decide whether the program has ended: no started thread but daemons is left."""
        return all(objects[number] != threads.RUNNING for number in self.lasting)

    def is_idle(self) -> bool:
        """Decide whether the program ends before anybody takes a step, and nothing fails."""
        first = self.initial()
        return self.over(first.state.objects) and not first.failures

    def pending(self, state: State, thread: int) -> Operation | None:
        """Give the operation that a thread stands before; None if it has ended or not begun."""
        return state.frames[thread].operation

    def ways(self, state: State, thread: int) -> int:
        """Count the results that the thread's next step can have now; 0 if it cannot be taken."""
        operation = state.frames[thread].operation
        if operation is None:
            return 0
        if self.last:
            return len(own(self.results(state, thread)))
        return operation.ways(state.objects, thread)

    def enabled(self, state: State) -> list[int]:
        """List the threads that can take a step now; nobody can once the program has ended.

        A finalizer never has to begin: who could only do that is none of them.
        """
        if self.over(state.objects):
            return []
        if self.last:
            found = [self.all_results(state, t) for t in range(len(state.frames))]
            if any(map(goes_on, found)):
                found = [in_time(results) for results in found]
            return [t for t, results in enumerate(found) if own(results)]
        return [t for t in range(len(state.frames)) if self.ways(state, t)]

    def before_time(self, state: State) -> list[int]:
        """List the threads whose step is not blocked, those among them that wait for their time to run out."""
        return [t for t in range(len(state.frames)) if own(self.all_results(state, t))]

    def results(self, state: State, thread: int) -> tuple[Result, ...]:
        """List what can happen with a thread's next step; nothing while it cannot be taken."""
        found = self.all_results(state, thread)
        return found if not self.last or self.at_rest(state) else in_time(found)

    def at_rest(self, state: State) -> bool:
        """Decide whether nobody can take a step but one whose time runs out, or that wakes unasked."""
        threads = range(len(state.frames))
        return not any(goes_on(self.all_results(state, thread)) for thread in threads)

    def all_results(self, state: State, thread: int) -> tuple[Result, ...]:
        """List what could happen with a thread's next step, whoever else can go on."""
        row = self.rows.of(thread, state.frames[thread])
        return () if row is None else self.rows.results(row, state.objects)

    def branch(self, state: State, thread: int, branch: Alternative) -> Result | None:
        """Give what happens where a thread takes one branch of its next step; None where it cannot."""
        row = self.rows.of(thread, state.frames[thread])
        return None if row is None else self.rows.branch(row, state.objects, branch)

    def step(self, state: State, thread: int, way: int = 0) -> Transition:
        """Take a thread's next step, with the result that `way` counts out from 0."""
        return self.taken(state, self.results(state, thread)[way])

    def follow(self, state: State, thread: int, way: int | None) -> Transition:
        """Take a thread's next step as a schedule has it."""
        return self.taken(state, chosen(self.results(state, thread), way))

    def path_of(self, schedule: Iterable[tuple[int, int | None]]) -> tuple[tuple[int, int], ...]:
        """Give a schedule with the number of each result among those that the step has then."""
        state = self.initial().state
        path = []
        for thread, way in schedule:
            results = self.results(state, thread)
            result = chosen(results, way)
            path.append((thread, results.index(result)))
            state = after(state, result)
        return tuple(path)

    def taken(self, state: State, result: Result) -> Transition:
        """Give the state after a step, and what there is to say of it."""
        return Transition(after(state, result), result.outcome, result.failures)


def after(state: State, result: Result) -> State:
    """Give the state after a step."""
    objects, frames = list(state.objects), list(state.frames)
    for number, value in result.changes:
        objects[number] = value
    moved = ((result.row.thread, result.next), *result.started)
    for thread, row in moved:
        frames[thread] = NOWHERE if row is None else row.frame
    return State(tuple(objects), tuple(frames))


def is_timed(linked: Linked) -> bool:
    """Decide whether the time of some step of a thread may run out."""
    stops = (entry for entry in linked.entries if isinstance(entry, Stop))
    return any(stop.form is not None and "timed" in stop.form.flags for stop in stops)


def finalizers(system: System) -> tuple[int, ...]:
    """List the threads with a finalizer, which may begin anywhere."""
    return tuple(t for t, one in enumerate(system.linked) if one.code.finalizer is not None)


def dependence(system: System) -> Dependence:
    """Say what the steps of a program touch."""
    rest = bit(len(system.world)) if system.last else 0
    return Dependence(system.lasting, watched(system.program.invariants), rest)
