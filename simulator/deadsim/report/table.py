"""The schedule as a table: a column for each thread, time downwards, one event a row."""

from collections.abc import Iterator
from typing import NamedTuple
from unicodedata import east_asian_width

from deadsim.report.sentences import count, in_mode
from deadsim.report.step_words import brief
from deadsim.runs.blockings import came_to_block
from deadsim.runs.result import Run
from deadsim.trace.finding import Deadlock, Race

MOST_COLUMNS = 4
MOST_ROWS = 40
COLUMN = 12  # characters that a column has at least


class Row(NamedTuple):
    """One row: `step` is None where a thread comes to stand before a blocked step."""

    step: int | None
    thread: int
    words: str
    mark: str
    line: int


def width(text: str) -> int:
    """Measure a text in columns of a terminal."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def padded(text: str, columns: int) -> str:
    """Fill a text up to some columns."""
    return text + " " * max(0, columns - width(text))


def shortened(text: str, columns: int) -> str:
    """Cut a text to some columns, which it then shows."""
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 3:
        text = text[:-1]
    return text + "..."


def rows(run: Run, first: int) -> Iterator[Row]:
    """List the steps of a run from one on, and after each who came to stand before a blocked step."""
    closes = {
        d.step for d in run.defects if isinstance(d, Deadlock) and d.cycle and d.schedule is None
    }
    races = {a.step for d in run.defects if isinstance(d, Race) for a in d.accesses}
    blocked = came_to_block(run, first)
    for one in blocked:
        if one.step < first:
            yield Row(None, one.thread, f"... {in_mode(one.object, one.mode)}", "", one.place.line)
    for event in run.events[first:]:
        mark = "<- closes the circle" if event.step in closes else ""
        text = brief(run.world, event)
        if event.step in races:
            text = f"! {text}"
        yield Row(event.step, event.thread, text, mark, event.place.line)
        for one in blocked:
            if one.step == event.step:
                yield Row(
                    None, one.thread, f"... {in_mode(one.object, one.mode)}", "", one.place.line
                )


def table(run: Run, columns: int) -> list[str]:
    """Draw the schedule in the width that there is."""
    first = max(0, len(run.events) - MOST_ROWS)
    shown = list(rows(run, first))[-MOST_ROWS:]
    used = sorted({row.thread for row in shown})
    names = [run.world.name(thread) for thread in used]
    lines: list[str] = []
    earlier = next((row.step for row in shown if row.step is not None), 0)
    if earlier:
        lines.append(f"  ... {count(earlier, 'earlier step')}")
    digits = len(str(len(run.events)))
    room = (columns - digits - 4 - 22) // max(1, len(used)) - 2
    fits = len(used) <= MOST_COLUMNS and room >= max(COLUMN, *(width(n) for n in names), 0)
    if not fits:
        widest = max((width(name) for name in names), default=0)
        for row in shown:
            step = "" if row.step is None else str(row.step)
            name = padded(run.world.name(row.thread), widest)
            text = shortened(row.words, max(10, columns - digits - widest - 18))
            mark = f"  {row.mark}" if row.mark else ""
            lines.append(f"  {step:>{digits}}  {name}  {text}  (line {row.line}){mark}")
        return lines
    room = min(
        room, max([width(row.words) for row in shown] + [width(n) for n in names] + [COLUMN])
    )
    head = "".join(padded(name, room + 2) for name in names)
    lines.insert(0, f"  {'':>{digits}}  {head}".rstrip())
    for row in shown:
        step = "" if row.step is None else str(row.step)
        before = " " * ((room + 2) * used.index(row.thread))
        text = padded(shortened(row.words, room), room + 2)
        after = " " * ((room + 2) * (len(used) - used.index(row.thread) - 1))
        mark = row.mark
        lines.append(f"  {step:>{digits}}  {before}{text}{after if mark else ''}{mark}".rstrip())
    return lines
