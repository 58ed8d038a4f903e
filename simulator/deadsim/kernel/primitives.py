"""Which file of the kernel stands behind which kind of object: the one table of primitives."""

from typing import Any

from deadsim.kernel import lock, thread, variable
from deadsim.kernel.local import ChooseForm, NoteForm, PrintForm, SleepForm
from deadsim.kernel.operation import Facts, Form, Held
from deadsim.model.objects import Lock, SharedObject, Variable
from deadsim.model.program import Program

PRIMITIVES: dict[type, Any] = {Lock: lock, Variable: variable}


def initial_state(declared: SharedObject) -> Any:
    """Give the state that an object begins with."""
    return PRIMITIVES[type(declared)].initial(declared)


def form_of(program: Program, verb: str, number: int | None) -> Form:
    """Find how a verb works on the object with this number, or on none."""
    if number is None:
        match verb:
            case "print":
                return PrintForm(program.output)
            case "choose":
                return ChooseForm()
            case "sleep":
                return SleepForm()
            case _:
                return NoteForm(verb)
    if number < len(program.threads):
        return thread.FORMS[verb](program.threads[number])
    declared = program.objects[number - program.first_object]
    form: Form = PRIMITIVES[type(declared)].FORMS[verb](declared)
    return form


def offer(
    program: Program, number: int, state: Any, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress what an object provides now, and who holds it how often."""
    declared = program.objects[number - program.first_object]
    PRIMITIVES[type(declared)].offer(number, state, facts, holding)
