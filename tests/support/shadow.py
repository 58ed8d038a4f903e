"""Real steps, and whether what abstract interpretation says of each covers it.

A run is followed by passages: for each step that is really taken one has to be found, given no more
than what the state to begin with and the steps since have provided. So relaxed progress, which takes
every passage that there is, does all that the run does.
"""

import pkgutil
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from random import Random
from typing import Any, NamedTuple

import deadsim.kernel.abstract as abstract
from deadsim.detect.stuck.progress import beginning
from deadsim.kernel.abstract.form import ENDLESS, MOST_COUNTED, Approach, Facts, Form, Held, Passage
from deadsim.kernel.operation import Fact, Operation, Stock
from deadsim.kernel.primitives.channel import receives
from deadsim.kernel.primitives.queue import slots
from deadsim.kernel.primitives.thread import ENDED, RUNNING
from deadsim.kernel.programs.linked import Stop
from deadsim.kernel.select import Select
from deadsim.kernel.system import State, System, Transition
from deadsim.model.objects import Barrier, Condition, Event, Lock, Pipe, Queue, SharedObject

STAGES = (
    "queued", "arrived", "freed", "failing", "waits", "woken", "waiting", "notified", "spurious", "timeout", "late", "offers", "taken",
)  # fmt: skip
"""What a thread has that is in the middle of a step."""

PASSING = ("in", "was closed", "was shut", "queue")
"""What is so in a state, and need not have been provided."""

PLENTY = ENDLESS - MOST_COUNTED  # what is left at the least of what is without limit

Seen = Counter[tuple[type[Form], str, str]]
"""How often steps of a form and verb went in a way: passed, failed, gave up, or were begun."""


class Uncovered(AssertionError):
    """A step did what its form denies."""


class Taken(NamedTuple):
    """A step that was really taken, by a form and about the objects with these numbers."""

    system: System
    before: State
    thread: int
    move: Transition
    stop: Stop
    form: Form
    numbers: tuple[int, ...]

    @property
    def operation(self) -> Operation:
        """Give the operation."""
        found = self.before.frames[self.thread].operation
        assert found is not None
        return found

    @property
    def way(self) -> str:
        """Name the way in which it went."""
        outcome = self.move.outcome
        if outcome.wrong is not None:
            return "failed"
        if outcome.stays:
            return "begun"
        return "passed" if outcome.success else "gave up"

    def declared(self, number: int) -> SharedObject | None:
        """Give the declaration of an object; of a thread, nothing."""
        return declared(self.system, number)

    def __str__(self) -> str:
        name = self.system.world.name
        about = ", ".join(str(name(number)) for number in self.numbers)
        return (
            f"thread {self.thread}: {self.operation.verb} {about} {self.form.flags} {self.way}, "
            f"{self.move.outcome.results}; before: {self.before.objects}; "
            f"after: {self.move.state.objects}"
        )


def branch(step: Taken) -> Stop | None:
    """Give the branch that a step was, if it was one of several."""
    one, operation = step.move.outcome.taken, step.operation
    if one is None:
        return None
    assert isinstance(operation, Select)
    made = [branch.operation for branch in operation.branches]
    return step.stop.parts[made.index(one.operation)]


def declared(system: System, number: int) -> SharedObject | None:
    """Give the declaration of an object; of a thread or the output, nothing."""
    return system.world.declared(number)


def taken(system: System, before: State, thread: int, move: Transition) -> Taken | None:
    """Say what a step was; None for a block of instructions, which has no form."""
    frame = before.frames[thread]
    stop = system.linked[thread].entries[frame.position]
    assert isinstance(stop, Stop)
    if stop.form is None:
        return None
    operation = frame.operation
    assert operation is not None
    return Taken(system, before, thread, move, stop, stop.form, about(system, stop, operation))


def about(system: System, stop: Stop, operation: Operation) -> tuple[int, ...]:
    """Give the numbers that a form is asked about: a condition's own where it means the lock."""
    numbers = tuple(stop.numbers)
    if stop.whole or len(numbers) < 2:
        return numbers
    for number in numbers:
        condition = declared(system, number)
        lock = condition.lock if isinstance(condition, Condition) else None
        if operation.objects[0] in (number, lock):
            return (number,)
    raise AssertionError("a step is about none of its objects")


# What a step really provided.


def noted(system: System, state: State) -> tuple[Facts, dict[int, Held]]:
    """Note what a state provides and who holds what, as `beginning`; for reading only."""
    return _noted(system, state, repr(state.objects))  # 1 and True are told apart


@lru_cache(maxsize=4)
def _noted(system: System, state: State, text: str) -> tuple[Facts, dict[int, Held]]:
    return beginning(system, state)


class Provided(NamedTuple):
    """What a step made true, what it made more of, and which values it stored."""

    facts: set[Fact]
    stocks: dict[Stock, int]
    values: set[tuple[int, str]]


def provided(step: Taken) -> Provided:
    """Hold the state after a step against the state before it."""
    system = step.system
    old, _ = noted(system, step.before)
    new, _ = noted(system, step.move.state)
    facts = {f for f in new.known - old.known if f[0] not in (*PASSING, "ended")}
    inside, still = ({f[:3] for f in x.known if f[0] == "in"} for x in (old, new))
    facts |= {("left", *fact[1:]) for fact in inside - still}
    stocks = {
        stock: amount - old.stock[stock]
        for stock, amount in new.stock.items()
        if amount > old.stock[stock] and is_counted(system, stock, step.move.state)
    }
    for number, state in enumerate(step.before.objects):
        after = step.move.state.objects[number]
        match declared(system, number):
            case Barrier() if after.freed and not state.freed:
                stocks["arrivals", number] = 1
            case Barrier() if len(after.arrived) > len(state.arrived):
                stocks["arrivals", number] = 1
            case Condition():
                taken = listed(state) & {w.thread for w in after} - listed(after)
                if taken:
                    stocks["notifies", number] = len(taken)
            case Pipe(capacity=0) if len(after.taken) > len(state.taken):
                stocks[receives(number)] = 1
            case Event() if {w for w, woken in after.waiters if woken} - {
                w for w, woken in state.waiters if woken
            }:
                facts.add(("set", number))
    values = {
        (number, key)
        for number, known in new.values.items()
        for key in known.keys() - old.values.get(number, {}).keys()
    }
    return Provided(facts, stocks, values)


def is_counted(system: System, stock: Stock, after: State) -> bool:
    """Decide whether something is limited: there is no end to the room of some queues, and none that is of use."""
    queue = declared(system, stock[1])
    if stock != slots(stock[1]) or not isinstance(queue, Queue):
        return True
    return queue.maxsize > 0 and not after.objects[stock[1]].shut


def listed(state: Sequence[Any]) -> set[int]:
    """List those who are on a condition's list: they were not notified, and have not the lock back."""
    off = ("notified", "late")
    return {waiter.thread for waiter in state if waiter.status not in off}


# Passages.


class Shadow:
    """Follows a run from some state by passages.

    With `coarse` only places in the program are known, as to `Coarse`; `chance` takes from what a
    thread holds, as where another way comes to the same place.
    """

    def __init__(self, system: System, state: State, coarse: Random | None = None) -> None:
        self.system = system
        self.coarse = coarse
        self.facts, holding = beginning(system, state)
        self.held: dict[int, Held] = {
            t: holding.get(t, {}) for t in range(len(state.frames)) if state.objects[t] == RUNNING
        }
        self.offered: Seen = Counter()
        # As relaxed progress does, ask a form that does not vary no more once there was a way.
        self.first: dict[int, list[Passage]] = {}
        self.arrive(state)

    def arrive(self, state: State) -> None:
        """Look at the ways on from where each thread stands, as soon as it stands there."""
        for thread, frame in enumerate(state.frames):
            if state.objects[thread] != RUNNING or frame.operation is None:
                continue
            self.held.setdefault(thread, {})
            stop = self.system.linked[thread].entries[frame.position]
            assert isinstance(stop, Stop)
            if stop.form is not None:
                for fact in stop.form.arrives(stop.numbers, thread):
                    self.facts.provide(fact)
        for thread, frame in enumerate(state.frames):
            if state.objects[thread] != RUNNING or frame.operation is None:
                continue
            stop = self.system.linked[thread].entries[frame.position]
            assert isinstance(stop, Stop)
            if thread not in self.first and stop.form is not None:
                numbers = about(self.system, stop, frame.operation)
                approach = self.approach(thread, stop, frame.operation, numbers)
                self.first[thread] = list(stop.form.passages(approach))

    def approach(
        self, thread: int, stop: Stop, operation: Operation, numbers: tuple[int, ...]
    ) -> Approach:
        """Let a thread come to stand before a step."""
        held = self.held[thread]
        if self.coarse:
            return Approach(thread, numbers, None, self.facts, held, False)
        wanted = any(slot is not None for slot in stop.into)
        return Approach(thread, operation.objects, operation, self.facts, held, wanted)

    def follow(self, before: State, thread: int, move: Transition) -> None:
        """Find passages that cover a step, and take them; raises Uncovered."""
        step = taken(self.system, before, thread, move)
        if step is None:
            for variable in move.outcome.block.writes:
                self.facts.store(variable, move.outcome.objects[variable])
        else:
            self.take(step)
        self.first.pop(thread, None)
        for other, state in enumerate(move.state.objects[: len(before.frames)]):
            if state == ENDED:
                self.facts.provide(("ended", other))
        self.arrive(move.state)
        self.check(move.state, step)

    def take(self, step: Taken) -> None:
        """Find passages that cover a step, and note what they provide."""
        real = provided(step)
        for path in self.paths(step):
            if self.covers(path, step, real):
                break
        else:
            raise Uncovered(f"{step}; held: {self.held[step.thread]}; really provided: {real}")
        for passage in path:
            for fact in passage.facts:
                self.facts.provide(fact)
            for number, value in passage.values:
                self.facts.store(number, value)
            for stock, amount in passage.supplies:
                had = self.facts.totals.get(stock, {}).get(step.thread, 0)
                self.facts.total(stock, step.thread, had + amount)
        self.held[step.thread] = self.weakened(path[-1].held)

    def paths(self, step: Taken) -> Iterator[list[Passage]]:
        """List the ways to pass a step, the shortest first: a real step may be several of its stages."""
        approach = self.approach(step.thread, step.stop, step.operation, step.numbers)
        ways = list(step.form.passages(approach))
        if self.first[step.thread] and not step.form.varies:
            ways = self.first[step.thread]
        seen = [approach.held]
        front: list[list[Passage]] = [[]]
        while front:
            path = front.pop(0)
            if path:
                ways = list(step.form.passages(approach._replace(held=path[-1].held)))
            for passage in ways:
                self.offer(step, passage)
                yield [*path, passage]
                if passage.stays and passage.held not in seen:
                    seen.append(passage.held)
                    front.append([*path, passage])

    def offer(self, step: Taken, passage: Passage) -> None:
        """Count in which ways a form lets a step go."""
        way = "failed" if passage.fails else "begun" if passage.stays else "passed"
        self.offered[type(step.form), step.operation.verb, way] += 1

    def covers(self, path: list[Passage], step: Taken, real: Provided) -> bool:
        """Decide whether passages taken in turn do all that a step really did."""
        outcome, last = step.move.outcome, path[-1]
        if (last.stays, last.fails) != (outcome.stays, outcome.wrong is not None):
            return False
        if not (outcome.stays or last.fails or self.same_results(last, step)):
            return False
        holding = noted(self.system, step.move.state)[1].get(step.thread, {})
        if not self.agrees(owned(last.held), owned(holding)):
            return False
        supplies: Counter[Stock] = Counter()
        for passage in path:
            supplies.update(dict(passage.supplies))
        values = {(number, repr(value)) for p in path for number, value in p.values}
        return (
            real.facts <= {fact for passage in path for fact in passage.facts}
            and all(supplies[stock] >= min(PLENTY, amount) for stock, amount in real.stocks.items())
            and (bool(self.coarse) or real.values <= values)
        )

    def same_results(self, last: Passage, step: Taken) -> bool:
        """Decide whether those who want the results get what they really got."""
        if step.stop.parts and last.results[:1] != step.move.outcome.results[:1]:
            return False  # another branch
        if self.coarse or last.unknown:
            return True
        into, part = step.stop.into, branch(step)
        if step.stop.parts:  # of its own results nobody wants others than its branch's
            into = into[:1] + (part.into if part is not None else ())
        found, real = (
            [repr(one) for one, slot in zip(results, into, strict=False) if slot is not None]
            for results in (last.results, step.move.outcome.results)
        )
        return found == real

    def agrees(self, held: Held, holding: Held) -> bool:
        """Decide whether a thread holds what it really holds; known by its place, no more than that."""
        if self.coarse:
            return all(holding.get(key, 0) >= amount for key, amount in held.items())
        return held == holding

    def weakened(self, held: Held) -> Held:
        """Give what is left where another way comes to the same place with less."""
        if not self.coarse:
            return held
        after: Held = {}
        for key, amount in held.items():
            least = self.least(key, amount)
            left = max(least, amount - self.coarse.choice((0, 0, 1, amount - least)))
            if left:
                after[key] = left
        return after

    def least(self, key: Hashable, amount: int) -> int:
        """Give how much of it a thread has at least, whatever other way comes to the same place.

        A lock that it does not hold there it has let go, or not taken yet: it is free for all.
        """
        if isinstance(key, tuple):
            return amount if key[0] in STAGES else min(0, amount)
        is_lock = isinstance(key, int) and isinstance(declared(self.system, key), Lock)
        return 1 if is_lock and ("free", key) not in self.facts.known else 0

    def check(self, state: State, step: Taken | None) -> None:
        """Compare what could be provided by now with what there is; raises Uncovered."""
        now, holding = noted(self.system, state)
        missing = {f for f in now.known - self.facts.known if f[0] not in PASSING}
        if missing:
            raise Uncovered(f"{step}: not provided: {missing}")
        for thread, held in self.held.items():
            if state.objects[thread] != RUNNING:
                continue
            really: Held = holding.get(thread, {})
            # Nothing of a step is used here but who takes it, and whether anybody counts alone.
            operation = state.frames[thread].operation
            approach = Approach(
                thread, (), None if self.coarse else operation, self.facts, held, False
            )
            for stock, amount in now.stock.items():
                there = min(PLENTY, amount - really.get(stock, 0))
                if is_counted(self.system, stock, state) and approach.available(stock) < there:
                    raise Uncovered(
                        f"{step}: thread {thread} could have {approach.available(stock)} of {stock}, "
                        f"and there are {there}; held: {held}"
                    )
            for key in really:
                if isinstance(key, tuple) and key[0] == "notified" and ("waiting", key[1]) in held:
                    if approach.available(("notifies", key[1])) <= 0:
                        raise Uncovered(f"{step}: thread {thread} is notified, and may not wake")


def owned(held: Held) -> Held:
    """Give the part of what a thread has that it owns, without what is only counted."""
    stages: Callable[[Hashable], bool] = lambda key: (  # noqa: E731
        key[0] in (*STAGES, "w", "mode")
        if isinstance(key, tuple)
        else isinstance(key, int) and key >= 0
    )
    return {key: amount for key, amount in held.items() if stages(key)}


# What the text of a program says for certain.


class Certainty:
    """Follows a run from its beginning by what is certain, and by what is possible."""

    def __init__(self, system: System, chance: Random) -> None:
        self.system = system
        self.chance = chance
        self.sure: dict[int, frozenset[int]] = {}

    def look(self, state: State) -> None:
        """Compare who is blocked with which steps can block, and with what lets them go on."""
        for thread, frame in enumerate(state.frames):
            operation = frame.operation
            if operation is None or operation.ways(state.objects, thread):
                continue
            stop = self.system.linked[thread].entries[frame.position]
            assert isinstance(stop, Stop)
            form = stop.form
            assert form is not None, "a block is blocked"
            numbers = about(self.system, stop, operation)
            has = noted(self.system, state)[1].get(thread, {})
            begun = any(isinstance(key, tuple) and key[0] in STAGES for key in has)
            if not (form.can_block or (begun and form.in_stages)):
                raise Uncovered(f"thread {thread} is blocked in {operation.verb} {form.flags}")
            wants = {fact for number in numbers for fact in form.wants(number)}
            for needs in operation.each_need(state.objects, thread):
                if needs.owners is None and not set(needs.facts) <= wants:
                    raise Uncovered(f"thread {thread} wants {needs.facts} with {operation.verb}")

    def follow(self, before: State, thread: int, move: Transition) -> None:
        """Compare a step with what was certain and possible; raises Uncovered."""
        step = taken(self.system, before, thread, move)
        if step is None or not step.numbers:
            return
        form, outcome = step.form, move.outcome
        sure = self.sure.get(thread, frozenset())
        if self.chance.random() < 0.2:  # as where another way comes to the same place
            sure = frozenset(number for number in sure if self.chance.random() < 0.5)
        if outcome.stays and not form.in_stages:
            raise Uncovered(f"{step}: it has no stages")
        real = provided(step)
        possible = {fact for number in step.numbers for fact in form.possible(number)}
        facts = {
            fact[:2] if fact[0] in ("left", "closed", "contends") else fact for fact in real.facts
        }
        if not facts | set(real.stocks) <= possible:
            raise Uncovered(f"{step}: provided {real}, possible was {possible}")
        if outcome.wrong is not None:
            if not any(form.may_fail(number, sure) for number in step.numbers):
                raise Uncovered(f"{step}: it could not fail with {set(sure)} held")
            return
        if outcome.stays:
            return
        self.undone(step)
        for number in step.numbers:
            for fact in form.certain(number):
                if not self.holds(fact, step):
                    raise Uncovered(f"{step}: {fact} was certain")
        kept = frozenset.intersection(*(form.keeps(number, sure) for number in step.numbers))
        held = {key for key in self.held(move.state, thread) if key >= 0}
        if not kept <= held:
            raise Uncovered(f"{step}: it certainly kept {set(kept)}, and holds {held}")
        self.sure[thread] = kept

    def held(self, state: State, thread: int) -> dict[int, int]:
        """Give the locks that a thread really holds, and how often."""
        holding = owned(noted(self.system, state)[1].get(thread, {}))
        found: dict[int, int] = {}
        for key, amount in holding.items():
            if isinstance(key, int):
                found[key] = amount
            elif isinstance(key, tuple) and key[0] in ("w", "mode"):
                found[key[1]] = found.get(key[1], 0) + amount
        return found

    def undone(self, step: Taken) -> None:
        """Check that a lock which is held once more has to be given back once more."""
        before, after = (self.held(s, step.thread) for s in (step.before, step.move.state))
        undoes = {fact for number in step.numbers for fact in step.form.undoes(number)}
        for number, amount in after.items():
            again = step.operation.verb == "acquire" and amount > before.get(number, 0)
            if again and ("given back", number) not in undoes:
                raise Uncovered(f"{step}: what gives it back before is still certain")

    def holds(self, fact: Fact, step: Taken) -> bool:
        """Decide whether something that a step provides for certain is really so after it."""
        before, after = step.before.objects, step.move.state.objects
        number: Any = fact[-1]
        match fact[0]:
            case "free":
                return after[number] is None
            case "given back":
                had, has = (self.held(s, step.thread) for s in (step.before, step.move.state))
                return has.get(number, 0) < had.get(number, 0)
            case "permits":
                return bool(after[number] > 0)
            case "items":
                return bool(after[number].items)
            case "slots":
                queue = step.declared(number)
                assert isinstance(queue, Queue)
                return queue.maxsize <= 0 or len(after[number].items) < queue.maxsize
            case "count_downs":
                return not before[number] or after[number] < before[number]
            case "notifies":
                there, left = listed(before[number]), listed(after[number])
                return left < there or not there
            case "all of":
                return not listed(after[number])
            case "set":
                return bool(after[number].set)
            case "closed":
                return bool(after[fact[1]].closed)
            case "shut":
                return bool(after[number].shut)
            case "broken":
                return bool(after[number].broken)
            case _:
                raise AssertionError(f"nothing says when {fact} is so")


def forms() -> set[type[Form]]:
    """List all forms that are made, whoever lists them."""
    found: set[type[Form]] = set()
    for module in pkgutil.iter_modules(abstract.__path__):
        for one in vars(import_module(f"{abstract.__name__}.{module.name}")).values():
            if isinstance(one, type) and issubclass(one, Form) and not one.__abstractmethods__:
                found.add(one)
    return found


class Followed(NamedTuple):
    """What a run has gone through: the ways of real steps, and those that were offered."""

    seen: Seen
    offered: Seen
    verbs: Counter[tuple[type | None, str]]  # type of the object, or None for a thread or nothing


def follow(system: System, begin: int, chance: Random, steps: int = 60) -> Followed:
    """Take real steps under a random schedule, and follow them; raises Uncovered.

    Passages follow from the step with the number `begin` on, what is certain from the first.
    """
    state = system.initial().state
    certainty = Certainty(system, chance)
    seen: Seen = Counter()
    verbs: Counter[tuple[type | None, str]] = Counter()
    shadows: list[Shadow] = []
    for number in range(steps):
        enabled = system.enabled(state)
        if not enabled:
            break
        certainty.look(state)
        if number == begin or (number == 0 and begin < 0):
            shadows = [Shadow(system, state), Shadow(system, state, Random(begin))]
        thread = enabled[int(chance.random() * len(enabled))]
        way = int(chance.random() * system.ways(state, thread))
        move = system.step(state, thread, way)
        certainty.follow(state, thread, move)
        for shadow in shadows:
            shadow.follow(state, thread, move)
        step = taken(system, state, thread, move)
        if step is not None:
            seen[type(step.form), step.operation.verb, step.way] += 1
            part = branch(step)
            if part is not None and move.outcome.taken is not None:
                seen[type(part.form), move.outcome.taken.operation.verb, step.way] += 1
            about = step.declared(step.numbers[0]) if step.numbers else None
            verbs[type(about) if about is not None else None, step.operation.verb] += 1
        state = move.state
    offered: Seen = Counter()
    for shadow in shadows[:1]:
        offered += shadow.offered
    return Followed(seen, offered, verbs)
