"""Where every thread stands at one moment, in the user's own names."""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from deadsim.errors import Place
from deadsim.kernel.program import Frame, Stop
from deadsim.kernel.system import State, System
from deadsim.kernel.thread import ENDED, NEW
from deadsim.model.program import Program
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


def holdings(program: Program, events: Iterable[Event]) -> list[dict[int, Place]]:
    """Find what each thread holds after some events: object → where it was taken first."""
    held: list[dict[int, Place]] = [{} for _ in program.threads]
    depth: dict[tuple[int, int], int] = {}
    for event in events:
        if event.verb == "acquire" and event.success:
            number = event.objects[0]
            held[event.thread].setdefault(number, event.place)
            depth[event.thread, number] = depth.get((event.thread, number), 0) + 1
        elif event.verb == "release" and event.success:
            number = event.objects[0]
            depth[event.thread, number] -= 1
            if not depth[event.thread, number]:
                del held[event.thread][number]
    return held


def named(program: Program, held: dict[int, Place]) -> tuple[Hold, ...]:
    """Write what a thread holds in the user's names, in the order in which it was taken."""
    return tuple(Hold(program.object_name(number) or "", place) for number, place in held.items())


def target_name(system: System, thread: int, frame: Frame) -> str:
    """Name what the step that a thread stands before is about: an object, or an array as written."""
    program = system.program
    instruction = system.linked[thread].code.instructions[frame.position]
    operation = frame.operation
    if operation is None or not operation.objects:
        return ""
    target = getattr(instruction, "target", None)
    if target is not None and target.whole:
        return str(target.name)
    return program.object_name(operation.objects[0]) or ""


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
            status = "sleeping" if frame.operation.duration is not None else "running"
            if not frame.operation.ways(state.objects, number):
                status = "blocked"
                wait = Wait(
                    thread.name,
                    frame.operation.verb,
                    target_name(system, number, frame),
                    place,
                    holds,
                    tuple(
                        program.threads[other].name
                        for other in frame.operation.awaits(state.objects, number)
                    ),
                    True,
                )
        standings.append(Standing(thread.name, thread.daemon, status, place, holds, wait))
    return Situation(tuple(standings))


def stop_target(stop: Stop) -> tuple[int, ...]:
    """List the objects that a step of the program may be about."""
    return () if stop.reach is None else tuple(stop.reach.numbers)
