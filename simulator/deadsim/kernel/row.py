"""Step rows: what a thread can come to stand before, and what happens for each state of what it touches.

A row is made once and shared by all executions of its table; it says nothing of any one of them.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeGuard

from deadsim.kernel.failure import Failure
from deadsim.kernel.operation import Operation, Outcome
from deadsim.model.place import Place
from deadsim.trace.effect import Effect


class Result:
    """One thing that can happen when a step is taken; it is never changed.

    `changes` are the new values of what it touches, by number; `effect` is what it did to the order
    of things. `next` is the row before which the thread stands then, None if it has ended (or if its
    source does not know yet). `started` are the threads that begin with it, each with the row before
    which it stands, and `failures` all threads that fail. `choice` is who took it with which result,
    as a schedule has it (None where there is no other); `acts` says that a real object has to do it too.
    """

    __slots__ = (
        "acts",
        "changes",
        "choice",
        "effect",
        "failures",
        "next",
        "outcome",
        "row",
        "started",
    )

    def __init__(
        self,
        row: "Row",
        outcome: Outcome,
        changes: tuple[tuple[int, Any], ...],
        effect: Effect,
        next: "Row | None",
        started: tuple[tuple[int, "Row | None"], ...],
        failures: tuple[Failure, ...],
        choice: tuple[int, int | None],
    ) -> None:
        self.row = row
        self.outcome = outcome
        self.changes = changes
        self.effect = effect
        self.next = next
        self.started = started
        self.failures = failures
        self.choice = choice
        self.acts = row.acts and (outcome.wrong is None or outcome.wrong.raises)

    @property
    def begins(self) -> bool:
        """Tell whether by it a finalizer begins, which never has to."""
        return self.outcome.by == "anywhere"

    def ended(self) -> "Result":
        """Give the same as the last step of its thread, which gives what a join takes."""
        effect = self.effect
        last = effect._replace(gives=(*effect.gives, self.row.thread), ends=True)
        return Result(
            self.row,
            self.outcome,
            self.changes,
            last,
            self.next,
            self.started,
            self.failures,
            self.choice,
        )


def chosen(results: Sequence[Result], way: int | None) -> Result:
    """Give the result that a schedule names; where it names none, the first one by which no finalizer begins."""
    if way is None:
        return own(results)[0]
    if 0 <= way < len(results) and results[way].choice[1] in (way, None):
        return results[way]
    return next(result for result in results if result.choice[1] == way)


def own(results: Sequence[Result]) -> Sequence[Result]:
    """Leave out the results by which a finalizer begins."""
    if any(result.begins for result in results):
        return [result for result in results if not result.begins]
    return results


class Table(Protocol):
    """Works out what happens when a step of one of its rows is taken."""

    def results(self, row: "Row", objects: Sequence[Any]) -> tuple[Result, ...]:
        """List what can happen in a state of the objects; nothing while the step is blocked."""
        ...


class Row:
    """A step of a thread: its operation, its place, and the numbers of what it `touches`.

    It `acts` on something, if it does not only lead to where others see its thread.

    `frame` is where its program stands there, for the table that made it; `key` finds in the state
    of all objects what decides the step (`decides` are their numbers); `begins` lists what can happen in a state when its thread's
    finalizer begins there (None: it cannot). Strategies look at `thread`, `operation` and `ready`.
    """

    __slots__ = (
        "acts",
        "begins",
        "can_block",
        "decides",
        "frame",
        "key",
        "known",
        "operation",
        "place",
        "thread",
        "timed",
        "touches",
        "verb",
    )
    ready = False
    held = False
    only_begins = False

    def __init__(
        self,
        thread: int,
        operation: Operation,
        place: Place,
        touches: tuple[int, ...],
        key: Any,
        frame: Any = None,
        acts: bool | None = None,
    ) -> None:
        self.acts = bool(touches) if acts is None else acts
        self.thread = thread
        self.operation = operation
        self.place = place
        self.verb = operation.verb
        self.touches = self.decides = touches
        self.key = key
        self.frame = frame
        self.can_block = operation.can_block
        self.timed = operation.duration is not None
        self.known: dict[Any, tuple[Result, ...]] = {}
        self.begins: Callable[[Sequence[Any]], tuple[Result, ...]] | None = None


def may_begin(row: Row | None) -> TypeGuard[Row]:
    """Decide whether who stands before a step can let a finalizer begin."""
    return row is not None and row.begins is not None
