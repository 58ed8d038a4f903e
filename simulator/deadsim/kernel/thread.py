"""Threads as objects: their start and their end. State: NEW, RUNNING or ENDED.

A thread is known by its number among the objects.
"""

from collections.abc import Callable

from deadsim.kernel.operation import (
    Facts,
    Form,
    Held,
    Objects,
    Operation,
    Outcome,
    Reach,
    Sure,
    replaced,
)
from deadsim.model.program import Thread
from deadsim.model.values import Value

NEW, RUNNING, ENDED = "new", "running", "ended"


class Start(Operation):
    """Start threads; a misuse, which starts none, where one was started before."""

    verb = "start"

    def __init__(self, threads: tuple[int, ...]) -> None:
        self.threads = threads
        self.objects = self.gives = threads

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        for other in self.threads:
            if objects[other] != NEW:
                wrong = ("starts {}, which was started before", other)
                return Outcome(objects, success=False, misuse=wrong)
        state = objects
        for other in self.threads:
            state = replaced(state, other, RUNNING)
        return Outcome(state, started=self.threads)


class Join(Operation):
    """Wait for the end of threads; of oneself, or of one that was not started, it is a misuse."""

    verb = "join"
    can_block = True

    def __init__(self, threads: tuple[int, ...]) -> None:
        self.threads = threads
        self.objects = self.takes = threads

    def ways(self, objects: Objects, thread: int) -> int:
        waits = False
        for other in self.threads:
            if other == thread or objects[other] == NEW:
                return 1
            waits = waits or objects[other] != ENDED
        return 0 if waits else 1

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        for other in self.threads:
            if other == thread:
                wrong = ("joins {}, which is itself", other)
                return Outcome(objects, success=False, misuse=wrong)
            if objects[other] == NEW:
                wrong = ("joins {}, which was not started", other)
                return Outcome(objects, success=False, misuse=wrong)
        return Outcome(objects, (True,))

    def awaits(self, objects: Objects, thread: int) -> tuple[int, ...]:
        return tuple(other for other in self.threads if objects[other] != ENDED)


class StartForm(Form):
    """`start` of a thread or of an array of threads."""

    varies = True  # whether it is a misuse depends on who else could start them

    def __init__(self, thread: Thread) -> None:
        pass

    def operation(
        self, objects: tuple[int, ...], operands: tuple[Value, ...], flags: tuple[str, ...]
    ) -> Operation:
        return Start(objects)

    def misuses(self, thread: int, reach: Reach, facts: Facts, held: Held, exact: bool) -> Sure:
        if not exact:
            return "maybe"
        if any(number not in facts.new or ~number in held for number in reach.numbers):
            return "yes"
        others = any(facts.starters.get(n, set()) - {thread} for n in reach.numbers)
        return "maybe" if others else "no"

    def relax(self, thread: int, reach: Reach, facts: Facts, held: Held) -> None:
        for number in reach.numbers:
            facts.provide(facts.started, number)
            facts.provide(facts.starters.setdefault(number, set()), thread)
            held[~number] = 1


class JoinForm(Form):
    """`join` of a thread or of an array of threads."""

    can_block = True

    def __init__(self, thread: Thread) -> None:
        pass

    def misuses(self, thread: int, reach: Reach, facts: Facts, held: Held, exact: bool) -> Sure:
        if thread in reach.numbers:
            return "yes" if reach.every else "maybe"
        # One that has not begun now, and that the joiner has not started itself.
        fresh = any(number in facts.new and ~number not in held for number in reach.numbers)
        return "maybe" if fresh else "no"

    def operation(
        self, objects: tuple[int, ...], operands: tuple[Value, ...], flags: tuple[str, ...]
    ) -> Operation:
        return Join(objects)

    def may_pass(self, thread: int, reach: Reach, facts: Facts, held: Held) -> bool:
        ended = [number in facts.ended for number in reach.numbers]
        return all(ended) if reach.every else any(ended)


FORMS: dict[str, Callable[[Thread], Form]] = {"start": StartForm, "join": JoinForm}


def end(objects: Objects, thread: int) -> Objects:
    """Give the state after a thread has taken its last step."""
    return replaced(objects, thread, ENDED)
