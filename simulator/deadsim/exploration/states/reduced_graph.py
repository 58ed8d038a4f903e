"""The states of a program, reduced to what shows how it can end, fail and race.

Only a stubborn set of threads goes on from each state. Every state in which nothing moves is reached,
and of every execution one with the same order of dependent steps; if in no part that is never left a
thread that could go on is ignored for ever: where one is, its states are expanded in full, and the
search begins again. Valmari: Stop It, and Be Stubborn!, 2017.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from deadsim.exploration.budget import Budget
from deadsim.exploration.states.bottom_components import Component, Node, bottom_components
from deadsim.exploration.states.levels import WATCHED
from deadsim.exploration.states.stubborn_sets import Stubborn
from deadsim.exploration.static.symmetry import Names, Symmetry
from deadsim.exploration.verdicts.goal import Path
from deadsim.space.access_order import Order
from deadsim.space.packed import Info, Packed

OFTEN = 32  # steps between two looks at the budget; each may take long where values are large
LONGEST = 20  # steps of one thread that are passed through without keeping the states

See: TypeAlias = Callable[[Packed, Info, frozenset[int]], bool]
"""Called with each step: the state that it leads to, and which variables race by it; true if it is
not to be followed."""


def seeing(shows: Callable[[Packed, Info], bool]) -> See:
    """Look for steps by what they lead to, whatever races by them."""
    return lambda after, info, raced: shows(after, info)


def seeing_race(after: Packed, info: Info, raced: frozenset[int]) -> bool:
    """Look for steps by which something races."""
    return bool(raced)


class TooMany(Exception):
    """A graph has more nodes than it may have."""


class Came(NamedTuple):
    """How a node was come to: from which other, by which steps, and how its threads are called since."""

    before: Node
    path: Path
    names: Names


class Way(NamedTuple):
    """A step that can be taken from a node: with which result, and where it leads."""

    way: int
    after: Node
    stop: bool


class Reduced:
    """The reduced graph of a program's states; with `order`, of these with what is known of accesses.

    `components` are its parts that are never left again; `way_to` leads to a node that was visited,
    `find` by the fewest of its edges. `see` is called with each step, those included that are passed
    through without keeping the states; `path_here` then leads up to that step, and with it.
    """

    def __init__(
        self,
        stubborn: Stubborn,
        budget: Budget,
        see: See | None = None,
        order: Order | None = None,
        most: int | None = None,
        symmetry: Symmetry | None = None,
    ) -> None:
        self.space = stubborn.space
        self.stubborn = stubborn
        self.budget = budget
        self.see = see
        self.order = order
        self.most = most
        self.symmetry = symmetry
        self.mask = (1 << self.space.bits) - 1
        self.in_full: set[Node] = set()
        self.begin()

    def begin(self) -> None:
        """Begin anew."""
        self.last: dict[Node, int] = {self.space.start: 0}  # the nodes, and who came to them first
        self.came: dict[Node, Came] = {}  # and how
        self.here: tuple[Node, Path] = (self.space.start, ())  # whose steps are looked at
        self.step = (0, 0)
        self.found: list[Component] = []
        self.transitions = 0
        self.counted = (0, 0)

    def moved(
        self, stubborn: Stubborn, symmetry: Symmetry | None, to: Callable[[Node], Node]
    ) -> "Reduced":
        """Give the same graph of a space that was widened since, with what was found of it."""
        found = Reduced(stubborn, self.budget, self.see, None, self.most, symmetry)
        found.in_full = set(map(to, self.in_full))
        found.last = {to(node): thread for node, thread in self.last.items()}
        found.came = {
            to(node): Came(to(before), path, names)
            for node, (before, path, names) in self.came.items()
        }
        return found

    def components(self) -> list[Component]:
        """Find the parts that are never left again, in which nobody is ignored.

        Raises TooMany where there are more than `most` nodes.
        """
        while True:
            self.begin()
            found = self.found
            for part in bottom_components(self.space.start, self.edges, self.budget):
                found.append(part)
            ignored = [part for part in found if self.ignores(part)]
            self.count()
            if not ignored:
                return found
            for part in ignored:
                self.in_full.update(part.nodes)

    def count(self) -> None:
        """Tell the budget what was visited since it was told last."""
        states, transitions = self.counted
        self.counted = len(self.last), self.transitions
        self.budget.count(self.counted[0] - states, self.counted[1] - transitions)

    def ignores(self, part: Component) -> bool:
        """Decide whether a thread that can go on somewhere in a part never does."""
        self.budget.watch()
        still = [thread for thread in self.space.threads if not part.movers >> thread & 1]
        return any(
            self.space.moves(node & self.mask, thread)
            for node in part.nodes
            if still and not self.space.over(node & self.mask)
            for thread in still
        )

    def edges(self, node: Node) -> tuple[list[tuple[int, Node]], bool]:
        """Follow a stubborn set of threads."""
        out: list[tuple[int, Node]] = []
        more = False
        for after, path, stop in self.follow(node):
            if stop:
                more = True
            else:
                after, names = self.canonical(after)
                self.add(after, path)
                if after not in self.came and after != self.space.start:
                    self.came[after] = Came(node, path, names)
                out.append((path[0][0], after))
        return out, more

    def add(self, node: Node, path: Path) -> None:
        """Note a node, if it is a new one."""
        if node not in self.last:
            self.last[node] = path[-1][0]
            new = len(self.last) - self.counted[0]
            if new >= WATCHED or self.budget.visited + new > self.budget.states:
                self.count()
            if self.most is not None and len(self.last) > self.most:
                self.count()
                raise TooMany

    def canonical(self, node: Node) -> tuple[Node, Names]:
        """Give the node that stands for one, and how its threads are called there."""
        if self.symmetry is None:
            return node, ()
        state, names = self.symmetry.canonical(node & self.mask)
        number = node >> self.space.bits
        if self.order is not None and names != self.symmetry.same:
            number = self.order.called(number, names)
        return state | number << self.space.bits, names

    def follow(self, node: Node) -> Iterator[tuple[Node, Path, bool]]:
        """Go on from a node, to the next ones; tells whether the last step there is not to be followed."""
        state = node & self.mask
        if node in self.in_full:
            threads = self.stubborn.enabled(state)
        else:
            threads = self.stubborn.chosen(state, self.last[node])
        for thread in threads:
            self.here = node, ()
            for step in self.ways(node, thread):
                yield self.pass_through(thread, step)

    def ways(self, node: Node, thread: int) -> list[Way]:
        """List the results of a thread's next step."""
        self.transitions += 1
        if not self.transitions % OFTEN:
            self.count()
        found: list[Way] = []
        if self.order is not None:
            for way, after, raced, info in self.order.steps(node, thread):
                self.step = thread, way
                stop = self.see is not None and self.see(after & self.mask, info, raced)
                found.append(Way(way, after, stop))
            return found
        for way, (delta, _, info) in enumerate(self.space.moves(node, thread)):
            self.step = thread, way
            stop = self.see is not None and self.see(node + delta, info, NONE)
            found.append(Way(way, node + delta, stop))
        return found

    def pass_through(self, thread: int, step: Way) -> tuple[Node, Path, bool]:
        """Go on as long as one thread alone suffices, with a step that has a single result."""
        path = [(thread, step.way)]
        node = step.after
        while not (step.stop or node in self.last or node in self.in_full or len(path) >= LONGEST):
            if not self.stubborn.is_alone(node & self.mask, thread):
                break
            self.here = self.here[0], tuple(path)
            ways = self.ways(node, thread)
            if len(ways) > 1:
                break
            step = ways[0]
            node = step.after
            path.append((thread, step.way))
        return node, tuple(path), step.stop

    def way_to(self, node: Node) -> Path:
        """Give the schedule by which a node was come to first."""
        return self.in_own_names(parts_of(self.came, node, ()))

    def path_here(self) -> Path:
        """Give the schedule that leads up to the step that is looked at, and with it."""
        node, path = self.here
        return self.in_own_names(parts_of(self.came, node, (*path, self.step)))

    def find(self) -> Path | None:
        """Give a schedule that leads to the first step that is not to be followed.

        The shortest in the reduced graph, from which nothing may have been left out: where `components`
        had to expand nodes in full, this does so too.
        """
        return next(self.breadth_first(None, self.budget), None)

    def find_each(self, goals: Collection[Node], budget: Budget) -> Iterator[Path]:
        """Give for each of some nodes a schedule that leads to it, the shortest in the reduced graph."""
        return self.breadth_first(set(goals), budget)

    def breadth_first(self, goals: set[Node] | None, budget: Budget) -> Iterator[Path]:
        """Go through the graph, and give schedules to these nodes, or (None) to steps that are not followed."""
        start = self.space.start
        came: dict[Node, Came] = {}
        front = deque([start])
        if goals is not None and start in goals:
            goals.discard(start)
            yield ()
        while front and goals != set():
            node = front.popleft()
            budget.count(1)
            for raw, path, stop in self.follow(node):
                after, names = self.canonical(raw)
                if stop:
                    if goals is None:
                        yield self.in_own_names(parts_of(came, node, path))
                    continue
                if after in came or after == start:
                    continue
                self.last.setdefault(after, path[-1][0])
                came[after] = Came(node, path, names)
                front.append(after)
                if goals is not None and after in goals:
                    goals.discard(after)
                    yield self.in_own_names(parts_of(came, node, path))

    def in_own_names(self, parts: Iterable[tuple[Path, Names]]) -> Path:
        """Join the parts of a path, after each of which the threads were called otherwise."""
        who = tuple(self.space.threads)  # of each name, whose it is
        path: list[tuple[int, int]] = []
        for part, names in parts:
            path += [(who[name], way) for name, way in part]
            if names:
                called = dict(zip(names, range(len(names)), strict=True))
                who = tuple(who[called[name]] for name in self.space.threads)
        return tuple(path)


def parts_of(came: Mapping[Node, Came], node: Node, last: Path) -> Iterable[tuple[Path, Names]]:
    """List the parts of the path to a node, and then the last one."""
    parts: list[tuple[Path, Names]] = [(last, ())]
    while node in came:
        node, path, names = came[node]
        parts.append((path, names))
    return reversed(parts)


NONE: frozenset[int] = frozenset()
