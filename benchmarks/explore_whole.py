"""What a person waits for: a whole `explore` over its decision, and fewer claims over all of them.

Each row is a ratio within one run, the median of some, the two taken in turns: a failing exploration with its
shortest schedule, replayed, over the decision alone; the time until the verdict is told over the
decision; deadlocks alone over all claims, and the other way round.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import deadsim
from deadsim.api.all_schedules import explore_with
from deadsim.exploration.budget import Budget
from deadsim.exploration.explorer import Request
from deadsim.exploration.states.stateful_search import Stateful, keys
from deadsim.exploration.verdicts.result import Exploration
from deadsim.kernel.system import System

INPUTS = Path(__file__).parent / "inputs"


def took(work: Callable[[], object]) -> float:
    """Measure the seconds that something takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def decision(scenario: deadsim.Scenario) -> float:
    """Measure how long it takes to decide all claims, and no more."""
    system = System(scenario.program)
    search = Stateful(system, keys(system), Budget())
    return took(search.decide)


def whole(scenario: deadsim.Scenario, claims: frozenset[str] | None = None) -> tuple[float, float]:
    """Measure a whole exploration, and how long it takes until the verdict is told."""
    told: list[float] = []
    begin = time.perf_counter()

    def tell(result: Exploration) -> None:
        told.append(time.perf_counter() - begin)

    seconds = took(lambda: explore_with(scenario, Request(claims), None, tell))
    return seconds, told[0] if told else seconds


def row(what: str, pairs: list[tuple[float, float]], reach: float) -> None:
    """Print a ratio and the two numbers behind it."""
    ratio = statistics.median(first / second for first, second in pairs)
    first, second = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{what:<62} {ratio:5.2f} x  (reach {reach:g} x)  {first:.3f} s, {second:.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    times = range(parser.parse_args().times)
    for n in (6, 7):
        dining = deadsim.load("dining", n=n)
        measured = [(decision(dining), *whole(dining)) for _ in times]
        row(f"dining n={n}, whole over decision", [(w, d) for d, w, _ in measured], 2)
        row(f"dining n={n}, until the verdict is told", [(t, d) for d, _, t in measured], 1.1)
    deadlock = frozenset({"deadlock"})
    santa = deadsim.load(INPUTS / "santa.yaml", elves=4)
    pairs = [(whole(santa, deadlock)[0], whole(santa)[0]) for _ in times]
    row("Santa elves=4, --claims deadlock over all claims", pairs, 1)
    readers = deadsim.load(INPUTS / "readers_and_writers.yaml")
    pairs = [(whole(readers)[0], whole(readers, deadlock)[0]) for _ in times]
    row("20 readers and writers, all claims over --claims deadlock", pairs, 2)


if __name__ == "__main__":
    main()
