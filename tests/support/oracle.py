"""A plain exhaustive search over the kernel: the judge of every cleverer search.

It visits every state and knows no reduction. What has been shown on the way (a failure, a broken
invariant, a race) is part of the state, so that "in every outcome" can be decided too.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import fair_oracle
from deadsim.detect.deadlocks.cores import find_cores
from deadsim.detect.holdings import Holdings
from deadsim.detect.stuck.closure import Closure
from deadsim.kernel.operation import Operation, Outcome
from deadsim.kernel.ordering import Stores
from deadsim.kernel.primitives.thread import RUNNING
from deadsim.kernel.row import Result, Row
from deadsim.kernel.state_query import state_evaluator, true
from deadsim.kernel.system import State, System, Transition
from deadsim.model.claims import DEFECT_TYPES, Claims
from deadsim.model.program import Program
from deadsim.runs.result import lines
from deadsim.trace.effect import Effect
from deadsim.trace.event import Event

Known = dict[int, tuple[Any, dict[int, Any]]]  # variable → who knows its last write, last reads


class Node(NamedTuple):
    state: State
    shown: frozenset[Any]  # ("race", variable), ("invariant", n), types of failures
    races: tuple[Any, ...]


class Found(NamedTuple):
    """What all schedules together show: how often each claim holds, and how."""

    levels: dict[str, str]  # type or key of a claim → never, possible or always
    racy: frozenset[str]
    deadlocks: frozenset[tuple[str, tuple[str, ...], tuple[str, ...]]]
    states: int
    stuck: dict[Any, frozenset[int]]  # key of a state → who is stuck in it


class TooManyStates(Exception):
    pass


def accesses(
    system: System, node: Node, thread: int, move: Transition, operation: Operation
) -> tuple[set[int], Any]:
    """Follow happens-before by who knows of each last access, and find the variables that race."""
    operation = acted(operation, move)
    reads, writes = operation.reads, operation.writes
    gives, takes = set(operation.gives), set(operation.takes)
    if move.outcome.block is not None:
        reads, writes = move.outcome.block.reads, move.outcome.block.writes
        gives = {*reads, *writes}
        takes = gives | set(move.outcome.block.hears)
    marks: tuple[Any, ...] = ()
    if move.outcome.ordering is not None:
        gives, takes = set(move.outcome.ordering.gives), set(move.outcome.ordering.takes)
        marks = move.outcome.ordering.marks
    elif not move.outcome.success:
        gives, takes = set(), set()
    first = ("begun", thread) not in node.shown
    takes |= {thread} if first else set()
    if move.state.frames[thread].operation is None:
        gives |= {thread}
    raced: set[int] = set()
    known = [set(entry[3]) for entry in node.races]
    records = [entry[:3] for entry in node.races]
    for who in known:
        if any(("channel", c) in who for c in takes):
            who.add(thread)
        for mark in marks:
            if not mark.puts and ("kept", mark.store, mark.at) in who:
                who.add(thread)
    keep = []
    for record, who in zip(records, known, strict=True):
        variable, kind, _ = record
        clash = variable in writes or (variable in reads and kind == "write")
        if clash and thread not in who:
            raced.add(variable)
        if variable in writes or (variable in reads and kind == "read" and thread in who):
            continue  # the new access stands for it
        keep.append((record, who))
    for variable in dict.fromkeys((*reads, *writes)):
        keep.append(((variable, "write" if variable in writes else "read", thread), {thread}))
    entries = []
    for record, who in keep:
        who = moved_along(system, node.state, marks, who)
        if thread in who:
            who |= {("channel", c) for c in gives}
            who |= {("kept", m.store, place_of(system, node.state, m)) for m in marks if m.puts}
        entries.append((*record, frozenset(who)))
    old = {entry[0] for entry in entries if ("race", entry[0]) in node.shown or entry[0] in raced}
    return raced, tuple(sorted((e for e in entries if e[0] not in old), key=repr))


def acted(operation: Operation | None, move: Transition) -> Operation:
    """Give the step that was taken, of several in one the one that it was."""
    assert operation is not None
    return operation if move.outcome.taken is None else move.outcome.taken.operation


def place_of(system: System, state: State, mark: Any) -> int:
    """Find where a step puts itself into a store: -1 is its end."""
    if mark.at >= 0:
        return mark.at
    number = mark.store[1]
    return mark.room - len(state.objects[number].items)


def moved_along(system: System, state: State, marks: tuple[Any, ...], who: set[Any]) -> set[Any]:
    """Let what is kept in stores move up or down as steps take out and put in."""
    for mark in marks:
        at = place_of(system, state, mark) if mark.puts else mark.at
        moved = set()
        for one in who:
            if isinstance(one, tuple) and one[:2] == ("kept", mark.store):
                if mark.puts and one[2] >= at:
                    moved.add((*one[:2], one[2] + 1))
                elif mark.puts or one[2] < at:
                    moved.add(one)
                elif one[2] > at:
                    moved.add((*one[:2], one[2] - 1))
            else:
                moved.add(one)
        who = moved
    return who


def explore(program: Program, max_states: int = 200_000, kinds: bool = False) -> Found:
    """Visit every state, and decide every claim."""
    system = System(program)
    keep_output = bool(program.claims.output)
    start = system.initial(keep_output)
    holds = [state_evaluator(system.world, i.expression) for i in program.invariants]

    def shown(move: Transition) -> set[Any]:
        found: set[Any] = {failure.type for failure in move.failures}
        if any(not true(check, move.state.objects) for check in holds):
            found.add("invariant")
        return found

    root = Node(start.state, frozenset(shown(start)), ())
    index = {node_key(root): 0}
    nodes, front = [root], [0]
    came: list[tuple[int, int, int]] = [(-1, -1, 0)]  # from which node, by which step
    edges: list[list[tuple[int, int]]] = [[]]
    asides: list[list[int]] = [[]]  # where it leads that a finalizer begins, which never has to
    while front:
        number = front.pop()
        node = nodes[number]
        for thread, way, result in steps(system, node.state):
            move = system.step(node.state, thread, way)
            raced, races = accesses(system, node, thread, move, result.row.operation)
            bits = {*node.shown, *shown(move), *(("race", v) for v in raced), ("begun", thread)}
            after = Node(move.state, frozenset(bits), races)
            key = node_key(after)
            if key not in index:
                if len(nodes) >= max_states:
                    raise TooManyStates(program.name)
                index[key] = len(nodes)
                nodes.append(after)
                edges.append([])
                asides.append([])
                came.append((number, thread, way))
                front.append(index[key])
            if result.begins:
                asides[number].append(index[key])
            else:
                edges[number].append((thread, index[key]))
    moves = who_can_move(edges)
    ends = outcomes(system, nodes, edges)
    return judged(system, nodes, edges, asides, moves, ends, came if kinds else None)


def steps(system: System, state: State) -> list[tuple[int, int, Result]]:
    """List all that can happen: the thread, which of its results, and the result."""
    if system.over(state.objects):
        return []
    found = [
        (thread, way, result)
        for thread in range(len(state.frames))
        for way, result in enumerate(system.results(state, thread))
    ]
    able = enabled(system, state)
    assert able == list(dict.fromkeys(t for t, _, result in found if not result.begins))
    for thread in able:
        own = [result for t, _, result in found if t == thread and not result.begins]
        assert len(own) == system.ways(state, thread)
    return found


def enabled(system: System, state: State) -> list[int]:
    """List the threads that can go on; whose time may run out is worked out here once more."""
    found = system.enabled(state)
    if system.program.timeouts != "free" and not system.over(state.objects):
        steps = [list(own_steps(state, thread)) for thread in range(len(state.frames))]
        rest = not any(why == "" for whys in steps for why in whys)
        late = rest and system.program.timeouts == "last"
        counts = [sum(why != "late" or late for why in whys) for whys in steps]
        assert found == [thread for thread, count in enumerate(counts) if count]
        assert all(system.ways(state, thread) == counts[thread] for thread in found)
    return found


def own_steps(state: State, thread: int) -> Iterator[str]:
    """Say of each result of a step whether it comes because time is up ("late") or of nothing ("unasked")."""
    operation = state.frames[thread].operation
    if operation is None:
        return
    for way in range(operation.ways(state.objects, thread)):
        outcome = operation.apply(state.objects, thread, way)
        waits = operation.verb == "wait" and outcome.stays and outcome.phase == "end"
        timed = operation.duration is not None and operation.verb != "sleep"
        # Whose time runs out at a barrier breaks it, which raises; others that raise have not waited.
        arrived = timed and thread in getattr(state.objects[operation.objects[0]], "arrived", ())
        if timed and not outcome.success and (outcome.wrong is None or arrived):
            yield "late"
        else:
            yield "unasked" if waits else ""


def node_key(node: Node) -> Any:
    """Tell states apart; the text tells 1 from True, which print differently."""
    return (repr(node.state.key()), node.shown, node.races)


def who_can_move(edges: list[list[tuple[int, int]]]) -> list[int]:
    """Find for each state the threads that take a step in some continuation, as bits."""
    moves = [0] * len(edges)
    before: list[list[tuple[int, int]]] = [[] for _ in edges]
    for number, out in enumerate(edges):
        for thread, to in out:
            before[to].append((thread, number))
            moves[number] |= 1 << thread
    front = list(range(len(edges)))
    while front:
        to = front.pop()
        for _, number in before[to]:
            if moves[to] & ~moves[number]:
                moves[number] |= moves[to]
                front.append(number)
    return moves


def outcomes(
    system: System, nodes: list[Node], edges: list[list[tuple[int, int]]]
) -> list[tuple[frozenset[int], frozenset[int]]]:
    """List the outcomes: the states of each bottom component, and who runs in it for ever."""
    import networkx

    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(nodes)))
    graph.add_edges_from((n, to) for n, out in enumerate(edges) for _, to in out)
    found = []
    for part in networkx.strongly_connected_components(graph):
        if all(to in part for n in part for _, to in edges[n]):
            runners = frozenset(thread for n in part for thread, _ in edges[n])
            found.append((frozenset(part), runners))
    return found


def judged(
    system: System,
    nodes: list[Node],
    edges: list[list[tuple[int, int]]],
    asides: list[list[int]],
    moves: list[int],
    ends: list[tuple[frozenset[int], frozenset[int]]],
    came: list[tuple[int, int, int]] | None,
) -> Found:
    program, claims = system.program, system.program.claims
    lasting = system.lasting
    stuck: dict[Any, frozenset[int]] = {}
    for node, movers in zip(nodes, moves, strict=True):
        if not system.over(node.state.objects):
            stuck[node.state.key()] = frozenset(
                t
                for t in range(len(program.threads))
                if node.state.objects[t] == RUNNING and not movers >> t & 1
            )
    dead = {key for key, who in stuck.items() if who & set(lasting)}
    levels: dict[str, str] = {}

    def level(name: str, somewhere: bool, everywhere: bool) -> None:
        levels[name] = (
            "always" if somewhere and everywhere else "possible" if somewhere else "never"
        )

    def reached_without(shows: set[int]) -> bool:
        """Decide whether an outcome can be come to without a state in which something shows.

        What a finalizer mends has been shown all the same.
        """
        seen = {0} - shows
        front = list(seen)
        while front:
            number = front.pop()
            new = {*(to for _, to in edges[number]), *asides[number]} - shows - seen
            seen |= new
            front += new
        return any(not part.isdisjoint(seen) for part, _ in ends)

    final = [nodes[min(part)] for part, _ in ends]
    stand = {number for number, node in enumerate(nodes) if node.state.key() in dead}
    level("deadlock", bool(dead), not reached_without(stand))
    live = {nodes[n].state.key() for part, who in ends for n in part if who & set(lasting)}
    round_and_round = {number for number, node in enumerate(nodes) if node.state.key() in live}
    level("livelock", bool(round_and_round), not reached_without(round_and_round))
    named = ("timeout",) if "timeout" in claims.kinds else ()
    for type in (*DEFECT_TYPES[2:], *named):
        level(type, any(has(n, type) for n in nodes), all(has(n, type) for n in final))
    over = [n for n in final if system.over(n.state.objects)]
    for claim in claims.final:
        check = state_evaluator(system.world, claim.expression)
        values = [true(check, n.state.objects) for n in over]
        level(claim.key, any(values), all(values))
        if not values and claim.level == "always":
            levels[claim.key] = "always"  # vacuously: nothing was judged
    for wanted in claims.output:
        printed = [lines(n.state.objects[system.world.output]) for n in final]
        exact = wanted.level == "exactly"
        values = [p == list(wanted.lines) if exact else wanted.lines[0] in p for p in printed]
        level(wanted.key, any(values), all(values))
    levels.update(fair_oracle.levels(program))
    racy = {bit[1] for n in nodes for bit in n.shown if bit[0] == "race"}
    return Found(
        levels,
        frozenset(system.world.name(variable) for variable in racy),
        deadlocks_of(system, nodes, edges, stuck, came) if came else frozenset(),
        len(nodes),
        stuck,
    )


def has(node: Node, type: str) -> bool:
    return type in node.shown or any(bit[0] == type for bit in node.shown)


def deadlocks_of(
    system: System,
    nodes: list[Node],
    edges: list[list[tuple[int, int]]],
    stuck: dict[Any, frozenset[int]],
    came: list[tuple[int, int, int]],
) -> frozenset[Any]:
    """Name the deadlocks of all states whose core is closed, with what happened on one way to each.

    A core that no continuation closes rests on a livelock, and is named as it stands.
    """
    closure = Closure(system)
    lasting = system.lasting
    closed: list[frozenset[int]] = []
    for node in nodes:
        state = node.state
        blocked = [
            t
            for t, frame in enumerate(state.frames)
            if frame.operation is not None and not frame.operation.ways(state.objects, t)
        ]
        over = system.over(state.objects)
        closed.append(frozenset() if over else closure.of(state, blocked))
        assert over or closed[-1] <= stuck[state.key()]
    closes = [one & lasting for one in closed]
    changed = True
    while changed:
        changed = False
        for number, out in enumerate(edges):
            after = closes[number].union(*(closes[to] for _, to in out))
            if after != closes[number]:
                closes[number] = after
                changed = True
    found = set()
    for number, node in enumerate(nodes):
        if system.over(node.state.objects):
            continue
        resting = (stuck[node.state.key()] & lasting) - closes[number]
        threads = closed[number] | resting
        if lasting.isdisjoint(threads):
            continue
        path = []
        at = number
        while at:
            at, thread, way = came[at]
            path.append((thread, way))
        events = events_along(system, path[::-1])
        for core in find_cores(system, node.state, events, Holdings(events), threads):
            if not lasting.isdisjoint((*core.threads, *core.behind)):
                found.add((core.kind, system.world.names(core.threads), core.objects))
    return frozenset(found)


def events_along(system: System, path: list[tuple[int, int]]) -> list[Event]:
    """Give the events of a schedule, made from what the kernel says alone."""
    stores = Stores()
    state = system.initial().state
    events = []
    for step, (thread, way) in enumerate(path):
        move = system.step(state, thread, way)
        row = system.results(state, thread)[way].row
        events.append(event(system, step, row, state, move, stores))
        state = move.state
    return events


def event(
    system: System, step: int, row: Row, before: State, move: Transition, stores: Stores
) -> Event:
    """Give the event of one step."""
    thread, outcome = row.thread, move.outcome
    operation = acted(row.operation, move)
    reads, writes, gives, takes = (
        operation.reads,
        operation.writes,
        operation.gives,
        operation.takes,
    )
    objects = operation.objects
    if outcome.block is not None:
        reads, writes = outcome.block.reads, outcome.block.writes
        gives = tuple(dict.fromkeys(reads + writes))
        takes = (*gives, *outcome.block.hears)
        objects = outcome.block.touched
    after: tuple[int, ...] = ()
    marks: tuple[Any, ...] = ()
    if outcome.ordering is not None:
        gives, takes, marks = outcome.ordering
        after = stores.follow(step, marks)
    elif not outcome.success and outcome.block is None:
        gives = takes = ()
    if move.state.frames[thread].operation is None:
        gives = (*gives, thread)
    ends = move.state.frames[thread].operation is None
    began, done = outcome.phase == "begin", outcome.success and outcome.phase != "begin"
    verb, ends_wait = operation.verb, outcome.phase == "end" and bool(takes)
    about = operation.objects[:1]
    waits_with = operation.objects[1:] if verb == "wait" else ()
    effect = Effect(
        reads, writes, gives, takes, marks, outcome.success, outcome.phase,
        acquires=about if done and verb == "acquire" and owned(system, about[0]) else (),
        releases=given_back(system, outcome, about if done and verb == "release" else ()),
        parks=waits_with if began else (),
        resumes=waits_with if ends_wait else (),
        signals=about if outcome.success and verb in ("notify", "notify_all", "set") else (),
        clears=about if outcome.success and verb == "clear" else (),
        starts=outcome.started,
        joins=objects if done and verb == "join" and objects[0] < system.world.output else (),
        ends=ends,
        notified=off_the_list(before, move.state, about) if "notify" in verb else (),
    )  # fmt: skip
    value = outcome.results[0] if outcome.results else None
    text = operation.text
    place = row.place if outcome.taken is None else outcome.taken.place
    return Event(step, thread, verb, objects, place, effect, after, value, text=text)


def given_back(system: System, outcome: Outcome, about: tuple[int, ...]) -> tuple[int, ...]:
    """List what a step gives back: what it is about, or all that a victim had, or nothing any more."""
    if outcome.freed is not None:
        return outcome.freed
    return tuple(number for number in about if owned(system, number))


def owned(system: System, number: int) -> bool:
    """Decide whether what is taken has an owner then: all but a semaphore that is a signal."""
    return not getattr(system.world.declared(number), "signal", False)


def off_the_list(before: State, after: State, about: tuple[int, ...]) -> tuple[int, ...]:
    """List the waiters of a condition that a notify has taken off its list, first to last."""
    there, left = (state.objects[about[0]] for state in (before, after))
    still = {waiter.thread for waiter in left if waiter.status not in ("notified", "late")}
    return tuple(
        waiter.thread
        for waiter in there
        if waiter.status not in ("notified", "late") and waiter.thread not in still
    )


def holds(claims: Claims, found: Found) -> list[str]:
    """List what is claimed and not so; empty where every claim holds."""
    wrong = []
    for type in claims.types:
        level, claimed = found.levels[type], claims.level(type)
        if level != claimed and not (claimed == "possible" and level == "always"):
            wrong.append(f"{type} is {level}, claimed {claimed}")
    deadlock = claims.kinds.get("deadlock")
    if deadlock and (deadlock.kind or deadlock.threads or deadlock.objects):
        if not any(
            deadlock.kind in (None, kind)
            and deadlock.threads in (None, threads)
            and (deadlock.objects is None or set(deadlock.objects) == set(objects))
            for kind, threads, objects in found.deadlocks
        ):
            wrong.append(f"no deadlock is as claimed: {sorted(found.deadlocks)}")
    race = claims.kinds.get("race")
    if race and race.on is not None and race.on:
        arrays = {
            name.split("[")[0] if name.split("[")[0] in race.on else name for name in found.racy
        }
        if arrays != set(race.on):
            wrong.append(f"races on {sorted(found.racy)}, claimed {race.on}")
    for claim in claims.final:
        level = found.levels[claim.key]
        if level != claim.level and not (claim.level == "possible" and level == "always"):
            wrong.append(f"{claim.key} is {level}: {claim.text}")
    for wanted in claims.output:
        level = found.levels[wanted.key]
        enough = ("always",) if wanted.level == "always" else ("possible", "always")
        if level not in enough:
            wrong.append(f"{wanted.key} is {level}: {wanted.lines}")
    return wrong
