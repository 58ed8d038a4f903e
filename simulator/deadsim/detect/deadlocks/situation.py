"""Where every thread stands at one moment, in the user's own names."""

from collections.abc import Collection, Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from deadsim.detect.deadlocks.in_modes import asked, in_the_way, met
from deadsim.detect.holdings import Holdings, named
from deadsim.kernel.operation import Fact, Objects, Operation, wanted
from deadsim.kernel.primitives.modelock import Acquire
from deadsim.kernel.primitives.thread import ENDED, NEW
from deadsim.kernel.programs.walk import Frame
from deadsim.kernel.select import Select
from deadsim.kernel.system import State, System
from deadsim.model.instructions import Step
from deadsim.model.place import Place
from deadsim.model.primitives import WANTED
from deadsim.trace.finding import Deadlock, Hold, Wait, Want

Status: TypeAlias = Literal["not started", "running", "sleeping", "blocked", "finished", "failed"]


class Standing(NamedTuple):
    """One thread: how it is, its line, what it holds, and what it waits for.

    It waits if it is blocked, or if it sleeps until it can have something or gives up.
    """

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
    """Name what the step that a thread stands before is about: an object, an array as written, or one of several."""
    operation = frame.operation
    if operation is None or not operation.objects:
        return ""
    each = parts(system, thread, frame)
    names = (name_of(system, made, step, objects, thread) for made, step in each)
    return " or ".join(dict.fromkeys(names))


def parts(system: System, thread: int, frame: Frame) -> Iterator[tuple[Operation, Step | None]]:
    """List what the step that a thread stands before may be: its branches, or itself; None is no step but a block."""
    step = system.linked[thread].code.instructions[frame.position]
    operation = frame.operation
    assert operation is not None
    if not isinstance(step, Step):
        yield operation, None
    elif isinstance(operation, Select):
        made = (branch.operation for branch in operation.branches)
        yield from zip(made, step.parts, strict=True)
    else:
        yield operation, step


def name_of(
    system: System, operation: Operation, step: Step | None, objects: Objects, thread: int
) -> str:
    """Name what a step is about: an object, or an array as written."""
    if step is not None and step.target is not None and step.target.whole:
        return step.target.name
    return system.world.name(operation.about(objects, thread))


def situation(
    system: System,
    state: State,
    held: Holdings,
    failed: Collection[int],
    able: Collection[int],
    deadlocks: Iterable[Deadlock] = (),
) -> Situation:
    """Describe a state, given what each thread holds, who has failed, and whose step is not blocked.

    What `deadlocks` found says who could help whom.
    """
    known = {wait.thread: wait for found in deadlocks for wait in found.waits if wait.blocked}
    standings: list[Standing] = []
    for number in system.world.threads:
        name, daemon = system.world.name(number), system.world.is_daemon(number)
        holds = named(system.world, held.of(number))
        status = status_of(state, number, failed, able)
        place: Place | None = None
        wait: Wait | None = None
        if status in ("running", "sleeping", "blocked"):
            place = system.linked[number].place(state.frames[number].position)
        if place is not None and status != "running" and not dozes(state, number):
            wait = waiting(system, state, number, place, holds)
            told = known.get(name)
            # Who is stuck may still come to wait for something else: for the lock, once it is notified.
            if (
                status == "blocked"
                and told
                and (told.object, told.want) == (wait.object, wait.want)
            ):
                wait = told
        standings.append(Standing(name, daemon, status, place, holds, wait))
    return Situation(tuple(standings))


def status_of(state: State, number: int, failed: Collection[int], able: Collection[int]) -> Status:
    """Say in a word how a thread is; those that are `able` have a step that is not blocked."""
    operation = state.frames[number].operation
    if state.objects[number] == NEW:
        return "not started"
    if state.objects[number] == ENDED or operation is None:
        return "failed" if number in failed else "finished"
    if number not in able:
        return "blocked"
    return "sleeping" if sleeps(operation, state, number) else "running"


def dozes(state: State, thread: int) -> bool:
    """Decide whether a thread sleeps for the sake of sleeping: it waits for nothing."""
    operation = state.frames[thread].operation
    return operation is not None and not operation.objects


def want_of(needs_facts: tuple[Fact, ...], owners: tuple[int, ...] | None, is_thread: bool) -> Want:
    """Say in a word what a thread wants."""
    if owners is not None:
        return "end" if is_thread else "owner"
    return WANTED[str(needs_facts[0][0])].want


def waiting(
    system: System, state: State, thread: int, place: Place, holds: tuple[Hold, ...]
) -> Wait:
    """Describe what a thread waits for that is blocked, or sleeps until it gives up."""
    frame = state.frames[thread]
    assert frame.operation is not None
    if isinstance(frame.operation, Select):
        each: list[Wait] = []
        for operation, part in parts(system, thread, frame):
            assert part is not None
            name = name_of(system, operation, part, state.objects, thread)
            each.append(waiting_for(system, state, thread, operation, name, part.place))
        each[-1] = each[-1]._replace(timeout=frame.operation.duration)
        return each[0]._replace(holds=holds, more=tuple(each[1:]))
    asking = wanted(frame.operation)
    assert asking is not None
    name = target_name(system, thread, frame, state.objects)
    wait = waiting_for(system, state, thread, asking, name, place)
    return wait._replace(holds=holds, timeout=frame.operation.duration)


def waiting_for(
    system: System, state: State, thread: int, operation: Operation, name: str, place: Place
) -> Wait:
    """Describe what lets a thread take a step: who holds it is named; where nobody does, who has asked first."""
    needs = operation.needs(state.objects, thread)
    is_thread = system.world.is_thread(operation.about(state.objects, thread))
    keepers = () if needs.keeper is None else (needs.keeper,)
    owners = needs.owners or keepers
    ahead = False
    if isinstance(operation, Acquire):
        having = in_the_way(operation, state.objects)
        holding = tuple(owner for owner in owners if owner in having)
        owners, ahead = holding or owners, not holding
    return Wait(
        system.world.name(thread),
        operation.verb,
        name,
        want_of(needs.facts, needs.owners, is_thread),
        needs.amount,
        place,
        (),
        system.world.names(owners),
        True,
        taken=bool(keepers),
        ahead=ahead,
        mode=asked(operation),
        met=met(operation, state.objects, owners, ahead),
    )


def sleeps(operation: Operation, state: State, thread: int) -> bool:
    """Decide whether a thread can go on only because its time may be up."""
    return operation.duration is not None and not operation.ready(state.objects, thread)
