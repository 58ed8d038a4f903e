"""Which file says what an operation on which kind of object could need and provide.

It is called as its noun, as the kernel's own file is.
"""

from typing import Any

from deadsim.kernel.abstract import thread
from deadsim.kernel.abstract.form import Facts, Form, Held
from deadsim.kernel.abstract.local import ChooseForm, NoteForm, PrintForm, SleepForm
from deadsim.kernel.primitives.files import Files
from deadsim.kernel.world import World
from deadsim.model.failures import FailureClass
from deadsim.model.primitives import BY_CLASS, LOCAL_VERBS, THREAD_VERBS

ABSTRACT: dict[type, Any] = Files(__package__)


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
            case "step" | "yield":
                return NoteForm(world, flags, verb)
            case _:
                raise AssertionError(f"'{verb}' is about nothing")
    if world.is_thread(number):
        return thread.FORMS[verb](world, flags)
    made: type[Form] = ABSTRACT[type(world[number])].FORMS[verb]
    return made(world, flags)


def offer(world: World, number: int, state: Any, facts: Facts, holding: dict[int, Held]) -> None:
    """Note for relaxed progress what an object provides now, and who holds it how often."""
    declared = world[number]
    ABSTRACT[type(declared)].offer(number, declared, state, facts, holding)


def failures(world: World, verb: str, number: int | None) -> tuple[FailureClass, ...]:
    """Say with which classes a step may fail, once its operands are worked out, by what it is about.

    Raises KeyError for a verb of which no row says it: nothing is ruled out by what was left out.
    """
    if number is None:
        return LOCAL_VERBS[verb]
    declared = world.declared(number)
    return THREAD_VERBS[verb] if declared is None else BY_CLASS[type(declared)].verbs[verb]
