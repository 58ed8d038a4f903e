"""Threads as objects: their start and their end. State: NEW, RUNNING or ENDED.

A thread is known by its number among the objects.
"""

from collections.abc import Iterable, Sequence

from deadsim.kernel.abstract.form import Approach, Form, Held, Passage
from deadsim.kernel.operation import Fact, Needs, Objects, Operation, Outcome, Wrong, replaced
from deadsim.kernel.primitives.attempt import AttemptForm
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
                wrong = Wrong("starts {}, which was started before", other)
                return Outcome(objects, success=False, wrong=wrong)
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
                wrong = Wrong("joins {}, which is itself", other)
                return Outcome(objects, success=False, wrong=wrong)
            if objects[other] == NEW:
                wrong = Wrong("joins {}, which was not started", other)
                return Outcome(objects, success=False, wrong=wrong)
        return Outcome(objects, (True,))

    def needs(self, objects: Objects, thread: int) -> Needs:
        running = tuple(other for other in self.threads if objects[other] != ENDED)
        return Needs((("ended",),), owners=running)


class StartForm(Form):
    """`start` of a thread or of an array of threads."""

    varies = True  # whether it is a misuse depends on who else could start them

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        return Start(objects)

    def passages(self, a: Approach) -> Iterable[Passage]:
        known, me = a.facts.known, a.thread
        mine = {("started by", number, me) for number in a.numbers}
        others = any(
            fact[0] == "started by" and fact[1] in a.numbers and fact[2] != me for fact in known
        )
        before = any(number not in a.facts.new or ~number in a.held for number in a.numbers)
        if before or others or not a.operation:
            yield Passage(a.held, fails=True)
        if not before or not a.operation:
            after: Held = {**a.held, **dict.fromkeys((~number for number in a.numbers), 1)}
            started = tuple(("started", number) for number in a.numbers)
            yield Passage(after, facts=(*started, *mine))

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return True

    def possible(self, number: int) -> Sequence[Fact]:
        return (("started", number),)


class JoinForm(AttemptForm):
    """`join` of a thread or of an array of threads."""

    def blocking(self, objects: tuple[int, ...], operands: Sequence[Value]) -> Operation:
        return Join(objects)

    def taken(self, a: Approach) -> Iterable[Passage]:
        # Of itself, or of one that has not begun and that it has not started: a misuse.
        fresh = any(number in a.facts.new and ~number not in a.held for number in a.numbers)
        itself = a.thread in a.numbers
        if itself or fresh:
            yield Passage(a.held, fails=True)
        if not (itself and a.operation) and all(
            ("ended", number) in a.facts.known for number in a.numbers
        ):
            yield Passage(a.held, (True,))


FORMS: dict[str, type[Form]] = {"start": StartForm, "join": JoinForm}


def end(objects: Objects, thread: int) -> Objects:
    """Give the state after a thread has taken its last step."""
    return replaced(objects, thread, ENDED)
