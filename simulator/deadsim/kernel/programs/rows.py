"""The table of steps of a scenario: a row for each place, with locals, where a thread can stand."""

from collections.abc import Callable, Sequence
from operator import is_not, itemgetter
from typing import Any

from deadsim.kernel.effect import effect_of
from deadsim.kernel.failure import Failing, Failure
from deadsim.kernel.operation import Objects, Operation, Outcome
from deadsim.kernel.primitives.modelock import moved_on
from deadsim.kernel.primitives.thread import ENDED
from deadsim.kernel.programs.arrivals import arrivals
from deadsim.kernel.programs.atomic import AtomicBlock
from deadsim.kernel.programs.finalizer import beginning
from deadsim.kernel.programs.linked import Linked
from deadsim.kernel.programs.walk import Frame, begin, proceed
from deadsim.kernel.row import Result, Row
from deadsim.kernel.select import Alternative, taken
from deadsim.kernel.world import World
from deadsim.model.program import Program
from deadsim.trace.effect import Effect

MOST_ROWS = 2_000  # of a thread, that are kept
MOST_STATES = 500  # of what a step touches, for which its results are kept

VALUED = frozenset(("variable", "queue", "pipe"))
"""Kinds whose states hold values of the language, of which 1 and True are told apart."""

SCALARS = frozenset((int, str, type(None)))


class Rows:
    """Makes the rows of a scenario, and works out what happens when their steps are taken."""

    def __init__(self, world: World, linked: Sequence[Linked], program: Program) -> None:
        self.world = world
        self.last = program.timeouts == "last"
        self.tells_time = "timeout" in program.claims.kinds
        self.linked = linked
        self.arrivals = arrivals(world, linked)
        self.shows = bool(world.breakable)  # whether others see before which step a thread stands
        self.known: list[dict[Any, Row]] = [{} for _ in linked]
        self.first: dict[int, tuple[Row | None, tuple[Failure, ...]]] = {}
        self.effects: dict[tuple[int, int, tuple[int, ...], bool], Effect] = {}
        self.keys: dict[tuple[int, ...], Callable[[Sequence[Any]], Any]] = {}

    def begin(self, thread: int) -> tuple[Row | None, tuple[Failure, ...]]:
        """Let a thread begin: it does its local work up to its first step, and may fail on its way."""
        found = self.first.get(thread)
        if found is None:
            frame, failures = begin(self.linked[thread])
            found = self.first[thread] = self.of(thread, frame), failures
        return found

    def of(self, thread: int, frame: Frame) -> Row | None:
        """Give the row of a frame; None of a thread that has ended or not begun."""
        position, slots, failed, operation = frame
        if operation is None:
            return None
        known = self.known[thread]
        key = (position, failed, repr(slots)) if slots else (position, failed)
        row = known.get(key)
        if row is None:
            if len(known) >= MOST_ROWS:
                known.clear()
            own = touched(operation)
            touches = tuple(dict.fromkeys((*own, *self.arrivals[thread].get(position, ()))))
            place = self.linked[thread].place(position)
            row = known[key] = Row(
                thread, operation, place, touches, self.key(touches), frame, bool(own)
            )
            if self.linked[thread].code.finalizer is not None:
                self.let_begin(row)
        return row

    def let_begin(self, row: Row) -> None:
        """Let a thread's finalizer begin before a step, if it can."""
        thread = row.thread
        begins = beginning(self, row, self.linked[thread], lambda frame: self.of(thread, frame))
        if begins is not None:
            row.begins, row.decides = begins, begins.touches
            row.key = self.key(row.decides)

    def key(self, touches: tuple[int, ...]) -> Callable[[Sequence[Any]], Any]:
        """Give what finds, in the state of all objects, what decides a step that touches some."""
        found = self.keys.get(touches)
        if found is None:
            found = self.keys[touches] = self._key(touches)
        return found

    def _key(self, touches: tuple[int, ...]) -> Callable[[Sequence[Any]], Any]:
        if not touches:
            return nothing
        if VALUED.isdisjoint(map(self.world.kind, touches)):
            return itemgetter(*touches)
        parts = [typed(n) if self.world.kind(n) in VALUED else itemgetter(n) for n in touches]
        if len(parts) == 1:
            return parts[0]
        return lambda objects: tuple([part(objects) for part in parts])

    def results(self, row: Row, objects: Sequence[Any]) -> tuple[Result, ...]:
        """List what can happen when a step is taken in a state; nothing while it is blocked."""
        key = row.key(objects)
        found = row.known.get(key)
        if found is None:
            if len(row.known) >= MOST_STATES:
                row.known.clear()
            found = self._find(row, tuple(objects))
            if row.begins is not None:
                found += row.begins(objects)
            row.known[key] = found
        return found

    def _find(self, row: Row, objects: Objects) -> tuple[Result, ...]:
        apply, thread = row.operation.apply, row.thread
        ways = row.operation.ways(objects, thread)
        if row.operation.names_places:
            return self._find_places(row, objects, ways)
        if ways == 1:
            return (self._result(row, objects, apply(objects, thread, 0), None),)
        found = [
            self._result(row, objects, apply(objects, thread, way), way) for way in range(ways)
        ]
        if self.last:
            found.sort(key=lambda result: result.outcome.by == "time")
        return tuple(found)

    def _find_places(self, row: Row, objects: Objects, ways: int) -> tuple[Result, ...]:
        """List what can happen with a step whose results a schedule calls by their places."""
        operation, thread = row.operation, row.thread
        return tuple(
            [
                self._result(
                    row,
                    objects,
                    operation.apply(objects, thread, way),
                    operation.place(objects, thread, way),
                )
                for way in range(ways)
            ]
        )

    def branch(self, row: Row, objects: Objects, branch: Alternative) -> Result | None:
        """Give what happens where one branch is taken of a step that is one of several; None where it cannot be."""
        if not branch.operation.ways(objects, row.thread):
            return None
        return self._result(row, objects, taken(objects, row.thread, branch), branch.place)

    def _result(self, row: Row, before: Objects, outcome: Outcome, way: int | None) -> Result:
        thread, after = row.thread, outcome.objects
        linked = self.linked[thread]
        frame, failures = proceed(linked, row.frame, outcome, self.failing(outcome))
        if outcome.by == "time" and self.tells_time:
            failures = (self.timeout(row), *failures)
        following = self.of(thread, frame)
        if self.shows:
            after = self.shown(row, outcome, following)
        changes = {}
        if after is not before:
            changes = {n: after[n] for n in row.touches if after[n] is not before[n]}
            others = sum(map(is_not, after, before)) - len(changes)
            assert not others, "a step changes what it does not touch"
        if following is None:
            changes[thread] = ENDED
        started = []
        for other in outcome.started:
            first, failed = self.begin(other)
            failures += failed
            started.append((other, first))
            if first is None:
                changes[other] = ENDED
        return Result(
            row,
            outcome,
            tuple(changes.items()),
            self.effect(row, outcome, following is None),
            following,
            tuple(started),
            failures,
            (thread, way),
        )

    def shown(self, row: Row, outcome: Outcome, following: Row | None) -> Objects:
        """Give the objects after a step, with who stands before what as far as others see that."""
        after = outcome.objects
        come = None if following is None else following.operation
        after = moved_on(after, row.thread, row.operation, come)
        for other in outcome.started:
            first, _ = self.begin(other)
            after = moved_on(after, other, None, None if first is None else first.operation)
        return after

    def all_shown(self, objects: Objects, frames: Sequence[Frame]) -> Objects:
        """Give the objects to begin with, with who stands before what as far as others see that."""
        for thread, frame in enumerate(frames) if self.shows else ():
            objects = moved_on(objects, thread, None, frame.operation)
        return objects

    def effect(self, row: Row, outcome: Outcome, ends: bool) -> Effect:
        """Say what a step did; one that did all that its operation says does it at its place always."""
        plain = outcome.success and outcome.ordering is None and outcome.block is None
        if not plain or outcome.phase is not None or outcome.started or outcome.taken is not None:
            return effect_of(row.operation, outcome, row.thread, ends)
        key = row.thread, row.frame.position, row.touches, ends
        found = self.effects.get(key)
        if found is None:
            found = self.effects[key] = effect_of(row.operation, outcome, row.thread, ends)
        return found

    def timeout(self, row: Row) -> Failure:
        """Say that the time of a step runs out."""
        one = row.touches[:1] if not row.operation.names_places else ()
        about = "".join(f" of {self.world.name(number)}" for number in one)
        return Failure(row.thread, "timeout", f"runs out of time in '{row.verb}'{about}", row.place)

    def failing(self, outcome: Outcome) -> Failing | None:
        """Say what a thread did wrong, with the object's name."""
        wrong = outcome.wrong
        if wrong is None:
            return None
        text = wrong.sentence.format(self.world.name(wrong.number))
        return Failing(wrong.type, text, wrong.class_name)


def touched(operation: Operation | None) -> tuple[int, ...]:
    """List the objects on which a step depends, and which it may change."""
    if operation is None:
        return ()
    if isinstance(operation, AtomicBlock):
        return operation.touches
    return operation.objects + operation.sees if operation.sees else operation.objects


def nothing(objects: Sequence[Any]) -> None:
    """Find nothing: the step touches nothing."""


def typed(number: int) -> Callable[[Sequence[Any]], Any]:
    """Give what finds the state of an object whose values are told apart by their types too."""

    def find(objects: Sequence[Any]) -> Any:
        value = objects[number]
        return value if value.__class__ in SCALARS else (repr(value),)

    return find
