"""A strategy tried out in memory, by the kernel alone: the steps that real threads would take."""

from collections.abc import Iterator

from deadsim.kernel.row import may_begin
from deadsim.kernel.system import State, System, Transition, after, finalizers
from deadsim.strategies.strategy import Option, Ready, Strategy, begins_next, with_beginnings


def rehearse(
    system: System, strategy: Strategy, max_steps: int
) -> Iterator[tuple[int, Transition]]:
    """Take the steps that a strategy picks, until nothing can go on; gives who took each."""
    strategy.begin()
    state = system.initial().state
    begins = finalizers(system)
    for _ in range(max_steps):
        able = system.enabled(state)
        if not able and begins_next(strategy) is None:
            return
        options = offered(system, state, able)
        if begins:
            rows = [system.rows.of(thread, state.frames[thread]) for thread in begins]
            options = with_beginnings(options, [row for row in rows if row and may_begin(row)])
        thread = strategy.pick(options)
        results = system.results(state, thread)
        result = results[0]
        if len(results) > 1 or result.choice[1] is not None:
            places = [one.choice[1] or 0 for one in results]
            result = results[strategy.draw(len(results), places)]
        state = after(state, result)
        yield thread, Transition(state, result.outcome, result.failures)


def offered(system: System, state: State, able: list[int]) -> list[Option]:
    """Tell of those who can take a step whether it can be taken now, and before its time is up."""
    options: list[Option] = []
    for thread in system.before_time(state) if system.last else able:
        operation = state.frames[thread].operation
        assert operation is not None
        timed = operation.duration is not None
        ready = timed and operation.ready(state.objects, thread)
        begins = may_begin(system.rows.of(thread, state.frames[thread]))
        options.append(Ready(thread, operation, ready, thread not in able, begins))
    return options
