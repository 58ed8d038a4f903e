"""Executions a second on real threads, against the plain way to do it: fresh threads and a controller.

The yardstick starts a `threading.Thread` for each thread of the scenario; a controller picks who goes on,
lets it take one step on a plain `threading.Lock`, and waits until it has. It records who took which step, and
checks nothing. Both carry out the same scenario under random schedules, in turns in the same run; deadsim once
with its judges off, and once looking for stuck threads and races. Prints the ratios and executions a second.
"""

import argparse
import os
import random
import statistics
import threading
import time

import yaml
from execution import SCENARIO, executions

import deadsim
from deadsim.kernel.system import System

Step = tuple[str, str]


class Plain:
    """One execution the plain way."""

    def __init__(self, programs: list[list[Step]], seed: int) -> None:
        self.programs = programs
        self.random = random.Random(seed)
        self.locks = {name: threading.Lock() for steps in programs for _, name in steps}
        self.turns = [threading.Lock() for _ in programs]
        self.done = threading.Lock()
        for lock in (*self.turns, self.done):
            lock.acquire()
        self.places = [0] * len(programs)
        self.over = False
        self.trace: list[tuple[int, Step]] = []

    def work(self, number: int) -> None:
        """Take the steps of one thread, each when it is told to."""
        for step in self.programs[number]:
            self.turns[number].acquire()
            if self.over:
                return
            verb, name = step
            getattr(self.locks[name], verb)()
            self.trace.append((number, step))
            self.places[number] += 1
            self.done.release()

    def enabled(self) -> list[int]:
        """List the threads that can take their next step."""
        found = []
        for number, place in enumerate(self.places):
            if place < len(self.programs[number]):
                verb, name = self.programs[number][place]
                if verb == "release" or not self.locks[name].locked():
                    found.append(number)
        return found

    def carry_out(self) -> None:
        """Control the threads until nobody can go on."""
        threads = [threading.Thread(target=self.work, args=(n,)) for n in range(len(self.programs))]
        for thread in threads:
            thread.start()
        while enabled := self.enabled():
            self.turns[self.random.choice(enabled)].release()
            self.done.acquire()
        self.over = True
        for number, thread in enumerate(threads):
            if thread.is_alive():
                self.turns[number].release()
            thread.join()


def plain(programs: list[list[Step]], seeds: range) -> float:
    """Carry executions out the plain way; gives microseconds for each."""
    begin = time.perf_counter()
    for seed in seeds:
        controller = threading.Thread(target=Plain(programs, seed).carry_out)
        controller.start()
        controller.join()
    return (time.perf_counter() - begin) / len(seeds) * 1e6


def main() -> None:
    """Measure in turns, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--executions", type=int, default=300)
    asked = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    system = System(deadsim.loads(SCENARIO).program)
    threads = yaml.safe_load(SCENARIO)["threads"]
    programs = [[pair for step in steps for pair in step.items()] for steps in threads.values()]
    rows = []
    for turn in range(asked.repeat):
        seeds = range(turn * asked.executions, (turn + 1) * asked.executions)
        yardstick = plain(programs, seeds)
        rows.append(
            (yardstick, *(executions(system, seeds, judged)[0] for judged in (False, True)))
        )
    for column, name in ((1, "judges off"), (2, "looking for stuck threads and races")):
        ratio = statistics.median(row[0] / row[column] for row in rows)
        ours = 1e6 / statistics.median(row[column] for row in rows)
        theirs = 1e6 / statistics.median(row[0] for row in rows)
        print(
            f"executions a second over fresh threads, controller, plain locks, {name}: {ratio:.1f} x  "
            f"({ours:,.0f} a second; fresh threads: {theirs:,.0f})"
        )


if __name__ == "__main__":
    main()
