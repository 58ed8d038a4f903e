"""How executions can go on for ever or end: the bottom components of a graph of states.

Tarjan: Depth-First Search and Linear Graph Algorithms, 1972; without recursion.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from deadsim.exploration.budget import Budget
from deadsim.exploration.states.levels import WATCHED
from deadsim.space.packed import Info, Packed, Space

Node: TypeAlias = int
Edges: TypeAlias = Callable[[Node], tuple[list[tuple[int, Node]], bool]]
"""Of a node: who leads where; and whether it also leads somewhere that is not followed."""

Aside: TypeAlias = Callable[[Node], list[Node]]
"""Of a node: where it leads that a finalizer begins, which never has to."""


class Component(NamedTuple):
    """Nodes that are never left again: a single one where nothing can move in it.

    `movers` are the threads that take steps in it, as bits.
    """

    nodes: tuple[Node, ...]
    movers: int


def bottom_components(
    start: Node, edges: Edges, budget: Budget, aside: Aside | None = None
) -> Iterator[Component]:
    """Find the components that nothing leads out of, one after the other.

    What leads `aside` from a node does not have to be gone: it leads out of nothing, but what it leads to
    is looked at too.
    """
    numbers = {start: 0}
    nodes = [start]
    lows = [0]
    movers = [0]
    leaves = [False]
    open_nodes: list[int] = []
    closed = bytearray(1)
    path: list[tuple[int, Iterator[tuple[int, Node]]]] = []

    roots: list[Node] = []

    def enter(number: int) -> None:
        out, more = edges(nodes[number])
        leaves[number] = more
        if aside is not None:
            roots.extend(aside(nodes[number]))
        for thread, _ in out:
            movers[number] |= 1 << thread
        open_nodes.append(number)
        path.append((number, iter(out)))

    def meet(node: Node) -> int:
        other = numbers[node] = len(nodes)
        nodes.append(node)
        lows.append(other)
        movers.append(0)
        leaves.append(False)
        closed.append(0)
        if not other % WATCHED:
            budget.watch()
        return other

    enter(0)
    while path or roots:
        if not path:
            root = roots.pop()
            if root not in numbers:
                enter(meet(root))
            continue
        number, out = path[-1]
        for _, node in out:
            other = numbers.get(node)
            if other is None:
                enter(meet(node))
                break
            if closed[other]:
                leaves[number] = True
            elif other < lows[number]:
                lows[number] = other
        else:
            path.pop()
            if lows[number] == number:
                part = _pop(open_nodes, number)
                for one in part:
                    closed[one] = 1
                if not any(leaves[one] for one in part):
                    moving = 0
                    for one in part:
                        moving |= movers[one]
                    yield Component(tuple(nodes[one] for one in part), moving)
                if path:
                    leaves[path[-1][0]] = True
            elif path:
                parent = path[-1][0]
                lows[parent] = min(lows[parent], lows[number])


def _pop(stack: list[int], last: int) -> list[int]:
    """Take off the numbers down to one, and that one."""
    part = []
    while True:
        part.append(stack.pop())
        if part[-1] == last:
            return part


def aside_of(
    space: Space, avoid: Callable[[Packed, Info | None], bool] | None = None
) -> Aside | None:
    """Give what leads aside in a space; what is to be avoided is not followed."""
    if not space.finalizers:
        return None

    def aside(state: Packed) -> list[Packed]:
        steps = (step for step in space.successors(state) if step[3].begins)
        return [after for _, _, after, info in steps if avoid is None or not avoid(after, info)]

    return aside


def edges_of(space: Space, avoid: Callable[[Packed, Info | None], bool] | None = None) -> Edges:
    """Give the graph of a space; steps that are to be avoided are not followed."""

    if avoid is None:
        return lambda state: (space.followers(state), False)

    def edges(state: Packed) -> tuple[list[tuple[int, Packed]], bool]:
        out: list[tuple[int, Packed]] = []
        more = False
        for thread, _, after, info in space.successors(state):
            if info.begins:
                continue
            if avoid(after, info):
                more = True
            else:
                out.append((thread, after))
        return out, more

    return edges


def who_can_move(space: Space, levels: Iterable[list[Packed]], budget: Budget) -> dict[Packed, int]:
    """Find for each state the threads that take a step in some continuation, as bits.

    From the last states to the first, again and again until nothing changes.
    """
    states = [state for level in levels for state in level][::-1]
    movers = dict.fromkeys(states, 0)
    changed = True
    while changed:
        changed = False
        for number, state in enumerate(states):
            if not number % WATCHED:
                budget.watch()
            before = found = movers[state]
            for thread, after in space.followers(state):
                found |= 1 << thread | movers[after]
            if found != before:
                movers[state] = found
                changed = True
    return movers
