"""Sources of steps written by hand: threads are Python functions that make locks and start threads as they go."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from deadsim.kernel.operation import Operation
from deadsim.kernel.primitives import lock, semaphore, thread, variable
from deadsim.kernel.primitives.thread import RUNNING
from deadsim.kernel.row import Result, Row
from deadsim.kernel.source import Announce, Beginning, announced, happening
from deadsim.kernel.world import World
from deadsim.model.objects import Lock, Semaphore, Variable
from deadsim.model.place import Place

Body = Callable[["Hand"], None]


class Handwritten:
    """A program whose `main` is a function of a hand that takes its steps."""

    tabular = False
    begins = False
    last = False

    def __init__(self, main: Body) -> None:
        self.main = main

    def begin(self, world: World | None = None) -> Beginning:
        self.world = World() if world is None else world
        self.bodies: dict[int, Body] = {}
        main = self.world.add_thread("main", Place(1, 1), autostart=True)
        self.bodies[main] = self.main
        objects = [entity.initial for entity in self.world.entities]
        objects[main] = RUNNING
        return Beginning(self.world, objects, ((main, None),))

    def results(self, row: Row, objects: Sequence[Any]) -> tuple[Result, ...]:
        return happening(row, objects)

    def perform(self, number: int, announce: Announce) -> None:
        self.bodies[number](Hand(self, number, announce))

    def again(self, choices: Iterable[tuple[int, int | None]]) -> Iterator[Result]:
        raise AssertionError("it is not tabular")


class Hand:
    """What a body does: each call but those that make something is a step."""

    def __init__(self, source: Handwritten, number: int, announce: Announce) -> None:
        self.source = source
        self.number = number
        self.announce = announce
        self.line = 0

    def take(self, operation: Operation) -> Result:
        self.line += 1
        return self.announce(announced(self.number, operation, Place(self.line, self.number + 1)))

    def lock(self, name: str) -> int:
        return self.source.world.add(Lock(name, False, Place(1, 1)))

    def semaphore(self, name: str, value: int) -> int:
        return self.source.world.add(Semaphore(name, value, False, Place(1, 1)))

    def variable(self, name: str, value: int) -> int:
        return self.source.world.add(Variable(name, value, Place(1, 1)))

    def acquire(self, number: int) -> None:
        self.take(lock.Acquire(number, False))

    def release(self, number: int) -> None:
        self.take(lock.Release(number))

    def take_permit(self, number: int) -> None:
        self.take(semaphore.Acquire(number))

    def give_permit(self, number: int) -> None:
        self.take(semaphore.Release(number, 1, None))

    def read(self, number: int) -> Any:
        return self.take(variable.Read(number)).outcome.results[0]

    def write(self, number: int, value: int) -> None:
        self.take(variable.Write(number, value))

    def start(self, name: str, body: Body, daemon: bool = False) -> int:
        made = self.source.world.add_thread(name, Place(1, 1), daemon)
        self.source.bodies[made] = body
        self.take(thread.Start((made,)))
        return made

    def join(self, number: int) -> None:
        self.take(thread.Join((number,)))
