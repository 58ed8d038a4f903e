"""Locks with modes as Python: what waits there waits, and a circle of waits has its victim."""

import subprocess
import sys
from pathlib import Path

import pytest

import deadsim
from deadsim.export.program import as_python
from deadsim.trace.schedule import parse_names

ENDS, FAILS, HANGS = 0, 1, 3

ROWS = """
rwlocks: {"row[2]": {modes: postgres-row, OPTIONS}}
variables: {tries: 0}
threads:
  "pays[i < 2]":
    - with: "row[i]"
      mode: for update
      do: [{with: "row[1 - i]", mode: for update, do: [step: transfers]}]
"""

CAUGHT = """
rwlocks: {"row[2]": {modes: postgres-row, deadlocks: victim}}
threads:
  "pays[i < 2]":
    - let: {done: false}
    - while: not done
      do:
        - try:
            - with: "row[i]"
              mode: for update
              do: [{with: "row[1 - i]", mode: for update, do: [step: transfers]}]
            - let: {done: true}
          except: {Victim: [step: begins again]}
"""

UPGRADES = """
rwlocks: {r: {modes: innodb, OPTIONS}}
threads:
  "t[2]": [{with: r, mode: S, do: [{with: r, mode: X, do: [step: in]}]}]
"""

QUEUE = """
rwlocks: {t: {modes: postgres-table}}
locks: [m]
threads:
  report: [{with: t, mode: access share, do: [{with: m, do: [step: x]}]}]
  alters: [{with: t, mode: access exclusive, do: [step: x]}]
  late: [{with: m, do: [{with: t, mode: access share, do: [step: x]}]}]
"""


def ran(text: str, folder: Path, limit: float) -> subprocess.CompletedProcess[str]:
    """Run a program, which is given up after some seconds in which nothing moves."""
    file = folder / "program.py"
    file.write_text(text.replace("LIMIT = 5.0", f"LIMIT = {limit}"), encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(file)], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("text", "kind", "status"),
    [
        (ROWS.replace(", OPTIONS", ""), "deadlock", HANGS),
        (ROWS.replace("OPTIONS", "deadlocks: victim"), "error", FAILS),
        (ROWS.replace("OPTIONS", "prefer: queue, deadlocks: victim"), "error", FAILS),
        (UPGRADES.replace(", OPTIONS", ""), "deadlock", HANGS),
        (UPGRADES.replace("OPTIONS", "deadlocks: victim"), "error", FAILS),
        (QUEUE, "deadlock", HANGS),
    ],
)
def test_what_is_found_happens_where_it_is_forced(
    text: str, kind: str, status: int, tmp_path: Path
) -> None:
    scenario = deadsim.loads(text)
    (found,) = deadsim.explore(scenario).defects
    assert found.finding.type == kind
    done = ran(as_python(scenario.program, found.schedule), tmp_path, 0.5)
    assert "Traceback" not in done.stderr
    assert done.returncode == status, done.stderr
    assert ("Victim" in done.stderr or "victim" in done.stderr) is (status == FAILS)


def test_a_victim_that_begins_again_comes_to_its_end(tmp_path: Path) -> None:
    scenario = deadsim.loads(CAUGHT)
    levels = deadsim.explore(scenario).claims
    assert levels["deadlock"].found == levels["error"].found == "never"
    schedule = parse_names(" ".join(deadsim.run(scenario, seed=3).schedule))
    for text in (as_python(scenario.program), as_python(scenario.program, schedule)):
        done = ran(text, tmp_path, 30)
        assert done.returncode == ENDS, done.stderr
