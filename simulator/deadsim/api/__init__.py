"""What deadsim offers to Python programs: load a scenario, run it, explore it, look at what happened.

files      scenario files, wherever they are
scenario   scenarios that were read
running    one run, or many
replaying  schedules, saved and run again
exploring  all schedules of a scenario, or of many
picturing  what can be drawn of a result
"""

from typing import TYPE_CHECKING, Any

from deadsim.api.files import contents, reason, scenarios_under
from deadsim.api.one_run import Run, as_dict, dump, planned, run, run_often, run_with
from deadsim.api.saved_schedules import (
    Saved,
    replay,
    replay_with,
    saved_choices,
    saved_schedule,
    schedule_text,
)
from deadsim.api.scenario import Scenario, load, loads, written

if TYPE_CHECKING:
    from deadsim.api.all_schedules import Check, Claim, Exploration, check, explore

_EXPLORING = ("Check", "Claim", "Exploration", "check", "explore")  # not where a run is all

__all__ = [
    "Check",
    "Claim",
    "Exploration",
    "Run",
    "Saved",
    "Scenario",
    "as_dict",
    "check",
    "contents",
    "dump",
    "explore",
    "load",
    "loads",
    "planned",
    "reason",
    "replay",
    "replay_with",
    "run",
    "run_often",
    "run_with",
    "saved_choices",
    "saved_schedule",
    "scenarios_under",
    "schedule_text",
    "written",
]


def __getattr__(name: str) -> Any:
    if name not in _EXPLORING:
        raise AttributeError(f"module 'deadsim.api' has no attribute '{name}'")
    from deadsim.api import all_schedules as exploring

    return getattr(exploring, name)
