import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# On GitHub a check would annotate lines by itself; what a test expects does not depend on where it runs.
os.environ.pop("GITHUB_ACTIONS", None)
settings.register_profile(
    "deadsim", deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
settings.load_profile("deadsim")

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR", "DEADSIM_DOT"):
        monkeypatch.delenv(name, raising=False)
    assert os.environ.get("DEADSIM_DOT") is None


@pytest.fixture
def golden(request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    """Compare a text with the file of that name under tests/golden."""

    def compare(name: str, text: str) -> None:
        file = ROOT / "tests" / "golden" / name
        if request.config.getoption("--update-golden"):
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return compare
