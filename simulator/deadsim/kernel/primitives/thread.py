"""Threads as objects: their start and their end. State: NEW, RUNNING or ENDED.

A thread is known by its number among the objects.
"""

from deadsim.kernel.operation import Needs, Objects, Operation, Outcome, View, Wrong, replaced

NEW = "new"


RUNNING = "running"


ENDED = "ended"


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
        self.objects = self.takes = self.joins = threads

    def ways(self, objects: View, thread: int) -> int:
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


def end(objects: Objects, thread: int) -> Objects:
    """Give the state after a thread has taken its last step."""
    return replaced(objects, thread, ENDED)
