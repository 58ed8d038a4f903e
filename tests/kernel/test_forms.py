"""A form says of a step in the text what its operation says of itself once it is made."""

from collections import Counter, deque
from collections.abc import Iterator

import pytest

import deadsim
import oracle
from deadsim.detect.stuck.flow import step_may_fail
from deadsim.exploration.static.analysis import Analysis
from deadsim.kernel.operation import wanted
from deadsim.kernel.row import Result
from deadsim.kernel.system import System, after
from deadsim.model.values import Value
from portion import few_and_all
from programs import scenario

MOST_STATES = 60
SAID = ("reads", "writes", "acquires", "releases", "parks")


def results(system: System) -> Iterator[Result]:
    """Give what can happen in some states that can be reached, the nearest first."""
    start = system.initial().state
    seen = {start.key()}
    front = deque([start])
    for _ in range(MOST_STATES):
        if not front:
            return
        state = front.popleft()
        for _, _, result in oracle.steps(system, state):
            yield result
            following = after(state, result)
            if following.key() not in seen:
                seen.add(following.key())
                front.append(following)


def is_small(value: Value) -> bool:
    return isinstance(value, int) and abs(value) < 2**31


@pytest.mark.parametrize("count", few_and_all(80, 400))
def test_forms_say_what_operations_do(count: int) -> None:
    seen: Counter[str] = Counter()
    for seed in range(count):
        system = System(deadsim.loads(scenario(seed)).program)
        flows = Analysis(system).flows
        for result in results(system):
            row = result.row
            if row.frame is None:
                continue  # a finalizer begins that fails before its first step
            flow, position = flows.flow(row.thread), row.frame.position
            stop, operation = flow.stop(position), wanted(row.operation)
            form = stop.form
            if form is None or stop.parts:
                continue  # an atomic block, or several steps in one
            for name in SAID:
                could = {one for number in stop.numbers for one in getattr(form, name)(number)}
                does = set(getattr(operation, name))
                assert does <= could, (seed, name, row.place)
                assert bool(does) == bool(could), (seed, name, row.place)
                seen[name] += bool(does)
            if form.output is not None:
                assert operation is not None
                assert operation.objects == (form.output,)
                seen["output"] += 1
            if form.results == "integers":
                assert all(map(is_small, result.outcome.results)), (seed, row.place)
                seen["integers"] += bool(result.outcome.results)
            if result.outcome.wrong is not None:
                assert step_may_fail(flow, position), (seed, row.place)
                seen["wrong"] += 1
            else:
                seen["safe"] += form.is_safe(stop.numbers, flow.holds(position))
    assert all(seen[name] > count / 8 for name in (*SAID, "output", "integers", "wrong", "safe")), (
        seen
    )
