"""What a page says in words: the table of the threads, the shared variables, and what came of each step."""

import itertools
from collections.abc import Sequence
from typing import TypeAlias

from deadsim.detect.deadlocks.situation import Standing
from deadsim.draw.time.film import Film
from deadsim.model.objects import Variable
from deadsim.report.sentences import in_mode, wait_sentence
from deadsim.runs.playback import Moment
from deadsim.trace.event import Event
from deadsim.trace.finding import Wait

Row: TypeAlias = tuple[str, str, str, str, str]
"""State, what it holds, what it waits for, who could help, and its line."""

HEADS = ("thread", "state", "holds", "waits for", "held by", "line")


def row(standing: Standing) -> Row:
    """Describe a thread as a row of the table."""
    wait = standing.wait
    holds = ", ".join(in_mode(hold.object, hold.mode) for hold in standing.holds)
    line = str(standing.place.line) if standing.place else ""
    if wait is None:
        return (standing.status, holds, "", "", line)
    return (standing.status, holds, waited(wait), ", ".join(wait.wakers), line)


def waited(wait: Wait) -> str:
    """Name what a thread waits for, and after which time it gives up; what it wants of it the step's sentence says."""
    name = in_mode(wait.object, wait.mode)
    return name if wait.timeout is None else f"{name} ({wait.timeout} s)"


def changes(before: Moment, after: Moment) -> list[str]:
    """Say in sentences who came to wait for what, and who has ended."""
    said = []
    for was, now in zip(before.situation.threads, after.situation.threads, strict=True):
        if now.wait is not None and (
            was.wait is None or (was.wait.object, was.wait.want) != (now.wait.object, now.wait.want)
        ):
            verb = "blocks: " if now.status == "blocked" else ""
            said.append(f"{now.thread} {verb}{wait_sentence(now.wait._replace(holds=()))}.")
        elif now.status != was.status and now.status in ("finished", "failed"):
            said.append(f"{now.thread} has {now.status}.")
    return said


def variables(film: Film) -> dict[int, str]:
    """List the shared variables, by their numbers."""
    return {
        number: declared.name
        for number, declared in film.run.world.shared()
        if isinstance(declared, Variable)
    }


def switches(events: Sequence[Event]) -> list[int]:
    """List after how many steps a switch to another thread has been made."""
    return [two.step + 1 for one, two in itertools.pairwise(events) if one.thread != two.thread]
