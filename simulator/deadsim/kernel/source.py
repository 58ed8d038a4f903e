"""Where steps come from: a source has threads, each of which announces the step it stands before.

A scenario is one: its threads walk their own code, and all that they can come to stand before is a
table beforehand. Any other program may be one too: then threads and objects appear while it runs, in
a world of that execution, and nothing is known of a step before it is announced.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from deadsim.kernel.effect import effect_of
from deadsim.kernel.failure import Failure
from deadsim.kernel.operation import Operation
from deadsim.kernel.row import Result, Row
from deadsim.kernel.world import World
from deadsim.model.place import Place

Announce: TypeAlias = Callable[[Row], Result]
"""Stand before a step; returns when it was taken, with what happened."""


class Beginning(NamedTuple):
    """How an execution begins: its world, the state of its objects, who stands before what.

    A thread of `standing` without a row has to run to say where it stands.
    """

    world: World
    objects: list[Any]
    standing: tuple[tuple[int, Row | None], ...]
    failures: tuple[Failure, ...] = ()


class Source(Protocol):
    """What is carried out.

    Where it is `tabular`, all that its threads can come to stand before is known beforehand: a result
    says which row is next, nothing appears in its world, and what happened can be worked out from
    who took which step (`again`), so that an execution need not keep it. Where it is the `last` thing that
    happens that a time runs out, it does so only at rest (`kernel.rest`); `begins` says whether a finalizer may begin.
    """

    tabular: bool
    last: bool
    begins: bool

    def begin(self, world: World | None = None) -> Beginning:
        """Give the beginning of an execution.

        Of a program whose world grows that is a new world, or the one that is given, which has been
        filled by executions before: what appears as it did then has the number that it had.
        """
        ...

    def results(self, row: Row, objects: Sequence[Any]) -> tuple[Result, ...]:
        """List what can happen when a step is taken; nothing while it is blocked."""
        ...

    def perform(self, thread: int, announce: Announce) -> None:
        """Carry a thread out, to its end: it announces each of its steps, and is told what happened."""
        ...

    def again(self, choices: Iterable[tuple[int, int | None]]) -> Iterator[Result]:
        """Give what happened in each step of a schedule; only asked where it is `tabular`."""
        ...


def announced(thread: int, operation: Operation, place: Place) -> Row:
    """Make the row of a step that is only known as it is announced."""
    return Row(thread, operation, place, operation.objects, nothing)


def nothing(objects: Sequence[Any]) -> None:
    """Find nothing in a state: what a step does is worked out anew each time."""


def happening(row: Row, objects: Sequence[Any]) -> tuple[Result, ...]:
    """List what can happen when a step is taken of which nothing was known before."""
    before, operation, thread = tuple(objects), row.operation, row.thread
    ways = operation.ways(before, thread)
    found = []
    for way in range(ways):
        outcome = operation.apply(before, thread, way)
        changes = tuple(
            (number, outcome.objects[number])
            for number in row.touches
            if outcome.objects[number] is not before[number]
        )
        effect = effect_of(operation, outcome, thread, False)
        started = tuple((other, None) for other in outcome.started)
        choice = thread, way if ways > 1 else None
        found.append(Result(row, outcome, changes, effect, None, started, (), choice))
    return tuple(found)
