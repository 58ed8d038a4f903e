"""Which threads suffice to go on from a state: a stubborn set of them.

A set of threads is stubborn if whatever the others do first, what it does next commutes with it: of a
thread that can go on, everybody is in it who may ever do what is dependent with its next step; of one
that is blocked, those who could let it go on.
Valmari: Stubborn Sets for Reduced State Space Generation, 1991.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from deadsim.exploration.static.analysis import Analysis
from deadsim.exploration.static.footprint import Footprints
from deadsim.kernel.dependence import NOTHING, Footprint, bit, both, dependent
from deadsim.kernel.operation import Operation
from deadsim.kernel.primitives.lock import Acquire, Release
from deadsim.kernel.primitives.thread import NEW
from deadsim.kernel.programs.rows import touched
from deadsim.space.packed import Move, Packed, Space
from deadsim.space.resting_space import by

LOOKED_AT = 50
"""Threads, up to which it is asked of each whether it commutes with all others."""


class Next(NamedTuple):
    """What the next step of a thread touches, with any of its results.

    `others` are those who may ever do what is dependent with it; it is `alone` if it commutes with all
    that they may do.
    """

    footprint: Footprint
    others: tuple[int, ...]
    alone: bool


class Stubborn:
    """Finds stubborn sets in the states of a space."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.futures = Analysis(space.system).futures
        self.footprints = Footprints(space)
        self.known: dict[int, Next] = {}
        # Of each thread, by the bits that say where it stands: whether it commutes with all others.
        self.places: list[tuple[int, int, dict[int, bool]]] = [
            (thread, field, {}) for thread, field in enumerate(space.fields)
        ]

    def enabled(self, state: Packed) -> list[int]:
        """List the threads that can go on."""
        if self.space.over(state):
            return []
        return [thread for thread in self.space.threads if self.space.moves(state, thread)]

    def chosen(self, state: Packed, first: int) -> list[int]:
        """Choose a set, beginning with who is to go first; give those in it that can go on.

        Where time runs out only at rest, one of them keeps all others from that until it moves.
        """
        if self.space.over(state):
            return []
        found = self.find_chosen(state, first)
        if self.space.last and not self.keeps_going(state, found):
            return self.enabled(state)
        return found

    def keeps_going(self, state: Packed, threads: Iterable[int]) -> bool:
        """Decide whether one of some threads can take a step that no time has to run out for."""
        return any(by(move) is None for t in threads for move in self.space.moves(state, t))

    def find_chosen(self, state: Packed, first: int) -> list[int]:
        """Choose a set in which somebody can go on."""
        moves = self.space.moves
        able = [thread for thread in self.closed(state, first) if moves(state, thread)]
        if len(able) == 1:
            return able
        # With many threads it takes longer to look than it saves.
        for thread, field, places in self.places if len(self.places) <= LOOKED_AT else ():
            alone = places.get(state & field)
            if alone is None:
                alone = places[state & field] = self.find_alone(state, thread)
            if alone and moves(state, thread):
                return [thread]
        if not able:
            seed = next((thread for thread in self.space.threads if moves(state, thread)), None)
            if seed is not None:
                able = [thread for thread in self.closed(state, seed) if moves(state, thread)]
        return sorted(able)

    def find_alone(self, state: Packed, thread: int) -> bool:
        """Decide whether what a thread does where it stands commutes with all that others may ever do."""
        frame = self.space.frame(state, thread)
        if frame.operation is None:
            return False
        own = self.futures.own(thread, frame.position)
        return self.is_apart(thread, frame.operation, own)

    def is_alone(self, state: Packed, thread: int) -> bool:
        """Decide whether a thread can go on with what commutes with all that others may ever do."""
        moves = self.space.moves(state, thread)
        if self.space.last and not self.keeps_going(state, (thread,)):
            return False
        return bool(moves) and self.next(thread, moves).alone

    def closed(self, state: Packed, seed: int) -> set[int]:
        """Add to a thread all that has to be in a stubborn set with it."""
        found = {seed}
        todo = [seed]
        while todo:
            for other in self.needed(state, todo.pop()):
                if other not in found:
                    found.add(other)
                    todo.append(other)
        return found

    def needed(self, state: Packed, thread: int) -> Iterable[int]:
        """List the threads that have to be in a set with one."""
        moves = self.space.moves(state, thread)
        if moves:
            step = self.next(thread, moves)
            return () if step.alone else self.dependent(state, step)
        operation = self.space.frame(state, thread).operation
        if operation is None:  # it has ended, or is not started
            return self.who_may_change(state, (thread,)) if self.is_new(state, thread) else ()
        if isinstance(operation, Acquire) and operation.owned:
            owner = self.space.value(state, operation.number)
            if owner is not None and owner[0] != thread:
                return (owner[0],)  # nobody else can let it go on
        return self.who_may_change(state, touched(operation))

    def next(self, thread: int, moves: tuple[Move, ...]) -> Next:
        """Give what the next step of a thread touches."""
        key = moves[0][2].number
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self.find_next(thread, moves)
        return found

    def find_next(self, thread: int, moves: tuple[Move, ...]) -> Next:
        """Work out what the next step of a thread touches."""
        footprint = self.footprints.of(moves[0][2])
        for _, _, info in moves[1:]:
            footprint = both(footprint, self.footprints.of(info))
        others = self.who_may_depend(thread, footprint)
        alone = self.is_apart(thread, moves[0][2].result.row.operation, footprint)
        return Next(footprint, tuple(dict.fromkeys(others)), alone)

    def is_apart(self, thread: int, operation: Operation, step: Footprint) -> bool:
        """Decide whether a step of a thread commutes with all that others may ever do."""
        if isinstance(operation, Release) and self.futures.is_quiet(operation.number, thread):
            return True
        return next(self.who_may_depend(thread, step), None) is None

    def who_may_depend(self, thread: int, step: Footprint) -> Iterator[int]:
        """List the threads that may ever do what is dependent with a step of one."""
        for other in self.futures.who_may_depend(step):
            if other != thread and dependent(self.futures.whole[other], step):
                yield other

    def dependent(self, state: Packed, step: Next) -> Iterator[int]:
        """List the threads that may now or later do what is dependent with a step."""
        for other in step.others:
            if dependent(self.ahead(state, other), step.footprint):
                yield other

    def who_may_change(self, state: Packed, numbers: Iterable[int]) -> Iterator[int]:
        """List the threads that may change some objects now or later."""
        for number in numbers:
            mask = bit(number)
            for other in self.futures.users.get(mask, ()):
                if self.ahead(state, other).changes & mask:
                    yield other

    def ahead(self, state: Packed, thread: int) -> Footprint:
        """Give what a thread may still touch."""
        frame = self.space.frame(state, thread)
        if frame.operation is not None:
            return self.futures.known[thread][frame.position]
        return self.futures.whole[thread] if self.is_new(state, thread) else NOTHING

    def is_new(self, state: Packed, thread: int) -> bool:
        """Decide whether a thread is still to be started."""
        return bool(self.space.value(state, thread) == NEW)
