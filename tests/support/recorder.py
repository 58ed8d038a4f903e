"""What every command says of every scenario of the gallery, as digests: the judge of "byte for byte".

    python tests/support/recorder.py            compare with what was recorded, and list what differs
    python tests/support/recorder.py --write    record anew
    python tests/support/recorder.py --keep DIR write the texts themselves, to see a difference with diff

Graphs are laid out by deadsim itself, so that the machine's Graphviz does not matter, and times are taken out.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).parent.parent.parent
RECORD = ROOT / "tests" / "golden" / "digests.json"
GALLERY = sorted((ROOT / "scenarios").rglob("*.yaml"))

sys.path[:0] = [str(Path(__file__).parent)]

from commands import deadsim  # noqa: E402

STEPS = ("--max-steps", "300")
FILES = ("--svg", "@svg", "--timeline", "@timeline", "--html", "@html", "--trace", "@trace")
GRAPHS = [
    (kind, form)
    for kind in ("wait-for", "resources", "lock-order", "timeline")
    for form in ("svg", "dot", "mermaid")
]
COMMANDS: dict[str, tuple[str, ...]] = {
    "run": ("run", *STEPS, *FILES, "--save-schedule", "@schedule"),
    "run json": ("run", *STEPS, "--format", "json"),
    "run on": ("run", *STEPS, "--keep-going", "--strategy", "random", "--seed", "3"),
    **{
        f"run {strategy}": (
            "run", *STEPS, "--strategy", strategy, "--seed", "1", "--format", "json"
        )
        for strategy in ("sequential", "random", "pct", "pos", "surw")
    },
    "runs": ("run", *STEPS, "--strategy", "random", "--runs", "20", "--format", "json"),
    "explore": ("explore", *FILES, "--all", "--save-schedule", "@schedule"),
    "explore json": ("explore", "--format", "json"),
    "explore threads": (
        "explore", *STEPS, "--engine", "threads", "--max-executions", "30", "--format", "json"
    ),
    "explore sample": ("explore", *STEPS, "--sample", "pos", "--max-executions", "30"),
    "explore files": ("explore", "--sarif", "@sarif", "--junit", "@junit", "--github"),
    "export": ("export", "--python"),
    **{f"{kind} {form}": ("graph", *STEPS, "--kind", kind, "--format", form) for kind, form in GRAPHS},
}  # fmt: skip
GENERAL = {"help": ("--help",), "schema": ("schema",), "scenarios": ("scenarios",)}
SECONDS = re.compile(r'("(?:seconds|decided_in|time)": |time=")[\d.e-]+|\b\d+(?:\.\d+)? (?:s|ms)\b')


@contextmanager
def place() -> Iterator[Path]:
    """Stand in an empty folder that has the scenarios under their usual name."""
    from deadsim.draw.graphs import layout

    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "scenarios").symlink_to(ROOT / "scenarios")
        os.chdir(folder)
        try:
            with patch.object(layout, "engine", lambda asked=None: None):
                yield Path(folder)
        finally:
            os.chdir(before)


def said(folder: Path, name: str, arguments: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Call a command; gives a name and a text for all that it wrote."""
    files = [argument[1:] for argument in arguments if argument.startswith("@")]
    done = deadsim(*(argument.removeprefix("@") for argument in arguments))
    yield name, SECONDS.sub(r"\1_", f"{done.status}\n{done.out}\n{done.err}")
    for file in files:
        for found in sorted(folder.glob(f"{file}*")):
            yield f"{name} > {found.name}", SECONDS.sub(r"\1_", found.read_text(encoding="utf-8"))
            found.unlink()


def scenario(folder: Path, file: Path) -> Iterator[tuple[str, str]]:
    """Give all that the commands say of one scenario."""
    path = str(file.relative_to(ROOT))
    for name, (command, *options) in COMMANDS.items():
        yield from said(folder, name, (command, path, *options))


def general(folder: Path) -> Iterator[tuple[str, str]]:
    """Give what the commands say that are about no scenario."""
    for name, arguments in GENERAL.items():
        yield from said(folder, name, arguments)


def digests(file: Path | None) -> dict[str, str]:
    """Give the digests of what is said of a scenario, or (None) of none."""
    with place() as folder:
        texts = general(folder) if file is None else scenario(folder, file)
        return {name: hashlib.sha256(text.encode()).hexdigest()[:12] for name, text in texts}


def key(file: Path | None) -> str:
    """Name a scenario in the record."""
    return "" if file is None else str(file.relative_to(ROOT))


def recorded() -> dict[str, dict[str, str]]:
    """Give what was recorded."""
    found: dict[str, dict[str, str]] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


def differences(file: Path | None) -> list[str]:
    """List what is said otherwise than it was when it was recorded."""
    then, now = recorded().get(key(file), {}), digests(file)
    return [name for name in {**then, **now} if then.get(name) != now.get(name)]


def entry(file: Path | None) -> tuple[str, dict[str, str]]:
    """Give what is to be recorded of a scenario."""
    return key(file), digests(file)


def write(found: dict[str, dict[str, str]]) -> None:
    """Record."""
    RECORD.write_text(json.dumps(found, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


def keep(file: Path | None, folder: Path) -> None:
    """Write the texts themselves."""
    with place() as stand:
        for name, text in general(stand) if file is None else scenario(stand, file):
            to = folder / (key(file) or "general") / name.replace(" > ", "--").replace(" ", "-")
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(text, encoding="utf-8")


def main() -> int:
    """Compare, record or keep; the exit status is 1 where something differs."""
    from concurrent.futures import ProcessPoolExecutor
    from functools import partial

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--keep", type=lambda text: Path(text).resolve())
    asked = parser.parse_args()
    every = [None, *GALLERY]
    with ProcessPoolExecutor() as pool:
        if asked.keep:
            list(pool.map(partial(keep, folder=asked.keep), every))
            return 0
        if asked.write:
            write(dict(pool.map(entry, every)))
            return 0
        differing = dict(zip(map(key, every), pool.map(differences, every), strict=True))
    for name, which in differing.items():
        if which:
            print(f"{name or 'general'}: {', '.join(which)}")
    return int(any(differing.values()))


if __name__ == "__main__":
    sys.exit(main())
