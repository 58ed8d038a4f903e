"""Which file says what an operation on which kind of object could need and provide."""

from typing import Any

from deadsim.kernel.abstract import (
    barrier,
    condition,
    event,
    lock,
    pipe,
    queue,
    rwlock,
    semaphore,
    thread,
    variable,
)
from deadsim.kernel.abstract.form import Facts, Form, Held
from deadsim.kernel.abstract.local import ChooseForm, NoteForm, PrintForm, SleepForm
from deadsim.kernel.world import World
from deadsim.model.objects import (
    Barrier,
    Condition,
    Event,
    Lock,
    Pipe,
    Queue,
    RWLock,
    Semaphore,
    Variable,
)

ABSTRACT: dict[type, Any] = {
    Lock: lock,
    RWLock: rwlock,
    Semaphore: semaphore,
    Condition: condition,
    Event: event,
    Barrier: barrier,
    Queue: queue,
    Pipe: pipe,
    Variable: variable,
}


def form_of(world: World, verb: str, number: int | None, flags: tuple[str, ...]) -> Form:
    """Find how a verb works on the object with this number, or on none."""
    if number is None:
        match verb:
            case "print":
                return PrintForm(world, flags, world.output)
            case "choose":
                return ChooseForm(world, flags)
            case "sleep":
                return SleepForm(world, flags)
            case _:
                return NoteForm(world, flags, verb)
    if world.is_thread(number):
        return thread.FORMS[verb](world, flags)
    made: type[Form] = ABSTRACT[type(world[number])].FORMS[verb]
    return made(world, flags)


def offer(world: World, number: int, state: Any, facts: Facts, holding: dict[int, Held]) -> None:
    """Note for relaxed progress what an object provides now, and who holds it how often."""
    declared = world[number]
    ABSTRACT[type(declared)].offer(number, declared, state, facts, holding)
