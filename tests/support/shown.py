"""What a page shows: its files, its sessions at a shell, and whether they are what happens."""

import re
import shlex
from pathlib import Path

from commands import deadsim


def files_of(page: str) -> dict[str, str]:
    """Give the scenarios that a page tells the reader to write, by their names."""
    return dict(re.findall(r"<!-- file: (\S+) -->\n```yaml\n(.*?)```", page, re.S))


def sessions_of(page: str) -> list[tuple[str, str]]:
    """Give each command that is shown, with the output that is shown."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", page, re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def assert_it_prints(command: str, output: str, page: str) -> None:
    """Run a command beside the files of its page; a line of three dots stands for any lines."""
    for name, text in files_of(page).items():
        Path(name).write_text(text, encoding="utf-8")
    program, *arguments = shlex.split(command)
    assert program == "deadsim"
    printed = without_times(deadsim(*arguments).out)
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", without_times(output), flags=re.M)]
    assert re.fullmatch(r"(?:.*\n)*".join(parts), printed), printed


def without_times(text: str) -> str:
    """Leave out how long something took."""
    return re.sub(r"\d+\.\d\d s\b", "N s", text)
