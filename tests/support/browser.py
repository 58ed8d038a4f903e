"""A real browser for tests: Chromium without a window, without a network."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome")


def needed(what: str) -> None:
    """Skip a test for want of a program; where tests run for everybody, it has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is not on this machine; .ci/run installs it")
    pytest.skip(f"{what} is not on this machine")


def found() -> str | None:
    """Find a browser."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def opened(folder: Path, **options: Any) -> Iterator[Any]:
    """Open a browser whose pages may load nothing; gives its context."""
    program = found()
    if program is None:
        needed("Chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            str(folder), executable_path=program, headless=True, offline=True, args=FLAGS, **options
        )
        try:
            yield context
        finally:
            context.close()
