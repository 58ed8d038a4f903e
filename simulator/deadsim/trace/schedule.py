"""Schedules: who took each step, and with which result; and how they are written as text.

A name stands for one step, `name#k` for one with the k-th of several results, `name^` for the first step
of the thread's finalizer, `name*12` for twelve steps. Names are separated by white space outside brackets.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple
from unicodedata import normalize

from deadsim.errors import UsageError
from deadsim.model.program import TIMEOUTS, Choice, Timeouts

MAX_NAMES = 10_000_000

_NAME = re.compile(
    r"(?P<name>[^\W\d][\w-]*(?:\.[^\W\d][\w-]*)?(?:\[[^\]\[]*\])?)"
    r"(?P<begins>\^)?(?:#(?P<result>\d{1,9}))?(?:\*(?P<times>\d{1,9}))?"
)
_INDEX = re.compile(r"\s*,\s*")


class ScheduleFile(NamedTuple):
    """A schedule as it is saved: `scenario` is a path relative to the file, params as text.

    `timeouts` is None where the file does not say when time may run out.
    """

    scenario: str
    digest: str
    params: Mapping[str, str]
    choices: tuple[Choice, ...]
    timeouts: Timeouts | None = None


def parse_name(text: str) -> tuple[Choice, int] | None:
    """Read one name with what follows it, and how often it stands; None where it is no name."""
    match = _NAME.fullmatch(normalize("NFKC", text))
    if match is None:
        return None
    name = _INDEX.sub(", ", match["name"]).replace("[ ", "[").replace(" ]", "]")
    result = None if match["result"] is None else int(match["result"])
    if match["begins"]:
        result = -1 - (result or 0)
    return Choice(name, result), int(match["times"] or 1)


def parse_names(text: str) -> tuple[Choice, ...]:
    """Read the names of a schedule; raises UsageError for one that cannot be read."""
    choices: list[Choice] = []
    for word in re.findall(r"(?:\[[^\]]*\]|[^\s\[])+|\[", text):
        read = parse_name(word)
        if read is None:
            raise UsageError(f"'{word}' is not a thread's name in a schedule")
        choice, times = read
        if len(choices) + times > MAX_NAMES:
            raise UsageError(f"the schedule has more than {MAX_NAMES:,} names")
        choices.extend([choice] * times)
    return tuple(choices)


def words(choices: Iterable[Choice]) -> Iterator[str]:
    """Write a schedule name by name, without repeats."""
    for choice in choices:
        yield word(choice)


def word(choice: Choice) -> str:
    """Write one name of a schedule."""
    thread, result = choice
    if result is None:
        return thread
    if result >= 0:
        return f"{thread}#{result}"
    return f"{thread}^" if result == -1 else f"{thread}^#{-1 - result}"


def text(choices: Iterable[Choice]) -> str:
    """Write a schedule in one line, repeats as `name*12`."""
    parts = []
    for word, same in groupby(words(choices)):
        times = sum(1 for _ in same)
        parts.append(f"{word}*{times}" if times > 2 else " ".join([word] * times))
    return " ".join(parts)


def switches(threads: Iterable[object]) -> int:
    """Count the context switches: neighbouring steps of different threads, forced ones too."""
    return max(0, sum(1 for _ in groupby(threads)) - 1)


def write(saved: ScheduleFile) -> str:
    """Give the text of a schedule file."""
    lines = ["deadsim-schedule 1", f"scenario: {saved.scenario}", f"sha256: {saved.digest}"]
    lines += [f"param {name}={value}" for name, value in saved.params.items()]
    if saved.timeouts is not None:
        lines.append(f"timeouts {saved.timeouts}")
    lines.append("")
    line = ""
    for word in text(saved.choices).split(" ") if saved.choices else ():
        # A name with two indices has a space in it; it is joined again here.
        if line and len(line) + 1 + len(word) > 100 and line.count("[") == line.count("]"):
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        lines.append(line)
    return "\n".join(lines) + "\n"


def read(content: str, file: str) -> ScheduleFile:
    """Read a schedule file; raises UsageError, with the line, where it is none."""

    def wrong(line: int, message: str) -> UsageError:
        return UsageError(f"{file}:{line}: {message}")

    lines = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].strip() != "deadsim-schedule 1":
        raise wrong(1, "a schedule file begins with 'deadsim-schedule 1'")
    scenario = digest = ""
    params: dict[str, str] = {}
    timeouts: Timeouts | None = None
    number = 1
    for number, line in enumerate(lines[1:], 2):
        bare = line.strip()
        if not bare:
            break
        if bare.startswith("scenario:"):
            scenario = bare.removeprefix("scenario:").strip()
        elif bare.startswith("sha256:"):
            digest = bare.removeprefix("sha256:").strip()
        elif bare.startswith("param ") and "=" in bare:
            name, _, value = bare.removeprefix("param ").partition("=")
            params[name.strip()] = value
        elif bare.split()[0] == "timeouts":
            given = bare.removeprefix("timeouts").strip()
            timeouts = next((word for word in TIMEOUTS if word == given), None)
            if timeouts is None:
                raise wrong(number, f"'timeouts' is {', '.join(TIMEOUTS)}, not '{given}'")
        else:
            raise wrong(
                number,
                "expected 'scenario:', 'sha256:', 'param NAME=VALUE', 'timeouts last' or an empty line",
            )
    if not scenario:
        raise wrong(number, "there is no line 'scenario: PATH' at the head of the file")
    choices: list[Choice] = []
    for offset, line in enumerate(lines[number:], number + 1):
        try:
            choices.extend(parse_names(line))
        except UsageError as error:
            raise wrong(offset, str(error)) from None
    return ScheduleFile(scenario, digest, params, tuple(choices), timeouts)
