"""The first of several: what its branches could need and provide."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from deadsim.kernel.abstract.attempt import AttemptForm
from deadsim.kernel.abstract.form import Approach, Declared, Form, Passage, Results
from deadsim.kernel.operation import Fact, Operation
from deadsim.kernel.select import Select
from deadsim.model.values import Value
from deadsim.trace.effect import Numbers


class Part(NamedTuple):
    """A branch: its place, how its verb works, what it may be about, and whether anybody wants its results."""

    place: int
    form: Form
    numbers: tuple[int, ...]
    whole: bool
    wanted: bool


class SelectForm(Form):
    """`select`; with the flag "timed" one branch, and with "default" too, is taken where no other can be."""

    varies = True
    results: ClassVar[Results] = "values"

    def __init__(
        self,
        declared: Declared,
        flags: tuple[str, ...],
        parts: Sequence[Part],
        otherwise: int | None = None,
    ) -> None:
        super().__init__(declared, flags)
        self.parts = tuple(parts)
        self.otherwise = otherwise
        self.can_block = otherwise is None
        self.gives_up = otherwise is not None or len(parts) > 1

    def operation(self, objects: tuple[int, ...], operands: tuple[Value, ...]) -> Operation:
        raise AssertionError("each branch makes its own")

    def about(self, number: int) -> list[Form]:
        """List the forms of the branches that may be about an object."""
        return [part.form for part in self.parts if number in part.numbers]

    def passages(self, a: Approach) -> Iterable[Passage]:
        if self.otherwise is not None:
            yield Passage(a.held, (self.otherwise, None, None))
        made = a.operation.branches if isinstance(a.operation, Select) else None
        for number, part in enumerate(self.parts):
            operation = None if made is None else made[number].operation
            about: Iterable[tuple[int, ...]] = [(one,) for one in part.numbers]
            if operation is not None:
                about = [operation.objects]
            elif part.whole:
                about = [part.numbers]
            for numbers in about:
                own = a._replace(numbers=numbers, operation=operation, wanted=part.wanted)
                form = part.form
                ways = form.taken(own) if isinstance(form, AttemptForm) else form.passages(own)
                for way in ways:
                    first, second = (*way.results[:2], None, None)[:2]
                    yield way._replace(results=(part.place, first, second))

    def wants(self, number: int) -> Sequence[Fact]:
        return [fact for form in self.about(number) for fact in form.wants(number)]

    def possible(self, number: int) -> Sequence[Fact]:
        return [fact for form in self.about(number) for fact in form.possible(number)]

    def undoes(self, number: int) -> Sequence[Fact]:
        return [fact for form in self.about(number) for fact in form.undoes(number)]

    def acquires(self, number: int) -> Numbers:
        return tuple(one for form in self.about(number) for one in form.acquires(number))

    def may_fail(self, number: int, held: frozenset[int]) -> bool:
        return any(form.may_fail(number, held) for form in self.about(number))

    def is_safe(self, numbers: Sequence[int], held: frozenset[int]) -> bool:
        return all(part.form.is_safe(part.numbers, held) for part in self.parts)
