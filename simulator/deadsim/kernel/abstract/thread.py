"""Threads as objects: which could be started, and could end."""

from collections.abc import Iterable, Sequence

from deadsim.kernel.abstract.attempt import AttemptForm
from deadsim.kernel.abstract.form import Approach, Form, Held, Passage
from deadsim.kernel.abstract.question import either
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.primitives.thread import Join, Start
from deadsim.model.values import Value


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

    varies = True  # a misuse at first, where another thread may start it

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

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return True


FORMS: dict[str, type[Form]] = {"start": StartForm, "join": JoinForm}

ANSWERS = {
    "finished": lambda world, a: either(
        all(("ended", number) in a.facts.known for number in a.numbers), True
    ),
}
