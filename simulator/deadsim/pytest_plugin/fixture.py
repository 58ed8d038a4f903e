"""What the fixture `deadsim` offers: scenarios by their path beside the test, run and explored."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import deadsim
from deadsim.api.matrix import combinations, label
from deadsim.api.scenario import Source
from deadsim.api.scenario import loaded as read_scenario
from deadsim.pytest_plugin.players import keep


class Deadsim:
    """Runs and explores scenarios for one test.

    A file is looked for beside the test, then in pytest's root folder, then among those that ship.
    What neither the call nor the marker `deadsim` of the test says, pytest's command line does.
    """

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.folders = (request.path.parent, request.config.rootpath)
        self.item = request.node
        self.record = request.node.user_properties
        self.options: dict[str, Any] = {}
        for marker in reversed(list(request.node.iter_markers("deadsim"))):
            self.options.update(marker.kwargs)
        self.options.pop("matrix", None)
        self.seed = request.config.getoption("deadsim_seed")
        self.seconds = request.config.getoption("deadsim_max_seconds")

    def load(self, source: Source, **params: Any) -> deadsim.Scenario:
        """Read a scenario. Raises ScenarioError with every problem that was found."""
        return loaded(self.folders, source, params)

    def run(
        self, source: Source, *, params: Mapping[str, Any] | None = None, **options: Any
    ) -> deadsim.Run:
        """Run a scenario once, as `deadsim.run`."""
        given = self.given(RUN, options)
        if self.seed is not None:
            given.setdefault("seed", self.seed)
        done = deadsim.run(self.load(source, **params or {}), **given)
        self.record.append(("deadsim_schedule", " ".join(done.schedule)))
        if done.seed is not None:
            self.record.append(("deadsim_seed", done.seed))
        keep(self.item, done.result)
        return done

    def explore(
        self, source: Source, *, params: Mapping[str, Any] | None = None, **options: Any
    ) -> deadsim.Exploration:
        """Decide the claims of a scenario over all schedules, as `deadsim.explore`."""
        given = self.given(EXPLORE, options)
        if self.seconds is not None:
            given.setdefault("max_seconds", self.seconds)
        done = deadsim.explore(self.load(source, **params or {}), **given)
        keep(self.item, done.result)
        return done

    def given(self, known: tuple[str, ...], options: dict[str, Any]) -> dict[str, Any]:
        """Put the options of a call over those of the marker."""
        return {**{name: value for name, value in self.options.items() if name in known}, **options}

    def assert_as_expected(self, result: deadsim.Run | deadsim.Exploration) -> None:
        """Fail unless every claim of the scenario holds."""
        result.assert_as_expected()

    def assert_no_deadlock(self, result: deadsim.Run | deadsim.Exploration) -> None:
        """Fail unless there is no deadlock."""
        result.assert_no_deadlock()

    def assert_deadlock(self, result: deadsim.Run | deadsim.Exploration, **wanted: Any) -> None:
        """Fail unless there is a deadlock of this `kind`, with these `threads` and `objects`."""
        result.assert_deadlock(**wanted)

    def assert_no_race(self, result: deadsim.Run | deadsim.Exploration) -> None:
        """Fail unless there is no race."""
        result.assert_no_race()

    def assert_race(self, result: deadsim.Run | deadsim.Exploration, on: Any = None) -> None:
        """Fail unless there is a race; with `on`, on exactly these variables."""
        result.assert_race(on)

    def assert_no_livelock(self, result: deadsim.Run | deadsim.Exploration) -> None:
        """Fail unless there is no livelock."""
        result.assert_no_livelock()

    def assert_livelock(self, result: deadsim.Run | deadsim.Exploration) -> None:
        """Fail unless there is a livelock."""
        result.assert_livelock()

    def assert_no_failure(self, result: deadsim.Run | deadsim.Exploration) -> None:
        """Fail unless nothing is broken, misused or raised."""
        result.assert_no_failure()


RUN = ("strategy", "seed", "depth", "max_steps", "keep_going")
EXPLORE = (
    "claims", "max_steps", "max_states", "max_executions", "max_seconds", "max_memory", "engine",
    "preemptions", "sample", "reduction", "every",
)  # fmt: skip


def loaded(
    folders: tuple[Path, ...], source: Source, params: Mapping[str, Any]
) -> deadsim.Scenario:
    """Read a scenario, whatever it was given as; a file is looked for in the folders first."""
    if isinstance(source, os.PathLike) or (isinstance(source, str) and "\n" not in source):
        beside = (folder / source for folder in folders)
        source = next((file for file in beside if file.exists()), source)
    return read_scenario(source, **params)


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Give a test the scenario of its marker, once for each value of the matrix."""
    marker = metafunc.definition.get_closest_marker("deadsim")
    if marker is None or not marker.args:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid}: 'deadsim_scenario' wants a marker with a file, "
            "as in @pytest.mark.deadsim('two_locks.yaml')"
        )
    folders = (metafunc.definition.path.parent, metafunc.config.rootpath)
    matrix = combinations(marker.kwargs.get("matrix", {}))
    metafunc.parametrize(
        "deadsim_scenario",
        [partial(loaded, folders, marker.args[0], params) for params in matrix],
        ids=[label(params) or Path(str(marker.args[0])).name for params in matrix],
        indirect=True,
    )
