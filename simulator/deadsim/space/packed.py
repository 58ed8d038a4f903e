"""The memory engine: a program's states as integers, and its steps as tables of what to add.

A state is one integer with a field for each shared object and for each thread's place (with its
locals); a field holds the number of one of the values that were met so far. What a step does depends
on its thread's place and on the objects that it touches, and on nothing else: so it is asked of the
kernel once for each combination of these, and after that it is the addition of a difference.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from deadsim.kernel.dependence import Dependence
from deadsim.kernel.failure import Failure
from deadsim.kernel.operation import replaced
from deadsim.kernel.primitives import thread as threads
from deadsim.kernel.programs.rows import touched
from deadsim.kernel.programs.walk import NOWHERE, Frame
from deadsim.kernel.row import Result
from deadsim.kernel.row import Row as StepRow
from deadsim.kernel.select import Select
from deadsim.kernel.system import State, System, dependence, finalizers
from deadsim.model.objects import Condition, Lock, Variable

Packed: TypeAlias = int
"""A state as an integer."""


class Outgrown(Exception):
    """A field has more values than its bits can tell apart: `widen`, and begin again."""


class Info(NamedTuple):
    """What else there is to say of a move: how threads failed in it, and the step itself.

    No two moves have the same number.
    """

    number: int
    failures: tuple[Failure, ...]
    before: State
    result: Result

    @property
    def begins(self) -> bool:
        """Tell whether by it a finalizer begins, which never has to."""
        return self.result.outcome.by == "anywhere"


Move: TypeAlias = tuple[int, bool, Info]
"""What to add to a state, whether a thread fails with it, and what else there is to say."""

Row: TypeAlias = tuple[int, dict[int, tuple[Move, ...]]]
"""Of a thread's place: which bits the step depends on, and the moves for each of their values."""


class Space:
    """The states of one program, packed.

    `fields` has for each thread the mask of its place, `rows` what was found for each place;
    `lasting` are the bits of which one is set while the program has not ended. Threads that are
    `alike` have the same numbers for the places where they can stand.
    """

    last = False  # whether time runs out only where nobody can take any other step

    def __init__(
        self,
        system: System,
        keep_output: bool = False,
        alike: Iterable[Sequence[int]] = (),
    ) -> None:
        self.system = system
        self.infos = 0
        self.threads = range(len(system.program.threads))
        self.finalizers = finalizers(system)
        start = system.initial(keep_output)
        self.begun = start
        self.objects = range(len(start.state.objects))
        count = len(self.objects) + len(self.threads)
        self.values: list[list[Any]] = [[] for _ in range(count)]
        self.numbers: list[dict[Any, int]] = [{} for _ in range(count)]
        for one, *others in alike:
            for other in others:
                self.values[len(self.objects) + other] = self.values[len(self.objects) + one]
                self.numbers[len(self.objects) + other] = self.numbers[len(self.objects) + one]
        for number, thread in enumerate(system.program.threads):
            # That it runs is the first bit; it is the second where it may also be new.
            first = threads.ENDED if thread.autostart else threads.NEW
            for status in (first, threads.RUNNING, threads.ENDED):
                self.number(number, status)
        self.users = self.find_users()
        self.widths = [self.guess(field) for field in range(count)]
        self.lay_out()

    def find_users(self) -> list[int]:
        """Count for each object the threads that have a step on it, and for a condition's lock all."""
        users = [0] * len(self.objects)
        for linked in self.system.linked:
            mine: set[int] = set()
            for entry in linked.entries:
                mine.update(() if callable(entry) else entry.numbers)
            for number in mine:
                users[number] += 1
        program = self.system.program
        for declared in program.objects:
            if isinstance(declared, Condition):
                users[declared.lock] = len(self.threads)
        return users

    def guess(self, field: int) -> int:
        """Say how many bits a field has to begin with."""
        if field in self.threads:
            return 1 if self.system.world.entities[field].autostart else 2
        if field == self.system.world.output:
            return 0 if self.begun.state.objects[field] is None else 8
        if field in self.objects:
            declared = self.system.world[field]
            if isinstance(declared, Lock):
                return (self.users[field] * (4 if declared.reentrant else 1)).bit_length()
            return 4 if isinstance(declared, Variable) else 6
        linked = self.system.linked[field - len(self.objects)]
        stops = sum(not callable(entry) for entry in linked.entries)
        return stops.bit_length() + (4 if linked.code.initial else 0)

    def lay_out(self) -> None:
        """Give each field its place in the integer, and begin with empty tables."""
        self.shifts: list[int] = []
        at = 0
        for width in self.widths:
            self.shifts.append(at)
            at += width
        self.bits = at
        self.masks = [
            ((1 << width) - 1) << shift
            for width, shift in zip(self.widths, self.shifts, strict=True)
        ]
        self.fields = tuple(self.masks[len(self.objects) + thread] for thread in self.threads)
        self.rows: tuple[dict[int, Row], ...] = tuple({} for _ in self.threads)
        # Of a place where a thread takes the first of several steps: what each is, for the bits that decide it.
        self.branches: dict[tuple[int, int, int], Move | None] = {}
        self.tables = tuple(zip(self.threads, self.fields, self.rows, strict=True))
        self.lasting = sum(1 << self.shifts[thread] for thread in self.system.lasting)
        self.start = self.pack(self.begun.state)
        self.asked = self.start, self.begun.state

    def widen(self) -> Callable[[Packed], Packed]:
        """Give every field room for four times the values that it was seen to have.

        Gives what says of a state as it was written before how it is written from now on.
        """

        def fixed(field: int) -> bool:
            return field in self.threads or not self.widths[field]

        self.widths = [
            self.widths[field] if fixed(field) else (4 * len(values)).bit_length()
            for field, values in enumerate(self.values)
        ]
        masks, shifts = self.masks, self.shifts
        self.lay_out()
        moves = [*zip(masks, shifts, self.shifts, strict=True)]
        return lambda packed: sum((packed & mask) >> old << new for mask, old, new in moves)

    def number(self, field: int, value: Any) -> int:
        """Give the number of a value of a field; 1 and True are told apart."""
        if field in self.objects:
            key: Any = repr(value)
        else:
            key = value.position, repr(value.slots), value.failed
        found = self.numbers[field].get(key)
        if found is None:
            found = self.numbers[field][key] = len(self.values[field])
            self.values[field].append(value)
        return found

    def pack(self, state: State) -> Packed:
        """Give a state as an integer; raises Outgrown where a value is one too many."""
        packed = 0
        for field, value in enumerate((*state.objects, *state.frames)):
            packed += self.placed(field, value)
        return packed

    def placed(self, field: int, value: Any) -> int:
        """Give what a value adds to a state."""
        number = self.number(field, value)
        if number >> self.widths[field]:
            raise Outgrown
        return number << self.shifts[field]

    def value(self, packed: Packed, field: int) -> Any:
        """Give the value of one field: of an object by its number, or of a thread's place."""
        return self.values[field][(packed & self.masks[field]) >> self.shifts[field]]

    def frame(self, packed: Packed, thread: int) -> Frame:
        """Give where a thread stands."""
        found: Frame = self.value(packed, len(self.objects) + thread)
        return found

    def state(self, packed: Packed) -> State:
        """Give a state as the kernel has it, by what differs from the one that was asked for last."""
        before, state = self.asked
        differs = packed ^ before
        if differs:
            values: list[Any] = [*state.objects, *state.frames]
            while differs:
                lowest = (differs & -differs).bit_length() - 1
                field = bisect_right(self.shifts, lowest) - 1
                values[field] = self.value(packed, field)
                differs &= ~self.masks[field]
            count = len(self.objects)
            state = State(tuple(values[:count]), tuple(values[count:]))
            self.asked = packed, state
        return state

    def standing(self, packed: Packed, thread: int) -> StepRow | None:
        """Give the step before which a thread stands; None if it has ended or not begun."""
        return self.system.rows.of(thread, self.frame(packed, thread))

    @property
    def dependence(self) -> Dependence:
        """Say what the steps touch."""
        return self.system.once(dependence)

    def row(self, packed: Packed, thread: int) -> Row:
        """Find on which bits the next step of a thread depends, from the place where it stands."""
        mask = 0
        frame = self.frame(packed, thread)
        numbers = touched(frame.operation)
        if self.finalizers or self.system.world.breakable:  # others may see where it comes to stand
            standing = self.system.rows.of(thread, frame)
            numbers = () if standing is None else standing.decides
        for number in numbers:
            mask |= self.masks[number]
        row = self.rows[thread][packed & self.fields[thread]] = mask, {}
        return row

    def all_moves(self, packed: Packed, thread: int) -> tuple[Move, ...]:
        """List what a thread's next step can be: a move for each of its results, none if blocked."""
        row = self.rows[thread].get(packed & self.fields[thread])
        if row is None:
            row = self.row(packed, thread)
        mask, known = row
        moves = known.get(packed & mask)
        if moves is None:
            operation = self.frame(packed, thread).operation
            several = isinstance(operation, Select) and len(operation.branches) > 1
            several = several and thread not in self.finalizers
            find = self.find_branches if several else self.find_moves
            moves = known[packed & mask] = tuple(find(packed, thread))
        return moves

    moves = all_moves

    def at_rest(self, packed: Packed) -> bool:
        """Decide whether time may run out in a state; asked where that depends on others."""
        return True

    def find_branches(self, packed: Packed, thread: int) -> Iterable[Move]:
        """Find what the first of several steps can be: each is looked up by the bits that decide it alone."""
        standing = self.standing(packed, thread)
        assert standing is not None
        operation = standing.operation
        assert isinstance(operation, Select)
        place = packed & self.fields[thread]
        for number in standing.touches:  # what it comes to with any branch, as the next request
            if number not in operation.objects:
                place |= packed & self.masks[number]
        found: list[Move] = []
        for branch in operation.branches:
            bits = place
            for number in branch.operation.objects:
                bits |= packed & self.masks[number]
            key = thread, branch.place, bits
            if key not in self.branches:
                state = self.state(packed)
                result = self.system.branch(state, thread, branch)
                made = None if result is None else self.move(packed, state, thread, result)
                self.branches[key] = made
            move = self.branches[key]
            if move is not None:
                found.append(move)
        return found if found or operation.can_block else self.find_moves(packed, thread)

    def find_moves(self, packed: Packed, thread: int) -> Iterator[Move]:
        """Ask the kernel what a thread's next step can be."""
        state = self.state(packed)
        for result in self.system.all_results(state, thread):
            yield self.move(packed, state, thread, result)

    def move(self, packed: Packed, state: State, thread: int, result: Result) -> Move:
        """Give what a step adds to a state."""
        delta = 0
        for number, value in result.changes:
            delta += self.placed(number, value) - (packed & self.masks[number])
        for other, row in ((thread, result.next), *result.started):
            field = len(self.objects) + other
            frame = NOWHERE if row is None else row.frame
            delta += self.placed(field, frame) - (packed & self.masks[field])
        self.infos += 1
        return delta, bool(result.failures), Info(self.infos, result.failures, state, result)

    def can_move(self, packed: Packed, thread: int) -> bool:
        """Decide whether a thread can take a step, other than that its finalizer begins."""
        return bool(self.moves(packed, thread))

    def numbered(self, moves: Sequence[Move]) -> Iterator[tuple[int, Move]]:
        """Count a step's results; those by which a finalizer begins from the end, below 0.

        So each has one number, whether or not the step itself is blocked, or its time may run out.
        """
        if not self.finalizers:
            return enumerate(moves)
        count = len(moves)
        return ((way - count if move[2].begins else way, move) for way, move in enumerate(moves))

    def asides(self, packed: Packed) -> list[tuple[int, Packed]]:
        """List where it leads that a finalizer begins: the thread and the state after it."""
        found: list[tuple[int, Packed]] = []
        if self.over(packed):
            return found
        for thread in self.finalizers:
            for delta, _, info in self.moves(packed, thread):
                if info.begins:
                    found.append((thread, packed + delta))
        return found

    def after(self, path: Iterable[tuple[int, int]]) -> Packed:
        """Give the state to which a schedule leads: who takes each step, and with which result."""
        packed = self.start
        for thread, way in path:
            packed += self.moves(packed, thread)[way][0]
        return packed

    def is_reached(self, packed: Packed, state: State) -> bool:
        """Decide whether real threads have come to a state; there nobody keeps what was printed."""
        output = self.system.world.output
        objects = replaced(state.objects, output, self.value(packed, output))
        return self.pack(state._replace(objects=objects)) == packed

    def over(self, packed: Packed) -> bool:
        """Decide whether the program has ended: no started thread but daemons is left."""
        return not packed & self.lasting

    def running(self, packed: Packed, thread: int) -> bool:
        """Decide whether a thread has begun and not ended."""
        return bool(self.value(packed, thread) == threads.RUNNING)

    def successors(self, packed: Packed) -> Iterator[tuple[int, int, Packed, Info]]:
        """List the steps that can be taken: the thread, which of its results, the state after it."""
        if self.over(packed):
            return
        for thread in self.threads:
            for way, (delta, _, info) in self.numbered(self.moves(packed, thread)):
                yield thread, way, packed + delta, info

    def followers(self, packed: Packed) -> list[tuple[int, Packed]]:
        """List the steps that can be taken, in brief: the thread and the state after it.

        No finalizer begins by them (`asides`): who could only do that cannot move.
        """
        found: list[tuple[int, Packed]] = []
        if not packed & self.lasting:
            return found
        for thread, field, rows in self.tables:
            row = rows.get(packed & field) or self.row(packed, thread)
            moves = row[1].get(packed & row[0])
            if moves is None:
                moves = self.moves(packed, thread)
            for move in moves:
                found.append((thread, packed + move[0]))
        return found
