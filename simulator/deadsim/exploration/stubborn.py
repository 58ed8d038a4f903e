"""Deadlocks alone, in fewer states: only a stubborn set of threads goes on from each.

A set of threads is stubborn if whatever the others do first, what it does next commutes with it: of a
thread that can go on, everybody is in it who may ever touch what its next step touches; of one that is
blocked, those who could let it go on. Every state in which nothing moves is reached. So is every
thread that can get stuck while others run on, if in no part that is never left a thread that could go
on is ignored for ever: where one is, its states are expanded in full, and the search begins again.
Valmari: Stubborn Sets for Reduced State Space Generation, 1991; and: Stop It, and Be Stubborn!, 2017.
"""

from collections import deque
from collections.abc import Iterable

from deadsim.detect.coarse import Flows
from deadsim.engine.memory import Packed, Space, touched
from deadsim.exploration.budget import Budget
from deadsim.exploration.hunt import Path
from deadsim.exploration.outcomes import Component, bottom_components
from deadsim.kernel.lock import Acquire, Release
from deadsim.kernel.operation import Operation
from deadsim.kernel.system import System
from deadsim.model.instructions import Atomic, Step

LONGEST = 10_000  # steps of one thread that are passed through without keeping the states


def applies(system: System) -> bool:
    """Decide whether the reduction is for this program: no daemon, everybody there from the start."""
    threads = system.program.threads
    return bool(threads) and all(not t.daemon and t.autostart for t in threads)


class Reduced:
    """The graph of a program's states, reduced to what shows who gets stuck.

    `components` are its parts that are never left again; `path` leads to a state of it.
    """

    def __init__(self, space: Space, budget: Budget) -> None:
        self.space = space
        self.budget = budget
        self.future = Futures(space.system)
        self.in_full: set[Packed] = set()
        self.begin()

    def begin(self) -> None:
        """Begin anew."""
        self.last: dict[Packed, int] = {self.space.start: 0}
        self.steps: dict[Packed, list[tuple[Packed, Path]]] = {}
        self.found: list[Component] = []
        self.transitions = 0

    def components(self) -> list[Component]:
        """Find the parts that are never left again, in which nobody is ignored."""
        while True:
            self.begin()
            found = self.found
            for part in bottom_components(self.space.start, self.edges, self.budget):
                found.append(part)
            ignored = [part for part in found if self.ignores(part)]
            self.budget.count(len(self.last), self.transitions)
            if not ignored:
                return found
            for part in ignored:
                self.in_full.update(part.nodes)

    def ignores(self, part: Component) -> bool:
        """Decide whether a thread that can go on somewhere in a part never does."""
        still = [thread for thread in self.space.threads if not part.movers >> thread & 1]
        return any(self.space.moves(state, t) for state in part.nodes for t in still)

    def edges(self, state: Packed) -> tuple[list[tuple[int, Packed]], bool]:
        """Follow a stubborn set of threads; single steps are passed through."""
        out: list[tuple[int, Packed]] = []
        for thread in self.chosen(state):
            for way, (delta, _, _) in enumerate(self.space.moves(state, thread)):
                self.transitions += 1
                after, path, movers = self.pass_through(state + delta, thread, [(thread, way)])
                if after not in self.last:
                    self.last[after] = path[-1][0]
                self.steps.setdefault(state, []).append((after, tuple(path)))
                out.extend((mover, after) for mover in movers)
        return out, False

    def pass_through(
        self, state: Packed, last: int, path: list[tuple[int, int]]
    ) -> tuple[Packed, list[tuple[int, int]], set[int]]:
        """Go on as long as a single thread with a single result is chosen."""
        movers = {last}
        space = self.space
        while state not in self.last and state not in self.in_full and len(path) < LONGEST:
            if not self.is_alone(space.frame(state, last).operation, last):
                break
            moves = space.moves(state, last)
            if len(moves) != 1:
                break
            state += moves[0][0]
            self.transitions += 1
            path.append((last, 0))
        return state, path, movers

    def is_alone(self, operation: Operation | None, thread: int) -> bool:
        """Decide whether a thread's next step commutes with all that others may ever do."""
        if operation is None:
            return False
        if isinstance(operation, Release) and self.future.is_quiet(operation.number, thread):
            return True
        return not any(
            other != thread
            for number in (*touched(operation), thread)
            for other in self.future.users[number]
        )

    def chosen(self, state: Packed) -> Iterable[int]:
        """Choose a stubborn set, beginning with who went last; give those in it that can go on."""
        space = self.space
        if state not in self.in_full:
            able = [t for t in self.closed(state, self.last[state]) if space.moves(state, t)]
            if able:
                return sorted(able)
        enabled = [t for t in space.threads if space.moves(state, t)]
        if len(enabled) < 2 or state in self.in_full:
            return enabled
        return sorted(t for t in self.closed(state, enabled[0]) if space.moves(state, t))

    def closed(self, state: Packed, seed: int) -> set[int]:
        """Add to a thread all that has to be in a stubborn set with it."""
        space, future = self.space, self.future
        found = {seed}
        todo = [seed]
        while todo:
            thread = todo.pop()
            frame = space.frame(state, thread)
            operation = frame.operation
            if operation is None:
                continue
            needed: Iterable[int]
            if isinstance(operation, Release) and future.is_quiet(operation.number, thread):
                continue
            owner = None
            if isinstance(operation, Acquire):
                owner = space.value(state, operation.number)
            if owner is not None and owner[0] != thread:
                needed = (owner[0],)  # nobody else can let it go on
            else:
                needed = self.who_may_touch(state, (*touched(operation), thread))
            for other in needed:
                if other not in found:
                    found.add(other)
                    todo.append(other)
        return found

    def who_may_touch(self, state: Packed, numbers: Iterable[int]) -> Iterable[int]:
        """List the threads that may touch some objects now or later."""
        for number in numbers:
            for thread in self.future.users[number]:
                frame = self.space.frame(state, thread)
                if frame.operation is not None and number in self.future.of(thread, frame.position):
                    yield thread

    def path(self, goal: Packed) -> Path:
        """Give a schedule that leads to a state, the shortest in the reduced graph."""
        came: dict[Packed, tuple[Packed, Path]] = {}
        front = deque([self.space.start])
        while front and goal not in came:
            state = front.popleft()
            for after, path in self.steps.get(state, ()):
                if after not in came and after != self.space.start:
                    came[after] = state, path
                    front.append(after)
        parts: list[Path] = []
        while goal in came:
            goal, part = came[goal]
            parts.append(part)
        return tuple(step for part in reversed(parts) for step in part)


class Futures:
    """Which objects each thread may touch from each place on; its own end among them."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.flows = Flows(system)
        self.known: dict[int, dict[int, frozenset[int]]] = {}
        program = system.program
        count = len(program.threads) + 1 + len(program.objects)
        self.users: list[list[int]] = [[] for _ in range(count)]
        self.waited_for = set(range(program.first_object, count))
        for thread in range(len(program.threads)):
            places = self.known[thread] = self.find(thread)
            every: frozenset[int] = frozenset((thread,)).union(*places.values())
            for number in every:
                self.users[number].append(thread)

    def of(self, thread: int, position: int) -> frozenset[int]:
        """Give what a thread may touch from a place on."""
        return self.known[thread][position]

    def is_quiet(self, lock: int, thread: int) -> bool:
        """Decide whether giving a lock back commutes with all that others can do while it is held.

        So it is where they only ever wait for it, and nobody looks at the thread's end.
        """
        return lock in self.waited_for and self.users[thread] == [thread]

    def own(self, thread: int, position: int) -> frozenset[int]:
        """Give what the step at a place may touch."""
        code = self.system.linked[thread].code.instructions
        instruction = code[position]
        inside = range(position, instruction.end) if isinstance(instruction, Atomic) else (position,)
        found: set[int] = set()
        for number in inside:
            step = code[number]
            if isinstance(step, Step):
                found.update(self.flows.flow(thread).stop(number).numbers)
                if step.verb == "print":
                    found.add(self.system.program.output)
                if step.verb not in ("acquire", "release") or step.flags:
                    self.waited_for.difference_update(self.flows.flow(thread).stop(number).numbers)
        for number in tuple(found):
            lock = getattr(self.declared(number), "lock", None)
            if lock is not None:
                found.add(lock)  # a condition's
                self.waited_for.discard(lock)
        return frozenset(found)

    def declared(self, number: int) -> object:
        """Give the declaration of an object; of a thread, nothing."""
        program = self.system.program
        first = program.first_object
        return program.objects[number - first] if number >= first else None

    def find(self, thread: int) -> dict[int, frozenset[int]]:
        """Find what may be touched from each place on, backwards until it is stable."""
        flow = self.flows.flow(thread)
        code = self.system.linked[thread].code.instructions
        places = [p for p, one in enumerate(code) if isinstance(one, Step | Atomic)]
        found = {p: self.own(thread, p) | {thread} for p in places}
        following = {}
        for p in places:
            ways = flow.after(p)
            following[p] = {*ways.steps, *ways.failing, *flow.misused(p)} & found.keys()
        changed = True
        while changed:
            changed = False
            for p in reversed(places):
                more = found[p].union(*(found[n] for n in following[p]))
                if more != found[p]:
                    found[p] = more
                    changed = True
        return found
