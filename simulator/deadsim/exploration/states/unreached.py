"""Steps that no schedule reaches, once every state was visited."""

from collections.abc import Iterable

from deadsim.exploration.states.levels import Reached
from deadsim.exploration.states.stateful_search import Stateful
from deadsim.exploration.verdicts.result import Unreached
from deadsim.kernel.programs.walk import Frame
from deadsim.model.expressions import Constant
from deadsim.model.instructions import Atomic, Code, Step
from deadsim.model.place import Place
from deadsim.space.packed import Space


def unreached(search: Stateful) -> tuple[Unreached, ...] | None:
    """List the places of steps that no thread ever comes to; None where some states were not visited.

    A step of an array of threads or of a procedure is reached where one of those that have it comes to it.
    """
    if not search.reached.complete:
        return None
    space = search.space
    # A thread that fails at its first step may not have come to stand before it.
    reached = set(search.reached.failed)
    missing: dict[Place, tuple[str, dict[str, None]]] = {}
    for thread in space.threads:
        linked = search.system.linked[thread]
        frames = stood(search.reached, thread)
        reached.update(linked.place(frame.position) for frame in frames if frame.operation)
        if thread in space.finalizers:
            reached.update(begun(space, thread))
        name = search.program.threads[thread].name.split("[")[0]
        for place, words in steps(linked.code):
            missing.setdefault(place, (words, {}))[1][name] = None
    return tuple(
        Unreached(place, words, tuple(names))
        for place, (words, names) in sorted(missing.items(), key=lambda one: one[0])
        if place not in reached
    )


def stood(reached: Reached, thread: int) -> Iterable[Frame]:
    """List where a thread stood in the states that were visited.

    Where time runs out only at rest, the space also knows what follows steps that nothing ever lets take.
    """
    space = reached.space
    number = len(space.objects) + thread
    if not space.last:
        return space.values[number]
    mask = space.masks[number]
    seen = {state & mask for level in reached.each_level() for state in level}
    return [space.frame(state, thread) for state in seen]


def begun(space: Space, thread: int) -> set[Place]:
    """List the places of steps with which a thread's finalizer has begun: it need not have stood before them."""
    moves = (
        move for _, known in space.rows[thread].values() for one in known.values() for move in one
    )
    return {info.result.row.place for _, _, info in moves if info.begins}


def steps(code: Code) -> list[tuple[Place, str]]:
    """List the steps of a thread by their places, each in words; an atomic block is one step."""
    found: list[tuple[Place, str]] = []
    inside = -1
    for position, instruction in enumerate(code.instructions):
        if position <= inside:
            continue
        match instruction:
            case Atomic(end, place):
                inside = end
                found.append((place, "atomic"))
            case Step(verb, target, operands, _, _, place):
                about = None if target is None else target.name
                if about is None and operands and isinstance(operands[0], Constant):
                    about = str(operands[0].value)
                found.append((place, verb if about is None else f"{verb}: {about}"))
            case _:
                pass
    return found
