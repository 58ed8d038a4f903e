"""The two halves together: the state of a scenario, who can go on in it, and what a step makes of it."""

from typing import Any, NamedTuple

from deadsim.kernel.failure import Failing, Failure
from deadsim.kernel.operation import Objects, Operation, Outcome
from deadsim.kernel.primitives import thread as threads
from deadsim.kernel.programs.link import link
from deadsim.kernel.programs.linked import Linked
from deadsim.kernel.programs.walk import NOWHERE, Frame, begin, proceed
from deadsim.kernel.world import world_of
from deadsim.model.program import Program


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
    """A program that is ready to be carried out; it holds no state of its own."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.world = world_of(program)
        self.linked: tuple[Linked, ...] = tuple(
            link(program, self.world, number) for number in range(len(program.threads))
        )
        self._initial: dict[bool, Transition] = {}
        self.lasting = frozenset(
            number for number, thread in enumerate(program.threads) if not thread.daemon
        )

    def initial(self, keep_output: bool = False) -> Transition:
        """Give the state in which all threads that start by themselves stand before a step."""
        found = self._initial.get(keep_output)
        if found is None:
            found = self._initial[keep_output] = self._begin(keep_output)
        return found

    def _begin(self, keep_output: bool) -> Transition:
        program = self.program
        objects: Objects = tuple(
            "" if keep_output and number == self.world.output else entity.initial
            for number, entity in enumerate(self.world.entities)
        )
        first = tuple(number for number, t in enumerate(program.threads) if t.autostart)
        for number in first:
            objects = (*objects[:number], threads.RUNNING, *objects[number + 1 :])
        frames = (NOWHERE,) * len(program.threads)
        state, failures = self.started(State(objects, frames), first)
        return Transition(state, Outcome(state.objects), failures)

    def started(self, state: State, started: tuple[int, ...]) -> tuple[State, tuple[Failure, ...]]:
        """Let threads begin: each does its local work, and one without a step ends at once."""
        objects, frames = state
        failures: tuple[Failure, ...] = ()
        for number in started:
            frame, failed = begin(self.linked[number])
            failures += failed
            frames = (*frames[:number], frame, *frames[number + 1 :])
            if frame.operation is None:
                objects = threads.end(objects, number)
        return State(objects, frames), failures

    def over(self, objects: Objects) -> bool:
        """Decide whether the program has ended: no started thread but daemons is left."""
        return all(objects[number] != threads.RUNNING for number in self.lasting)

    def pending(self, state: State, thread: int) -> Operation | None:
        """Give the operation that a thread stands before; None if it has ended or not begun."""
        return state.frames[thread].operation

    def ways(self, state: State, thread: int) -> int:
        """Count the results that the thread's next step can have now; 0 if it cannot be taken."""
        operation = state.frames[thread].operation
        if operation is None:
            return 0
        return operation.ways(state.objects, thread)

    def enabled(self, state: State) -> list[int]:
        """List the threads that can take a step now; nobody can once the program has ended."""
        if self.over(state.objects):
            return []
        return [t for t in range(len(state.frames)) if self.ways(state, t)]

    def failing(self, outcome: Outcome) -> Failing | None:
        """Say what a thread did wrong, with the object's name."""
        if outcome.wrong is None:
            return None
        sentence, number, type = outcome.wrong
        return Failing(type, sentence.format(self.world.name(number)))

    def step(self, state: State, thread: int, way: int = 0) -> Transition:
        """Take a thread's next step, with the result that `way` counts out from 0."""
        frame = state.frames[thread]
        assert frame.operation is not None
        outcome = frame.operation.apply(state.objects, thread, way)
        after, failures = proceed(self.linked[thread], frame, outcome, self.failing(outcome))
        return self.settled(state, thread, outcome, after, failures)

    def settled(
        self,
        state: State,
        thread: int,
        outcome: Outcome,
        after: Frame,
        failures: tuple[Failure, ...],
    ) -> Transition:
        """Give the state after a step whose thread has come to stand at `after`."""
        objects = outcome.objects
        if after.operation is None:
            objects = threads.end(objects, thread)
        frames = state.frames
        reached = State(objects, (*frames[:thread], after, *frames[thread + 1 :]))
        if outcome.started:
            reached, begun = self.started(reached, outcome.started)
            failures += begun
        return Transition(reached, outcome, failures)
