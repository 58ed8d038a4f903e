"""One execution of each class, and no other: optimal dynamic partial-order reduction.

Executions that differ only in the order of independent neighbours are of one class. After each
execution, every race in it is turned round, and what leads to the other order is kept in a wakeup
tree at the step before; threads whose steps were explored sleep until something dependent happens.
Abdulla, Aronis, Jonsson, Sagonas: Optimal Dynamic Partial Order Reduction, POPL 2014.

A step that was blocked is in no race that can be seen: its lock was released in between. So for each
two dependent steps the kernel is asked whether the later one could come first; and at the end so for
what every thread that did not get on stands before.
"""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.static.footprint import Footprints
from deadsim.kernel.dependence import Footprint, dependent
from deadsim.space.packed import Info, Packed, Space

MOST_STEPS = 1_000
"""How long an execution may get, where nothing else is asked for."""

Choice = tuple[int, int]
"""A thread, and which of the results its step has."""


class Branch:
    """A choice in a wakeup tree, and what is to follow it: nothing in particular where that is empty."""

    __slots__ = ("choice", "then")

    def __init__(self, choice: Choice, then: "list[Branch] | None" = None) -> None:
        self.choice = choice
        self.then = then or []


class Taken(NamedTuple):
    """A step of the execution: its thread took so many with it, and what came before it, by thread."""

    choice: Choice
    info: Info
    footprint: Footprint
    turn: int
    clock: dict[int, int]

    def before(self, other: "Taken") -> bool:
        """Decide whether this step happens before another one, by dependence."""
        return other.clock.get(self.choice[0], 0) >= self.turn


class Node:
    """A state on the way: which choices sleep in it, and what is still to be explored from it."""

    __slots__ = ("entered", "sleep", "state", "tree")

    def __init__(self, state: Packed, sleep: dict[Choice, Footprint], tree: list[Branch]) -> None:
        self.state = state
        self.sleep = sleep
        self.tree = tree
        self.entered = bool(tree)


class Execution(NamedTuple):
    """A whole execution: its schedule, what there is to say of each step, and the states around them.

    It is `whole` unless it was cut off.
    """

    path: tuple[Choice, ...]
    infos: tuple[Info, ...]
    states: tuple[Packed, ...]
    whole: bool


class Classes:
    """Goes through the executions of one program, one of each class.

    `redundant` counts executions that were begun though each continuation was known; there are none.
    """

    def __init__(self, space: Space, budget: Budget) -> None:
        self.space = space
        self.budget = budget
        self.footprints = Footprints(space)
        self.nodes = [Node(space.start, {}, [])]
        self.on_the_way = {space.start}
        self.steps: list[Taken] = []
        self.last: list[dict[int, Taken]] = [{}]  # of each node: each thread's last step
        self.fresh = 0  # the first step that no execution before had
        self.executions = self.redundant = 0

    def __iter__(self) -> Iterator[Execution]:
        """Give the executions one after the other; raises Spent."""
        nodes = self.nodes
        while nodes:
            node = nodes[-1]
            if not node.entered:
                node.entered = True
                enabled = self.enabled(node.state)
                halts = not any(self.space.can_move(node.state, thread) for thread, _ in enabled)
                awake = [choice for choice in enabled if choice not in node.sleep]
                long = len(self.steps) >= (self.budget.steps or MOST_STEPS)
                if halts or (awake and long):
                    self.executions += 1
                    self.budget.execution(self.executions, len(self.steps))
                    path = tuple(step.choice for step in self.steps)
                    infos = tuple(step.info for step in self.steps)
                    states = tuple(node.state for node in nodes)
                    yield Execution(path, infos, states, halts)
                    self.turn_round_races()
                    self.fresh = len(self.steps)
                    if halts and not long:  # nobody has to, but a finalizer may begin
                        node.tree += [Branch(choice) for choice in awake]
                elif awake:
                    node.tree += map(Branch, self.preferred(node, awake))
                else:
                    self.redundant += 1
            if node.tree:
                self.go(node, node.tree[0])
            else:
                self.on_the_way.discard(nodes.pop().state)
                self.last.pop()
                if nodes:
                    self.come_back(nodes[-1])

    def enabled(self, state: Packed) -> list[Choice]:
        """List who can take a step, with which results."""
        return [(thread, way) for thread, way, _, _ in self.space.successors(state)]

    def ways(self, state: Packed, thread: int) -> Iterator[int]:
        """List the results of a thread's next step, by numbers that no independent step changes."""
        return (way for way, _ in self.space.numbered(self.space.moves(state, thread)))

    def preferred(self, node: Node, awake: list[Choice]) -> list[Choice]:
        """Let whoever went last go on, where that can be; give all that its step can be.

        Nobody who could only begin a finalizer, for that need not be. Where something that a thread can do
        sleeps, what else it does says nothing of the executions in which that is woken: so not that thread
        either, or everybody.
        """
        last = self.steps[-1].choice[0] if self.steps else -1
        threads = dict.fromkeys(thread for thread, _ in awake)
        if self.space.finalizers:
            sleeping = {thread for thread, _ in node.sleep}
            threads = dict.fromkeys(
                thread
                for thread in threads
                if thread not in sleeping and self.space.can_move(node.state, thread)
            )
            if not threads:
                return awake
        first = last if last in threads else next(iter(threads))
        return [choice for choice in awake if choice[0] == first]

    def go(self, node: Node, branch: Branch) -> None:
        """Take a step."""
        self.budget.watch()
        thread, way = branch.choice
        delta, _, info = self.space.moves(node.state, thread)[way]
        footprint = self.footprints.of(info)
        taken = self.placed(branch.choice, info, footprint)
        sleep = {
            choice: other
            for choice, other in node.sleep.items()
            if choice[0] != thread and not dependent(other, footprint)
        }
        if node.state + delta in self.on_the_way:
            raise Spent("a schedule comes back to where it was, so that executions have no end")
        self.on_the_way.add(node.state + delta)
        self.steps.append(taken)
        self.last.append({**self.last[-1], thread: taken})
        self.nodes.append(Node(node.state + delta, sleep, branch.then))

    def placed(self, choice: Choice, info: Info, footprint: Footprint) -> Taken:
        """Put a step in the order of those before it."""
        thread = choice[0]
        own = self.last[-1].get(thread)
        clock: dict[int, int] = {}
        if own is not None:
            clock.update(own.clock)
        for step in self.steps:
            other = step.choice[0]
            if other == thread or clock.get(other, 0) >= step.turn:
                continue
            starts = own is None and thread in step.info.result.effect.starts
            if starts or dependent(step.footprint, footprint):
                for who, count in step.clock.items():
                    if clock.get(who, 0) < count:
                        clock[who] = count
        turn = 1 if own is None else own.turn + 1
        clock[thread] = turn
        return Taken(choice, info, footprint, turn, clock)

    def come_back(self, node: Node) -> None:
        """Leave a branch for good: its choice sleeps from then on."""
        taken = self.steps.pop()
        self.fresh = min(self.fresh, len(self.steps))
        node.tree.pop(0)
        node.sleep[taken.choice] = taken.footprint

    def turn_round_races(self) -> None:
        """Turn round every race of the execution that no execution before had."""
        steps = self.steps
        for number in range(self.fresh, len(steps)):
            self.budget.watch()
            thread = steps[number].choice[0]
            previous = self.last[number].get(thread)
            self.turn_round(thread, steps[number].footprint, previous, number)
        state = self.nodes[-1].state
        for thread in self.space.threads:
            if self.space.standing(state, thread) is not None:
                footprint = self.footprints.next(state, thread)
                self.turn_round(thread, footprint, self.last[-1].get(thread), len(steps))

    def turn_round(
        self, thread: int, footprint: Footprint, previous: Taken | None, number: int
    ) -> None:
        """Look before step `number` for steps that one of a thread races with, and keep the other order."""
        for first in range(number - 1, -1, -1):
            earlier = self.steps[first]
            if earlier.choice[0] == thread or not dependent(earlier.footprint, footprint):
                continue
            if previous is not None and earlier.before(previous):
                continue
            between = [s for s in self.steps[first + 1 : number] if not earlier.before(s)]
            self.keep(
                self.nodes[first], earlier, [Link(s.choice, s.footprint) for s in between], thread
            )

    def keep(self, node: Node, earlier: Taken, between: list["Link"], thread: int) -> None:
        """Keep a sequence in which a thread's step comes before an earlier one.

        Not if what it leads to is explored without it, or where it cannot be carried out. What the
        step does may be another thing there; where that is independent, it is no race.
        """
        state = self.carried_out(node.state, between)
        if state is None or self.space.over(state):
            return
        for way, (_, _, info) in self.space.numbered(self.space.moves(state, thread)):
            footprint = self.footprints.of(info)
            sequence = [*between, Link((thread, way), footprint)]
            if dependent(footprint, earlier.footprint) and not any(
                self.stands_for(node.state, sleeper, other, sequence, node.sleep)
                for sleeper, other in node.sleep.items()
            ):
                self.insert(node, sequence)

    def stands_for(
        self,
        state: Packed,
        choice: Choice,
        footprint: Footprint,
        sequence: list["Link"],
        others: Collection[Choice],
    ) -> bool:
        """Decide whether what begins with a choice has all that begins with a sequence.

        Of a thread that is not in it, what it does with its other results has to be there too; and one that
        could only begin its finalizer need not do that.
        """
        if not is_weak_initial(choice, footprint, sequence):
            return False
        thread = choice[0]
        if any(link.choice[0] == thread for link in sequence):
            return True
        return self.space.can_move(state, thread) and all(
            (thread, way) in others for way in self.ways(state, thread)
        )

    def carried_out(self, state: Packed, sequence: list["Link"]) -> Packed | None:
        """Carry a sequence out with the kernel; None where that cannot be."""
        for thread, way in (link.choice for link in sequence):
            moves = self.space.moves(state, thread)
            if self.space.over(state) or way not in self.ways(state, thread):
                return None
            state += moves[way][0]
        return state

    def insert(self, node: Node, sequence: list["Link"]) -> None:
        """Put a sequence into the wakeup tree of a node, as far as it is not there."""
        state, tree = node.state, node.tree
        first = {branch.choice for branch in tree[:1]}  # it is being explored
        explored = set(node.sleep)
        while sequence:
            there = {branch.choice for branch in tree} - first | explored
            first = explored = set()
            for branch in tree:
                thread, way = branch.choice
                delta, _, info = self.space.moves(state, thread)[way]
                footprint = self.footprints.of(info)
                if self.stands_for(state, branch.choice, footprint, sequence, there):
                    break
            else:
                for link in sequence:
                    made = Branch(link.choice)
                    tree.append(made)
                    tree = made.then
                return
            mine = next((link for link in sequence if link.choice[0] == thread), None)
            sequence = [link for link in sequence if link is not mine]
            state += delta
            tree = branch.then
            if not tree:
                return  # whatever follows is explored there


class Link(NamedTuple):
    """A step of a sequence that is to be carried out."""

    choice: Choice
    footprint: Footprint


def is_weak_initial(choice: Choice, footprint: Footprint, sequence: list[Link]) -> bool:
    """Decide whether a choice could as well come before a sequence, or is its first."""
    for number, link in enumerate(sequence):
        if link.choice[0] == choice[0]:
            return link.choice == choice and not any(
                dependent(before.footprint, link.footprint) for before in sequence[:number]
            )
    return not any(dependent(link.footprint, footprint) for link in sequence)
