"""The states of a program in which time runs out only at rest, where nobody can take any other step.

Whether a thread's time may run out does not depend on what its step touches alone: so the tables have all that a
step could be, and what it can be in a state is told apart here.
"""

from collections.abc import Iterable, Sequence

from deadsim.kernel.operation import By
from deadsim.kernel.system import System, finalizers
from deadsim.space.packed import Move, Packed, Space


class RestingSpace(Space):
    """The states of one program, packed."""

    last = True

    def moves(self, packed: Packed, thread: int) -> tuple[Move, ...]:
        """List what a thread's next step can be: a move for each of its results, none if it has to wait."""
        moves = self.all_moves(packed, thread)
        left = tuple([move for move in moves if by(move) != "time"])
        return moves if len(left) == len(moves) or self.at_rest(packed) else left

    def at_rest(self, packed: Packed) -> bool:
        """Decide whether nobody can take a step but one whose time runs out, or that wakes unasked."""
        return not any(
            by(move) is None for thread in self.threads for move in self.all_moves(packed, thread)
        )

    def followers(self, packed: Packed) -> list[tuple[int, Packed]]:
        """List the steps that can be taken, in brief: the thread and the state after it."""
        found: list[tuple[int, Packed]] = []
        if self.over(packed):
            return found
        late: list[tuple[int, Packed]] = []
        rest = True
        for thread in self.threads:
            for move in self.all_moves(packed, thread):
                why = by(move)
                if why == "anywhere":
                    continue
                rest = rest and why is not None
                (late if why == "time" else found).append((thread, packed + move[0]))
        return sorted(found + late, key=who) if rest and late else found

    def can_move(self, packed: Packed, thread: int) -> bool:
        return any(by(move) != "anywhere" for move in self.moves(packed, thread))


class FinalizerSpace(Space):
    """The states of a program in which finalizers may begin anywhere, and never have to."""

    def can_move(self, packed: Packed, thread: int) -> bool:
        return any(by(move) != "anywhere" for move in self.moves(packed, thread))

    def followers(self, packed: Packed) -> list[tuple[int, Packed]]:
        found: list[tuple[int, Packed]] = []
        if self.over(packed):
            return found
        for thread in self.threads:
            for move in self.all_moves(packed, thread):
                if by(move) != "anywhere":
                    found.append((thread, packed + move[0]))
        return found


def by(move: Move) -> By | None:
    """Tell why a move can be made though nobody let the thread go on; None of any other."""
    return move[2].result.outcome.by


def who(step: tuple[int, Packed]) -> int:
    """Give the thread of a step."""
    return step[0]


def space_of(
    system: System, keep_output: bool = False, alike: Iterable[Sequence[int]] = ()
) -> Space:
    """Give the states of a program."""
    if system.last:
        return RestingSpace(system, keep_output, alike)
    made = FinalizerSpace if finalizers(system) else Space
    return made(system, keep_output, alike)
