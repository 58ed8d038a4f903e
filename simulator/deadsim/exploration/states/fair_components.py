"""Endless schedules that are fair: the components of the graph of all states in which one can stay.

Weakly fair is a component in which each thread takes a step or cannot in some state; strongly fair one in
which each thread that can take a step in some state takes one. What is fair lies in a maximal component,
strongly in what is left of one when states are taken out in which somebody could move who never does.
Emerson, Lei: Modalities for Model Checking, 1987; components by Tarjan, 1972, without recursion.
"""

from array import array
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import and_, or_

from deadsim.exploration.budget import Budget
from deadsim.exploration.states.bottom_components import Component
from deadsim.exploration.states.levels import WATCHED
from deadsim.exploration.verdicts.goal import Path
from deadsim.model.claims import Fair
from deadsim.space.packed import Packed, Space

NOBODY = -1

BEGINS = 0xFFFF
"""In the place of a thread: its finalizer begins, which never has to. No such step is on a way round."""


class Graph:
    """All states of a space by their distance from the start, and the steps between them, by numbers.

    `able` are for each state the threads that can move in it, as bits; who could only begin a finalizer cannot.
    """

    def __init__(self, space: Space, levels: Iterable[list[Packed]], budget: Budget) -> None:
        self.space = space
        self.budget = budget
        self.states = [state for level in levels for state in level]
        self.first, self.to, self.who = array("q", [0]), array("q"), array("H")
        self.able: list[int] = []
        numbers = {state: number for number, state in enumerate(self.states)}
        for number, state in enumerate(self.states):
            self.watch(number)
            able = 0
            for thread, after in space.followers(state):
                able |= 1 << thread
                self.to.append(numbers[after])
                self.who.append(thread)
            for _, after in space.asides(state):
                self.to.append(numbers[after])
                self.who.append(BEGINS)
            self.able.append(able)
            self.first.append(len(self.to))
        empty = array("q", bytes(8 * len(self.states)))
        self.group, self.order, self.low, self.at = empty, empty[:], empty[:], empty[:]
        self.groups = 0

    def watch(self, number: int) -> None:
        """Look at the budget now and then."""
        if not number % WATCHED:
            self.budget.watch()

    def steps(self, node: int) -> Iterator[tuple[int, int]]:
        """List the steps from a state: who takes it, and the state after it."""
        for place in range(self.first[node], self.first[node + 1]):
            yield self.who[place], self.to[place]

    def fair(self, fair: Fair, nodes: Iterable[int], without: int = NOBODY) -> Iterator[Component]:
        """Find the fair components among some states, where one thread takes no step; `nodes` are numbers."""
        left = [list(nodes)]
        while left:
            for part, movers in self.split(left.pop(), without):
                able = (self.able[node] for node in part)
                unfair = reduce(and_ if fair == "weak" else or_, able) & ~movers
                if not unfair:
                    yield Component(tuple(part), movers)
                elif fair == "strong":
                    rest = [node for node in part if not self.able[node] & unfair]
                    if rest:
                        left.append(rest)

    def split(self, nodes: list[int], without: int) -> Iterator[tuple[list[int], int]]:
        """Find the components of some states in which there is a step, and who moves within them, as bits."""
        first, to, who, group = self.first, self.to, self.who, self.group
        for part in self.components(nodes, without):
            self.groups += 1
            for node in part:
                group[node] = self.groups
            movers = 0
            for node in part:
                for place in range(first[node], first[node + 1]):
                    if group[to[place]] == self.groups and who[place] != without:
                        movers |= 1 << who[place]
            if movers:
                yield part, movers

    def components(self, nodes: list[int], without: int) -> list[list[int]]:
        """Find the strongly connected components of some states."""
        first, to, who = self.first, self.to, self.who
        group, order, low, at = self.group, self.order, self.low, self.at
        self.groups += 1
        open_ones = self.groups  # what is closed is in no group
        for node in nodes:
            group[node] = open_ones
            order[node] = 0
        found: list[list[int]] = []
        met = 0
        open_nodes: list[int] = []
        for root in nodes:
            path = [] if order[root] else [root]
            while path:
                node = path[-1]
                if not order[node]:
                    met += 1
                    if not met % WATCHED:
                        self.budget.watch()
                    order[node] = low[node] = met
                    at[node] = first[node]
                    open_nodes.append(node)
                for place in range(at[node], first[node + 1]):
                    after = to[place]
                    if group[after] != open_ones or who[place] == without:
                        continue
                    if not order[after]:
                        at[node] = place  # once more, then for what it leads back to
                        path.append(after)
                        break
                    low[node] = min(low[node], low[after])
                else:
                    path.pop()
                    if low[node] == order[node]:
                        part: list[int] = []
                        while not part or part[-1] != node:
                            part.append(open_nodes.pop())
                            group[part[-1]] = 0
                        found.append(part)
        return found

    def leading_to(self, goals: Iterable[int]) -> bytearray:
        """Mark the states from which some schedule leads to one of these, and these."""
        count = len(self.states)
        first = array("q", bytes(8 * (count + 1)))
        for after, who in zip(self.to, self.who, strict=True):
            if who != BEGINS:
                first[after + 1] += 1
        for node in range(count):
            first[node + 1] += first[node]
        comes = array("q", bytes(8 * len(self.to)))
        free = first[:]
        for node in range(count):
            self.watch(node)
            for who, after in self.steps(node):
                if who != BEGINS:
                    comes[free[after]] = node
                    free[after] += 1
        marked = bytearray(count)
        front = list(goals)
        for node in front:
            marked[node] = 1
        while front:
            node = front.pop()
            for place in range(first[node], first[node + 1]):
                if not marked[comes[place]]:
                    marked[comes[place]] = 1
                    front.append(comes[place])
        return marked

    def way_to(self, node: int) -> Path:
        """Find a schedule with the fewest steps to a state."""
        came: dict[int, int] = {0: 0}
        for number in range(len(self.states)):
            for _, after in self.steps(number):
                came.setdefault(after, number)
            if node in came:
                break
        path: list[tuple[int, int]] = []
        while node:
            before = came[node]
            steps = self.space.successors(self.states[before])
            path.append(next((t, way) for t, way, after, _ in steps if after == self.states[node]))
            node = before
        return tuple(reversed(path))
