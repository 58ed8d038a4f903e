"""Executions a second, explored on real threads, against frontrun 0.7 on the same program.

frontrun runs in an environment of its own, which is made first (`--python` names one that is there).
Both explore all executions of two locks in opposite orders, and of four philosophers; prints executions a
second of both, and the ratio.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import deadsim
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.engine.pool import Pool
from deadsim.exploration.budget import Budget
from deadsim.exploration.executions.stateless_search import Stateless, on_threads
from deadsim.exploration.verdicts.identity import Naming
from deadsim.kernel.system import System
from deadsim.space.packed import Outgrown

ORDERS = {"two locks": [(0, 1), (1, 0)], "4 philosophers": [(0, 1), (1, 2), (2, 3), (3, 0)]}

THEIRS = """
import json, sys, threading, time
import frontrun

orders = json.loads(sys.argv[1])
executions = 0


class State:
    def __init__(self):
        global executions
        executions += 1
        self.locks = [threading.Lock() for _ in range(1 + max(max(pair) for pair in orders))]


def worker(pair):
    def work(state):
        first, second = state.locks[pair[0]], state.locks[pair[1]]
        first.acquire()
        second.acquire()
        second.release()
        first.release()
    return work


begin = time.perf_counter()
try:
    frontrun.explore(
        State, [worker(pair) for pair in orders], lambda state: True, stop_on_first=False,
        preemption_bound=None, detect_io=False, reproduce_on_failure=0, total_timeout=20.0,
    )
except Exception as error:
    print(type(error).__name__, file=sys.stderr)
print(json.dumps([executions, time.perf_counter() - begin]))
"""


def ours(orders: list[tuple[int, int]], seconds: float = 1.0) -> tuple[int, float]:
    """Explore again and again on real threads; give executions and seconds."""
    locks = 1 + max(max(pair) for pair in orders)
    lines = [
        f"  t{i}: [{{acquire: 'l[{a}]'}}, {{acquire: 'l[{b}]'}}, {{release: 'l[{b}]'}}, {{release: 'l[{a}]'}}]"
        for i, (a, b) in enumerate(orders)
    ]
    text = "\n".join([f"locks: ['l[{locks}]']", "threads:", *lines])
    system = System(deadsim.loads(text).program)
    executions = 0
    begin = time.perf_counter()
    with Pool() as pool:
        while time.perf_counter() - begin < seconds:
            naming = Naming(StuckJudge(system), False)
            search = Stateless(system, ["deadlock"], Budget(), on_threads(system, pool), naming)
            try:
                search.decide()
            except Outgrown:
                continue
            executions += search.executions
    return executions, time.perf_counter() - begin


def theirs(python: str, orders: list[tuple[int, int]]) -> tuple[int, float]:
    """Let frontrun explore once; give executions and seconds."""
    launcher = str(Path(python).parent / "frontrun")  # it patches the locks
    command = [launcher, python, "-c", THEIRS, json.dumps(orders)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    executions, seconds = json.loads(done.stdout.splitlines()[-1])
    return executions, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", help="a Python that has frontrun")
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        python = asked.python
        if python is None:
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
            python = str(Path(folder) / "bin" / "python")
            subprocess.run([python, "-m", "pip", "install", "-q", "frontrun==0.7.0"], check=True)
        for name, orders in ORDERS.items():
            rows = []
            for _ in range(asked.repeat):
                mine, other = ours(orders), theirs(python, orders)
                rows.append((mine[0] / mine[1], other[0] / other[1], other[0]))
            ratio = statistics.median(one / other for one, other, _ in rows)
            one, other = (statistics.median(row[i] for row in rows) for i in (0, 1))
            print(
                f"{name}: deadsim {one:,.0f} a second, frontrun {other:,.0f} ({rows[0][2]} executions): {ratio:.0f} x"
            )


if __name__ == "__main__":
    main()
