"""What the judges of a run cost: race detection for an access, and deciding who is stuck for a step.

Race detection: nanoseconds for an access in the same epoch as the thread's last one, a read and a
write, without making the event. Stuck: microseconds a step, the mean over runs with random
schedules, steps where nobody is blocked included, on the scenario of the gallery whose mean is the
median; the yardstick is a hand-over of the baton in the same run. One judge serves all runs of a
scenario, as it does in `run --runs`: what it works out about the code once, in a run before the others,
and a state that comes again is looked up. `cold` is that first run by itself, all of it included.
"""

import os
import statistics
import time
from pathlib import Path

from hand_over import python_ring

import deadsim
from deadsim.detect.order.races import RaceDetector
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.kernel.system import State, System
from deadsim.strategies.strategy import Chance
from deadsim.trace.effect import Effect

GALLERY = Path(__file__).parent.parent / "scenarios"
ACCESSES = 1_000
ROUNDS = 100
RUNS = 100
MOST_STEPS = 200


def same_epoch(verb: str) -> float:
    """Measure an access that its thread has made before, in nanoseconds."""
    reads = (9,) if verb == "read" else ()
    writes = (9,) if verb == "write" else ()
    events = [(step, 0, Effect(reads=reads, writes=writes)) for step in range(ACCESSES)]
    detector = RaceDetector()
    after = detector.after
    begin = time.perf_counter()
    for _ in range(ROUNDS):
        for event in events:
            after(*event)
    with_detector = time.perf_counter() - begin
    begin = time.perf_counter()
    for _ in range(ROUNDS):
        for event in events:
            nothing(*event)
    return (with_detector - (time.perf_counter() - begin)) / (ROUNDS * ACCESSES) * 1e9


def nothing(step: int, thread: int, effect: Effect) -> None:
    """Stand for the call itself."""


def schedules(system: System, runs: int) -> list[list[State]]:
    """Give the states that runs with random schedules pass through."""
    found = []
    for seed in range(runs):
        chance = Chance(seed)
        state = system.initial().state
        states = [state]
        while (enabled := system.enabled(state)) and len(states) < MOST_STEPS:
            thread = enabled[chance.draw(len(enabled))]
            way = chance.draw(system.ways(state, thread))
            state = system.step(state, thread, way).state
            states.append(state)
        found.append(states)
    return found


def deciding(system: System, runs: list[list[State]]) -> tuple[float, float]:
    """Measure how long it takes to decide who is stuck, in microseconds a step: cold, and after."""
    judge = StuckJudge(system)
    taken = []
    for some in (runs[:1], runs[1:]):
        begin = time.perf_counter()
        for states in some:
            judge.begin()
            for state in states:
                judge.stuck(state)
        steps = sum(len(states) for states in some)
        taken.append((time.perf_counter() - begin) / steps * 1e6)
    return taken[0], taken[1]


def main() -> None:
    """Print both, on one processor, as a run is."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for verb in ("read", "write"):
        taken = statistics.median(same_epoch(verb) for _ in range(7))
        print(f"race detection, {verb} in the same epoch: {taken:.0f} ns")
    hand_overs = [python_ring(2, 5_000)]
    warm: dict[str, float] = {}
    cold: dict[str, float] = {}
    for file in sorted(GALLERY.glob("**/*.yaml")):
        system = System(deadsim.load(str(file)).program)
        runs = schedules(system, RUNS)
        taken = []
        for _ in range(5):
            taken.append(deciding(system, runs))
            hand_overs.append(python_ring(2, 500))
        cold[file.stem] = statistics.median(first for first, _ in taken)
        warm[file.stem] = statistics.median(after for _, after in taken)
    hand_over = statistics.median(hand_overs)
    middle = sorted(warm, key=lambda name: warm[name])[len(warm) // 2]
    print(f"hand-over: {hand_over:.2f} us")
    print(
        f"who is stuck, median scenario ({middle}): {warm[middle]:.2f} us a step, {warm[middle] / hand_over:.2f} x a hand-over"
    )
    first = statistics.median(cold.values())
    print(f"cold, median scenario: {first:.1f} us a step, {first / hand_over:.1f} x")
    worst = max(warm, key=lambda name: warm[name])
    print(f"dearest ({worst}): {warm[worst]:.1f} us a step")


if __name__ == "__main__":
    main()
