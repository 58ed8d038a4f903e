"""How long a hand-over of the baton takes, against a ring of C semaphores in the same run.

Prints, for 2 and for 10 threads, the ratio and the two raw numbers (microseconds a hand-over). Both
rings are kept to one processor; they take turns, and the median of the ratios counts. Needs gcc.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from deadsim.engine import baton

HERE = Path(__file__).parent


def python_ring(count: int, rounds: int) -> float:
    """Pass a baton around; gives microseconds a hand-over."""
    batons = [baton.make() for _ in range(count)]
    done = threading.Barrier(count + 1)

    def work(me: int) -> None:
        take, give = batons[me].take, batons[(me + 1) % count].give
        for _ in range(rounds):
            take()
            give()
        done.wait()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    begin = time.perf_counter()
    batons[0].give()
    done.wait()
    took = time.perf_counter() - begin
    for thread in threads:
        thread.join()
    for one in batons:
        one.close()
    return took / (count * rounds) * 1e6


def c_ring(program: str, count: int, rounds: int) -> float:
    """Run the C program; gives microseconds a hand-over."""
    done = subprocess.run([program, str(count), str(rounds)], capture_output=True, check=True)
    return float(done.stdout) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--hand-overs", type=int, default=40_000)
    asked = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/ring"
        subprocess.run(["gcc", "-O2", "-pthread", "-o", program, str(HERE / "ring.c")], check=True)
        for count in (2, 10):
            rounds = asked.hand_overs // count
            pairs = [
                (python_ring(count, rounds), c_ring(program, count, rounds))
                for _ in range(asked.repeat)
            ]
            ratio = statistics.median(ours / theirs for ours, theirs in pairs)
            ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
            print(f"hand-over, {count} threads: {ratio:.2f} x  ({ours:.2f} us; C: {theirs:.2f} us)")


if __name__ == "__main__":
    main()
