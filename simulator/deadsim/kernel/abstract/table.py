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
from deadsim.model.objects import (
    Barrier,
    Condition,
    Event,
    Lock,
    Pipe,
    Queue,
    RWLock,
    Semaphore,
    SharedObject,
    Variable,
)
from deadsim.model.program import Program

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


class Declarations:
    """The declarations of a program's objects, by their numbers."""

    def __init__(self, program: Program) -> None:
        self.first = program.first_object
        self.objects = program.objects

    def __getitem__(self, number: int) -> SharedObject:
        return self.objects[number - self.first]


def form_of(program: Program, verb: str, number: int | None, flags: tuple[str, ...]) -> Form:
    """Find how a verb works on the object with this number, or on none."""
    declared = Declarations(program)
    if number is None:
        match verb:
            case "print":
                return PrintForm(declared, flags, program.output)
            case "choose":
                return ChooseForm(declared, flags)
            case "sleep":
                return SleepForm(declared, flags)
            case _:
                return NoteForm(declared, flags, verb)
    if number < len(program.threads):
        return thread.FORMS[verb](declared, flags)
    made: type[Form] = ABSTRACT[type(declared[number])].FORMS[verb]
    return made(declared, flags)


def offer(
    program: Program, number: int, state: Any, facts: Facts, holding: dict[int, Held]
) -> None:
    """Note for relaxed progress what an object provides now, and who holds it how often."""
    declared = program.objects[number - program.first_object]
    ABSTRACT[type(declared)].offer(number, declared, state, facts, holding)
