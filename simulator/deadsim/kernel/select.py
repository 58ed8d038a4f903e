"""The first of several: a step that is what one of some others would be, whichever can be taken."""

from collections.abc import Sequence
from typing import NamedTuple

from deadsim.kernel.operation import By, Needs, Objects, Operation, Outcome, Taken, View
from deadsim.model.place import Place


class Alternative(NamedTuple):
    """One of the steps, its place in the list, and where it stands in the file."""

    place: int
    operation: Operation
    where: Place


class Select(Operation):
    """Take a branch that can be taken; where none can, the one at `default`, or `late` once time is up."""

    verb = "select"
    can_choose = True
    names_places = True

    def __init__(
        self,
        branches: Sequence[Alternative],
        duration: int | None = None,
        late: int | None = None,
        default: int | None = None,
    ) -> None:
        self.branches = tuple(branches)
        self.duration = duration
        self.late = late
        self.default = default
        self.can_block = late is None and default is None
        touched = (number for branch in branches for number in branch.operation.objects)
        self.objects = tuple(dict.fromkeys(touched))

    def able(self, objects: View, thread: int) -> list[Alternative]:
        """List the branches that can be taken."""
        return [one for one in self.branches if one.operation.ways(objects, thread)]

    def ways(self, objects: View, thread: int) -> int:
        return len(self.able(objects, thread)) or (0 if self.can_block else 1)

    def place(self, objects: View, thread: int, way: int) -> int | None:
        found = self.able(objects, thread)
        return found[way].place if found else self.late if self.default is None else self.default

    def ready(self, objects: View, thread: int) -> bool:
        return bool(self.able(objects, thread))

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        found = self.able(objects, thread)
        if not found:
            given = (self.place(objects, thread, way), None, None)
            by: By | None = "time" if self.default is None else None
            return Outcome(objects, given, success=False, by=by)
        return taken(objects, thread, found[way])

    def needs(self, objects: Objects, thread: int) -> Needs:
        return self.each_need(objects, thread)[0]

    def each_need(self, objects: Objects, thread: int) -> tuple[Needs, ...]:
        return tuple(branch.operation.needs(objects, thread) for branch in self.branches)


def taken(objects: Objects, thread: int, branch: Alternative) -> Outcome:
    """Take one of the steps: its results come after its place."""
    place, operation, where = branch
    alone = operation.apply(objects, thread, 0)
    first, second = (*alone.results[:2], None, None)[:2]
    return alone._replace(results=(place, first, second), taken=Taken(operation, alone, where))
