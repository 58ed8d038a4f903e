"""What each thread holds after some steps, and where it took it."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from deadsim.kernel.world import World
from deadsim.model.objects import Lock, Semaphore
from deadsim.model.place import Place
from deadsim.trace.event import Event
from deadsim.trace.finding import Hold


class Holding(NamedTuple):
    """Where a thread took an object first, and how often it has it; `modes` are those that it took, each with where."""

    place: Place
    times: int
    modes: tuple[tuple[str, Place], ...] = ()

    def once_more(self, mode: str | None, place: Place) -> "Holding":
        """Count one more."""
        more = () if mode is None else ((mode, place),)
        return self._replace(times=self.times + 1, modes=self.modes + more)

    def once_less(self, mode: str | None) -> "Holding":
        """Count one less, in a mode if that is said: else it is the only one."""
        modes = list(self.modes)
        at = [number for number, (one, _) in enumerate(modes) if one == mode] or [len(modes) - 1]
        del modes[at[-1] : at[-1] + 1]
        return self._replace(times=self.times - 1, modes=tuple(modes))


Held: TypeAlias = Mapping[int, Holding]
"""What a thread holds by the numbers of objects, in the order in which it was taken; never changed."""

NOTHING: Held = {}


class Holdings:
    """Follows a run step by step: what each thread holds by now, and what it held before any step.

    A permit of a semaphore is held by who took it until that thread gives it back, or until another
    one does when it holds none itself: then it was the first holder's. Waiting on a condition, a
    thread does not hold the condition's lock.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.steps = 0
        self.now: dict[int, Held] = {}
        self.aside: dict[int, dict[int, Holding]] = {}
        # Of each thread: after which steps it held something else than before, and what.
        self.changed: dict[int, tuple[list[int], list[Held]]] = {}
        for event in events:
            self.after(event)

    def follow(self, events: Sequence[Event]) -> "Holdings":
        """See those steps of a run that were not seen yet."""
        for number in range(self.steps, len(events)):
            self.after(events[number])
        return self

    def after(self, event: Event) -> None:
        """See the next step."""
        self.steps += 1
        effect, thread = event.effect, event.thread
        for number in effect.acquires:
            holding = self.of(thread).get(number, Holding(event.place, 0))
            self.give(thread, number, holding.once_more(event.text, event.place))
        for number in effect.releases:
            self.give_back(thread, number, event.text)
        for number in effect.parks:
            aside = self.aside.setdefault(thread, {})
            aside[number] = self.of(thread).get(number, Holding(event.place, 1))
            self.take(thread, number)
        for number in effect.resumes:
            kept = self.aside.get(thread, {}).pop(number, Holding(event.place, 1))
            self.give(thread, number, kept)

    def of(self, thread: int) -> Held:
        """Give what a thread holds by now."""
        return self.now.get(thread, NOTHING)

    def before(self, step: int, thread: int) -> Held:
        """Give what a thread held before a step."""
        if thread not in self.changed:
            return NOTHING
        steps, held = self.changed[thread]
        place = bisect_left(steps, step)
        return held[place - 1] if place else NOTHING

    def holders(self, number: int) -> tuple[int, ...]:
        """List the threads that hold an object."""
        return tuple(sorted(thread for thread, held in self.now.items() if number in held))

    def give(self, thread: int, number: int, holding: Holding) -> None:
        self.note(thread, {**self.of(thread), number: holding})

    def give_back(self, thread: int, number: int, mode: str | None) -> None:
        if number not in self.of(thread):
            others = self.holders(number)
            if not others:
                return
            thread = others[0]
        holding = self.of(thread)[number]
        if holding.times > 1:
            self.give(thread, number, holding.once_less(mode))
        else:
            self.take(thread, number)

    def take(self, thread: int, number: int) -> None:
        held = self.of(thread)
        if number in held:
            self.note(thread, {one: kept for one, kept in held.items() if one != number})

    def note(self, thread: int, held: Held) -> None:
        self.now[thread] = held
        steps, known = self.changed.setdefault(thread, ([], []))
        step = self.steps - 1
        if steps and steps[-1] == step:
            known[-1] = held
        else:
            steps.append(step)
            known.append(held)


def has_no_owner(world: World, number: int) -> bool:
    """Decide whether anybody may give an object back: a semaphore's permit, a lock without an owner."""
    declared = world.declared(number)
    return isinstance(declared, Semaphore) or (isinstance(declared, Lock) and not declared.owned)


def named(world: World, held: Held) -> tuple[Hold, ...]:
    """Write what a thread holds in the user's names, in the order in which it was taken; each mode by itself."""
    return tuple(
        hold for number, holding in held.items() for hold in _named(world.name(number), holding)
    )


def _named(name: str, holding: Holding) -> Iterator[Hold]:
    if not holding.modes:
        yield Hold(name, holding.place, holding.times)
    for mode in dict.fromkeys(mode for mode, _ in holding.modes):
        places = [place for one, place in holding.modes if one == mode]
        yield Hold(name, places[0], len(places), mode)
