"""States in 64 bits, as numpy has them: of the bits of a space those alone that were seen to change."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deadsim.space.packed import Packed

WORD = 2**64 - 1
READ = 4_096  # states that are written out at a time, where one after the other is asked for

States = NDArray[np.uint64]


class Layout:
    """How states are written in 64 bits: those bits alone that were seen to change."""

    def __init__(self, start: Packed, changing: int) -> None:
        self.changing = changing
        self.fixed = start & ~changing
        self.runs = list(runs_of(changing))

    def short(self, packed: Packed) -> int:
        """Write a state, or a mask, in few bits."""
        return sum((packed >> shift & mask) << to for shift, mask, to in self.runs)

    def all_short(self, packed: list[Packed]) -> States:
        """Write states, 64 bits of all of them at a time."""
        found = np.zeros(len(packed), np.uint64)
        for begin in range(0, self.changing.bit_length(), 64):
            mask = self.changing >> begin & WORD
            if mask:
                words = np.array([state >> begin & WORD for state in packed], np.uint64)
                to = (self.changing & (1 << begin) - 1).bit_count()
                found |= gathered(words, list(runs_of(mask))) << np.uint64(to)
        return found

    def moved(self, level: "Level") -> States:
        """Write the states of a level that was written in fewer bits, or the same; they stay sorted."""
        before = level.layout
        if before.changing == self.changing:
            return level.states
        added = np.uint64(self.short(before.fixed))
        return spread(level.states, list(runs_of(self.short(before.changing)))) | added

    def packed(self, states: States) -> list[Packed]:
        """Give states as the space has them, 64 bits of all of them at a time."""
        found = [self.fixed] * len(states)
        for begin in range(0, self.changing.bit_length(), 64):
            mask = self.changing >> begin & WORD
            if mask:
                to = (self.changing & (1 << begin) - 1).bit_count()
                words = spread(states >> np.uint64(to), list(runs_of(mask))).tolist()
                found = [one + (word << begin) for one, word in zip(found, words, strict=True)]
        return found


class Level:
    """The states of one level."""

    def __init__(self, layout: Layout, states: States) -> None:
        self.layout = layout
        self.states = states

    def __len__(self) -> int:
        return len(self.states)

    def __iter__(self) -> Iterator[Packed]:
        for begin in range(0, len(self.states), READ):
            yield from self.layout.packed(self.states[begin : begin + READ])

    def __contains__(self, state: Packed) -> bool:
        if (state ^ self.layout.fixed) & ~self.layout.changing:
            return False
        short = np.uint64(self.layout.short(state))
        at = int(np.searchsorted(self.states, short))
        return at < len(self.states) and bool(self.states[at] == short)


def gathered(states: States, runs: list[tuple[int, int, int]]) -> States:
    """Take runs of bits together."""
    found = np.zeros(len(states), np.uint64)
    for shift, mask, to in runs:
        found |= ((states >> np.uint64(shift)) & np.uint64(mask)) << np.uint64(to)
    return found


def spread(states: States, runs: list[tuple[int, int, int]]) -> States:
    """Put bits that were taken together back to where they were."""
    found = np.zeros(len(states), np.uint64)
    for shift, mask, to in runs:
        found |= ((states >> np.uint64(to)) & np.uint64(mask)) << np.uint64(shift)
    return found


def runs_of(mask: int) -> Iterator[tuple[int, int, int]]:
    """Split a mask into its runs of ones: where each begins, as a mask, and where it goes."""
    shift = to = 0
    while mask >> shift:
        if mask >> shift & 1:
            width = (~(mask >> shift) & (mask >> shift) + 1).bit_length() - 1
            yield shift, (1 << width) - 1, to
            shift += width
            to += width
        else:
            shift += 1
