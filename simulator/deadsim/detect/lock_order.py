"""In which order locks are taken, over the whole text of a program; and the one order that mends it.

An order is only named where it is proved: where every thread but one keeps to it on every way
through its code, whatever its branches decide.
"""

from typing import NamedTuple

from deadsim.detect.coarse import Flows
from deadsim.detect.components import components
from deadsim.detect.flow import END
from deadsim.errors import Place
from deadsim.kernel.system import System
from deadsim.model.instructions import Step
from deadsim.model.objects import Condition, Lock


class Taking(NamedTuple):
    """A thread may take `lock` at a place while it holds `held`."""

    held: int
    lock: int
    thread: int
    place: Place


class Hint(NamedTuple):
    """One order of locks that all threads keep to, but for one at one place."""

    order: tuple[str, ...]
    thread: str
    place: Place


def takings(system: System, flows: Flows) -> list[Taking] | None:
    """List which lock may be taken under which; None where an index decides it in a run."""
    found: dict[Taking, None] = {}
    for thread, linked in enumerate(system.linked):
        flow = flows.flow(thread)
        may_hold: dict[int, frozenset[int]] = {}
        first = flow.first()
        front = [(position, frozenset[int]()) for position in first.steps + first.failing]
        while front:
            position, held = front.pop()
            if position == END or (position in may_hold and held <= may_hold[position]):
                continue
            held = may_hold[position] = held | may_hold.get(position, frozenset())
            instruction = linked.code.instructions[position]
            after = held
            if isinstance(instruction, Step) and instruction.verb in ("acquire", "release", "wait"):
                lock = _lock(system, position, thread, flows)
                if lock is None:
                    return None
                if lock >= 0 and instruction.verb != "release":
                    for other in sorted(held - {lock}):
                        found[Taking(other, lock, thread, instruction.place)] = None
                if lock >= 0:
                    after = held - {lock} if instruction.verb == "release" else held | {lock}
            ways = flow.after(position)
            front.extend((way, after) for way in ways.steps + ways.failing)
            front.extend((way, held) for way in flow.misused(position))
    return list(found)


def _lock(system: System, position: int, thread: int, flows: Flows) -> int | None:
    """Find the lock that a step takes or gives: -1 where it is about something else, None where one
    of several is meant."""
    program = system.program
    numbers = flows.flow(thread).stop(position).numbers
    about = [program.objects[number - program.first_object] for number in numbers]
    if not any(isinstance(one, Lock | Condition) for one in about):
        return -1
    if len(numbers) != 1:
        return None
    declared = about[0]
    return declared.lock if isinstance(declared, Condition) else numbers[0]


def order_hint(system: System, flows: Flows, locks: frozenset[str]) -> Hint | None:
    """Find the one place that breaks an order to which all others keep; None where there is none.

    `locks` are those that wait for one another in a circle.
    """
    known = takings(system, flows)
    if known is None:
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
