"""Calls of the kernel's objects, one at a time, to be held against those of Python's own."""

from typing import Any

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine

from deadsim import loads
from deadsim.kernel.system import State, System

SETTINGS = settings(stateful_step_count=30, deadline=None)


class Kernel:
    """Lets single threads of the kernel's world make one call after the other.

    Each call is a thread of its own program that has just that step; the state of the object is
    carried over from one to the next.
    """

    def __init__(self, section: str, entry: str) -> None:
        self.head = f"{section}: {{X: {entry}}}\n"
        self.systems: dict[str, System] = {}
        self.content: Any = self.system("step: none").initial().state.objects[-1]

    def system(self, step: str) -> System:
        if step not in self.systems:
            text = f"{self.head}threads: {{t: {{locals: {{r: null, ok: null}}, do: [{step}, {{step: end}}]}}}}\n"
            self.systems[step] = System(loads(text).program)
        return self.systems[step]

    def call(self, step: str) -> tuple[str, Any]:
        """Make a call; say how it went: done, blocks, or raises."""
        system = self.system(step if step.startswith("{") else "{" + step + "}")
        start = system.initial().state
        state = State((*start.objects[:-1], self.content), start.frames)
        if state.frames[0].operation is None:
            return "raises", None
        if not system.ways(state, 0):
            return "blocks", None
        move = system.step(state, 0)
        self.content = move.state.objects[-1]
        if move.failures:
            return "raises", move.failures[0].type
        if move.outcome.stays:
            return "waits", None
        return "done", move.outcome.results


def machine(cls: type[RuleBasedStateMachine], examples: int = 60) -> Any:
    case = cls.TestCase
    case.settings = settings(SETTINGS, max_examples=examples)
    return case
