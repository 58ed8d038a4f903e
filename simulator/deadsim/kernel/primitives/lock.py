"""Locks, plain and reentrant. State: None while free, else (owner, how often it holds it).

One without an owner remembers who took it last, but anybody may release it.
"""

from collections.abc import Sequence
from typing import Any

from deadsim.kernel.operation import Fact, Needs, Objects, Operation, Outcome, View, Wrong, replaced
from deadsim.model.objects import Lock


def initial(lock: Lock) -> Any:
    """Give the state that the object begins with."""
    return None


def threads_in(state: Any) -> tuple[int, ...]:
    """List the threads that the state mentions, first to last."""
    return () if state is None else (state[0],)


def renamed(state: Any, names: Sequence[int]) -> Any:
    """Give the state with each thread called by another's number."""
    return None if state is None else (names[state[0]], state[1])


TAKEN = (True,)


class Acquire(Operation):
    """Take a lock; blocked while another thread holds it, or this one a plain one.

    What is taken of a `signal` nobody has.
    """

    verb = "acquire"
    can_block = True

    def __init__(
        self, number: int, reentrant: bool, owned: bool = True, signal: bool = False
    ) -> None:
        self.number = number
        self.reentrant = reentrant
        self.owned = owned
        self.signal = signal
        self.objects = self.takes = (number,)
        self.acquires = () if signal else (number,)

    def ways(self, objects: View, thread: int) -> int:
        owned = objects[self.number]
        return 1 if owned is None or (self.reentrant and owned[0] == thread) else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        owned = objects[number]
        depth = 1 if owned is None else owned[1] + 1
        return Outcome(replaced(objects, number, (thread, depth)), TAKEN)

    def needs(self, objects: Objects, thread: int) -> Needs:
        return free(self.number, objects, self.owned, self.signal)


class Release(Operation):
    """Give a lock back; a misuse by whoever does not hold it, or of one without an owner while it is free."""

    verb = "release"

    def __init__(self, number: int, owned: bool = True, signal: bool = False) -> None:
        self.number = number
        self.owned = owned
        self.objects = self.gives = (number,)
        self.releases = () if signal else (number,)

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        owned = objects[self.number]
        if owned is None and not self.owned:
            wrong = Wrong("releases {}, which nobody holds", self.number)
            return Outcome(objects, success=False, wrong=wrong)
        if owned is None or (self.owned and owned[0] != thread):
            return Outcome(objects, success=False, wrong=not_held(self.number))
        rest = (thread, owned[1] - 1) if owned[1] > 1 else None
        return Outcome(replaced(objects, self.number, rest))


def reentrant(declared: Any) -> bool:
    """Decide whether the owner of a lock may take it again."""
    return bool(declared.reentrant)


def is_owned(declared: Any) -> bool:
    """Decide whether nobody but its owner may release a lock."""
    return bool(declared.owned)


def unlocked(number: int) -> Fact:
    """Say that a lock without an owner was released."""
    return ("unlocked", number)


def free(number: int, objects: Objects, owned: bool = True, signal: bool = False) -> Needs:
    """Say what a thread needs that waits for a lock."""
    owner, depth = objects[number]
    if not owned:
        return Needs((unlocked(number),), keeper=None if signal else owner)
    facts: tuple[Fact, ...] = (("free", number),)
    if depth == 1:
        facts = (*facts, ("given back", number))
    return Needs(facts, owners=(owner,))


def not_held(number: int) -> Wrong:
    """Say that a thread releases what it does not hold."""
    return Wrong("releases {}, which it does not hold", number)


QUERIES = {
    "locked": lambda world, number, state: state is not None,
    "holder": lambda world, number, state: None if state is None else world.name(state[0]),
}
