"""How far budgets are overrun: every one of them, over the gallery and a few larger inputs.

`explore` in a process of its own for each: of `--max-seconds` how many seconds it took longer, its start
not counted; of `--max-memory` how many MiB more the process had grown by at the most; of Ctrl-C, sent after
as many seconds, how long it went on. Prints the worst of each. A refuted claim without a schedule is an error.
"""

import argparse
import multiprocessing
import os
import resource
import signal
import threading
import time
from pathlib import Path
from typing import Any

import deadsim
from deadsim.exploration.budget import resident

HERE = Path(__file__).parent
SECONDS = (0.2, 1.0, 5.0)
MEMORY = (40, 150)  # MiB

LARGE: tuple[tuple[str, dict[str, int]], ...] = (
    ("santa.yaml", {"elves": 4}),
    ("santa.yaml", {"elves": 5}),
    ("readers_and_writers.yaml", {"n": 14, "m": 14}),
    ("endless_server.yaml", {}),
)


def explored(
    path: str, params: dict[str, int], options: dict[str, Any], after: float, out: Any
) -> None:
    """Explore one scenario; gives the seconds, the MiB that were added, and what is wrong."""
    scenario = deadsim.load(path, **params)
    timer = threading.Timer(after, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.daemon = True
    if after:
        timer.start()
    before, begin = resident(), time.perf_counter()
    try:
        result = deadsim.explore(scenario, **options)
    except KeyboardInterrupt:  # it came before the search had begun
        out.put((0.0, 0.0, [], False))
        return
    seconds = time.perf_counter() - begin
    timer.cancel()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    shown = {one.finding.type for one in result.defects}
    lacking = [
        key
        for key, claim in result.claims.items()
        if claim.holds is False and claim.found != "never" and key.split(".")[0] not in shown
    ]
    interrupted = result.result.interrupted
    out.put((seconds, peak - before, lacking, interrupted))


def alone(path: str, params: dict[str, int], options: dict[str, Any], after: float = 0) -> Any:
    """Explore in a process of its own."""
    context = multiprocessing.get_context("spawn")
    out = context.Queue()
    process = context.Process(target=explored, args=(path, params, options, after, out))
    process.start()
    found = out.get()
    process.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one-in", type=int, default=1, help="every so manyth of the gallery")
    parser.add_argument("--seconds", type=float, action="append")
    chosen = parser.parse_args()
    gallery = sorted((HERE.parent / "scenarios").rglob("*.yaml"))[:: chosen.one_in]
    inputs: list[tuple[str, dict[str, int]]] = [(str(path), {}) for path in gallery]
    inputs += [(str(HERE / "inputs" / name), params) for name, params in LARGE]
    inputs += [("dining", {"n": 12}), ("dining", {"n": 30})]
    claims = (None, ["deadlock"])
    for seconds in chosen.seconds or SECONDS:
        late, stopped = [], []
        for path, params in inputs:
            name = f"{Path(path).stem} {params or ''}"
            for asked in claims:
                took, _, lacking, _ = alone(path, params, {"max_seconds": seconds, "claims": asked})
                late.append((took - seconds, name, asked))
                assert not lacking, (name, asked, lacking)
            took, _, lacking, asked_to = alone(path, params, {}, after=seconds)
            assert not lacking, (name, lacking)
            if asked_to:
                stopped.append((took - seconds, name, None))
        report(f"--max-seconds {seconds:g}", late, "s")
        report(f"Ctrl-C after {seconds:g} s", stopped, "s")
    for memory in MEMORY:
        more = []
        for path, params in inputs[-len(LARGE) - 2 :]:
            options = {"max_memory": memory, "max_seconds": 20}
            _, grown, lacking, _ = alone(path, params, options)
            more.append((grown - memory, f"{Path(path).stem} {params or ''}", None))
            assert not lacking, (path, lacking)
        report(f"--max-memory {memory}", more, "MiB")


def report(what: str, over: list[tuple[float, str, Any]], unit: str) -> None:
    """Print the worst three."""
    worst = sorted(over, key=lambda one: -one[0])[:3]
    words = "; ".join(f"{much:.2f} {unit} ({name.strip()})" for much, name, _ in worst)
    print(f"{what:<22} of {len(over):>3}, over by at the most: {words}", flush=True)


if __name__ == "__main__":
    main()
