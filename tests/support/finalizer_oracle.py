"""Finalizers by a written-out interpretation: small programs over locks, events and a variable, in all schedules.

It shares nothing with the kernel.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple, TypeAlias

Op: TypeAlias = tuple[str, ...]


class Thread(NamedTuple):
    """A thread: its steps, those of its finalizer, and how often that may begin."""

    steps: tuple[Op, ...]
    finalizer: tuple[Op, ...]
    times: int


class Place(NamedTuple):
    """Where a thread stands: the steps that are done, those of a finalizer that has begun (None: none has)."""

    at: int = 0
    inside: int | None = None
    left: int = 0
    waits: str = ""  # "", "waits" or "woken": it has joined the waiters of an event
    leaves: bool = False  # its finalizer has failed, and it leaves the waiters
    over: bool = False


class State(NamedTuple):
    places: tuple[Place, ...]
    owners: tuple[tuple[str, int], ...]
    set: frozenset[str]
    x: int
    misused: bool


class Found(NamedTuple):
    deadlock: str
    misuse: str
    ends: frozenset[int]  # values of x where the program has ended


def explore(threads: tuple[Thread, ...]) -> Found:
    """Look at every schedule."""
    first = tuple(
        Place(left=one.times if one.finalizer else 0, over=not one.steps) for one in threads
    )
    start = State(first, (), frozenset(), 0, False)
    after: dict[State, list[State]] = {}
    aside: dict[State, list[State]] = {}
    movers: dict[State, set[int]] = {}
    front = [start]
    while front:
        state = front.pop()
        if state in after:
            continue
        moves = list(taken(threads, state))
        after[state] = [to for _, to in moves]
        movers[state] = {who for who, _ in moves}
        aside[state] = list(begun(threads, state))
        front += [*after[state], *aside[state]]
    changed = True
    while changed:
        changed = False
        for state, following in after.items():
            more = movers[state].union(*(movers[to] for to in following))
            if more != movers[state]:
                movers[state], changed = more, True
    stuck = {
        state
        for state in after
        if any(not one.over and who not in movers[state] for who, one in enumerate(state.places))
    }
    ends = {state for state in after if not after[state]}

    def without(shown: set[State]) -> bool:
        seen = {start} - shown
        todo = list(seen)
        while todo:
            state = todo.pop()
            new = {*after[state], *aside[state]} - shown - seen
            seen |= new
            todo += new
        return bool(ends & seen)

    def level(shown: set[State]) -> str:
        return "never" if not shown else "possible" if without(shown) else "always"

    over = {state for state in ends if all(one.over for one in state.places)}
    misused = {state for state in after if state.misused}
    return Found(level(stuck), level(misused), frozenset(state.x for state in over))


def begun(threads: tuple[Thread, ...], state: State) -> Iterator[State]:
    """List where it leads that a finalizer begins: with its first step, or before that where it is blocked."""
    for who, one in enumerate(state.places):
        if not one.over and one.inside is None and not one.leaves and one.left:
            stands = moved(state, who, one._replace(inside=0, left=one.left - 1))
            first = threads[who].finalizer[0]
            after = step(threads[who], stands, who, first, waited(threads, stands))
            yield stands if after is None else after


def waited(threads: tuple[Thread, ...], state: State) -> list[str]:
    """Name for each thread the event among whose waiters it is."""
    return [
        thread.steps[place.at][1] if place.waits else ""
        for thread, place in zip(threads, state.places, strict=True)
    ]


def taken(threads: tuple[Thread, ...], state: State) -> Iterator[tuple[int, State]]:
    """List the steps that can be taken."""
    for who, one in enumerate(state.places):
        if one.over:
            continue
        if one.leaves:
            yield who, moved(state, who, one._replace(waits="", over=True))
            continue
        own = (
            threads[who].steps[one.at] if one.inside is None else threads[who].finalizer[one.inside]
        )
        to = step(threads[who], state, who, own, waited(threads, state))
        if to is not None:
            yield who, to


def step(thread: Thread, state: State, who: int, own: Op, events: list[str]) -> State | None:
    """Take one step, while threads wait for these events; None where it is blocked."""
    one = state.places[who]
    owners = dict(state.owners)
    match own:
        case ("acquire", lock):
            if lock in owners:
                return None
            owners[lock] = who
            state = state._replace(owners=tuple(sorted(owners.items())))
        case ("release", lock):
            if owners.get(lock) != who:
                half = one.inside is not None and bool(one.waits)
                gone = one._replace(inside=None, leaves=half, over=not half)
                return moved(state._replace(misused=True), who, gone)
            del owners[lock]
            state = state._replace(owners=tuple(sorted(owners.items())))
        case ("write", value):
            state = state._replace(x=int(value))
        case ("set", event):
            places = tuple(
                place._replace(waits="woken") if place.waits == "waits" and of == event else place
                for place, of in zip(state.places, events, strict=True)
            )
            state = state._replace(places=places, set=state.set | {event})
            one = state.places[who]
        case ("clear", event):
            state = state._replace(set=state.set - {event})
        case ("wait", event):
            if not one.waits and event not in state.set:
                return moved(state, who, one._replace(waits="waits"))
            if one.waits == "waits":
                return None
            one = one._replace(waits="")
    if one.inside is not None:
        inside = one.inside + 1
        return moved(
            state, who, one._replace(inside=None if inside == len(thread.finalizer) else inside)
        )
    return moved(state, who, one._replace(at=one.at + 1, over=one.at + 1 == len(thread.steps)))


def moved(state: State, who: int, place: Place) -> State:
    """Give a state with one thread elsewhere."""
    return state._replace(places=(*state.places[:who], place, *state.places[who + 1 :]))


def program(seed: int) -> tuple[tuple[Thread, ...], str]:
    """Make a program from a seed, for here and as a scenario."""
    random = Random(seed)

    def ops(most: int, verbs: tuple[str, ...]) -> tuple[Op, ...]:
        found: list[Op] = []
        for _ in range(random.randint(1, most)):
            verb = random.choice(verbs)
            about = random.choice(
                "AB" if verb in ("acquire", "release") else "EF" if verb != "write" else "12"
            )
            found.append((verb, about))
        return tuple(found)

    plain = ("acquire", "release", "acquire", "release", "set", "clear", "write")
    threads = tuple(
        Thread(
            ops(4, (*plain, "wait", "wait")),
            ops(2, plain) if random.random() < 0.7 else (),
            random.choice((1, 1, 2)),
        )
        for _ in range(random.choice((2, 2, 3)))
    )
    lines = ["locks: [A, B]", "events: [E, F]", "variables: {x: 0}", "threads:"]
    for number, one in enumerate(threads):
        lines += [f"  t{number}:", "    do:", *(f"      - {written(op)}" for op in one.steps)]
        if one.finalizer:
            lines += ["    anywhere:", f"      times: {one.times}", "      do:"]
            lines += (f"        - {written(op)}" for op in one.finalizer)
    lines.append("expect: {final: {possible: [x == 0, x == 1, x == 2]}}")
    return threads, "\n".join(lines) + "\n"


def written(op: Op) -> str:
    verb, about = op
    return f"{{write: x, value: {about}}}" if verb == "write" else f"{{{verb}: {about}}}"
