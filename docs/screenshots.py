"""Make the pictures of the player that the documentation shows: docs/player-*.png.

Wants Chromium and Playwright (`pip install 'deadsim[test]'`).
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import deadsim

DOCS = Path(__file__).parent
SHOTS = (
    ("wide-light", 1280, 1180, "light"),
    ("wide-dark", 1280, 1180, "dark"),
    ("narrow-light", 360, 1180, "light"),
    ("narrow-dark", 360, 1180, "dark"),
)
"""A name, the width and the height in pixels, and the colour scheme."""


def main() -> None:
    """Open the player of three philosophers, and take pictures of it."""
    run = deadsim.run(deadsim.load(DOCS.parent / "scenarios" / "dining.yaml", n=3))
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("there is no Chromium on this machine")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page = Path(folder, "player.html")
        # As a reader would see it who called deadsim in the clone.
        page.write_text(run.html().replace(f"{DOCS.parent}/", ""), encoding="utf-8")
        flags = [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-sync",
        ]
        context = driver.chromium.launch_persistent_context(
            str(Path(folder, "profile")),
            executable_path=program,
            headless=True,
            offline=True,
            args=flags,
        )
        tab = context.new_page()
        for name, width, height, scheme in SHOTS:
            tab.set_viewport_size({"width": width, "height": height})
            tab.emulate_media(color_scheme=scheme)
            tab.goto("about:blank")
            tab.goto(f"file://{page}")
            tab.screenshot(path=str(DOCS / f"player-{name}.png"))
        context.close()


if __name__ == "__main__":
    main()
