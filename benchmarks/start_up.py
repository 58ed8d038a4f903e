"""How long commands take as whole processes, against `python -c pass` in the same run.

Prints for each command the median ratio and the two raw numbers (milliseconds). The modules are
compiled first, as an installed wheel's are.
"""

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import deadsim

ROOT = Path(__file__).parent.parent
COMMANDS = {
    "deadsim --help": ["--help"],
    "deadsim run scenarios/dining.yaml": ["run", str(ROOT / "scenarios" / "dining.yaml")],
}


def seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=21)
    asked = parser.parse_args()
    compileall.compile_dir(os.path.dirname(deadsim.__file__), quiet=1)
    script = Path(sys.executable).parent / "deadsim"
    for name, arguments in COMMANDS.items():
        command = [str(script), *arguments]
        seconds(command)
        pairs = [
            (seconds(command), seconds([sys.executable, "-c", "pass"])) for _ in range(asked.repeat)
        ]
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        ours, theirs = (statistics.median(column) * 1000 for column in zip(*pairs, strict=True))
        print(f"{name}: {ratio:.1f} x  ({ours:.0f} ms; python -c pass: {theirs:.0f} ms)")


if __name__ == "__main__":
    main()
