"""Executions a second, explored on real threads, against frontrun 0.7 on the same program.

frontrun runs in an environment of its own, which is made first (`--python` names one that is there).
Both explore all executions of two locks in opposite orders, and of four philosophers; prints executions a
second of both, and the ratio. With `--against CHECKOUT`, another checkout of the project takes frontrun's
place: both are called as anybody would call them, `deadsim.explore` on real threads, and both search
again and again in one pool, by their own copy of this program.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import deadsim
from deadsim.engine.pool import Pool
from deadsim.exploration.budget import Budget
from deadsim.exploration.executions.stateless_search import Stateless, on_threads
from deadsim.exploration.verdicts.identity import Naming
from deadsim.kernel.system import System
from deadsim.space.packed import Outgrown

ROOT = Path(__file__).parent.parent
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


SEARCHED = """
import json, sys
from executions import ours

ours(json.loads(sys.argv[2]), 0.1)
executions, seconds = ours(json.loads(sys.argv[2]))
print(json.dumps(executions / seconds))
"""


CALLED = """
import json, sys, time
import deadsim

scenario = deadsim.loads(sys.argv[1])
executions = 0
deadsim.explore(scenario, claims=["deadlock"], engine="threads")  # what is imported only once
begin = time.perf_counter()
while time.perf_counter() - begin < 1.0:
    executions += deadsim.explore(scenario, claims=["deadlock"], engine="threads").executions
print(json.dumps(executions / (time.perf_counter() - begin)))
"""


def scenario(orders: list[tuple[int, int]]) -> str:
    """Write the scenario in which each thread takes two locks in its order."""
    locks = 1 + max(max(pair) for pair in orders)
    lines = [
        f"  t{i}: [{{acquire: 'l[{a}]'}}, {{acquire: 'l[{b}]'}}, {{release: 'l[{b}]'}}, {{release: 'l[{a}]'}}]"
        for i, (a, b) in enumerate(orders)
    ]
    return "\n".join([f"locks: ['l[{locks}]']", "threads:", *lines])


def elsewhere(checkout: Path, program: str, orders: list[tuple[int, int]]) -> float:
    """Let a checkout explore in a process of its own; gives executions a second."""
    path = os.pathsep.join(str(checkout / folder) for folder in ("simulator", "benchmarks"))
    command = [sys.executable, "-c", program, scenario(orders), json.dumps(orders)]
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(json.loads(done.stdout))


def compare(other: Path, repeat: int) -> None:
    """Measure this checkout and another in turns, and print the medians."""
    for what, program in {"the search": SEARCHED, "the whole call": CALLED}.items():
        for name, orders in ORDERS.items():
            rows = [
                tuple(elsewhere(checkout, program, orders) for checkout in (ROOT, other))
                for _ in range(repeat)
            ]
            ratio = statistics.median(mine / theirs for mine, theirs in rows)
            mine, theirs = (statistics.median(column) for column in zip(*rows, strict=True))
            print(
                f"explored executions a second on real threads, {name}, {what}: {ratio:.2f} x  "
                f"({mine:,.0f} a second; the other checkout: {theirs:,.0f})"
            )


def ours(orders: list[tuple[int, int]], seconds: float = 1.0) -> tuple[int, float]:
    """Explore again and again on real threads; give executions and seconds."""
    system = System(deadsim.loads(scenario(orders)).program)
    executions = 0
    begin = time.perf_counter()
    with Pool() as pool:
        while time.perf_counter() - begin < seconds:
            naming = Naming(system, False)
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
    """Measure in turns, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", help="a Python that has frontrun")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout")
    asked = parser.parse_args()
    if asked.against is not None:
        compare(asked.against.resolve(), asked.repeat)
        return
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
                f"explored executions a second on real threads, {name}: {ratio:.0f} x  "
                f"({one:,.0f} a second; frontrun: {other:,.0f}, of {rows[0][2]} executions)"
            )


if __name__ == "__main__":
    main()
