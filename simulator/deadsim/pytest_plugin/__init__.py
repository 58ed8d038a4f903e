"""deadsim for pytest: scenario files as tests, and the fixture `deadsim`.

    collecting   scenario files, a test for each claim
    fixture      what the fixture offers to tests
    players      pages of what failed

Nothing but pytest is imported here: a run of tests without scenarios pays for this file alone.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from deadsim.pytest_plugin.fixture import Deadsim

ALWAYS = ".deadsim.yaml", ".deadsim.yml"
MARKER = (
    "deadsim(file, *, matrix, **options): what the fixture `deadsim` takes where a test does not say (seed, "
    "max_seconds, ...); with a file, the fixture `deadsim_scenario` is that, once for each value of the matrix, "
    "such as matrix={'n': [2, 3]}."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the lines of the ini file."""
    group = parser.getgroup("deadsim", "deadsim: scenarios of threads and locks")
    group.addoption(
        "--deadsim-seed", type=int, metavar="SEED", help="seed of the runs that tests make (0)"
    )
    group.addoption(
        "--deadsim-max-seconds",
        type=float,
        metavar="SECONDS",
        help="how long the exploration of one scenario may take (60)",
    )
    group.addoption(
        "--deadsim-html",
        metavar="DIR",
        help="write a player for each failure: a page to go through it",
    )
    parser.addini(
        "deadsim_files",
        f"scenario files that are tests, as patterns from the root folder; *{ALWAYS[0]} always are",
        type="args",
        default=[],
    )
    parser.addini(
        "deadsim_matrix",
        "lines 'PATTERN: n=2..4 m=1,2': scenario files that are tested with each of these params",
        type="linelist",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Explain the marker."""
    config.addinivalue_line("markers", MARKER)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take a file, if it is a scenario that is to be tested; any other YAML is somebody else's."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    patterns = parent.config.getini("deadsim_files")
    always = file_path.name.endswith(ALWAYS)
    named = parent.session.isinitpath(file_path)
    if not (always or patterns or named):
        return None
    from deadsim.pytest_plugin.collecting import collected

    return collected(file_path, parent, always, named, patterns)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test with a marked file one scenario for each value of its matrix."""
    if "deadsim_scenario" in metafunc.fixturenames:
        from deadsim.pytest_plugin.fixture import parametrize

        parametrize(metafunc)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write the players of a test that has failed, where that is asked for."""
    report = yield
    folder = item.config.getoption("deadsim_html", None)
    if folder and report.failed and report.when == "call":
        from deadsim.pytest_plugin.players import write

        files = write(item, Path(item.config.invocation_params.dir, folder))
        if files:
            report.sections.append(("deadsim player", "\n".join(map(str, files))))
    return report


@pytest.fixture
def deadsim(request: pytest.FixtureRequest) -> Deadsim:
    """Run and explore scenarios, and assert what they show."""
    from deadsim.pytest_plugin.fixture import Deadsim

    return Deadsim(request)


@pytest.fixture
def deadsim_scenario(request: pytest.FixtureRequest) -> Any:
    """Give the scenario that the marker `deadsim` of this test names."""
    return request.param()
