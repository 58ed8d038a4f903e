"""States of a program that is known only by carrying it out: its steps are learned as they are announced.

What a thread does next depends on what happened in its own steps, and on nothing else; so a thread
stands where its *history* says, which is the sequence of the outcomes of its steps. What a step does
to the shared objects the kernel says. Where a history was never seen, the program is carried out
again along a schedule that leads to it, and on to its end by turns: so much is learned each time.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Any, NamedTuple

from deadsim.engine.moment import Moment
from deadsim.engine.pool import Pool
from deadsim.engine.scheduler import execute
from deadsim.kernel.dependence import Dependence
from deadsim.kernel.failure import Failure
from deadsim.kernel.primitives.thread import ENDED, NEW, RUNNING
from deadsim.kernel.row import Result, Row
from deadsim.kernel.source import Source, happening
from deadsim.kernel.world import World
from deadsim.strategies.script import Script
from deadsim.strategies.strategy import Chance


class Nondeterminism(Exception):
    """A thread does not do the same where the same has happened to it."""


History = int
"""The number of a history; 0 is that of a thread that has taken no step."""


class Reached(NamedTuple):
    """A state: of all objects that there are then, and the history of each thread that has begun."""

    objects: tuple[Any, ...]
    histories: tuple[tuple[int, History], ...]


class Step(NamedTuple):
    """What a step that can be taken does; no two have the same number."""

    number: int
    failures: tuple[Failure, ...]
    result: Result


Move = tuple[int, bool, Step]


class LearnedSpace:
    """Numbers the states of a source; `start` is the first one."""

    def __init__(self, source: Source, pool: Pool, max_steps: int = 1_000) -> None:
        self.source = source
        self.pool = pool
        self.max_steps = max_steps
        self.world = World()
        self.rows: dict[tuple[int, History], Row | None] = {}
        self.histories: dict[tuple[int, History, Any], History] = {}
        self.states: list[Reached] = []
        self.numbers: dict[tuple[str, tuple[tuple[int, History], ...]], int] = {}
        self.ways: list[tuple[tuple[int, int], ...]] = []  # state → a schedule that leads to it
        self.known: dict[tuple[int, int], tuple[Move, ...]] = {}
        self.executions = self.steps = 0
        self.dependence = Dependence(_Lasting(self.world), ())
        self.start = self.begin()

    @property
    def threads(self) -> Sequence[int]:
        """List the threads that were seen."""
        return sorted(self.world.threads)

    def begin(self) -> int:
        """Carry the program out a first time, and give its first state."""
        self.carry_out(())
        objects = [entity.initial for entity in self.world.entities]
        standing = []
        for thread in self.world.threads:
            if self.world.entities[thread].autostart:
                row = self.rows[thread, 0]
                objects[thread] = ENDED if row is None else RUNNING
                standing.append((thread, 0))
        return self.number(self.reached(objects, standing), ())

    def reached(self, objects: list[Any], standing: list[tuple[int, History]]) -> Reached:
        """Give a state; what is as it was to begin with is left out at its end."""
        entities = self.world.entities
        while objects and repr(objects[-1]) == repr(entities[len(objects) - 1].initial):
            objects.pop()
        return Reached(tuple(objects), tuple(sorted(standing)))

    def number(self, reached: Reached, way: tuple[tuple[int, int], ...]) -> int:
        """Give the number of a state to which a schedule leads; 1 and True are told apart."""
        key = repr(reached.objects), reached.histories
        found = self.numbers.get(key)
        if found is None:
            found = self.numbers[key] = len(self.states)
            self.states.append(reached)
            self.ways.append(way)
        return found

    def objects(self, state: int) -> list[Any]:
        """Give the state of all objects that were ever seen."""
        found = list(self.states[state].objects)
        found.extend(entity.initial for entity in self.world.entities[len(found) :])
        return found

    def standing(self, state: int, thread: int) -> Row | None:
        """Give the step before which a thread stands; None if it has ended or not begun."""
        for other, history in self.states[state].histories:
            if other == thread:
                return self.rows[thread, history]
        return None

    def over(self, state: int) -> bool:
        """Decide whether the program has ended."""
        objects = self.objects(state)
        return all(
            objects[thread] != RUNNING
            for thread in self.world.threads
            if not self.world.is_daemon(thread)
        )

    def moves(self, state: int, thread: int) -> tuple[Move, ...]:
        """List what a thread's next step can be: none if it is blocked."""
        key = state, thread
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = tuple(self.find(state, thread))
        return found

    finalizers = ()

    def numbered(self, moves: tuple[Move, ...]) -> Iterator[tuple[int, Move]]:
        """Count the results of a step."""
        return enumerate(moves)

    def can_move(self, state: int, thread: int) -> bool:
        """Decide whether a thread can take a step."""
        return bool(self.moves(state, thread))

    def successors(self, state: int) -> Iterator[tuple[int, int, int, Step]]:
        """List the steps that can be taken: the thread, which of its results, the state after it."""
        if not self.over(state):
            for thread in self.threads:
                for way, (delta, _, step) in enumerate(self.moves(state, thread)):
                    yield thread, way, state + delta, step

    def find(self, state: int, thread: int) -> Iterator[Move]:
        row = self.standing(state, thread)
        if row is None or self.over(state):
            return
        for way, result in enumerate(happening(row, self.objects(state))):
            path = (*self.ways[state], (thread, way))
            history = self.after(thread, dict(self.states[state].histories)[thread], result)
            began = [other for other, _ in result.started]
            unknown = [(thread, history), *((other, 0) for other in began)]
            if any(one not in self.rows for one in unknown):
                self.carry_out(path)
            if any(one not in self.rows for one in unknown):
                raise Nondeterminism(f"{self.world.name(thread)} does otherwise than before")
            objects = self.objects(state)
            for number, value in result.changes:
                objects[number] = value
            if self.rows[thread, history] is None:
                objects[thread] = ENDED
                result = result.ended()
            standing = dict(self.states[state].histories)
            standing[thread] = history
            for other in began:
                standing[other] = 0
                if self.rows[other, 0] is None:
                    objects[other] = ENDED
            following = self.number(self.reached(objects, [*standing.items()]), path)
            self.steps += 1
            yield (
                following - state,
                bool(result.failures),
                Step(self.steps, result.failures, result),
            )

    def after(self, thread: int, history: History, result: Result) -> History:
        """Give the history of a thread after one more step."""
        outcome = result.outcome
        what = repr((outcome.results, outcome.success, outcome.phase, outcome.wrong))
        key = thread, history, what
        found = self.histories.get(key)
        if found is None:
            found = self.histories[key] = len(self.histories) + 1
        return found

    def carry_out(self, path: tuple[tuple[int, int], ...]) -> None:
        """Carry the program out along a schedule and on to its end, and learn what it announces."""
        self.executions += 1
        self.world.begin()
        execute(
            self.source,
            Script(path, Chance(0)),
            self.pool,
            (_Learner(self),),
            max(self.max_steps, len(path) + 1),
            world=self.world,
        )


class _Lasting(Container[int]):
    """The threads that keep the program alive, those that are still to appear among them."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __contains__(self, thread: object) -> bool:
        return isinstance(thread, int) and not self.world.is_daemon(thread)


class _Learner:
    """Looks on, and notes before which step each history leads."""

    def __init__(self, space: LearnedSpace) -> None:
        self.space = space
        self.histories: dict[int, History] = {}

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        result = moment.result
        if result is not None:
            thread = result.row.thread
            self.histories[thread] = self.space.after(thread, self.histories[thread], result)
            self.note(moment, thread)
        for thread in moment.world.threads:
            if thread not in self.histories and moment.objects[thread] != NEW:
                self.histories[thread] = 0
                self.note(moment, thread)
        return False

    def note(self, moment: Moment, thread: int) -> None:
        """Note where a thread stands: where all stood that had the same happen to them."""
        row = moment.rows[thread]
        before = self.space.rows.setdefault((thread, self.histories[thread]), row)
        if announced(before) != announced(row):
            raise Nondeterminism(f"{moment.world.name(thread)} does otherwise than before")


def announced(row: Row | None) -> object:
    """Say what a thread that has come to a step announces; None where it has ended."""
    return None if row is None else (row.verb, row.touches, row.place)
