"""What the text of a scenario decides by itself, before any search."""

from collections.abc import Iterator

from deadsim.detect.stuck.coarse_progress import Flows
from deadsim.detect.stuck.flow import Flow, step_may_fail
from deadsim.detect.stuck.raising import END
from deadsim.kernel.primitives.semaphore import permits
from deadsim.kernel.programs.linked import Linked, Stop
from deadsim.kernel.system import System, is_timed
from deadsim.model.claims import DefectType
from deadsim.model.expressions import Binary, Compare, Constant, Local
from deadsim.model.instructions import Atomic, Branch, Code, Fail, Jump, Let
from deadsim.model.objects import Lock, RWLock, Variable


def impossible(system: System) -> dict[DefectType, str]:
    """Give the types of defects that no schedule can show, each with the reason."""
    program = system.program
    found: dict[DefectType, str] = {}
    if not system.once(may_race):
        found["race"] = (
            "every shared variable has one thread, one lock, no writer or atomic blocks alone"
            if any(isinstance(declared, Variable) for declared in program.objects)
            else "nothing is shared but synchronisation"
        )
    flows = system.once(Flows)
    bounded = system.once(terminates) or not any(counts(linked) for linked in system.linked)
    threads = range(len(program.threads))
    if bounded and not any(may_fail(flows.flow(thread)) for thread in threads):
        found["misuse"] = found["error"] = "nothing in it can fail"
    if not any(
        isinstance(instruction, Fail) and instruction.type == "assertion"
        for thread in program.threads
        for instruction in thread.code.instructions
    ):
        found["assertion"] = "nothing is asserted"
    if not program.invariants:
        found["invariant"] = "there is no invariant"
    if not any(map(is_timed, system.linked)):
        found["timeout"] = "no step has a time that can run out"
    if system.once(terminates):
        found["livelock"] = found["starvation"] = "no thread can go round for ever"
    return found


def counts(linked: Linked) -> bool:
    """Decide whether something adds up or gives permits: done for ever, that comes to a bound."""
    for instruction, entry in zip(linked.code.instructions, linked.entries, strict=True):
        if isinstance(entry, Stop) and entry.form is not None:
            given = [fact for number in entry.numbers for fact in entry.form.possible(number)]
            if any(permits(number) in given for number in entry.numbers):
                return True
        match instruction:
            case Let(slot, Binary("+", Local(same, ""), Constant(1))) if same == slot:
                continue  # the rounds of a `repeat` come to an end
        if any(isinstance(part, Binary) for part in _parts(instruction)):
            return True
    return False


def _parts(whole: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
    """List an instruction or expression and all that it is made of."""
    yield whole
    for part in whole:
        if isinstance(part, tuple):
            yield from _parts(part)


def may_fail(flow: Flow) -> bool:
    """Decide whether a thread may come to fail on some way through its code."""
    seen: set[int] = set()
    ways = [flow.first()]
    while ways:
        way = ways.pop()
        if way.failing:
            return True
        for position in way.steps:
            if position != END and position not in seen:
                seen.add(position)
                if step_may_fail(flow, position):
                    return True
                ways += flow.after(position), flow.begun(position)
    return False


def terminates(system: System) -> bool:
    """Decide whether no thread can take steps for ever: its loops are counted ones alone.

    No state of such a program comes again.
    """
    return all(_is_counted(thread.code) for thread in system.program.threads)


def _is_counted(code: Code) -> bool:
    instructions = code.instructions
    for position, instruction in enumerate(instructions):
        if isinstance(instruction, Branch) and instruction.otherwise <= position:
            return False
        if not isinstance(instruction, Jump) or instruction.target > position:
            continue
        top = instructions[instruction.target]
        match top:
            case Branch(Compare(Local(slot, ""), (("<", _),))):
                counting = Let(slot, Binary("+", Local(slot, ""), Constant(1)), top.place)
                if counting not in instructions[instruction.target : instruction.target + 3]:
                    return False
            case _:
                return False
    return all(handler.target >= handler.last for handler in code.handlers)


def may_race(system: System) -> tuple[int, ...]:
    """List the variables that could have a race, as far as the text tells.

    Not those that one thread alone accesses, that nobody writes, that are accessed in atomic blocks
    alone, or always under one lock (the lockset of Savage et al.: Eraser, 1997, on the text). So is what
    is written under an rwlock, by threads that never enter it as readers.
    """
    program = system.program
    flows = system.once(Flows)
    shared = [*system.world.shared()]
    rwlocks = {number for number, declared in shared if isinstance(declared, RWLock)}
    guards = {number for number, declared in shared if isinstance(declared, Lock)} | rwlocks
    users: dict[int, set[int]] = {}
    written: set[int] = set()
    plain: set[int] = set()
    locks: dict[int, frozenset[int]] = {}
    for thread in range(len(program.threads)):
        flow = flows.flow(thread)
        read = rwlocks & entered_as_reader(system.linked[thread])
        for position, reads, writes, atomic in accesses(system.linked[thread]):
            held = flow.holds(position if atomic is None else atomic) & guards
            if writes:
                held -= read
            written |= writes
            if atomic is None:
                plain |= reads | writes
            for variable in reads | writes:
                users.setdefault(variable, set()).add(thread)
                locks[variable] = locks.get(variable, held) & held
    return tuple(
        sorted(v for v in users if len(users[v]) > 1 and v in written & plain and not locks[v])
    )


def entered_as_reader(linked: Linked) -> set[int]:
    """List what a thread may take as a reader."""
    return {
        number
        for entry in linked.entries
        if isinstance(entry, Stop) and entry.form is not None and "read" in entry.form.flags
        for number in entry.numbers
    }


def accesses(linked: Linked) -> Iterator[tuple[int, set[int], set[int], int | None]]:
    """List the accesses to shared variables: where, what may be read and written, the atomic block."""
    atomic: int | None = None
    end = -1
    for position, instruction in enumerate(linked.code.instructions):
        if isinstance(instruction, Atomic):
            atomic, end = position, instruction.end
        elif position >= end:
            atomic = None
        entry = linked.entries[position]
        if isinstance(entry, Stop) and entry.form is not None:
            reads = {one for number in entry.numbers for one in entry.form.reads(number)}
            writes = {one for number in entry.numbers for one in entry.form.writes(number)}
            if reads or writes:
                yield position, reads, writes, atomic
