"""What the plugin adds to a start of pytest that uses no scenario: whole processes, in turns.

Runs one empty test, with the plugin and with `-p no:deadsim`; prints the median of the differences, and both
medians, in milliseconds.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def took(folder: str, *options: str) -> float:
    """Time a run of pytest, in milliseconds."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    begin = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1e3


def main() -> None:
    """Measure in turns, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=15)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_it.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
        Path(folder, "settings.yaml").write_text("a: 1\n", encoding="utf-8")
        took(folder)
        pairs = [(took(folder), took(folder, "-p", "no:deadsim")) for _ in range(asked.repeat)]
    added = statistics.median(with_it - without for with_it, without in pairs)
    with_it, without = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"pytest with the plugin: {added:.1f} ms more  ({with_it:.0f} ms; without {without:.0f} ms)"
    )


if __name__ == "__main__":
    main()
