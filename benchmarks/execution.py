"""How long one execution on real threads takes, against its hand-overs as bare ping-pong.

Three philosophers, 12 steps, random schedules, everything recorded, checked against the kernel at
each step: with the judges off, and with stuck threads and races looked for. The yardstick is the
number of hand-overs of these very executions times a bare Python ping-pong in the same run. Prints
the ratios and the raw numbers (microseconds an execution).
"""

import argparse
import os
import statistics
import threading
import time
from itertools import pairwise

import deadsim
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.engine import baton
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


def ping_pong(rounds: int) -> float:
    """Pass a baton to and fro between two threads; gives microseconds a hand-over."""
    here, there = baton.make(), baton.make()

    def answer() -> None:
        for _ in range(rounds):
            there.take()
            here.give()

    thread = threading.Thread(target=answer)
    thread.start()
    begin = time.perf_counter()
    for _ in range(rounds):
        there.give()
        here.take()
    took = time.perf_counter() - begin
    thread.join()
    here.close()
    there.close()
    return took / (2 * rounds) * 1e6


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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--executions", type=int, default=400)
    asked = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    system = System(deadsim.loads(SCENARIO).program)
    for judged, name in ((False, "judges off"), (True, "with stuck and races")):
        rows = []
        for turn in range(asked.repeat):
            seeds = range(turn * asked.executions, (turn + 1) * asked.executions)
            took, hand_overs = executions(system, seeds, judged)
            rows.append((took, hand_overs, ping_pong(5_000)))
        ratio = statistics.median(took / (count * bare) for took, count, bare in rows)
        took, count, bare = (statistics.median(column) for column in zip(*rows, strict=True))
        print(
            f"execution, {name}: {ratio:.2f} x  "
            f"({took:.0f} us; {count:.1f} hand-overs of {bare:.2f} us)"
        )


if __name__ == "__main__":
    main()
