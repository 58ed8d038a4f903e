"""A strategy tried out in memory, by the kernel alone: the steps that real threads would take."""

from collections.abc import Iterator

from deadsim.kernel.system import System, Transition, after
from deadsim.strategies.strategy import Option, Ready, Strategy


def rehearse(
    system: System, strategy: Strategy, max_steps: int
) -> Iterator[tuple[int, Transition]]:
    """Take the steps that a strategy picks, until nothing can go on; gives who took each."""
    strategy.begin()
    state = system.initial().state
    for _ in range(max_steps):
        options: list[Option] = []
        able = system.enabled(state)
        if not able:
            return
        for thread in system.before_time(state) if system.last else able:
            operation = state.frames[thread].operation
            assert operation is not None
            timed = operation.duration is not None
            ready = timed and operation.ready(state.objects, thread)
            options.append(Ready(thread, operation, ready, held=thread not in able))
        thread = strategy.pick(options)
        results = system.results(state, thread)
        result = results[0]
        if len(results) > 1 or result.choice[1] is not None:
            places = [one.choice[1] or 0 for one in results]
            result = results[strategy.draw(len(results), places)]
        state = after(state, result)
        yield thread, Transition(state, result.outcome, result.failures)
