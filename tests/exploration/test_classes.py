"""One execution of each class: the numbers that are known, and a count by brute force."""

from collections import Counter
from collections.abc import Iterator

import pytest

import deadsim
from deadsim.exploration.budget import Budget
from deadsim.exploration.executions.optimal_dpor import Classes
from deadsim.exploration.static.footprint import Footprints
from deadsim.exploration.static.ruled_out import terminates
from deadsim.kernel.dependence import Footprint, dependent
from deadsim.kernel.system import System
from deadsim.space.packed import Outgrown, Space
from portion import few_and_all, one_in
from programs import scenario

MOST_EXECUTIONS = 6_000


def classes(text: str) -> tuple[int, int]:
    """Count the executions of the optimal search, and those that end in a deadlock."""
    space = Space(System(deadsim.loads(text).program))
    while True:
        try:
            found = Classes(space, Budget())
            stuck = sum(not space.over(one.states[-1]) for one in found)
        except Outgrown:
            space.widen()
            continue
        assert not found.redundant
        return found.executions, stuck


def readers(n: int) -> str:
    lines = [f"  r{i}: [{{read: x}}]" for i in range(n)]
    return "\n".join(["variables: {x: 0}", "threads:", "  w: [{write: x, value: 1}]", *lines])


def last_zero(n: int) -> str:
    lines = [f"  t{i}: [{{write: 'a[{i}]', value: 'a[{i - 1}] + 1'}}]" for i in range(1, n + 1)]
    return f"""
variables: {{"a[{n + 1}]": 0}}
threads:
  z:
  - let: {{i: {n}}}
  - while: a[i] != 0
    do: [{{let: {{i: i - 1}}}}]
""" + "\n".join(lines)


def philosophers(n: int, reversed_last: bool) -> str:
    lines = []
    for i in range(n):
        one, other = i, (i + 1) % n
        if reversed_last and i == n - 1:
            one, other = other, one
        verbs = (("acquire", one), ("acquire", other), ("release", other), ("release", one))
        steps = ", ".join(f"{{{verb}: 'fork[{fork}]'}}" for verb, fork in verbs)
        lines.append(f"  p{i}: [{steps}]")
    return "\n".join([f"locks: ['fork[{n}]']", "threads:", *lines])


@pytest.mark.parametrize("n", range(2, 8))
def test_readers(n: int) -> None:
    assert classes(readers(n)) == (2**n, 0)


@pytest.mark.parametrize("n", range(2, 8))
def test_last_zero(n: int) -> None:
    assert classes(last_zero(n)) == ((n + 3) * 2 ** (n - 2), 0)


@pytest.mark.parametrize("n", range(2, 8))
def test_philosophers(n: int) -> None:
    assert classes(philosophers(n, reversed_last=False)) == (2**n - 1, 1)
    assert classes(philosophers(n, reversed_last=True)) == (2**n - 2, 0)


def test_two_locks_in_opposite_orders() -> None:
    assert classes(philosophers(2, reversed_last=False)) == (3, 1)


@pytest.mark.parametrize(("threads", "count"), [(2, 4), (3, 36)])
def test_increments_by_read_and_write(threads: int, count: int) -> None:
    lines = [f"  t{i}: [{{add: x}}]" for i in range(threads)]
    assert classes("\n".join(["variables: {x: 0}", "threads:", *lines])) == (count, 0)


class TooMany(Exception):
    pass


def by_brute_force(space: Space) -> tuple[int, set[int]]:
    """Go through every execution; count the classes, and collect the states at the ends."""
    footprints = Footprints(space)
    found = set()
    executions = 0
    stack: list[tuple[int, tuple[tuple[int, int, Footprint], ...]]] = [(space.start, ())]
    while stack:
        state, steps = stack.pop()
        moves = list(space.successors(state))
        if not moves:
            executions += 1
            if executions > MOST_EXECUTIONS:
                raise TooMany
            found.add((state, frozenset(signature(steps))))
        for thread, way, after, info in moves:
            stack.append((after, (*steps, (thread, way, footprints.of(info)))))
    return len(found), {state for state, _ in found}


def signature(steps: tuple[tuple[int, int, Footprint], ...]) -> Iterator[object]:
    """Say of each step which earlier ones it depends on: the same for all executions of a class."""
    counts: Counter[int] = Counter()
    before: list[tuple[int, int, Footprint]] = []
    for thread, way, footprint in steps:
        counts[thread] += 1
        after = {(t, c) for t, c, f in before if t != thread and dependent(f, footprint)}
        yield thread, counts[thread], way, frozenset(after)
        before.append((thread, counts[thread], footprint))


@pytest.mark.parametrize("count", few_and_all(80, 400))
def test_random_programs_against_brute_force(count: int) -> None:
    compared = several = 0
    for seed in range(count):
        system = System(deadsim.loads(scenario(seed)).program)
        if not terminates(system):
            continue
        space = Space(system)
        while True:
            try:
                wanted, ends = by_brute_force(space)
                found = Classes(space, Budget())
                reached = {one.states[-1] for one in found}
                break
            except Outgrown:
                space.widen()
            except TooMany:
                wanted = 0
                break
        if wanted:
            if space.finalizers:  # where some may begin, not all are gone through
                assert reached <= ends, seed
                continue
            assert (found.executions, found.redundant) == (wanted, 0), seed
            assert reached == ends, seed
            compared += 1
            several += wanted > 3
    assert compared > count / 3
    assert several > count / 15


def test_an_execution_without_an_end_is_told() -> None:
    text = "locks: [A]\nthreads:\n  a: [{forever: [{with: A, do: [pass]}]}]\n  b: [{with: A, do: [pass]}]\n"
    result = deadsim.explore(deadsim.loads(text), engine="threads")
    assert result.claims["livelock"].found == "always"  # the states settle it


@pytest.mark.parametrize("seed", one_in(5, range(40)))
def test_both_engines_agree(seed: int) -> None:
    program = deadsim.loads(scenario(seed))
    memory = deadsim.explore(program, max_states=3_000)
    threads = deadsim.explore(program, engine="threads", max_states=3_000, max_executions=300)
    for key, claim in threads.claims.items():
        if "unknown" not in (claim.found, memory.claims[key].found):
            if memory.complete and threads.complete:
                assert claim.found == memory.claims[key].found, key
