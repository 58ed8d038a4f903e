"""Where every thread stands at one moment, in the user's own names."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from deadsim.detect.holdings import holdings, named
from deadsim.errors import Place
from deadsim.kernel.operation import Fact, Objects, Operation
from deadsim.kernel.program import Frame
from deadsim.kernel.system import State, System
from deadsim.kernel.thread import ENDED, NEW
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock, Hold, Wait, Want

Status: TypeAlias = Literal["not started", "running", "sleeping", "blocked", "finished", "failed"]


class Standing(NamedTuple):
    """One thread: how it is, its line, what it holds, and what it waits for if it is blocked."""

    thread: str
    daemon: bool
    status: Status
    place: Place | None
    holds: tuple[Hold, ...]
    wait: Wait | None


class Situation(NamedTuple):
    """All threads at one moment, in the order of the file."""

    threads: tuple[Standing, ...]


def target_name(system: System, thread: int, frame: Frame, objects: Objects) -> str:
    """Name what the step that a thread stands before is about: an object, or an array as written."""
    program = system.program
    instruction = system.linked[thread].code.instructions[frame.position]
    operation = frame.operation
    if operation is None or not operation.objects:
        return ""
    target = getattr(instruction, "target", None)
    if target is not None and target.whole:
        return str(target.name)
    return program.object_name(operation.about(objects, thread)) or ""


def situation(
    system: System,
    state: State,
    events: Iterable[Event],
    failed: set[int],
    deadlocks: Iterable[Deadlock] = (),
) -> Situation:
    """Describe a state that was reached by some events.

    `failed` are threads that failed; what `deadlocks` found says who could help whom.
    """
    known = {wait.thread: wait for found in deadlocks for wait in found.waits if wait.blocked}
    program = system.program
    held = holdings(program, events)
    standings: list[Standing] = []
    for number, thread in enumerate(program.threads):
        frame = state.frames[number]
        holds = named(program, held[number])
        status: Status
        place: Place | None = None
        wait: Wait | None = None
        if state.objects[number] == NEW:
            status = "not started"
        elif state.objects[number] == ENDED or frame.operation is None:
            status = "failed" if number in failed else "finished"
        else:
            place = system.linked[number].place(frame.position)
            status = "sleeping" if sleeps(frame.operation, state, number) else "running"
            if not frame.operation.ways(state.objects, number):
                status = "blocked"
                wait = known.get(thread.name) or waiting(system, state, number, place, holds)
        standings.append(Standing(thread.name, thread.daemon, status, place, holds, wait))
    return Situation(tuple(standings))


WANTS: dict[str, Want] = {
    "permits": "permit",
    "notifies": "notify",
    "set": "set",
    "arrivals": "arrivals",
    "items": "item",
    "slots": "room",
    "dones": "task_done",
}
"""What a thread wants, by the name of the fact or stock that it needs."""


def want(needs_facts: tuple[Fact, ...], owners: tuple[int, ...] | None, is_thread: bool) -> Want:
    """Say in a word what a thread wants."""
    if owners is not None:
        return "end" if is_thread else "owner"
    return WANTS[str(needs_facts[0][0])]


def waiting(
    system: System, state: State, thread: int, place: Place, holds: tuple[Hold, ...]
) -> Wait:
    """Describe what a blocked thread waits for."""
    frame = state.frames[thread]
    operation = frame.operation
    assert operation is not None
    needs = operation.needs(state.objects, thread)
    is_thread = operation.about(state.objects, thread) < len(state.frames)
    return Wait(
        system.program.threads[thread].name,
        operation.verb,
        target_name(system, thread, frame, state.objects),
        want(needs.facts, needs.owners, is_thread),
        needs.amount,
        place,
        holds,
        tuple(system.program.threads[other].name for other in needs.owners or ()),
        True,
    )


def sleeps(operation: Operation, state: State, thread: int) -> bool:
    """Decide whether a thread can go on only because its time may be up."""
    return operation.duration is not None and not operation.ready(state.objects, thread)
