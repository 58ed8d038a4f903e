"""Dependence: what is called independent commutes, and coarser relations leave nothing out."""

from collections import deque
from collections.abc import Iterator
from itertools import combinations

import pytest

import deadsim
import oracle
from deadsim.exploration.static.reachable_accesses import Futures
from deadsim.kernel.dependence import (
    NOTHING,
    Dependence,
    Footprint,
    bits,
    both,
    dependent,
    each_bit,
    pending,
)
from deadsim.kernel.row import Result, chosen, own
from deadsim.kernel.state_query import watched
from deadsim.kernel.system import State, System, after, dependence
from portion import few_and_all
from programs import scenario

MOST_STATES = 40
PROGRAMS = few_and_all(80, 400)


def states(system: System) -> Iterator[State]:
    """Give some states that can be reached, the nearest first."""
    start = system.initial(keep_output=True).state
    seen = {start.key()}
    front = deque([start])
    for _ in range(MOST_STATES):
        if not front:
            return
        state = front.popleft()
        yield state
        for _, _, result in oracle.steps(system, state):
            following = after(state, result)
            if following.key() not in seen:
                seen.add(following.key())
                front.append(following)


def done(result: Result) -> tuple[object, ...]:
    """Give what a step did."""
    outcome = result.outcome
    return result.effect, outcome.results, outcome.success, result.failures, result.choice


def pairs(system: System, state: State) -> Iterator[tuple[Result, Result]]:
    """Give two steps of different threads that can be taken in a state."""
    results = [result for _, _, result in oracle.steps(system, state)]
    for one, other in combinations(results, 2):
        if one.choice[0] != other.choice[0]:
            yield one, other


def commutes(system: System, state: State, one: Result, other: Result) -> bool:
    """Decide whether two steps can be taken in both orders, as the same steps, to the same state."""
    ends = []
    for first, second in ((one, other), (other, one)):
        between = after(state, first)
        thread, way = second.choice
        if system.over(between.objects):
            return False
        results = system.results(between, thread)
        if second.begins:
            results = tuple(result for result in results if result.choice[1] == way)
        elif len(own(results)) != len(own(system.results(state, thread))):
            return False
        if (not own(results) and not second.begins) or not results:
            return False
        again = chosen(results, way)
        if done(again) != done(second):
            return False
        ends.append(after(between, again).key())
    return ends[0] == ends[1]


@pytest.mark.parametrize("count", PROGRAMS)
def test_independent_steps_commute(count: int) -> None:
    independent = together = 0
    for seed in range(count):
        system = System(deadsim.loads(scenario(seed)).program)
        said = dependence(system)
        for state in states(system):
            for one, other in pairs(system, state):
                if dependent(said.of(one), said.of(other)):
                    together += 1
                else:
                    independent += 1
                    assert commutes(system, state, one, other), (seed, one.choice, other.choice)
    assert min(independent, together) > 2.5 * count


@pytest.mark.parametrize("count", PROGRAMS)
def test_what_a_thread_may_ever_do_covers_what_it_does(count: int) -> None:
    covered = 0
    for seed in range(count):
        system = System(deadsim.loads(scenario(seed)).program)
        futures = Futures(system)
        # Whether time may run out, which depends on all, is left to who asks.
        said = Dependence(system.lasting, watched(system.program.invariants))
        for state in states(system):
            for thread in system.enabled(state):
                ahead = futures.known[thread][state.frames[thread].position]
                for result in system.results(state, thread):
                    assert both(ahead, said.of(result)) == ahead, (seed, result.choice)
                    covered += 1
    assert covered > 25 * count


@pytest.mark.parametrize("count", PROGRAMS)
def test_what_is_pending_covers_what_it_does_to_objects(count: int) -> None:
    compared = 0
    for seed in range(count):
        system = System(deadsim.loads(scenario(seed)).program)
        for state in states(system):
            for one, other in pairs(system, state):
                first, second = one.row.operation, other.row.operation
                if one.outcome.block is not None or other.outcome.block is not None:
                    continue
                same = {number for number, _ in one.changes} & {n for n, _ in other.changes}
                if same:
                    assert dependent(pending(first), pending(second)), seed
                    compared += 1
    assert compared > count


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        (Footprint(2, 0), Footprint(2, 0), False),
        (Footprint(2, 0), Footprint(0, 2), True),
        (Footprint(0, 2), Footprint(0, 4), False),
        (Footprint(0, 2), Footprint(0, 2), True),
        (Footprint(0, 0, ends=True), Footprint(0, 0, daemon=True), True),
        (Footprint(0, 0, daemon=True), Footprint(0, 0, daemon=True), False),
        (Footprint(0, 0, ends=True), Footprint(0, 0, ends=True), False),
        (NOTHING, Footprint(6, 8, ends=True), False),
    ],
)
def test_dependence_is_symmetric(one: Footprint, other: Footprint, wanted: bool) -> None:
    assert dependent(one, other) is dependent(other, one) is wanted


def test_bits_are_put_together_and_taken_apart() -> None:
    assert [*each_bit(bits((5, 0, 9)))] == [bits((n,)) for n in (0, 5, 9)]


INVARIANT = """
variables: {x: 0, y: 0}
invariants: [x + y < 2]
threads:
  a: [{write: x, value: 1}, {step: one}]
  b: [{write: y, value: 1}, {step: one}]
"""


def test_steps_that_change_what_an_invariant_looks_at_depend_on_one_another() -> None:
    for text, wanted in ((INVARIANT, True), (INVARIANT.replace("x + y", "x"), False)):
        system = System(deadsim.loads(text).program)
        said, state = dependence(system), system.initial().state
        (one,), (other,) = system.results(state, 0), system.results(state, 1)
        assert dependent(said.of(one), said.of(other)) is wanted
