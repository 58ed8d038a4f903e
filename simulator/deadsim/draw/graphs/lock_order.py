"""Which lock is taken under which, over the text of a scenario; opposite orders stand out."""

from collections.abc import Mapping, Sequence

from deadsim.detect.locks.inversions import Inversion, find_inversions
from deadsim.detect.locks.lock_order import Taking, order_hint, takings
from deadsim.draw.graphs.graph import MOST_NODES, Edge, Graph, Node
from deadsim.draw.graphs.objects import appearance, drawn_objects
from deadsim.kernel.primitives.table import initial_state
from deadsim.kernel.system import System
from deadsim.kernel.world import World
from deadsim.model.program import Program
from deadsim.report.sentences import count, listing


def lock_order_graph(program: Program, all_nodes: bool = False) -> Graph:
    """Make the graph of locks with an arrow from each to those that a thread may take while it holds it."""
    system = System(program)
    known = system.once(takings)
    inversions, complete = find_inversions(known)
    shown = [one for one in inversions if one.exact and not one.guards]
    # Where none of them is certain, those that may be are what there is to see; else those that are guarded.
    numbered = first_of_each(shown or [one for one in inversions if not one.guards] or inversions)
    locks = drawn_locks(system.world, known, all_nodes)
    at = {number: position for position, number in enumerate(locks)}
    strong = {
        lock for one in shown for taking in one.takings for lock in (taking.held, taking.lock)
    }
    nodes = [node(system.world, number, number in strong, known) for number in locks]
    said = enumerate((taking for one in numbered for taking in one.takings), 1)
    numbers = {(taking.held, taking.lock): (number, taking) for number, taking in said}
    pairs: dict[tuple[int, int], list[Taking]] = {}
    for taking in known:
        pairs.setdefault((taking.held, taking.lock), []).append(taking)
    bad = {(t.held, t.lock) for one in shown for t in one.takings}
    edges = [
        edge(system.world, at, pair, group, numbers.get(pair), pair in bad)
        for pair, group in sorted(pairs.items())
    ]
    return Graph(
        title(program, known, shown, inversions, complete),
        tuple(sentences(system, known, numbered, shown)),
        tuple(nodes),
        tuple(edges),
        tuple(rings(numbered, at)),
    )


def drawn_locks(world: World, known: Sequence[Taking], all_nodes: bool) -> list[int]:
    """List the locks that are drawn: all, or of many those with an arrow."""
    concerned = {number for one in known for number in (one.held, one.lock)}
    locks = [number for number, _ in world.shared() if world.is_lock(number)]
    if len(locks) <= MOST_NODES or all_nodes:
        return locks
    return [number for number in locks if number in concerned]


def node(world: World, number: int, strong: bool, known: Sequence[Taking]) -> Node:
    """Draw a lock."""
    mine = world.name(number)
    declared = drawn_objects(world).get(mine, (number, world[number]))[1]
    looks = appearance(declared, initial_state(declared))
    under = [say(world, one) for one in known if one.lock == number]
    return Node(
        mine,
        "object",
        (),
        f"{mine}: {'; '.join(under) or 'taken under no other lock'}",
        looks.shape,
        strong,
        double=looks.double,
    )


def say(world: World, one: Taking) -> str:
    """Say in a sentence who takes what under what."""
    may = "takes" if one.exact else "may take"
    ends = ", or gives up" if one.gives_up else ""
    how = " to read" if one.reading[1] else ""
    if one.wanted is not None:
        how = f" ({one.wanted})"
    thread = world.name(one.thread)
    return f"{thread} {may} {world.name(one.lock)}{how} (line {one.place.line}) while it holds {world.name(one.held)}{ends}"


def edge(
    world: World,
    at: Mapping[int, int],
    pair: tuple[int, int],
    group: Sequence[Taking],
    numbered: tuple[int, Taking] | None,
    bad: bool,
) -> Edge:
    """Draw that one lock is taken under another; `numbered` is what a sentence says of it, with its number."""
    first = numbered[1] if numbered else group[0]
    more = f" +{len(group) - 1}" if len(group) > 1 else ""
    label = f"{world.name(first.thread)}:{first.place.line}{more}"
    tooltip = "; ".join(say(world, one) for one in group)
    dotted = not any(one.exact for one in group)
    words = f"{numbered[0]}. {label}" if numbered else label
    return Edge(
        at[pair[0]], at[pair[1]], "inversion" if bad else "order", words, tooltip, bad, dotted
    )


def guarded(world: World, one: Inversion, first: int) -> str:
    """Say which of a circle's sentences, counted from `first` on, exclude one another."""
    under = {
        guard: [n for n, taking in enumerate(one.takings, first) if guard in taking.guards]
        for guard in sorted(one.guards)
    }
    most = max(under.values(), key=len)
    guards = listing(tuple(world.name(guard) for guard, these in under.items() if these == most))
    which = listing(tuple(map(str, most)))
    return f"{which} are never at once, as each is under {guards}: this circle never closes"


def first_of_each(inversions: Sequence[Inversion]) -> list[Inversion]:
    """Choose circles to put into words: the shortest, each arrow in one of them only."""
    chosen: list[Inversion] = []
    used: set[tuple[int, int]] = set()
    for one in inversions:
        pairs = {(taking.held, taking.lock) for taking in one.takings}
        if not used & pairs:
            used |= pairs
            chosen.append(one)
    return chosen


def rings(chosen: Sequence[Inversion], at: Mapping[int, int]) -> list[tuple[int, ...]]:
    """List the circles that are drawn as such: those that share a lock as one, so that no arrow runs behind a lock."""
    found: list[tuple[int, ...]] = []
    for one in chosen:
        members = tuple(at[taking.held] for taking in one.takings)
        joined = [ring for ring in found if not set(ring).isdisjoint(members)]
        if not joined:
            found.append(members)
            continue
        merged = dict.fromkeys(number for ring in (*joined, members) for number in ring)
        found[found.index(joined[0])] = tuple(merged)
        found = [ring for ring in found if ring not in joined[1:]]
    return found


def title(
    program: Program,
    known: Sequence[Taking],
    shown: Sequence[Inversion],
    inversions: Sequence[Inversion],
    complete: bool,
) -> str:
    """Say what there is to see."""
    if shown:
        locks = {
            lock for one in shown for taking in one.takings for lock in (taking.held, taking.lock)
        }
        return f"LOCK ORDER: {count(len(locks), 'lock')} in opposite orders"
    if not complete:
        return "LOCK ORDER: more circles than could be looked at"
    if any(not one.guards for one in inversions):
        return "LOCK ORDER: perhaps in opposite orders, as an index decides"
    if inversions:
        return "LOCK ORDER: in opposite orders, but guarded"
    if known:
        return "LOCK ORDER: no two threads take locks in opposite orders"
    return f"{program.name}: no lock is taken while another is held"


def sentences(
    system: System,
    known: Sequence[Taking],
    numbered: Sequence[Inversion],
    shown: Sequence[Inversion],
) -> list[str]:
    """Put circles into words; with the one order that mends them where it is proved."""
    lines = []
    number = 0
    for one in numbered:
        before = number
        for taking in one.takings:
            number += 1
            lines.append(f"{number}. {say(system.world, taking)}")
        if one.guards:
            lines.append(guarded(system.world, one, before + 1))
    for one in numbered if shown else ():
        locks = frozenset(system.world.name(taking.held) for taking in one.takings)
        hint = order_hint(system, locks)
        if hint is not None:
            lines.append(hint.words())
    comes = "whether a deadlock comes of it" if shown else "whether there is a deadlock of any kind"
    lines.append(f"This is the order of locks in the text; {comes}, `deadsim explore` decides.")
    if any(not taking.exact for taking in known):
        lines.append("Dotted: an index decides in a run which lock it is.")
    return lines
