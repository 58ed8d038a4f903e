"""Every state of a program, against SPIN's exhaustive search of the same program in Promela.

SPIN from Debian, `-DSAFETY -DNOREDUCE -O2`, its build not counted; both search the same states, which is
checked. Prints states a second of both, the ratio (more is better), and bytes a state of ours. With
`--numpy` by the optional search with numpy (install `deadsim[fast]`), which pays with `-n 12` and more.
"""

import argparse
import re
import statistics
import subprocess
import tempfile
import time
import tracemalloc
from pathlib import Path

import deadsim
from deadsim.exploration.budget import Budget
from deadsim.exploration.states import breadth_first
from deadsim.exploration.states import breadth_first as reach
from deadsim.exploration.states.levels import Reached
from deadsim.kernel.system import System
from deadsim.space.packed import Outgrown, Space

MODEL = Path(__file__).parent / "philosophers.pml"


def scenario(n: int) -> str:
    """Write philosophers who eat for ever, the last one reversed."""
    lines = []
    for i in range(n):
        first, second = (i, i + 1) if i < n - 1 else (0, i)
        verbs = (("acquire", first), ("acquire", second), ("release", second), ("release", first))
        steps = ", ".join(f"{{{verb}: 'held[{fork}]'}}" for verb, fork in verbs)
        lines.append(f"  p{i}: [{{forever: [{steps}]}}]")
    return "\n".join([f"locks: ['held[{n}]']", "threads:", *lines])


def ours(space: Space) -> tuple[int, float]:
    """Search every state; give how many there are, and the seconds."""
    while True:
        try:
            found = Reached(space)
            begin = time.perf_counter()
            breadth_first.search(found, Budget(10**8, 3600, 10**6))
            return found.states, time.perf_counter() - begin
        except Outgrown:
            space.widen()


def build(n: int, folder: str) -> Path:
    """Build SPIN's verifier of the model."""
    subprocess.run(["spin", "-a", f"-DN={n}", str(MODEL)], cwd=folder, check=True)
    flags = ["-O2", "-DSAFETY", "-DNOREDUCE", "-w"]
    subprocess.run(["gcc", *flags, "-o", "pan", "pan.c"], cwd=folder, check=True)
    return Path(folder) / "pan"


def spins(pan: Path) -> tuple[int, float]:
    """Run SPIN's verifier; give how many states it stored, and the seconds."""
    begin = time.perf_counter()
    done = subprocess.run(
        [str(pan), "-m1000000", "-w20"], capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - begin
    assert "errors: 0" in done.stdout, done.stdout
    states = re.search(r"([\d.e+]+) states, stored", done.stdout)
    assert states is not None
    return int(float(states[1])), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=9)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--numpy", action="store_true")
    asked = parser.parse_args()
    if not asked.numpy:
        reach.ENOUGH = 10**12
    space = Space(System(deadsim.loads(scenario(asked.n)).program))
    with tempfile.TemporaryDirectory() as folder:
        pan = build(asked.n, folder)
        rows = []
        for _ in range(asked.repeat):
            states, mine = ours(space)
            stored, theirs = spins(pan)
            rows.append((states / mine, stored / theirs))
    tracemalloc.start()
    found = Reached(space)
    breadth_first.search(found, Budget(10**8, 3600, 10**6))
    held = tracemalloc.get_traced_memory()[1]
    print(f"states: {states:,} (SPIN stores {stored:,})")
    ratio = statistics.median(one / other for one, other in rows)
    print(f"deadsim: {statistics.median(r[0] for r in rows):,.0f} states a second")
    print(f"SPIN:    {statistics.median(r[1] for r in rows):,.0f} states a second")
    print(f"ratio:   {ratio:.2f} x its speed; {held / states:.0f} bytes a state")


if __name__ == "__main__":
    main()
