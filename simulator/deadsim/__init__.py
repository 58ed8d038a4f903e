"""deadsim: a simulator that finds, explains and rules out deadlocks and race conditions."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deadsim.api import (
        Check,
        Claim,
        Exploration,
        Run,
        Scenario,
        check,
        explore,
        load,
        loads,
        replay,
        run,
    )
    from deadsim.errors import (
        DeadsimError,
        InternalError,
        Problem,
        ReplayDiverged,
        ScenarioError,
        UsageError,
    )
    from deadsim.model.place import Place

__version__ = "0.1.0"

_ERRORS = (
    "DeadsimError",
    "InternalError",
    "Place",
    "Problem",
    "ReplayDiverged",
    "ScenarioError",
    "UsageError",
)
__all__ = [
    "Check",
    "Claim",
    "DeadsimError",
    "Exploration",
    "InternalError",
    "Place",
    "Problem",
    "ReplayDiverged",
    "Run",
    "Scenario",
    "ScenarioError",
    "UsageError",
    "check",
    "explore",
    "load",
    "loads",
    "replay",
    "run",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'deadsim' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module("deadsim.errors" if name in _ERRORS else "deadsim.api"), name)
