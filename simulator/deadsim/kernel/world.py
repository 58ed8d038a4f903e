"""The world of an execution: who runs and what is shared, numbered in the order in which they appear.

Every room knows threads and objects by these numbers and asks here for their names, kinds and
places. A scenario fills a world at the start; other programs add to theirs while they run. Nothing
is ever taken out, and no number changes its meaning.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from deadsim.kernel.primitives.table import initial_state
from deadsim.kernel.primitives.thread import NEW
from deadsim.model.objects import (
    Condition,
    Lock,
    ModeLock,
    RWLock,
    Semaphore,
    SharedObject,
)
from deadsim.model.place import Place
from deadsim.model.program import Program

THREAD, OUTPUT = "thread", "output"
NOBODY = -1

Origin: TypeAlias = tuple[int, int, str]
"""Which thread made something, as its how-manieth, and what it is: the same in every schedule."""


class Entity(NamedTuple):
    """A thread, the printed output, or something shared (`declared`), with the state it begins with.

    `kind` is "thread", "output" or the noun of a primitive; `autostart` and `daemon` are of threads,
    `owner` is the process that it belongs to (None: everybody's).
    """

    kind: str
    name: str | None
    initial: Any
    place: Place | None = None
    declared: SharedObject | None = None
    daemon: bool = False
    autostart: bool = False
    owner: int | None = None


class World:
    """Numbers what there is; `threads` are the numbers of the threads, `output` that of the output.

    >>> from deadsim.model.objects import Lock
    >>> world = World()
    >>> world.add_thread("main"), world.add(Lock("A", False, Place(1, 1)))
    (0, 1)
    >>> world.name(1), world.kind(1), world.threads
    ('A', 'lock', [0])
    """

    def __init__(self) -> None:
        self.entities: list[Entity] = []
        self.numbers: dict[Origin, int] = {}
        self.made: dict[int, int] = {}  # maker → how much it has made in this execution
        self.maker = NOBODY
        self.threads: list[int] = []
        self.output = -1
        self.conditions: list[tuple[int, int]] = []  # each with its lock
        self.signals: set[int] = set()  # semaphores, and locks without an owner, that nobody has
        self.breakable: dict[int, ModeLock] = {}  # of which a circle of waits is broken

    def __len__(self) -> int:
        return len(self.entities)

    def begin(self) -> None:
        """Begin another execution in the same world: what appears as it did before has its old number."""
        self.made.clear()
        self.maker = NOBODY

    def number(self, entity: Entity) -> int:
        """Give the number of what the thread that runs (`maker`) has made: a new one, unless it made it before.

        What a thread makes may depend on what it has read: then it is another one.
        """
        place = self.made.get(self.maker, 0)
        self.made[self.maker] = place + 1
        origin = self.maker, place, repr(entity)
        number = self.numbers.get(origin)
        if number is None:
            number = self.numbers[origin] = len(self.entities)
            self.entities.append(entity)
        return number

    def add_thread(
        self, name: str, place: Place | None = None, daemon: bool = False, autostart: bool = False
    ) -> int:
        """Add a thread that has not begun; give its number."""
        number = self.number(Entity(THREAD, name, NEW, place, daemon=daemon, autostart=autostart))
        if number not in self.threads:
            self.threads.append(number)
        return number

    def add_output(self) -> int:
        """Add the printed output that all threads share; give its number."""
        self.output = self.number(Entity(OUTPUT, None, None))
        return self.output

    def add(self, declared: SharedObject) -> int:
        """Add something that is shared; give its number."""
        kind = type(declared).__name__.lower()
        before = len(self.entities)
        number = self.number(
            Entity(kind, declared.name, initial_state(declared), declared.place, declared)
        )
        if isinstance(declared, Condition) and number == before:
            self.conditions.append((number, declared.lock))
        if isinstance(declared, Lock | Semaphore) and declared.signal:
            self.signals.add(number)
        if isinstance(declared, ModeLock) and declared.victims:
            self.breakable[number] = declared
        return number

    def name(self, number: int) -> str:
        """Give the name; the printed output has none, which is empty."""
        return self.entities[number].name or ""

    def names(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """Give the names of several."""
        return tuple(self.entities[number].name or "" for number in numbers)

    def kind(self, number: int) -> str:
        """Give the kind: "thread", "output", or the noun of a primitive."""
        return self.entities[number].kind

    def declared(self, number: int) -> SharedObject | None:
        """Give the declaration of something shared; None of a thread and of the output."""
        return self.entities[number].declared

    def __getitem__(self, number: int) -> SharedObject:
        """Give the declaration of something shared."""
        declared = self.entities[number].declared
        assert declared is not None
        return declared

    def place(self, number: int) -> Place | None:
        """Give where it was declared, with its file."""
        return self.entities[number].place

    def is_thread(self, number: int) -> bool:
        """Decide whether this is a thread."""
        return self.entities[number].kind == THREAD

    def is_daemon(self, thread: int) -> bool:
        """Decide whether a thread does not keep the program alive."""
        return self.entities[thread].daemon

    def is_lock(self, number: int) -> bool:
        """Decide whether one thread at a time has something: a lock, or a semaphore that is used as one."""
        declared = self.entities[number].declared
        if isinstance(declared, Semaphore):
            return declared.value == 1 and not declared.signal
        if isinstance(declared, ModeLock):
            return not declared.victims  # who waits in a circle is freed from it
        return isinstance(declared, RWLock) or (isinstance(declared, Lock) and not declared.signal)

    def shared(self) -> Iterator[tuple[int, SharedObject]]:
        """List what is shared, by number, in the order in which it appeared."""
        for number, entity in enumerate(self.entities):
            if entity.declared is not None:
                yield number, entity.declared

    def about(self, numbers: tuple[int, ...]) -> str | None:
        """Name what a step was about: the first of what it touched, or the array of several threads."""
        if not numbers:
            return None
        first = self.entities[numbers[0]]
        if first.name is not None and len(numbers) > 1 and first.kind == THREAD:
            return first.name.split("[")[0]
        return first.name


def world_of(program: Program) -> World:
    """Give the world of a scenario: its threads, the printed output, then what is shared."""
    world = World()
    for thread in program.threads:
        world.add_thread(thread.name, thread.place, thread.daemon, thread.autostart)
    world.add_output()
    for declared in program.objects:
        world.add(declared)
    return world
