"""The strategies there are: every list of them is this one.

A row says how a strategy is made, what it needs for that, and what it promises. A new one is a file
of its own and a row here; command line, scenario files, JSON Schema and notebook offer it then. What
makes one imports its file, so that a run loads the strategy that it follows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from deadsim.errors import UsageError

if TYPE_CHECKING:
    from deadsim.strategies.strategy import Chance, Strategy

StrategyName: TypeAlias = Literal["round-robin", "sequential", "random", "pct", "pos", "surw"]
"""The names, for those who check types; the tests hold them against the rows."""

DEPTH = 3
"""Ordering constraints that are looked for where nothing else is asked for."""

Measured: TypeAlias = Sequence[tuple[int, tuple[int, ...]]]
"""A first run: who took each step, and the objects that it touched."""


class Needs(NamedTuple):
    """What a strategy may be made from; `measured` carries a first run out when it is called."""

    chance: Chance
    depth: int | None
    measured: Callable[[], Measured]


class Row(NamedTuple):
    """What there is to say of a strategy.

    `draws`: another seed is another schedule, so it can sample. `measures`: it wants a first run.
    `takes_depth`: it has the option `depth`. `promise` says what one run of it is good for.
    """

    name: str
    make: Callable[[Needs], Strategy]
    promise: str
    draws: bool = True
    measures: bool = False
    takes_depth: bool = False


def _round_robin(given: Needs) -> Strategy:
    from deadsim.strategies.round_robin import RoundRobin

    return RoundRobin(given.chance)


def _sequential(given: Needs) -> Strategy:
    from deadsim.strategies.round_robin import Sequential

    return Sequential(given.chance)


def _random(given: Needs) -> Strategy:
    from deadsim.strategies.random_walk import Random

    return Random(given.chance)


def _pct(given: Needs) -> Strategy:
    from deadsim.strategies.pct import Pct

    return Pct(given.chance, given.depth or DEPTH, len(given.measured()))


def _pos(given: Needs) -> Strategy:
    from deadsim.strategies.pos import Pos

    return Pos(given.chance)


def _surw(given: Needs) -> Strategy:
    from deadsim.strategies.surw import Surw, touches

    return Surw(given.chance, touches(given.measured()))


STRATEGIES: dict[str, Row] = {
    row.name: row
    for row in (
        Row("round-robin", _round_robin, "the threads take turns, one step each", draws=False),
        Row("sequential", _sequential, "a thread goes on as long as it can", draws=False),
        Row("random", _random, "every schedule has a chance, long ones a small one"),
        Row(
            "pct",
            _pct,
            "a defect that takes d orderings shows in a run of n threads and k steps "
            "with a chance of at least 1 in n*k^(d-1)",
            measures=True,
            takes_depth=True,
        ),
        Row(
            "pos",
            _pos,
            "every order of dependent steps has a chance, a better one than in a random walk",
        ),
        Row(
            "surw",
            _surw,
            "the orders of the steps on one object are as likely as one another, "
            "where their numbers were estimated well",
            measures=True,
        ),
    )
}

NAMES = tuple(STRATEGIES)
SAMPLING = tuple(row.name for row in STRATEGIES.values() if row.draws)
WITH_DEPTH = tuple(row.name for row in STRATEGIES.values() if row.takes_depth)


def strategy(name: str, given: Needs) -> Strategy:
    """Make a strategy by its name; raises UsageError where there is none of that name."""
    row = STRATEGIES.get(name)
    if row is None:
        raise UsageError(f"there is no strategy '{name}'; they are {', '.join(NAMES)}")
    return row.make(given)
