"""Who holds what: one fold over what steps did, which can be asked about any step."""

import programs
from deadsim import loads
from deadsim.detect.holdings import Holding, Holdings
from deadsim.engine.pool import Pool
from deadsim.model.place import Place
from deadsim.model.program import Plan
from deadsim.runs.runner import Runner
from deadsim.trace.effect import Effect
from deadsim.trace.event import Event


def events(*effects: tuple[int, Effect]) -> list[Event]:
    """Make steps of threads, each in a line of its own."""
    return [
        Event(step, thread, "anything", (), Place(step + 1, 1), effect)
        for step, (thread, effect) in enumerate(effects)
    ]


def test_a_lock_is_held_from_where_it_was_taken_first_until_it_was_given_back_as_often() -> None:
    taken, back = Effect(acquires=(7,)), Effect(releases=(7,))
    held = Holdings(events((3, taken), (3, taken), (3, back), (3, back)))
    times = [held.before(step, 3).get(7) for step in range(5)]
    first = Place(1, 1)
    assert times == [None, Holding(first, 1), Holding(first, 2), Holding(first, 1), None]


def test_threads_and_objects_need_not_be_known_at_the_start() -> None:
    held = Holdings(events((0, Effect(starts=(90,))), (90, Effect(acquires=(91,)))))
    assert held.holders(91) == (90,)
    assert (held.of(5), held.before(0, 5)) == ({}, {})


def test_a_permit_that_another_gives_back_was_that_of_its_first_holder() -> None:
    held = Holdings(
        events((2, Effect(acquires=(7,))), (1, Effect(acquires=(7,))), (0, Effect(releases=(7,))))
    )
    assert held.holders(7) == (2,)
    assert [*held.before(2, 1)] == [7]


def test_what_is_parked_comes_back_as_often_as_it_was_held() -> None:
    taken = Effect(acquires=(7,))
    held = Holdings(
        events((1, taken), (1, taken), (1, Effect(parks=(7,))), (1, Effect(resumes=(7,))))
    )
    assert held.before(3, 1) == {}
    assert held.of(1) == {7: Holding(Place(1, 1), 2)}


def test_what_was_held_before_a_step_is_what_is_held_after_those_before_it() -> None:
    asked = 0
    with Pool() as pool:
        for seed in range(150):
            runner = Runner(loads(programs.scenario(seed)).program)
            run = runner.run(pool, Plan("random", seed), max_steps=60, predict=False)
            threads = runner.world.threads
            grown, whole = Holdings(), Holdings(run.events)
            for step in range(len(run.events) + 1):
                now = grown.follow(run.events[:step])
                for thread in threads:
                    assert whole.before(step, thread) == now.of(thread)
                    asked += bool(now.of(thread))
    assert asked > 300
