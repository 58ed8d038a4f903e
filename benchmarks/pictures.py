"""How long pictures take: a graph of 200 nodes, and a player of 2,000 steps in a real browser.

Prints the median of some times each: seconds to draw the graph (by Graphviz where there is one, and by our own
layout), to write the page, to open it, and milliseconds to go one step on, with happens-before off and on (until
the page is laid out anew). Opening and stepping want Chromium and Playwright (`pip install 'deadsim[test]'`).
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deadsim
from deadsim.draw.graphs import layout
from deadsim.draw.graphs.engine import engine
from deadsim.draw.graphs.run_graph import graph_of

CHAIN = """
locks: ["L[n]"]
params: {n: 100}
threads:
  t[i < n]:
    - acquire: L[i]
    - acquire: L[(i * 7 + 1) % n]
"""
LOOP = """
locks: ["L[5]"]
variables: {x: 0}
threads:
  w[i < 5]:
    - forever:
      - acquire: L[i]
      - add: x
      - release: L[i]
"""
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
STEPS = """() => {
  const button = document.getElementById("forward");
  const times = [];
  for (let step = 0; step < 50; step++) {
    const begin = performance.now();
    button.click();
    document.body.getBoundingClientRect();
    times.push(performance.now() - begin);
  }
  return times.sort((one, other) => one - other)[25];
}"""


def median(repeat: int, work: Callable[[], object]) -> float:
    """Time something some times, in seconds."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def graphs(repeat: int) -> None:
    """Time the graph of 200 nodes."""
    run = deadsim.run(deadsim.loads(CHAIN), strategy="random", seed=1, keep_going=True)
    graph = graph_of(run.result, "resources", all_nodes=True)
    found = engine()
    if found is not None:
        print(
            f"graph of {len(graph.nodes)} nodes, {Path(found).name}: {median(repeat, lambda: layout.draw_graph(graph)):.2f} s"
        )
    layout.engine = lambda asked=None: None
    print(
        f"graph of {len(graph.nodes)} nodes, our own layout: {median(repeat, lambda: layout.draw_graph(graph)):.2f} s"
    )


def pages(repeat: int, steps: int) -> None:
    """Time the page of a long run."""
    run = deadsim.run(deadsim.loads(LOOP), strategy="random", seed=1, max_steps=steps)
    page = run.html()
    print(
        f"player of {steps:,} steps: {len(page.encode()):,} bytes, written in {median(repeat, run.html):.2f} s"
    )
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium here: opening is not measured")
        return
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder, "player.html")
        file.write_text(page, encoding="utf-8")
        context = driver.chromium.launch_persistent_context(
            str(Path(folder, "profile")),
            executable_path=browser,
            headless=True,
            offline=True,
            args=FLAGS,
        )
        tab = context.new_page()
        print(f"  opened in {median(repeat, lambda: opened(tab, file)):.2f} s")
        tab.keyboard.press("Home")
        print(f"  a step: {tab.evaluate(STEPS):.1f} ms")
        tab.check("#orders")
        print(f"  a step with happens-before: {tab.evaluate(STEPS):.1f} ms")
        context.close()


def opened(tab: Any, file: Path) -> None:
    """Open a page, and wait until it shows its step."""
    tab.goto("about:blank")
    tab.goto(f"file://{file}")
    assert tab.evaluate("document.getElementById('status').textContent").startswith("Step ")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2_000)
    asked = parser.parse_args()
    graphs(asked.repeat)
    pages(asked.repeat, asked.steps)


if __name__ == "__main__":
    main()
