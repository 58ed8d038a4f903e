"""What an object looks like: a shape for each primitive, and what its state says, so that no meaning hangs on colour."""

from collections import Counter
from typing import Any, Literal, NamedTuple, TypeAlias

from deadsim.kernel.world import World
from deadsim.model.objects import (
    Barrier,
    Condition,
    Event,
    Latch,
    Lock,
    ModeLock,
    Pipe,
    Queue,
    RWLock,
    Semaphore,
    SharedObject,
    Variable,
)
from deadsim.report.sentences import count

Shape: TypeAlias = Literal["ellipse", "box", "hexagon", "diamond", "cylinder", "bar"]

MOST_DOTS = 8
"""Permits that are shown as a dot each; more are a number."""


class Dots(NamedTuple):
    """Permits of a semaphore: a filled dot for each that is taken, a hollow one for each that is free.

    `spare` is room for those that there are at other times.
    """

    taken: int
    free: int
    spare: int = 0


class Appearance(NamedTuple):
    """How an object is drawn at one moment: its shape, a line below its name, and the permits."""

    shape: Shape
    note: str = ""
    dots: Dots | None = None
    double: bool = False


def appearance(declared: SharedObject, state: Any, signal: bool = False) -> Appearance:
    """Say how an object is drawn in a state of it (of the kernel's); `signal` is a semaphore whose permits nobody owns."""
    match declared:
        case Lock() if signal:
            return Appearance("box", "shut" if state else "open")
        case Semaphore() if signal:
            return Appearance("box", count(state, "signal") if state else "no signal")
        case Lock():
            depth = 0 if state is None else state[1]
            return Appearance("box", f"x{depth}" if depth > 1 else "", double=declared.reentrant)
        case RWLock():
            readers = sum(count for _, count in state.readers)
            note = "W" if state.writer is not None else f"R:{readers}" if readers else ""
            queued = f"{len(state.queued)} queued" if state.queued else ""
            return Appearance("box", " ".join(filter(None, (note, queued))))
        case ModeLock():
            counts = Counter[str]()
            for _, mode, times in state.held:
                counts[mode] += times
            modes = ", ".join(f"{mode} x{n}" if n > 1 else mode for mode, n in counts.items())
            queued = f"{len(state.queued)} queued" if state.queued else ""
            return Appearance("box", " ".join(filter(None, (modes, queued))))
        case Semaphore():
            taken = max(0, declared.value - state)
            if taken + state > MOST_DOTS:
                return Appearance("box", f"{taken}/{taken + state}")
            return Appearance("box", dots=Dots(taken, state))
        case Condition():
            waiting = sum(one.listed for one in state)
            return Appearance("hexagon", f"{waiting} waiting" if waiting else "")
        case Event():
            return Appearance("diamond", "set" if state.set else "not set")
        case Barrier():
            if state.broken:
                return Appearance("bar", "broken")
            return Appearance("bar", f"{len(state.arrived)}/{declared.parties} arrived")
        case Latch():
            return Appearance("bar", f"{state} left" if state else "open")
        case Queue():
            most = f"/{declared.maxsize}" if declared.maxsize > 0 else ""
            shut = " shut" if state.shut else ""
            return Appearance("cylinder", f"{len(state.items)}{most}{shut}")
        case Pipe():
            closed = " closed" if state.closed else ""
            if not declared.capacity:
                return Appearance("cylinder", f"{len(state.standing)} offered{closed}")
            return Appearance("cylinder", f"{len(state.items)}/{declared.capacity}{closed}")
        case Variable():
            return Appearance("box", repr(state))


def drawn_objects(world: World) -> dict[str, tuple[int, SharedObject]]:
    """List what is drawn of what is shared, by name: all but the variables.

    A condition without a lock of its own and its lock have one name, and are drawn as the condition.
    """
    found: dict[str, tuple[int, SharedObject]] = {}
    for number, declared in world.shared():
        if not isinstance(declared, Variable) and not (
            isinstance(declared, Lock) and declared.name in found
        ):
            found[declared.name] = (number, declared)
    return found
