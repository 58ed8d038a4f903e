"""How long one execution on real threads takes, against its hand-overs in a bare ring of as many threads.

Three philosophers, 12 steps, random schedules, everything recorded, checked against the kernel at
each step: with the judges off, and with stuck threads and races looked for. The yardstick is the
number of hand-overs of these very executions times one in a bare Python ring of as many threads, in
the same run; the ratio to a ring of two threads, a ping-pong, is printed too. Prints the ratios and
the raw numbers (microseconds an execution, microseconds a hand-over).
"""

import argparse
import os
import statistics
import time
from itertools import pairwise

from hand_over import python_ring

import deadsim
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.engine.pool import Pool
from deadsim.engine.scheduler import execute
from deadsim.kernel.scenario_source import ScenarioSource
from deadsim.kernel.system import System
from deadsim.runs.watchers import DeadlockWatch, RaceWatch
from deadsim.strategies.random_walk import Random
from deadsim.strategies.strategy import Chance

SCENARIO = """
locks: [a, b, c]
threads:
  one: [{acquire: a}, {acquire: b}, {release: b}, {release: a}]
  two: [{acquire: b}, {acquire: c}, {release: c}, {release: b}]
  three: [{acquire: a}, {acquire: c}, {release: c}, {release: a}]
"""


def executions(system: System, seeds: range, judged: bool) -> tuple[float, float]:
    """Run them; gives microseconds and hand-overs an execution."""
    judge = StuckJudge(system)
    source = ScenarioSource(system)
    hand_overs = 0
    with Pool() as pool:
        for _ in range(3):
            execute(source, Random(Chance(0)), pool)
        begin = time.perf_counter()
        for seed in seeds:
            watchers = (DeadlockWatch(judge, lambda: False), RaceWatch()) if judged else ()
            done = execute(source, Random(Chance(seed)), pool, watchers)
            threads = [thread for thread, _ in done.choices]
            # Into the first thread, at each switch, and out of the last one.
            hand_overs += 2 + sum(a != b for a, b in pairwise(threads))
        took = time.perf_counter() - begin
    return took / len(seeds) * 1e6, hand_overs / len(seeds)


def main() -> None:
    """Measure in turns, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--executions", type=int, default=400)
    asked = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    system = System(deadsim.loads(SCENARIO).program)
    threads = len(system.program.threads)
    names = ("judges off", "looking for stuck threads and races")
    rows: list[list[tuple[float, ...]]] = [[], []]
    for turn in range(asked.repeat):
        seeds = range(turn * asked.executions, (turn + 1) * asked.executions)
        for judged in (False, True):
            bare = [python_ring(count, 10_000 // count) for count in (threads, 2)]
            rows[judged].append((*executions(system, seeds, judged), *bare))
    for name, measured in zip(names, rows, strict=True):
        ring, ping_pong = (
            statistics.median(row[0] / (row[1] * row[column]) for row in measured)
            for column in (2, 3)
        )
        took, count, *bare = (statistics.median(column) for column in zip(*measured, strict=True))
        print(
            f"one execution of 12 steps, {name}: {ring:.2f} x  ({took:.0f} us; {count:.1f} hand-overs "
            f"of {bare[0]:.2f} us in a bare ring of {threads} threads)\n"
            f"  over as many in a bare ping-pong: {ping_pong:.2f} x  ({bare[1]:.2f} us each)"
        )


if __name__ == "__main__":
    main()
