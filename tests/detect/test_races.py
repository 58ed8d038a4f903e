"""Data races: none that cannot be, and over all schedules none missed."""

import pytest

import oracle
import programs
from deadsim import Run, loads, run
from deadsim.detect.order.races import RaceDetector
from deadsim.engine.pool import Pool
from deadsim.kernel.system import System
from deadsim.runs.runner import Runner
from deadsim.trace.effect import Effect
from deadsim.trace.finding import Race
from portion import few_and_all


def races(text: str, **options: object) -> list[Race]:
    done: Run = run(loads(text), **options)  # type: ignore[arg-type]
    return [found for found in done.defects if isinstance(found, Race)]


def two(first: str, second: str, head: str = "") -> str:
    return f"variables: {{x: 0, y: 0}}\nlocks: [A, B]\n{head}threads:\n  a: [{first}]\n  b: [{second}]\n"


def test_a_race_has_both_places_and_what_each_held() -> None:
    (race,) = races(two("{with: A, do: [{write: x, value: 1}]}", "{with: B, do: [{read: x}]}"))
    assert race.variable == "x"
    assert [(a.thread, a.verb, a.place.line) for a in race.accesses] == [
        ("a", "write", 4),
        ("b", "read", 5),
    ]
    assert [hold.object for access in race.accesses for hold in access.holds] == ["A", "B"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{with: A, do: [{add: x}]}", "{with: A, do: [{add: x}]}"),
        ("{read: x}", "{read: x}"),
        ("{add: x}", "{join: a}, {add: x}"),
        ("{atomic: [{add: x}]}", "{atomic: [{add: x}]}"),
        (
            "{write: x, value: 1}, {with: A, do: []}",
            "{step: w}, {step: w}, {with: A, do: []}, {read: x}",
        ),
    ],
)
def test_ordered_accesses_are_no_race(first: str, second: str) -> None:
    assert races(two(first, second)) == []


def test_start_orders() -> None:
    text = "variables: {x: 0}\nthreads:\n  main: [{add: x}, {start: w}, {join: w}, {add: x}]\n  w: {autostart: false, do: [{add: x}]}\n"
    assert races(text) == []


def test_every_count_down_is_ordered_before_a_wait_that_goes_on() -> None:
    head = "latches: {g: 2}\nvariables: {x: 0, y: 0, z: 0}\n"
    down = "threads:\n  a: [{write: x, value: 1}, {count_down: g}]\n  b: [{write: y, value: 1}, {count_down: g}]\n"
    late = "  d: [{step: w}, {step: w}, {write: z, value: 1}, {count_down: g}]\n"
    waits = "  c: [{wait: g}, {read: x}, {read: y}]\n"
    assert races(head + down + waits) == []
    # One that came after zero, and before the wait, counts too.
    looks = "  e: [{step: w}, {step: w}, {step: w}, {step: w}, {step: w}, {wait: g}, {read: z}]\n"
    assert races(head + down + late + looks) == []


def test_a_count_down_is_ordered_after_nothing_and_a_wait_that_gives_up_neither() -> None:
    head = "latches: {g: 1}\nvariables: {x: 0}\nthreads:\n"
    both = "  a: [{write: x, value: 1}, {count_down: g}]\n  b: [{step: w}, {step: w}, {count_down: g}, {read: x}]\n"
    assert len(races(head + both)) == 1
    text = head.replace("g: 1", "g: 2") + (
        "  a: [{write: x, value: 1}, {count_down: g}]\n"
        "  b: [{step: w}, {step: w}, {wait: g, timeout: 1}, {read: x}]\n"
    )
    assert len(races(text)) == 1


def test_an_atomic_access_races_with_a_plain_one() -> None:
    assert len(races(two("{atomic: [{add: x}]}", "{add: x}"))) == 1


def test_a_race_is_found_where_the_accesses_are_no_neighbours() -> None:
    first = "{write: x, value: 1}, " + ", ".join(["{step: w}"] * 5)
    (race,) = races(two(first, ", ".join(["{step: w}"] * 5) + ", {write: x, value: 2}"))
    assert (race.accesses[0].step, race.accesses[1].step) == (0, 11)


def test_the_detector_takes_events_written_by_hand() -> None:
    detector = RaceDetector()
    detector.after(0, 0, Effect(writes=(9,)))
    detector.after(1, 0, Effect(gives=(8,)))
    detector.after(2, 1, Effect(takes=(8,)))
    detector.after(3, 1, Effect(reads=(9,)))
    assert not detector.found
    detector.after(4, 2, Effect(reads=(9,)))
    assert detector.found[9][1:] == (0, 4)


@pytest.mark.parametrize("count", few_and_all(40, 300))
def test_random_programs_against_an_exhaustive_search(count: int) -> None:
    """What a run reports can be; what can be is shown by some run of all schedules."""
    racy = 0
    for seed in range(count):
        program = loads(programs.scenario(seed, 6)).program
        try:
            found = oracle.explore(program, 2_000).racy
        except oracle.TooManyStates:
            continue
        runner = Runner(program)
        said: set[str] = set()
        with Pool() as pool:
            for turn in range(25):
                plan = program.plan._replace(strategy="random", seed=turn)
                done = runner.run(pool, plan, max_steps=300, keep_going=True)
                said |= {one.variable for one in done.defects if isinstance(one, Race)}
        assert said <= found, seed
        racy += len(found)
        paths = every_path(program)
        if paths is not None:
            assert paths == found, seed
    assert racy > count / 25


def every_path(program: object, most: int = 400) -> set[str] | None:
    """Find the variables that race in some execution, with the detector; None where there are many."""
    system = System(program)  # type: ignore[arg-type]
    found: set[str] = set()
    front = [(system.initial().state, ())]
    ended = 0
    while front:
        state, path = front.pop()
        enabled = system.enabled(state)
        if not enabled or len(path) > 40:
            if enabled:
                return None
            ended += 1
            if ended > most:
                return None
            detector = RaceDetector()
            for event in oracle.events_along(system, list(path)):
                detector.after(event.step, event.thread, event.effect)
            found |= {system.world.name(variable) for variable in detector.found}
            continue
        for thread in range(len(state.frames)):
            for way in range(len(system.results(state, thread))):
                front.append((system.step(state, thread, way).state, (*path, (thread, way))))
    return found
