"""Strongly connected components of small graphs, in a fixed order."""

from collections.abc import Iterator


def on_cycles(follows: dict[int, set[int]]) -> set[int]:
    """Find the nodes of a graph from which one can come back to them."""
    return {
        node
        for part in components(follows)
        for node in part
        if len(part) > 1 or node in follows.get(node, ())
    }


def components(follows: dict[int, set[int]]) -> list[list[int]]:
    """Find the strongly connected components of a graph; those that others lead to come first.

    Tarjan: Depth-First Search and Linear Graph Algorithms, 1972; without recursion.
    """
    found: list[list[int]] = []
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    on_path: set[int] = set()
    work: list[tuple[int, Iterator[int]]] = []

    def enter(node: int) -> None:
        order[node] = low[node] = len(order)
        path.append(node)
        on_path.add(node)
        work.append((node, iter(sorted(follows.get(node, ())))))

    for root in sorted(follows):
        if root not in order:
            enter(root)
        while work:
            node, rest = work[-1]
            for following in rest:
                if following not in order:
                    enter(following)
                    break
                if following in on_path:
                    low[node] = min(low[node], order[following])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == order[node]:
                    part: list[int] = []
                    while not part or part[-1] != node:
                        part.append(path.pop())
                        on_path.discard(part[-1])
                    found.append(sorted(part))
    return found
