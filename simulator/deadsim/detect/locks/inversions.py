"""Locks that threads take in opposite orders: circles in the order of locks, over the text of a program.

Goodlock's conditions (Havelund: Using Runtime Analysis to Guide Model Checking of Java Programs, SPIN
2000): the threads of a circle are different ones, and no two of them hold a common lock. Whether such a
circle is ever reached the text alone does not say.
"""

from collections.abc import Sequence
from typing import NamedTuple

from deadsim.detect.components import components
from deadsim.detect.locks.lock_order import Taking

MOST_TRIES = 100_000
"""Steps of the search for circles."""


class Inversion(NamedTuple):
    """A circle: each takes a lock under one that the taking before it takes. `guards` keep it from happening."""

    takings: tuple[Taking, ...]
    guards: frozenset[int]

    @property
    def exact(self) -> bool:
        """Tell whether it is certain which locks these are."""
        return all(one.exact for one in self.takings)


class Inversions(NamedTuple):
    """The circles that were found; `complete` if there can be no other."""

    found: tuple[Inversion, ...]
    complete: bool


def find_inversions(takings: Sequence[Taking], most: int = MOST_TRIES) -> Inversions:
    """Find circles of locks, in so many tries at the most; the shortest first, by the numbers of their locks."""
    follows: dict[int, set[int]] = {}
    for one in takings:
        if not one.gives_up:
            follows.setdefault(one.held, set()).add(one.lock)
            follows.setdefault(one.lock, set())
    part = {lock: number for number, members in enumerate(components(follows)) for lock in members}
    within: dict[int, list[Taking]] = {}
    for one in takings:
        if not one.gives_up and part[one.held] == part[one.lock]:
            within.setdefault(one.held, []).append(one)
    circles, complete = _circles(within, most)
    found = (Inversion(circle, common(circle)) for circle in circles)
    ordered = sorted(
        found,
        key=lambda one: (len(one.takings), [(t.held, t.thread, t.place) for t in one.takings]),
    )
    return Inversions(tuple(ordered), complete)


def _circles(within: dict[int, list[Taking]], most: int) -> tuple[list[tuple[Taking, ...]], bool]:
    """Enumerate circles of different threads, each from its lowest lock on; tell whether these are all."""
    circles: list[tuple[Taking, ...]] = []
    tries = 0
    for start in sorted(within):
        front: list[tuple[Taking, ...]] = [(one,) for one in reversed(within[start])]
        while front:
            if tries == most:
                return circles, False
            tries += 1
            path = front.pop()
            last = path[-1]
            if last.lock == start:
                if clash(last, path[0]):
                    circles.append(path)
                continue
            locks = {one.held for one in path}
            threads = {one.thread for one in path}
            for one in reversed(within.get(last.lock, ())):
                if one.lock != start and (one.lock < start or one.lock in locks):
                    continue
                if one.thread not in threads and clash(last, one):
                    front.append((*path, one))
    return circles, True


def clash(one: Taking, following: Taking) -> bool:
    """Decide whether who takes a lock has to wait for who holds it: not where both only read, or in modes that go together."""
    if one.meets is not None and following.mode is not None:
        return following.mode in one.meets
    return not (one.reading[1] and following.reading[0])


def common(circle: Sequence[Taking]) -> frozenset[int]:
    """List the locks that two threads of a circle would both have to hold."""
    shared: set[int] = set()
    for number, one in enumerate(circle):
        for other in circle[number + 1 :]:
            shared |= one.guards & other.guards
    return frozenset(shared)
