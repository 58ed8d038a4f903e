"""Which steps depend on one another: whether their order can make a difference.

Two steps of different threads do if they touch the same object, unless both only read or ask it; a
thread is an object (its start, its end, a join), and so is the printed output. A step that ends a
thread which is no daemon may end the program: it depends on every step of a daemon. Where there are
invariants, all that change what these look at depend on one another.

Where time runs out only when nobody can take any other step, a step by which it does depends on all.

Independent steps commute: either may be taken first, each is the same step then, and both orders lead
to the same state. Coarser relations (of what is only pending, of all that may still come) are made
of the same footprints, by leaving out or by putting together.
"""

from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from deadsim.kernel.operation import Operation
from deadsim.kernel.row import Result, Row

INVARIANTS = 1
"""The bit that stands for all that invariants look at."""


class Footprint(NamedTuple):
    """What a step touches, or several do: objects as bits, those that are only read apart.

    It `ends` if that may end a thread that is no daemon; `daemon` says that it is a daemon's.
    """

    reads: int
    changes: int
    ends: bool = False
    daemon: bool = False


NOTHING = Footprint(0, 0)


def dependent(one: Footprint, other: Footprint) -> bool:
    """Decide whether the order of two steps of different threads can make a difference."""
    return bool(
        one.changes & (other.changes | other.reads)
        or one.reads & other.changes
        or (one.ends and other.daemon)
        or (other.ends and one.daemon)
    )


def both(one: Footprint, other: Footprint) -> Footprint:
    """Give what two steps touch together: dependent on it is what depends on one of them."""
    changes = one.changes | other.changes
    return Footprint(
        (one.reads | other.reads) & ~changes,
        changes,
        one.ends or other.ends,
        one.daemon or other.daemon,
    )


def bit(number: int) -> int:
    """Give the bit that stands for an object."""
    return 2 << number


def bits(numbers: Iterable[int]) -> int:
    """Give the bits that stand for some objects."""
    found = 0
    for number in numbers:
        found |= 2 << number
    return found


def each_bit(bits: int) -> Iterator[int]:
    """Take bits apart."""
    while bits:
        lowest = bits & -bits
        yield lowest
        bits ^= lowest


class Dependence:
    """What steps touch, where `lasting` threads keep the program alive and invariants look at `watched`.

    Where time runs out only at rest, `rest` is the bit that stands for it.
    """

    def __init__(self, lasting: Container[int], watched: Iterable[int], rest: int = 0) -> None:
        self.lasting = lasting
        self.rest = rest
        self.watched = bits(watched)

    def of(self, result: Result) -> Footprint:
        """Give what a step touched."""
        row, effect, block = result.row, result.effect, result.outcome.block
        # A block may lead to before a request that others see: what it has changed is more than what it names.
        touches = row.touches if block is None else (*block.touched, *dict(result.changes))
        looks = row.operation.looks if block is None else block.looks
        read = set(effect.reads).difference(effect.writes).union(looks)
        changes = bits(number for number in touches if number not in read)
        if result.outcome.by is not None and row.operation.duration is not None:
            # Its time runs out at rest; who wakes unasked is not there any more when it would.
            changes |= self.rest
        return self.made(row.thread, bits(touches) | self.rest, changes, effect.ends)

    def blocked(self, row: Row) -> Footprint:
        """Give what a step may touch that cannot be taken now."""
        touches = bits(row.touches)
        return self.made(row.thread, touches | self.rest, touches, False)

    def made(self, thread: int, touches: int, changes: int, ends: bool) -> Footprint:
        """Put together what a step touches, and what of that it does not only read."""
        if ends:
            changes |= bit(thread)
        if changes & self.watched:
            changes |= INVARIANTS
        lasting = thread in self.lasting
        return Footprint(touches & ~changes, changes, ends and lasting, not lasting)


def pending(operation: Operation) -> Footprint:
    """Give what an operation says that it touches: how it goes, and whether its thread ends, is not known."""
    touches = bits(operation.objects + operation.sees)
    read = bits(operation.reads + operation.looks) & touches
    return Footprint(read, touches & ~read)
