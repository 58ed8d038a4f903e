"""Threads that do the same: states that differ only in which of them is where count as one.

Emerson, Sistla: Symmetry and Model Checking, 1996. Threads are sorted by where they stand, then by
where objects mention them; some states that are alike may still be told apart.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from deadsim.exploration.static.ruled_out import terminates
from deadsim.kernel.primitives.table import mentions_threads, renamed_state, threads_in
from deadsim.kernel.programs.linked import Stop
from deadsim.kernel.state_query import objects_of
from deadsim.kernel.system import System
from deadsim.model.expressions import Query
from deadsim.space.packed import Packed, Space

Names: TypeAlias = tuple[int, ...]
"""For each thread the number of the one that it is called by."""


def interchangeable(system: System) -> tuple[tuple[int, ...], ...]:
    """Find the groups of threads that nobody can tell from one another: those that a claim names are left out.

    None in a program that can go round for ever: there it matters that it is always the same thread
    that gets no further.
    """
    program = system.program
    expressions = [claim.expression for claim in program.claims.final]
    expressions += [invariant.expression for invariant in program.invariants]
    if not system.once(terminates) or any(asks_for_holder(part) for part in expressions):
        return ()
    named = {number for expression in expressions for number in objects_of(expression)}
    claimed = {name for claim in program.claims.kinds.values() for name in claim.threads or ()}
    named.update(n for n, thread in enumerate(program.threads) if thread.name in claimed)
    groups: dict[str, list[int]] = {}
    for number, thread in enumerate(program.threads):
        if number in named:
            continue
        groups.setdefault(repr((thread.daemon, thread.autostart, thread.code)), []).append(number)
    return tuple(
        tuple(group)
        for group in groups.values()
        if len(group) > 1 and not is_singled_out(system, group)
    )


def asks_for_holder(part: object) -> bool:
    """Decide whether an expression asks for the name of a thread."""
    if isinstance(part, Query) and part.function == "holder":
        return True
    return isinstance(part, tuple) and any(asks_for_holder(inner) for inner in part)


def is_singled_out(system: System, group: Sequence[int]) -> bool:
    """Decide whether a thread starts or joins one of a group, and not all at once."""
    stops = (
        stop
        for linked in system.linked
        for entry in linked.entries
        if isinstance(entry, Stop)
        for stop in entry.each
    )
    return any(
        not set(group).isdisjoint(stop.numbers)
        and not (stop.whole and set(group).issubset(stop.numbers))
        for stop in stops
    )


class Symmetry:
    """Finds for each state of a space the one that stands for all that are alike."""

    def __init__(self, space: Space, groups: Iterable[Sequence[int]]) -> None:
        self.space = space
        self.same = tuple(space.threads)
        self.mentioning = [
            (number, space.masks[number], declared)
            for number, declared in space.system.world.shared()
            if mentions_threads(declared)
        ]
        self.groups = [[Member(space, thread) for thread in group] for group in groups]
        self.known: dict[tuple[int, int, Names], int] = {}
        self.places: dict[tuple[int, int], tuple[int, ...]] = {}

    def canonical(self, state: Packed) -> tuple[Packed, Names]:
        """Give the state that stands for one, and how its threads are called there."""
        names: list[int] | None = None
        after = state
        for group in self.groups:
            keys = [one.key(state) for one in group]
            order = sorted(range(len(group)), key=keys.__getitem__)
            if len(set(keys)) < len(keys):
                roles = self.roles(state)
                ranks = [
                    (key, roles.get(one.thread, ())) for key, one in zip(keys, group, strict=True)
                ]
                order.sort(key=ranks.__getitem__)
            for place, number in enumerate(order):
                if place != number:
                    names = names or list(self.same)
                    names[group[number].thread] = group[place].thread
                    if keys[place] != keys[number]:
                        after = group[place].put(after, keys[number])
        if names is None:
            return state, self.same
        called = tuple(names)
        for number, mask, declared in self.mentioning:
            bits = state & mask
            if bits:
                key = number, bits, called
                new = self.known.get(key)
                if new is None:
                    value = renamed_state(declared, self.space.value(state, number), called)
                    new = self.known[key] = self.space.placed(number, value)
                after += new - bits
        return after, called

    def roles(self, state: Packed) -> dict[int, tuple[int, ...]]:
        """Give for each thread which objects mention it, and at which place."""
        found: dict[int, tuple[int, ...]] = {}
        for number, mask, declared in self.mentioning:
            bits = state & mask
            if not bits:
                continue
            places = self.places.get((number, bits))
            if places is None:
                value = self.space.value(state, number)
                places = self.places[number, bits] = threads_in(declared, value)
            for place, thread in enumerate(places):
                found[thread] = (*found.get(thread, ()), number, place)
        return found


class Member:
    """Where a state has what is a thread's own: whether it runs, and where it stands."""

    def __init__(self, space: Space, thread: int) -> None:
        self.thread = thread
        runs, stands = thread, len(space.objects) + thread
        self.runs, self.stands = space.shifts[runs], space.shifts[stands]
        self.width = space.widths[stands]
        self.first, self.last = space.masks[runs] >> self.runs, space.masks[stands] >> self.stands
        self.rest = ~(space.masks[runs] | space.masks[stands])

    def key(self, state: Packed) -> int:
        """Give both as one number."""
        return (state >> self.runs & self.first) << self.width | state >> self.stands & self.last

    def put(self, state: Packed, key: int) -> Packed:
        """Give a state with both as they are elsewhere."""
        return state & self.rest | key >> self.width << self.runs | (key & self.last) << self.stands
