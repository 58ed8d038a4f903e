"""The way back from a state to the start: a shortest schedule that leads to it, from the levels of a search.

Which steps lead into a state is looked up among those that the search has met, by what they leave
behind; of two levels that follow one another only the states that are in them count.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from deadsim.exploration.budget import Budget
from deadsim.exploration.verdicts.goal import Path
from deadsim.space.packed import Info, Packed, Space

WATCHED = 1_024


class WayBack:
    """Finds what comes before the states of a space; of steps, those that are known when it is made."""

    def __init__(self, space: Space, budget: Budget | None = None) -> None:
        self.space = space
        # Of each thread, by the bits that a step looks at or changes: by what these are after it,
        # which of its results it may have been, and what it added.
        self.into: list[dict[int, dict[int, list[tuple[int, int]]]]] = []
        met = 0
        for thread, field, rows in space.tables:
            by_bits: dict[int, dict[int, list[tuple[int, int]]]] = {}
            for place, (mask, known) in rows.items():
                for bits, moves in known.items():
                    met += 1
                    if budget is not None and not met % WATCHED:
                        budget.watch()
                    for way, (delta, _, info) in space.numbered(moves):
                        within, before = self.looked_at(thread, field | mask, place | bits, info)
                        table = by_bits.setdefault(within, {})
                        table.setdefault(before + delta, []).append((way, delta))
            self.into.append(by_bits)

    def looked_at(self, thread: int, within: int, before: int, info: Info) -> tuple[int, int]:
        """Give the bits that a step looks at or changes, and what they are before it."""
        space = self.space
        for number, _ in info.result.changes:
            if space.masks[number] & ~within:
                within |= space.masks[number]
                before |= space.placed(number, info.before.objects[number])
        for other, _ in info.result.started:
            if space.fields[other] & ~within:
                within |= space.fields[other]
                field = len(space.objects) + other
                before |= space.placed(field, info.before.frames[other])
        return within, before

    def before(self, state: Packed) -> Iterator[tuple[int, int, int]]:
        """List what may come before a state: who took a step, with which result, and where from.

        Not all of it can be reached.
        """
        for thread, by_bits in enumerate(self.into):
            for within, table in by_bits.items():
                for way, delta in table.get(state & within, ()):
                    yield thread, way, state - delta

    def path(self, levels: Sequence[Any], state: Packed) -> Path:
        """Give a shortest schedule to a state that is in one of the levels."""
        depth = next(number for number, level in enumerate(levels) if state in level)
        path: list[tuple[int, int]] = []
        for level in reversed(levels[:depth]):
            known = {
                before: (thread, way)
                for thread, way, before in self.before(state)
                if not self.space.last or self.leads(level, before, thread, way, state)
            }
            there = found_in(level, known)
            state = next(before for before in known if before in there)
            path.append(known[state])
        return tuple(reversed(path))

    def leads(self, level: Any, before: Packed, thread: int, way: int, after: Packed) -> bool:
        """Decide whether a state of a level is left by a step for another, or only would be at rest."""
        if not found_in(level, (before,)):
            return False
        moves = self.space.numbered(self.space.moves(before, thread))
        return any(number == way and before + move[0] == after for number, move in moves)


def found_in(level: Any, states: Collection[Packed]) -> set[Packed]:
    """Give those of some states that are in a level."""
    if isinstance(level, list):
        return set(states).intersection(level)
    return {state for state in states if state in level}
