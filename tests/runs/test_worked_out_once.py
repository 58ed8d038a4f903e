"""What a run knows is worked out once: nothing is linked or carried out again for a report or picture."""

import copy
import pickle
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import deadsim
from commands import deadsim as command
from deadsim.api.pictures import timelines
from deadsim.detect.stuck.coarse_progress import Flows
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.detect.stuck.local_failures import Types
from deadsim.exploration.static.analysis import Analysis
from deadsim.exploration.static.reachable_accesses import Futures
from deadsim.kernel import system as systems
from deadsim.kernel.system import System
from deadsim.runs import result as results
from deadsim.runs import runner as runners

PICTURES = ("svg", "timeline", "html", "trace")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what is linked, carried out, and followed once more in memory."""
    counts: Counter[str] = Counter()

    def count(module: Any, name: str, key: str) -> None:
        real: Callable[..., Any] = getattr(module, name)

        def counting(*given: Any, **named: Any) -> Any:
            counts[key] += 1
            return real(*given, **named)

        monkeypatch.setattr(module, name, counting)

    count(systems, "link", "links")
    count(systems, "world_of", "systems")
    count(runners, "execute", "executions")
    count(results, "follow", "followed")
    return counts


def files(folder: Path) -> list[str]:
    return [word for name in PICTURES for word in (f"--{name}", str(folder / name))]


def threads(name: str) -> int:
    return len(deadsim.load(name).program.threads)


@pytest.mark.parametrize("name", ["dining", "two_locks", "lost_update", "dining_ordered"])
@pytest.mark.parametrize("strategy", ["round-robin", "sequential"])
def test_a_run_with_pictures_is_linked_once_and_carried_out_as_often_as_without(
    name: str, strategy: str, counted: Counter[str], tmp_path: Path
) -> None:
    done = command("run", name, "--strategy", strategy)
    plain = Counter(counted)
    counted.clear()
    with_pictures = command("run", name, "--strategy", strategy, *files(tmp_path))
    assert with_pictures.status == done.status
    assert counted["systems"] == plain["systems"] == 1
    assert counted["links"] == threads(name)
    assert counted["executions"] == plain["executions"]
    # The run itself, and one for each deadlock that was predicted from it.
    assert counted["followed"] <= counted["executions"]


def test_a_predicted_deadlock_is_shown_by_the_replay_that_proved_it(
    counted: Counter[str],
) -> None:
    done = deadsim.run(deadsim.load("two_locks"), strategy="sequential")
    (found,) = done.deadlocks
    assert found.schedule is not None
    replay = done.result.replays[found.schedule]
    assert replay.schedule == found.schedule
    executions = counted["executions"]
    own, other = timelines(done.result)
    assert "DEADLOCK" not in own
    assert "DEADLOCK" in other
    assert counted["executions"] == executions


@pytest.mark.parametrize("name", ["dining", "two_locks", "lost_update", "dining_ordered"])
def test_an_exploration_with_pictures_is_linked_once(
    name: str, counted: Counter[str], tmp_path: Path
) -> None:
    command("explore", name)
    plain = Counter(counted)
    counted.clear()
    command("explore", name, *files(tmp_path))
    assert counted["systems"] == plain["systems"] == 1
    assert counted["links"] == threads(name)
    assert counted["executions"] - plain["executions"] <= 1  # where there is no defect to show


def test_without_a_defect_one_run_is_carried_out_for_all_pictures(counted: Counter[str]) -> None:
    found = deadsim.explore(deadsim.load("dining_ordered"))
    assert not found.defects
    before = Counter(counted)
    for _ in range(2):
        found.timeline()
        found.player()
    assert counted["executions"] == before["executions"] + 1
    assert counted["systems"] == before["systems"]
    assert counted["followed"] == before["followed"] + 1


def test_pictures_of_defects_carry_nothing_out(counted: Counter[str]) -> None:
    found = deadsim.explore(deadsim.load("dining"))
    before = Counter(counted)
    for _ in range(2):
        found.timeline()
        found.player()
    assert (counted["executions"], counted["links"]) == (before["executions"], before["links"])
    assert counted["followed"] == before["followed"] + 1


def test_a_run_from_another_process_finds_its_states_again() -> None:
    run = deadsim.run(deadsim.load("dining")).result
    assert run.moments
    again = pickle.loads(pickle.dumps(run))
    assert "moments" not in vars(again)
    assert again.last is None
    assert again.state.objects == run.state.objects
    assert [moment.situation for moment in again.moments] == [m.situation for m in run.moments]


@pytest.mark.parametrize("name", ["dining", "dining_ordered"])
def test_an_exploration_is_equal_to_its_copy(name: str) -> None:
    found = deadsim.explore(deadsim.load(name))
    assert pickle.loads(pickle.dumps(found)) == found
    assert copy.deepcopy(found) == found


def test_the_last_of_its_states_is_the_one_that_threads_have_reached() -> None:
    for name in ("dining", "two_locks", "lost_update", "dining_ordered"):
        run = deadsim.run(deadsim.load(name)).result
        assert run.states[-1].state.key() == run.state.key()
        assert run.ended is (run.outcome == "completed" or not run.states[-1].enabled)


def test_what_the_text_says_is_worked_out_once_for_a_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: Counter[str] = Counter()
    for cls in (Flows, Types, Futures):
        real = cls.__init__

        def counting(self: Any, *given: Any, real: Any = real, cls: type = cls) -> None:
            made[cls.__name__] += 1
            real(self, *given)

        monkeypatch.setattr(cls, "__init__", counting)
    for name in ("dining", "lost_update", "worker_queue"):
        made.clear()
        command("explore", name, *files(tmp_path))
        assert made["Flows"] == 1, name
        assert max(made.values()) == 1, (name, made)


def test_what_was_worked_out_is_kept_with_its_system_and_never_pickled() -> None:
    system = System(deadsim.load("dining").program)
    said = Analysis(system)
    assert said.flows is Analysis(system).flows is StuckJudge(system).flows
    assert said.impossible is Analysis(system).impossible
    again = pickle.loads(pickle.dumps(system))
    assert Analysis(again).flows.system is again
