"""Deadlocks alone of many philosophers who eat for ever: states, seconds, growth, and the first deadlock.

All left first, and the last one reversed (which is proved free of deadlock). Growth is that of states and
seconds from `-n` to four times as many; the first deadlock is that of `--first` philosophers, from the
program as it is loaded to the state in which the search first sees one. Medians of five.
"""

import argparse
import math
import statistics
import time

from growth import philosophers

import deadsim
from deadsim.exploration.budget import Budget
from deadsim.exploration.states.bottom_components import bottom_components
from deadsim.exploration.states.reduced_graph import Reduced
from deadsim.exploration.states.stubborn_sets import Stubborn
from deadsim.kernel.system import System
from deadsim.space.packed import Space


def graph(system: System) -> Reduced:
    """Begin the reduced graph of a program."""
    return Reduced(Stubborn(Space(system)), Budget(10**8, 3600, 10**6))


def whole(n: int, turned: bool) -> tuple[int, float]:
    """Decide whether there is a deadlock; give the states that were visited, and the seconds."""
    system = System(deadsim.loads(philosophers(n, True, turned)).program)
    begin = time.perf_counter()
    reduced = graph(system)
    halts = [part for part in reduced.components() if not part.movers]
    assert bool(halts) != turned
    return len(reduced.last), time.perf_counter() - begin


def first(n: int) -> tuple[int, float]:
    """Find a deadlock; give the states that were visited, and the seconds."""
    system = System(deadsim.loads(philosophers(n, True, False)).program)
    begin = time.perf_counter()
    reduced = graph(system)
    next(
        p
        for p in bottom_components(reduced.space.start, reduced.edges, reduced.budget)
        if not p.movers
    )
    return len(reduced.last), time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=100)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    for turned in (False, True):
        found = [[whole(n, turned) for _ in range(asked.repeat)] for n in (asked.n, 4 * asked.n)]
        states = [runs[0][0] for runs in found]
        seconds = [statistics.median(run[1] for run in runs) for runs in found]
        print(f"{asked.n} philosophers, {'the last one reversed' if turned else 'all left first'}")
        print(f"  states:  {states[0]:,}, growing as N^{math.log(states[1] / states[0], 4):.2f}")
        print(
            f"  seconds: {seconds[0]:.2f}, growing as N^{math.log(seconds[1] / seconds[0], 4):.2f}"
        )
    runs = [first(asked.first) for _ in range(asked.repeat)]
    seconds = [statistics.median(run[1] for run in runs)]
    print(f"first deadlock of {asked.first:,}: {seconds[0]:.2f} s, {runs[0][0]:,} states")


if __name__ == "__main__":
    main()
