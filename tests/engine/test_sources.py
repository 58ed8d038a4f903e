"""Programs whose locks and threads appear while they run: carried out, judged, and explored."""

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import ClassVar

import pytest

from deadsim.detect.deadlocks.wait_for import resource_graph, wait_for_graph
from deadsim.engine.execution import Execution
from deadsim.engine.moment import Moment
from deadsim.engine.pool import Pool
from deadsim.engine.scheduler import execute
from deadsim.exploration.budget import Budget
from deadsim.exploration.executions.learned_space import LearnedSpace, Nondeterminism
from deadsim.exploration.executions.optimal_dpor import Classes
from deadsim.kernel.failure import Failure
from deadsim.runs.reduction_watch import ReductionWatch
from deadsim.runs.watchers import RaceWatch
from deadsim.strategies.clock import Clock
from deadsim.strategies.pct import Pct
from deadsim.strategies.pos import Pos
from deadsim.strategies.random_walk import Random
from deadsim.strategies.round_robin import RoundRobin, Sequential
from deadsim.strategies.script import Script
from deadsim.strategies.strategy import Chance, Option, Strategy
from deadsim.strategies.surw import Surw
from handwritten import Body, Hand, Handwritten


def transfer(locked: bool = True) -> Body:
    """Make a lock and a variable, then start a thread; both add to the variable, under the lock or not."""

    def main(hand: Hand) -> None:
        guard, count = hand.lock("guard"), hand.variable("count", 0)

        def add(hand: Hand) -> None:
            if locked:
                hand.acquire(guard)
            hand.write(count, hand.read(count) + 1)
            if locked:
                hand.release(guard)

        worker = hand.start("worker", add)
        add(hand)
        hand.join(worker)

    return main


def two_orders(hand: Hand) -> None:
    """Start a thread that takes two locks the other way round; one of them is made only then."""
    first = hand.lock("first")

    def other(hand: Hand) -> None:
        hand.acquire(second)
        hand.acquire(first)
        hand.release(first)
        hand.release(second)

    second = hand.lock("second")
    hand.start("other", other)
    hand.acquire(first)
    hand.acquire(second)
    hand.release(second)
    hand.release(first)


def measured(main: Body) -> tuple[int, dict[int, dict[int, int]]]:
    """Count the steps of a first run, and how often each thread touched what: for pct and surw."""
    done = carried_out(main, Sequential(Chance(0)))
    counts: dict[int, dict[int, int]] = {}
    for event in done.events:
        for number in event.objects:
            by = counts.setdefault(number, {})
            by[event.thread] = by.get(event.thread, 0) + 1
    return len(done.events), counts


STRATEGIES: dict[str, Callable[[Chance, int, dict[int, dict[int, int]]], Strategy]] = {
    "round-robin": lambda chance, length, counts: RoundRobin(chance),
    "sequential": lambda chance, length, counts: Sequential(chance),
    "random": lambda chance, length, counts: Random(chance),
    "pct": lambda chance, length, counts: Pct(chance, 3, length),
    "pos": lambda chance, length, counts: Pos(chance),
    "surw": lambda chance, length, counts: Surw(chance, counts),
}


def carried_out(main: Body, strategy: Strategy, *watchers: object) -> Execution:
    with Pool() as pool:
        return execute(Handwritten(main), Clock(strategy), pool, watchers, 1_000)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", STRATEGIES)
def test_locks_and_threads_appear_under_every_strategy(name: str) -> None:
    length, counts = measured(transfer())
    for seed in range(20):
        strategy = STRATEGIES[name](Chance(seed), length, counts)
        done = carried_out(transfer(), strategy)
        world = done.moment.world
        assert done.ending == "completed"
        assert [world.name(n) for n in range(len(world))] == ["main", "guard", "count", "worker"]
        assert done.moment.objects[2] == 2
        assert {world.name(event.thread) for event in done.events} == {"main", "worker"}
        last = {event.thread: event for event in done.events}
        assert all(event.effect.ends for event in last.values())


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_schedule_is_carried_out_again(name: str) -> None:
    length, counts = measured(two_orders)
    for seed in range(10):
        once = carried_out(two_orders, STRATEGIES[name](Chance(seed), length, counts))
        again = carried_out(two_orders, Script(once.choices, Chance(0)))
        assert (again.ending, again.events) == (once.ending, once.events)


def test_races_are_found_where_nothing_orders_the_accesses() -> None:
    for locked in (True, False):
        raced = set()
        for seed in range(20):
            watch = RaceWatch()
            done = carried_out(transfer(locked), Random(Chance(seed)), watch)
            races = watch.races(done.moment.world, partial(getattr, done, "events"))
            raced |= {race.variable for race in races}
        assert raced == (set() if locked else {"count"})


def test_two_orders_deadlock_and_the_graph_says_who_waits_for_whom() -> None:
    watch = ReductionWatch()
    done = carried_out(two_orders, RoundRobin(Chance(0)), watch)
    assert done.ending == "stuck"
    assert watch.stuck == {"main", "other"}
    assert watch.suspected == set()
    graph = wait_for_graph(watch.situation())
    assert set(graph.edges()) == {("main", "other"), ("other", "main")}
    assert set(resource_graph(watch.situation()).edges()) == {
        ("first", "main"),
        ("main", "second"),
        ("second", "other"),
        ("other", "first"),
    }


def test_stuck_is_exact_for_locks_and_joins_while_others_run_on() -> None:
    def main(hand: Hand) -> None:
        guard = hand.lock("guard")

        def leaves_it_held(hand: Hand) -> None:
            hand.acquire(guard)

        def wants_it(hand: Hand) -> None:
            hand.acquire(guard)

        def joins(hand: Hand) -> None:
            hand.join(waiter)

        owner = hand.start("owner", leaves_it_held)
        hand.join(owner)
        waiter = hand.start("waiter", wants_it)
        hand.start("joiner", joins)
        busy = hand.variable("busy", 0)
        for _ in range(5):
            hand.write(busy, 1)

    watch = ReductionWatch()
    done = carried_out(main, RoundRobin(Chance(0)), watch)
    assert watch.stuck == {"waiter", "joiner"}
    assert watch.suspected == set()
    first = watch.since["waiter"]
    assert first < len(done.events) - 1, "it is found while main still runs"


def test_what_nobody_owns_is_suspected_only() -> None:
    def main(hand: Hand) -> None:
        ready = hand.semaphore("ready", 1)
        busy = hand.variable("busy", 0)

        def taker(hand: Hand) -> None:
            hand.take_permit(ready)

        hand.join(hand.start("first", taker))
        hand.start("second", taker)
        for _ in range(5):
            hand.write(busy, 1)

    class Kept(ReductionWatch):
        found: ClassVar[list[tuple[bool, set[str], set[str]]]] = []

        def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
            super().after(moment, failures)
            self.found.append((bool(moment.enabled), self.stuck, self.suspected))
            return False

    watch = Kept()
    carried_out(main, RoundRobin(Chance(0)), watch)
    assert all(not stuck for moves, stuck, _ in watch.found if moves)
    assert any(moves and suspected == {"second"} for moves, _, suspected in watch.found)


def classes(main: Body) -> tuple[int, set[str], int]:
    """Explore all classes; gives how many there are, how they end, and how often it was carried out."""
    with Pool() as pool:
        space = LearnedSpace(Handwritten(main), pool)
        search = Classes(space, Budget(100_000, seconds=60))
        ends = set()
        for execution in search:
            ends.add("completed" if space.over(execution.states[-1]) else "stuck")
        assert search.redundant == 0
        return search.executions, ends, space.executions


def test_two_orders_have_three_classes() -> None:
    executions, ends, carried = classes(two_orders)
    assert (executions, ends) == (3, {"completed", "stuck"})
    assert carried <= 8


def test_two_unlocked_increments_have_four_classes() -> None:
    assert classes(transfer(locked=False))[:2] == (4, {"completed"})


def test_two_locked_increments_have_two_classes() -> None:
    assert classes(transfer())[:2] == (2, {"completed"})


@pytest.mark.parametrize("readers", [1, 2, 3])
def test_a_writer_and_readers_that_are_started_have_their_known_number_of_classes(
    readers: int,
) -> None:
    def main(hand: Hand) -> None:
        x = hand.variable("x", 0)
        for number in range(readers):
            hand.start(f"reader{number}", lambda hand: hand.read(x))
        hand.write(x, 1)

    count, _, _ = classes(main)
    assert count == 2**readers


def three_that_meet(hand: Hand) -> None:
    """Two threads that take a lock or not, by what they read."""
    x, guard = hand.variable("x", 0), hand.lock("guard")

    def body(hand: Hand) -> None:
        if hand.read(x) == 0:
            hand.acquire(guard)
            hand.write(x, 1)
            hand.release(guard)

    made = [hand.start(f"t{number}", body) for number in range(2)]
    hand.read(x)
    for number in made:
        hand.join(number)


class Schedule(RoundRobin):
    """Picks by number among those that are enabled, and keeps how many there were."""

    def __init__(self, chosen: tuple[int, ...]) -> None:
        super().__init__(Chance(0))
        self.chosen = chosen
        self.counts: list[int] = []

    def pick(self, options: Sequence[Option]) -> int:
        at = len(self.counts)
        self.counts.append(len(options))
        return options[self.chosen[at] if at < len(self.chosen) else 0].thread


def signatures(main: Body) -> set[object]:
    """Carry out every schedule there is; give of each the order of dependent steps on each object."""
    found: set[object] = set()
    todo: list[tuple[int, ...]] = [()]
    while todo:
        chosen = todo.pop()
        strategy = Schedule(chosen)
        with Pool() as pool:
            done = execute(Handwritten(main), strategy, pool)
        found.add(signature(done))
        for at in range(len(chosen), len(strategy.counts)):
            taken = (*chosen, *(0,) * (at - len(chosen)))
            todo.extend((*taken, other) for other in range(1, strategy.counts[at]))
    return found


def signature(done: Execution) -> object:
    """Give of each object the steps on it in their order; reads between two writes have none."""
    by: dict[str, list[object]] = {}
    world = done.moment.world
    for event in done.events:
        step = (world.name(event.thread), event.verb)
        for number in dict.fromkeys((*event.objects, *event.effect.gives)):
            steps = by.setdefault(world.name(number), [])
            if event.verb == "read" and number in event.effect.reads:
                if steps and isinstance(steps[-1], frozenset):
                    steps[-1] |= {step}  # type: ignore[operator]
                else:
                    steps.append(frozenset((step,)))
            else:
                steps.append(step)
    return tuple((name, tuple(steps)) for name, steps in sorted(by.items()))


@pytest.mark.parametrize("main", [two_orders, transfer(), transfer(False), three_that_meet])
def test_as_many_classes_as_a_plain_search_over_all_schedules(main: Body) -> None:
    assert classes(main)[0] == len(signatures(main))


def branching(made: Callable[[Hand, int], None]) -> Body:
    """Make something that depends on what was read, which races with a write."""

    def main(hand: Hand) -> None:
        seen = hand.variable("seen", 0)
        hand.start("writer", lambda hand: hand.write(seen, 1))
        made(hand, hand.read(seen))

    return main


def kind_by_value(hand: Hand, value: int) -> None:
    if value:
        hand.take_permit(hand.semaphore("permits", 1))
    else:
        hand.acquire(hand.lock("lock"))


def permits_by_value(hand: Hand, value: int) -> None:
    hand.take_permit(hand.semaphore("permits", value))


def daemon_by_value(hand: Hand, value: int) -> None:
    lock = hand.lock("lock")

    def worker(hand: Hand) -> None:
        hand.acquire(lock)
        hand.acquire(lock)

    hand.start("worker", worker, daemon=bool(value))


@pytest.mark.parametrize(
    ("made", "ends"),
    [
        (kind_by_value, {"completed"}),
        (permits_by_value, {"completed", "stuck"}),
        (daemon_by_value, {"completed", "stuck"}),
    ],
)
def test_what_is_made_may_depend_on_what_was_read(
    made: Callable[[Hand, int], None], ends: set[str]
) -> None:
    executions, found, _ = classes(branching(made))
    assert (executions, found) == (2, ends)


def test_a_daemon_that_is_started_last_takes_no_step() -> None:
    def main(hand: Hand) -> None:
        lock = hand.lock("lock")
        hand.start("late", lambda hand: hand.acquire(lock), daemon=True)

    assert classes(main)[:2] == (1, {"completed"})


def test_a_program_that_does_otherwise_where_the_same_happened_is_noticed() -> None:
    turns = itertools.count()

    def main(hand: Hand) -> None:
        one, two = hand.variable("one", 0), hand.variable("two", 0)
        hand.start("writer", lambda hand: hand.write(one, 1))
        hand.read(two if next(turns) % 2 else one)
        hand.write(one, 2)

    with pytest.raises(Nondeterminism, match="main does otherwise"):
        classes(main)


def test_one_and_true_are_two_states() -> None:
    def main(hand: Hand) -> None:
        last, lock = hand.variable("last", 0), hand.lock("lock")
        one = hand.start("one", lambda hand: hand.write(last, 1))
        true = hand.start("true", lambda hand: hand.write(last, True))
        hand.join(one)
        hand.join(true)
        if hand.read(last) is True:
            hand.acquire(lock)
            hand.acquire(lock)

    assert classes(main)[:2] == (2, {"completed", "stuck"})


def holding(other: Body) -> Body:
    """Hold a lock for which another thread waits, and wait for that thread."""

    def main(hand: Hand) -> None:
        for name in ("held", "free"):
            hand.lock(name)
        hand.acquire(1)
        hand.join(hand.start("other", other))

    return main


def releases_at_last(hand: Hand) -> None:
    hand.acquire(2)
    try:
        hand.acquire(1)
    finally:
        hand.release(2)
        hand.acquire(2)


def goes_on_for_all_that(hand: Hand) -> None:
    with suppress(BaseException):
        hand.acquire(1)
    with suppress(BaseException):
        hand.release(1)
    hand.acquire(2)


def raises_at_last(hand: Hand) -> None:
    try:
        hand.acquire(1)
    finally:
        raise ValueError("it was unwound")


@pytest.mark.parametrize("other", [releases_at_last, goes_on_for_all_that, raises_at_last])
def test_nothing_happens_while_an_execution_is_unwound(other: Body) -> None:
    done = carried_out(holding(other), RoundRobin(Chance(0)))
    assert done.ending == "stuck"
    taken = [(event.verb, event.objects) for event in done.events if event.thread]
    assert taken == ([("acquire", (2,))] if other is releases_at_last else [])
    assert done.moment.objects[1] == (0, 1)
