"""Where a thread may come to stand before a request that others see: the step that leads there changes its lock.

Of a lock of which a circle of waits is broken, all have to know who waits for it, though to come to
stand before a step is none. Every way that local work could take is followed, that of a failure too.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias, assert_never

from deadsim.kernel.programs.calls import Calls
from deadsim.kernel.programs.linked import Linked, Stop
from deadsim.kernel.world import World
from deadsim.model.instructions import (
    Atomic,
    AtomicEnd,
    Branch,
    End,
    Enter,
    Fail,
    Forget,
    Jump,
    Let,
    Resume,
    Return,
    Step,
)

Arrivals: TypeAlias = tuple[dict[int, tuple[int, ...]], ...]
"""For each thread: which locks the step at a position may change besides, where there are any."""


def arrivals(world: World, linked: Sequence[Linked]) -> Arrivals:
    """Find for each step the locks before which a thread may come to stand with it, or one that it starts."""
    if not world.breakable:
        return tuple({} for _ in linked)
    first = [frozenset(reached(world, one, 0)) for one in linked]
    found: list[dict[int, tuple[int, ...]]] = []
    for one in linked:
        mine: dict[int, tuple[int, ...]] = {}
        for position, instruction in enumerate(one.code.instructions):
            locks: set[int] = set()
            match instruction:
                case Step(verb):
                    locks.update(reached(world, one, position + 1), fallen(world, one, position))
                    if verb == "start":
                        entry = one.entries[position]
                        assert isinstance(entry, Stop)
                        locks.update(*(first[thread] for thread in entry.numbers))
                case Atomic(end):
                    locks.update(reached(world, one, end + 1))
                    for inside in range(position, end + 1):
                        locks.update(fallen(world, one, inside))
                case _:
                    continue
            if locks:
                mine[position] = tuple(sorted(locks))
        found.append(mine)
    return tuple(found)


def fallen(world: World, linked: Linked, position: int) -> Iterator[int]:
    """List the locks before which the thread may come to stand where an instruction fails."""
    for target in handlers(Calls(linked.code), position):
        yield from reached(world, linked, target)


def reached(world: World, linked: Linked, start: int) -> Iterator[int]:
    """List the locks before which the thread may come to stand by local work from an instruction on."""
    code, calls = linked.code, Calls(linked.code)
    seen: set[int] = set()
    front = [start]
    while front:
        position = front.pop()
        if position in seen:
            continue
        seen.add(position)
        front.extend(handlers(calls, position))
        instruction = code.instructions[position]
        match instruction:
            case Step(verb):
                entry = linked.entries[position]
                assert isinstance(entry, Stop)
                if verb == "acquire":
                    yield from world.breakable.keys() & set(entry.numbers)
            case Let() | Forget() | AtomicEnd():
                front.append(position + 1)
            case Jump(target):
                front.append(target)
            case Enter(unit):
                front.append(code.units[unit].entry)
            case Return(unit):
                front.extend(site + 1 for site in calls.sites[unit])
            case Branch(_, otherwise):
                front += (position + 1, otherwise)
            case Resume():
                front.extend(handler.target for handler in code.handlers)
            case Fail() | Atomic() | End():
                pass
            case _:
                assert_never(instruction)


def handlers(calls: Calls, position: int) -> list[int]:
    """List where a failure of an instruction may go on, in the procedure or where that was called."""
    return [way.handler.target for way in calls.ways(position)]
