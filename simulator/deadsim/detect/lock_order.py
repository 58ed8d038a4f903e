"""In which order locks are taken, over the whole text of a program; and the one order that mends it.

An order is only named where it is proved: where every thread but one keeps to it on every way
through its code, whatever its branches decide.
"""

from collections.abc import Sequence
from typing import NamedTuple

from deadsim.detect.coarse import Flows
from deadsim.detect.components import components
from deadsim.detect.constants import Constants
from deadsim.detect.flow import END
from deadsim.errors import Place
from deadsim.kernel.system import System
from deadsim.model.instructions import Step
from deadsim.model.objects import Condition, Lock, RWLock


class Taking(NamedTuple):
    """A thread may take `lock` at a place while it may hold `held`.

    It is not `exact` where an index decides in a run which lock is meant; `gives_up` says that it does not
    wait for good, `guards` are the locks that it certainly holds then; `reading` tells of the lock held and
    of the one taken whether that is to read (of an rwlock) alone.
    """

    held: int
    lock: int
    thread: int
    place: Place
    exact: bool = True
    gives_up: bool = False
    guards: frozenset[int] = frozenset()
    reading: tuple[bool, bool] = (False, False)


class Hint(NamedTuple):
    """One order of locks that all threads keep to, but for one at one place."""

    order: tuple[str, ...]
    thread: str
    place: Place


class _Held(NamedTuple):
    """A lock that may be held, whether it is surely that one, and whether to read alone."""

    lock: int
    exact: bool
    reading: bool


def takings(system: System, flows: Flows) -> list[Taking]:
    """List which lock may be taken under which, on any way through the code, whatever its branches decide."""
    found: dict[Taking, None] = {}
    for thread, linked in enumerate(system.linked):
        flow = flows.flow(thread)
        constants = Constants(linked.code)
        may_hold: dict[int, frozenset[_Held]] = {}
        first = flow.first()
        front = [(position, frozenset[_Held]()) for position in first.steps + first.failing]
        while front:
            position, held = front.pop()
            if position == END or (position in may_hold and held <= may_hold[position]):
                continue
            held = may_hold[position] = held | may_hold.get(position, frozenset())
            instruction = linked.code.instructions[position]
            after = held
            if isinstance(instruction, Step) and instruction.verb in ("acquire", "release", "wait"):
                locks = _locks(system, flow.stop(position).numbers, instruction, constants)
                exact = len(locks) == 1
                reading = "read" in instruction.flags
                gives_up = bool({"try", "timed"} & set(instruction.flags)) and instruction.verb == "acquire"
                for lock in locks if instruction.verb != "release" else ():
                    for other in sorted(held):
                        if other.lock != lock:
                            sure = exact and other.exact
                            guards = flow.holds(position)
                            ways = (other.reading, reading)
                            taking = Taking(other.lock, lock, thread, instruction.place, sure, gives_up, guards, ways)
                            found[taking] = None
                if instruction.verb == "release":
                    # Of several that may be meant, one is given back: none of them is surely held any more.
                    kept = (one._replace(exact=False) for one in held if one.lock in locks and not exact)
                    after = frozenset((*(one for one in held if one.lock not in locks), *kept))
                elif locks:
                    after = held | {_Held(lock, exact, reading) for lock in locks}
            ways_on = flow.after(position)
            front.extend((way, after) for way in ways_on.steps + ways_on.failing)
            front.extend((way, held) for way in flow.misused(position))
    return list(found)


def _locks(system: System, numbers: Sequence[int], step: Step, constants: Constants) -> tuple[int, ...]:
    """List the locks that a step may take or give: several where an index decides, none where it is no lock."""
    program = system.program
    one = constants.locate(step.target) if step.target is not None else None
    found: dict[int, None] = {}
    for number in numbers if one is None else (one,):
        declared = program.objects[number - program.first_object]
        if isinstance(declared, Condition):
            found[declared.lock] = None
        elif isinstance(declared, Lock | RWLock):
            found[number] = None
    return tuple(found)


def order_hint(system: System, flows: Flows, locks: frozenset[str]) -> Hint | None:
    """Find the one place that breaks an order to which all others keep; None where there is none.

    `locks` are those that wait for one another in a circle.
    """
    known = [one for one in takings(system, flows) if not _of_rwlocks(system, one)]
    if not all(one.exact for one in known):
        return None
    names = system.program.object_name
    concerned = [one for one in known if names(one.held) in locks and names(one.lock) in locks]
    breakers = sorted({(one.thread, one.place.line, one.place) for one in concerned}, reverse=True)
    for thread, _, place in breakers:
        rest = [one for one in known if (one.thread, one.place) != (thread, place)]
        follows: dict[int, set[int]] = {}
        for one in rest:
            follows.setdefault(one.held, set()).add(one.lock)
            follows.setdefault(one.lock, set())
        parts = components(follows)
        if all(len(part) == 1 for part in parts):
            order = [part[0] for part in reversed(parts)]
            shown = [names(number) or "" for number in order if names(number) in locks]
            missing = sorted(locks - set(shown))
            if not missing:
                return Hint(tuple(shown), system.program.threads[thread].name, place)
    return None


def _of_rwlocks(system: System, taking: Taking) -> bool:
    """Decide whether a lock for readers and writers is concerned: of those no order is proved."""
    first = system.program.first_object
    return any(isinstance(system.program.objects[n - first], RWLock) for n in (taking.held, taking.lock))
