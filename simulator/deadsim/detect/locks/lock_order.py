"""In which order locks are taken, over the whole text of a program; and the one order that mends it.

An order is only named where it is proved: where every thread but one keeps to it on every way
through its code, whatever its branches decide.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from deadsim.detect.components import components
from deadsim.detect.locks.constant_locals import Constants
from deadsim.detect.stuck.coarse_progress import Flows
from deadsim.detect.stuck.raising import END
from deadsim.kernel.abstract.modelock import ModeForm
from deadsim.kernel.primitives.modelock import conflicting
from deadsim.kernel.programs.linked import Stop
from deadsim.kernel.system import System
from deadsim.model.instructions import Step
from deadsim.model.objects import Lock, ModeLock, RWLock, SharedObject
from deadsim.model.place import Place
from deadsim.trace.effect import Numbers


class Taking(NamedTuple):
    """A thread may take `lock` at a place while it may hold `held`.

    It is not `exact` where an index decides in a run which lock is meant; `gives_up` says that it does not
    wait for good, `guards` are the locks that it certainly holds then; `reading` tells of the lock held and
    of the one taken whether that is to read (of an rwlock) alone, and so waits for no other reader. `mode` is
    that in which the lock is held, `wanted` that of the one taken, of locks that have modes; `meets` are those
    that the one taken waits for (None: all).
    """

    held: int
    lock: int
    thread: int
    place: Place
    exact: bool = True
    gives_up: bool = False
    guards: frozenset[int] = frozenset()
    reading: tuple[bool, bool] = (False, False)
    mode: str | None = None
    wanted: str | None = None
    meets: tuple[str, ...] | None = None


class Hint(NamedTuple):
    """One order of locks that all threads keep to, but for one at one place.

    `reverse` is who else would have to give in, and where, for the other way round.
    """

    order: tuple[str, ...]
    thread: str
    place: Place
    reverse: tuple[str, Place] | None = None

    def words(self) -> str:
        """Say it in a sentence."""
        order = ", ".join(self.order)
        said = f"one global order would be {order}"
        if self.reverse is None:
            return f"{said}; {self.thread} breaks it at line {self.place.line}"
        other, place = self.reverse
        back = ", ".join(reversed(self.order))
        return (
            f"{said} ({self.thread} breaks it at line {self.place.line}) "
            f"or {back} ({other} at line {place.line})"
        )


class _Use(NamedTuple):
    """What a step does with locks: it takes one of them, gives one back, or waits without it."""

    locks: tuple[int, ...]
    takes: bool
    gives: bool
    gives_up: bool
    mode: str | None


MOST_DEPTH = 16
"""How often a thread is taken to hold a lock; one that takes it more often may never give it back wholly."""


class _Held(NamedTuple):
    """A lock that may be held so often, whether it is surely that one, whether to read alone, in which mode."""

    lock: int
    exact: bool
    reading: bool
    mode: str | None = None
    depth: int = 1


def takings(system: System) -> tuple[Taking, ...]:
    """List which lock may be taken under which, on any way through the code, whatever its branches decide."""
    flows = system.once(Flows)
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
            if isinstance(instruction, Step):
                stop, after = flow.stop(position), frozenset[_Held]()
                for part, one in zip(instruction.each, stop.each, strict=True):
                    use = _use(system, one, part, constants)
                    if (
                        stop.parts
                    ):  # a branch that cannot be taken holds nobody up, if there are more
                        use = use._replace(gives_up=stop.form is not None and stop.form.gives_up)
                    if not use.gives:
                        taken = _taken(system, thread, part, use, held, flow.holds(position))
                        found.update(dict.fromkeys(taken))
                    after |= _after(part, use, held)
            ways_on, begun = flow.after(position), flow.begun(position)
            front.extend((way, held) for way in begun.steps + begun.failing)
            front.extend((way, after) for way in ways_on.steps + ways_on.failing)
            front.extend((way, held) for way in flow.misused(position))
    return tuple(found)


def _taken(
    system: System,
    thread: int,
    step: Step,
    use: _Use,
    held: frozenset[_Held],
    certain: frozenset[int],
) -> Iterator[Taking]:
    """List what a step takes under what; a lock that its thread surely has, and may take again, it gets at once."""
    for lock in use.locks:
        declared = _declared(system, lock)
        again = isinstance(declared, Lock) and declared.reentrant
        if use.takes and again and lock in certain:
            continue
        # Readers are no guard against one another; the lock of a condition is given back while it waits.
        guards = frozenset(
            one for one in certain if one != lock and isinstance(_declared(system, one), Lock)
        )
        for other in sorted({one._replace(depth=1) for one in held}):
            if other.lock != lock:
                exact = len(use.locks) == 1 and other.exact
                # Where writers are preferred, a reader waits behind a writer who waits for another reader.
                behind = isinstance(declared, RWLock) and declared.prefer == "writers"
                reading = (other.reading, "read" in step.flags and not behind)
                meets = None
                if isinstance(declared, ModeLock) and use.mode and declared.prefer == "none":
                    meets = conflicting(declared, use.mode)
                yield Taking(
                    other.lock,
                    lock,
                    thread,
                    step.place,
                    exact,
                    use.gives_up,
                    guards,
                    reading,
                    other.mode,
                    use.mode,
                    meets,
                )


def _after(step: Step, use: _Use, held: frozenset[_Held]) -> frozenset[_Held]:
    """Say what may be held after a step: each lock as often as it was taken and not given back."""
    locks = use.locks
    exact = len(locks) == 1
    if use.gives:
        meant = {
            one for one in held if one.lock in locks and (not use.mode or one.mode == use.mode)
        }
        # Of several that may be meant, one is given back: none of them is surely held any more.
        kept = {one._replace(exact=False) for one in meant if not exact}
        once = {one._replace(depth=one.depth - 1) for one in meant if one.depth > 1}
        return (held - meant) | kept | once
    if not use.takes:
        return held  # who waits on a condition gets its lock back as it was
    more = {
        one._replace(depth=min(MOST_DEPTH, one.depth + 1))
        for one in held
        if one.lock in locks and one.mode == use.mode
    }
    return held | more | {_Held(lock, exact, "read" in step.flags, use.mode) for lock in locks}


def _declared(system: System, number: int) -> SharedObject:
    return system.world[number]


def _use(system: System, stop: Stop, step: Step, constants: Constants) -> _Use:
    """Say what a step does with locks: with several where an index decides, with none where it is no lock."""
    form = stop.form
    assert form is not None
    target = step.target
    one = None if target is None or target.whole else constants.locate(target)
    numbers = stop.numbers if one is None else (one,)

    def locks(each: Callable[[int], Numbers]) -> tuple[int, ...]:
        found = dict.fromkeys(lock for number in numbers for lock in each(number))
        return tuple(number for number in found if system.world.is_lock(number))

    takes, gives, parks = locks(form.acquires), locks(form.releases), locks(form.parks)
    mode = form.mode if isinstance(form, ModeForm) else None
    return _Use(takes or gives or parks, bool(takes), bool(gives), form.gives_up, mode)


def order_hint(system: System, locks: frozenset[str]) -> Hint | None:
    """Find the one place that breaks an order to which all others keep; None where there is none.

    `locks` are those that wait for one another in a circle.
    """
    known = system.once(takings)
    if not all(one.exact for one in known):
        return None
    names = system.world.name
    concerned = [one for one in known if names(one.held) in locks and names(one.lock) in locks]
    breakers = sorted({(one.thread, one.place.line, one.place) for one in concerned}, reverse=True)
    found: Hint | None = None
    for thread, _, place in breakers:
        rest = [one for one in known if (one.thread, one.place) != (thread, place)]
        follows: dict[int, set[int]] = {}
        for one in rest:
            follows.setdefault(one.held, set()).add(one.lock)
            follows.setdefault(one.lock, set())
        parts = components(follows)
        if all(len(part) == 1 for part in parts):
            order = [part[0] for part in reversed(parts)]
            shown = tuple(names(number) for number in order if names(number) in locks)
            if locks - set(shown):
                continue
            if found is None:
                found = Hint(shown, names(thread), place)
            elif shown == found.order[::-1]:
                return found._replace(reverse=(names(thread), place))
    return found
