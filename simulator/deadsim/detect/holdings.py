"""What each thread holds after some steps, and where it took it."""

from collections.abc import Iterable
from typing import NamedTuple

from deadsim.kernel.world import World
from deadsim.model.objects import Condition, Semaphore
from deadsim.model.place import Place
from deadsim.trace.event import Event
from deadsim.trace.finding import Hold


class Holding(NamedTuple):
    """Where a thread took an object first, and how often it has it."""

    place: Place
    times: int


Holdings = list[dict[int, Holding]]
"""For each thread, what it holds by the numbers of objects, in the order in which it was taken."""


class Holders:
    """Follows a run event by event; `held` is what each thread holds by now.

    A permit of a semaphore is held by who took it until that thread gives it back, or until another
    one does when it holds none itself: then it was the first holder's. Waiting on a condition, a
    thread does not hold the condition's lock.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.held: Holdings = [{} for _ in world.threads]
        self.aside: dict[int, Holding] = {}

    def after(self, event: Event) -> None:
        """See a step."""
        if not event.objects or self.world.declared(event.objects[0]) is None:
            return
        own, number = self.held[event.thread], event.objects[0]
        if event.verb == "acquire" and event.success and event.phase != "begin":
            place, count = own.get(number, Holding(event.place, 0))
            own[number] = Holding(place, count + 1)
        elif event.verb == "release" and event.success:
            owner = own
            if number not in own:
                owner = next((other for other in self.held if number in other), {})
            _give_back(owner, number)
        elif event.verb == "wait" and isinstance(self.world[number], Condition):
            mutex = event.objects[1]
            if event.phase == "begin":
                self.aside[event.thread] = own.pop(mutex, Holding(event.place, 1))
            elif event.effect.takes:
                own[mutex] = self.aside.pop(event.thread, Holding(event.place, 1))


def holdings(world: World, events: Iterable[Event]) -> Holdings:
    """Find what each thread holds after some events."""
    holders = Holders(world)
    for event in events:
        holders.after(event)
    return holders.held


def _give_back(held: dict[int, Holding], number: int) -> None:
    place, count = held.get(number, (None, 0))
    if place is not None and count > 1:
        held[number] = Holding(place, count - 1)
    else:
        held.pop(number, None)


def is_semaphore(world: World, number: int) -> bool:
    """Decide whether an object is a semaphore, whose permits anybody may give back."""
    return isinstance(world.declared(number), Semaphore)


def named(world: World, held: dict[int, Holding]) -> tuple[Hold, ...]:
    """Write what a thread holds in the user's names, in the order in which it was taken."""
    return tuple(
        Hold(world.name(number), holding.place, holding.times) for number, holding in held.items()
    )
