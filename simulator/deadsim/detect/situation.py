"""Where every thread stands at one moment, in the user's own names."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from deadsim.detect.holdings import holdings, named
from deadsim.errors import Place
from deadsim.kernel.operation import Objects, Operation
from deadsim.kernel.program import Frame
from deadsim.kernel.system import State, System
from deadsim.kernel.thread import ENDED, NEW
from deadsim.trace.event import Event
from deadsim.trace.finding import Hold, Wait

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


def situation(system: System, state: State, events: Iterable[Event], failed: set[int]) -> Situation:
    """Describe a state that was reached by some events; `failed` are threads that failed."""
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
                wait = Wait(
                    thread.name,
                    frame.operation.verb,
                    target_name(system, number, frame, state.objects),
                    place,
                    holds,
                    tuple(
                        program.threads[other].name
                        for other in frame.operation.needs(state.objects, number).owners or ()
                    ),
                    True,
                )
        standings.append(Standing(thread.name, thread.daemon, status, place, holds, wait))
    return Situation(tuple(standings))


def sleeps(operation: Operation, state: State, thread: int) -> bool:
    """Decide whether a thread can go on only because its time may be up."""
    return operation.duration is not None and not operation.ready(state.objects, thread)
