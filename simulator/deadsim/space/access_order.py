"""Which accesses happen before which, as a part of the state: so that races are decided over all schedules.

Of each variable the last write is kept, and each thread's last read since, with all who come after
it: threads, channels, and places in stores (`kernel.ordering`). There are no counters, so there are
finitely many. The same order as that of vector clocks along each single execution.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from deadsim.kernel.system import State
from deadsim.space.packed import Info, Packed, Space
from deadsim.trace.effect import Effect, Mark, Store

Knower: TypeAlias = tuple[str, int] | tuple[Store, int]
"""Who comes after an access: ("thread", t), ("channel", c), or a place in a store."""


class Record(NamedTuple):
    """An access that may still race, and who comes after it."""

    variable: int
    writes: bool
    thread: int
    known_to: frozenset[Knower]


Knowledge: TypeAlias = frozenset[Record]


def resolved(info: Info) -> Effect:
    """Give what a step does to the order, with where it puts itself into stores.

    Those whom it starts know of it at once, so that it gives them nothing by a channel.
    """
    effect = info.result.effect
    marks = tuple(mark._replace(at=place_of(info.before, mark)) for mark in effect.marks)
    gives = effect.gives
    if effect.starts:
        gives = (info.result.row.thread,) if effect.ends else ()
    return effect._replace(marks=marks, gives=gives)


def place_of(before: State, mark: Mark) -> int:
    """Find where a step puts itself into a store; -1 is its end, behind the slots that are free."""
    if not mark.puts or mark.at >= 0:
        return mark.at
    return mark.room - len(before.objects[mark.store[1]].items)


class Order:
    """The states of a space, each with what is known of the accesses to some variables.

    A node is a state with a number above its bits. `raced` are the variables that were seen to race;
    with `forget` they are of no interest from then on.
    """

    def __init__(self, space: Space, variables: Iterable[int], forget: bool = False) -> None:
        self.space = space
        self.variables = frozenset(variables)
        self.forget = forget
        self.raced: set[int] = set()
        self.knowledge: list[Knowledge] = [frozenset()]
        self.numbers: dict[Knowledge, int] = {frozenset(): 0}
        self.effects: dict[int, Effect] = {}
        self.known: dict[tuple[int, int], tuple[int, frozenset[int]]] = {}
        self.in_names: dict[tuple[int, tuple[int, ...]], int] = {}
        self.start = space.start
        self.state_mask = (1 << space.bits) - 1

    def successors(self, node: int) -> Iterator[tuple[int, int, int, frozenset[int], Info]]:
        """List the steps: the thread, which result, the node after it, which variables race by it."""
        if self.space.over(node & self.state_mask):
            return
        for thread in self.space.threads:
            for way, after, raced, info in self.steps(node, thread):
                yield thread, way, after, raced, info

    def steps(self, node: int, thread: int) -> Iterator[tuple[int, int, frozenset[int], Info]]:
        """List the results of a thread's next step, the program not being over."""
        bits = self.space.bits
        state: Packed = node & self.state_mask
        number = node >> bits
        for way, (delta, _, info) in self.space.numbered(self.space.moves(state, thread)):
            key = number, info.number
            found = self.known.get(key)
            if found is None:
                found = self.known[key] = self.follow(number, info)
            yield way, state + delta | found[0] << bits, found[1], info

    def called(self, number: int, names: tuple[int, ...]) -> int:
        """Give what is known with each thread called by another's number."""
        key = number, names
        found = self.in_names.get(key)
        if found is None:
            records = self.knowledge[number]
            after = frozenset(
                record._replace(
                    thread=names[record.thread],
                    known_to=frozenset(renamed(knower, names) for knower in record.known_to),
                )
                for record in records
            )
            found = self.in_names[key] = self.number(after)
        return found

    def number(self, knowledge: Knowledge) -> int:
        """Give the number of what is known."""
        found = self.numbers.get(knowledge)
        if found is None:
            found = self.numbers[knowledge] = len(self.knowledge)
            self.knowledge.append(knowledge)
        return found

    def follow(self, number: int, info: Info) -> tuple[int, frozenset[int]]:
        """Work out what is known after a step, and which variables race by it."""
        effect = self.effects.get(info.number)
        if effect is None:
            effect = self.effects[info.number] = resolved(info)
        after, raced = follow(
            self.knowledge[number], info.result.row.thread, effect, self.variables
        )
        if self.forget and raced:
            self.raced |= raced
            self.variables -= raced
            self.known.clear()
        if self.forget:
            after = frozenset(record for record in after if record.variable in self.variables)
        return self.number(after), raced


def renamed(knower: Knower, names: tuple[int, ...]) -> Knower:
    """Give who comes after an access with each thread called by another's number."""
    what, at = knower
    if what == "thread" or (what == "channel" and 0 <= at < len(names)):
        return what, names[at]
    if isinstance(what, tuple) and what[0] in ("woken", "taken"):
        return (what[0], what[1], names[what[2]]), at
    return knower


def follow(
    before: Knowledge, mover: int, effect: Effect, variables: frozenset[int]
) -> tuple[Knowledge, frozenset[int]]:
    """Give what is known of the accesses to some variables after a step, and which of them race."""
    me: Knower = ("thread", mover)
    takes: set[Knower] = {("channel", channel) for channel in effect.takes}
    takes |= {(mark.store, mark.at) for mark in effect.marks if not mark.puts}
    raced: set[int] = set()
    kept: list[tuple[int, bool, int, set[Knower]]] = []
    for variable, writes, thread, known_to in before:
        knowers = set(known_to)
        if not takes.isdisjoint(knowers):
            knowers.add(me)
        if me not in knowers and (
            variable in effect.writes or (writes and variable in effect.reads)
        ):
            raced.add(variable)
        if variable in effect.writes:
            continue  # the new access stands for it
        if variable in effect.reads and not writes and me in knowers:
            continue
        kept.append((variable, writes, thread, knowers))
    for variable in dict.fromkeys((*effect.reads, *effect.writes)):
        if variable in variables:
            kept.append((variable, variable in effect.writes, mover, {me}))
    after = []
    for variable, writes, thread, knowers in kept:
        knowers = moved_along(effect.marks, knowers)
        if me in knowers:
            knowers |= {("channel", channel) for channel in effect.gives}
            knowers |= {(mark.store, mark.at) for mark in effect.marks if mark.puts}
            knowers |= {("thread", other) for other in effect.starts}
        if effect.ends:
            knowers.discard(me)  # it takes no further step
        after.append(Record(variable, writes, thread, frozenset(knowers)))
    return frozenset(after), frozenset(raced)


def moved_along(marks: tuple[Mark, ...], knowers: set[Knower]) -> set[Knower]:
    """Let what is kept in stores move up or down as steps take out and put in."""
    for mark in marks:
        moved: set[Knower] = set()
        for knower in knowers:
            what, at = knower
            if what != mark.store:
                moved.add(knower)
            elif mark.puts:
                moved.add((mark.store, at + 1) if at >= mark.at else knower)
            elif at != mark.at:
                moved.add((mark.store, at - 1) if at > mark.at else knower)
        knowers = moved
    return knowers
