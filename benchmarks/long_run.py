"""Time and peak memory of one run of 100,000 steps, as anybody would call it.

Two threads go round: each takes a lock, adds to a variable, gives the lock back, and sets and awaits
an event. Each measurement is a process of its own: the seconds that `deadsim.run` takes, and by how
much the process grew meanwhile at the most (MiB). Once nobody asks for the steps afterwards, and once
the run is written as JSON with all of them. With `--against CHECKOUT`, another checkout of the
project is measured in turns with this one; prints the ratios, and the raw numbers.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
VARIANTS = {"events not asked for": False, "events asked for": True}

MEASURE = """
import json, resource, sys, time
import deadsim

steps, events = json.loads(sys.argv[1])
body = "[{forever: [{with: A, do: [{add: x}]}, {set: E}, {wait: E}]}]"
text = f"locks: [A]\\nvariables: {{x: 0}}\\nevents: [E]\\nthreads: {{one: {body}, two: {body}}}\\n"


def peak():
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def carry_out(steps):
    run = deadsim.run(deadsim.loads(text), strategy="random", seed=1, max_steps=steps)
    return len(run.to_json()) if events else run.outcome


carry_out(100)  # what is imported only once
before, begin = peak(), time.perf_counter()
carry_out(steps)
print(json.dumps([time.perf_counter() - begin, peak() - before]))
"""


def measured(checkout: Path, steps: int, events: bool) -> tuple[float, float]:
    """Run a checkout once in a process of its own; gives seconds and MiB."""
    environment = {**os.environ, "PYTHONPATH": str(checkout / "simulator")}
    command = [sys.executable, "-c", MEASURE, json.dumps([steps, events])]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    seconds, grown = json.loads(done.stdout)
    return seconds, grown


def main() -> None:
    """Measure in turns, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout")
    asked = parser.parse_args()
    checkouts = [ROOT] if asked.against is None else [ROOT, asked.against.resolve()]
    for name, events in VARIANTS.items():
        turns = [
            [measured(checkout, asked.steps, events) for checkout in checkouts]
            for _ in range(asked.repeat)
        ]
        for number, unit in enumerate(("s", "MiB")):
            raw = [
                statistics.median(row[i][number] for row in turns) for i in range(len(checkouts))
            ]
            what = f"run of {asked.steps:,} steps, {name}, {('time', 'peak memory')[number]}"
            if asked.against is None:
                print(f"{what}: {raw[0]:.2f} {unit}", flush=True)
                continue
            ratio = statistics.median(one[number] / other[number] for one, other in turns)
            print(
                f"{what}: {ratio:.2f} x  ({raw[0]:.2f} {unit}; the other checkout: {raw[1]:.2f} {unit})",
                flush=True,
            )


if __name__ == "__main__":
    main()
