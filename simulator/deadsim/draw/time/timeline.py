"""A run as a timeline: a lane for each thread, with what it held, when it waited, and its steps.

Numbers of steps count those taken: the first one is 1.
"""

from collections.abc import Iterator

from deadsim.draw import svg
from deadsim.draw.graphs.deadlock import numbered, stem
from deadsim.draw.measure import shortened, width
from deadsim.draw.time import lanes
from deadsim.draw.time.axis import Axis, axis, columns_of, elided
from deadsim.draw.time.film import Film, film, glyph
from deadsim.draw.time.lanes import GAP, HATCH, MARGIN, Lane, Stage, bar, when
from deadsim.draw.tokens import LIGHT, OF_TIME
from deadsim.report.sentences import (
    access_places,
    brief_title,
    count,
    message,
    wait_briefly,
    wait_sentence,
)
from deadsim.runs.result import Run, Verdict
from deadsim.trace.finding import Deadlock, Finding, Livelock, Race

ACROSS = 1120.0
TOP = 104.0
BARE_TOP = 50.0
"""Where the first lane begins: under the titles, or where there are none."""
MOST_CAPTIONS = 12
WIDEST_TAIL = 240.0


def draw_timeline(
    run: Run, focus: Finding | None = None, verdict: Verdict | None = None, whole: bool = False
) -> str:
    """Draw a run as SVG; `verdict` as in `film`, `whole` as in `timeline`."""
    return timeline(film(run, focus, verdict), whole=whole)


def timeline(shown: Film, bare: bool = False, whole: bool = False) -> str:
    """Draw a run as SVG, from what changed over time; `bare` leaves out what a page around it says.

    A long one is drawn without its middle, unless it is to be `whole` or a page around it has room for it.
    """
    stage = staged(shown, BARE_TOP if bare else TOP, whole or bare)
    heading, about = title(shown)
    gaps = [column for column in stage.axis.columns if column.gap]
    if gaps:
        where = " and ".join(f"{gap.step + 1:,} to {gap.step + gap.steps:,}" for gap in gaps)
        about += f"; steps {where} are not drawn (--all-nodes draws them)"
    said = captions(stage)
    lines = [] if bare else said
    across = max(stage.axis.end + MARGIN, *(width(line, 12.5) + 2 * MARGIN for line in lines), 320)
    if not bare:
        across = max(across, width(heading, 18, True) + 2 * MARGIN)
    across = min(across, max(ACROSS, stage.axis.end + MARGIN))
    room = across - 2 * MARGIN
    head = (
        svg.text(MARGIN, 34, heading, 18, text_anchor="start", font_weight="bold"),
        svg.text(MARGIN, 54, shortened(about, 12.5, room), 12.5, "dim", text_anchor="start"),
    )
    parts = [
        *(() if bare else head),
        HATCH,
        *grid(stage),
        *lanes.held_bars(stage),
        *lanes.wait_bars(stage),
        *lanes.way(stage),
        *lanes.order_arrows(stage),
        *lanes.race_mark(stage),
        *lanes.dots(stage),
        *lanes.gaps(stage),
        *verdict(stage),
        *lanes.names(stage),
    ]
    y = stage.bottom + 26
    for line in lines:
        parts.append(svg.text(MARGIN, y, shortened(line, 12.5, room), 12.5, text_anchor="start"))
        y += 20
    explained, y = legend(stage, y + 6, across)
    return svg.picture(
        across, y + 20, [*parts, *explained], heading, " ".join([about, *said]), OF_TIME
    )


def staged(shown: Film, top: float, whole: bool = True) -> Stage:
    """Find where everything goes; of a long run without its middle, unless it is to be `whole`."""
    world = shown.run.world
    gutter = min(
        220.0,
        max(120.0, *(width(name, 13, True) + 2 * MARGIN for name in world.names(world.threads)), 0),
    )
    alone = {access.step for access in shown.race or ()}
    if shown.focus is not None and shown.focus.step is not None:
        alone.add(shown.focus.step)
    columns = columns_of(shown.events, alone)
    over: Axis = axis(
        columns if whole else elided(columns, alone), gutter + 10, tail(shown), ACROSS - MARGIN
    )
    made: list[Lane] = []
    y = top
    for thread in world.threads:
        rows = max((held.row + 1 for held in shown.held if held.thread == thread), default=1)
        made.append(Lane(y, rows))
        y = made[-1].bottom + GAP
    return Stage(shown, over, tuple(made), top, gutter)


def tail(shown: Film) -> float:
    """Give room behind the last step for the words of those who wait at the end."""
    last = [waited for waited in shown.waited if waited.lasts]
    if not last:
        return 30.0
    return min(WIDEST_TAIL, max(width(wait_briefly(one.wait), 11) + 16 for one in last))


def title(shown: Film) -> tuple[str, str]:
    """Say what it shows, and of what."""
    steps = count(shown.last, "step")
    about = f"{shown.run.program.name}, {steps}"
    if shown.first:
        about += f"; the first {shown.first:,} are not shown"
    found = shown.focus
    what = brief_title(found) if found is not None else f"{shown.run.outcome} after {steps}"
    return f"{glyph(shown)}: {what}", about


def grid(stage: Stage) -> Iterator[str]:
    """Draw the numbers of the steps, and a line under each lane."""
    each = 1 if stage.axis.width >= 26 else 5
    for column in stage.axis.columns:
        number = column.step + 1
        if column.steps == 1 and number % each == 0:
            yield svg.text(stage.axis.at(column.step), stage.top - 12, str(number), 11, "dim")
    style: svg.Values = {
        "class_": "grid",
        "stroke": LIGHT["dim"],
        "stroke_width": 0.5,
        "opacity": 0.5,
    }
    for lane in stage.lanes:
        y = lane.bottom + GAP / 2
        yield svg.element("line", x1=MARGIN, y1=y, x2=stage.axis.end, y2=y, **style)


def verdict(stage: Stage) -> Iterator[str]:
    """Draw where it went wrong: at the end of that step; or say that it went well."""
    shown, over = stage.film, stage.axis
    word, found = glyph(shown), shown.focus
    y = stage.top - 30
    if found is None or found.step is None:
        if isinstance(found, Livelock):
            yield bracket(stage, found)
        color = "ok" if word == "OK" else "wait"
        yield svg.text(over.end, y, word, 13, color, text_anchor="end", font_weight="bold")
        return
    x = over.end if found.step >= shown.last - 1 else over.at(found.step) + over.width / 2
    if not isinstance(found, Race):
        line: svg.Values = {"class_": "verdict", "stroke": LIGHT["wait"], "stroke_width": 3}
        yield svg.element("line", x1=x, y1=y + 6, x2=x, y2=stage.bottom, **line)
    if isinstance(found, Livelock):
        yield bracket(stage, found)
    words = f"{word}, step {found.step + 1}"
    anchor = "end" if x + width(words, 13, True) > over.end else "start"
    color = "race" if isinstance(found, Race) else "wait"
    yield svg.text(x, y, words, 13, color, text_anchor=anchor, font_weight="bold")


def bracket(stage: Stage, found: Livelock) -> str:
    """Draw a bracket over the steps once round."""
    shown, over = stage.film, stage.axis
    first = max(shown.first, shown.last - len(found.loop))
    n = svg.number
    x, y = over.at(first) - over.width / 2, stage.top - 8
    path = f"M{n(x)},{n(y + 5)} V{n(y)} H{n(over.end - over.tail)} V{n(y + 5)}"
    tooltip = svg.title(f"the last {count(len(found.loop), 'step')} go round for ever")
    return svg.element(
        "path", tooltip, d=path, fill="none", class_="verdict", stroke=LIGHT["wait"], stroke_width=2
    )


def captions(stage: Stage) -> list[str]:
    """Say in words what there is to see, and what did not fit."""
    shown, found = stage.film, stage.film.focus
    lines: list[str] = []
    said: set[str] = set()
    if isinstance(found, Deadlock):
        lines += numbered(found)
        said = set(found.threads)
    elif isinstance(found, Race):
        lines += access_places(found, stem(shown.run.program.file))
    elif found is not None:
        lines.append(message(found))
    cut = [
        one
        for one in shown.waited
        if not stage.fits(one)
        and not stage.hides(one)
        and not (one.lasts and one.wait.thread in said)
    ]
    lines += [
        f"{one.wait.thread} {wait_sentence(one.wait)}, {when(one)}" for one in cut[:MOST_CAPTIONS]
    ]
    if len(cut) > MOST_CAPTIONS:
        lines.append(f"+{count(len(cut) - MOST_CAPTIONS, 'more wait')}, each with a tooltip")
    return lines


def legend(stage: Stage, y: float, across: float) -> tuple[list[str], float]:
    """Explain the marks that are used, in rows; gives where the last row is."""
    shown = stage.film
    threads = [shown.run.events[one.step].thread for one in stage.axis.columns if not one.gap]
    used = {
        "holds": bool(shown.held),
        "waits": bool(shown.waited),
        "context switch": len(set(threads)) > 1,
        "happens before": bool(stage.arrows()),
        "race": shown.race is not None,
    }
    parts: list[str] = []
    x = MARGIN
    for words in (name for name, shows in used.items() if shows):
        wide = 34 + width(words, 11) + 22
        if x > MARGIN and x + wide > across - MARGIN:
            x, y = MARGIN, y + 20
        parts += [
            sample(words, x, y),
            svg.text(x + 32, y + 4, words, 11, "dim", text_anchor="start"),
        ]
        x += wide
    return parts, y


def sample(words: str, x: float, y: float) -> str:
    """Draw a mark for the legend."""
    line: svg.Values = {"x1": x, "y1": y, "x2": x + 22, "y2": y}
    match words:
        case "holds":
            return bar("hold", x, y - 6, x + 26, LIGHT["holdbar"], LIGHT["hold"], height=12)
        case "waits":
            back = svg.element(
                "rect", class_="hatch", x=x, y=y - 6, width=26, height=12, fill=LIGHT["waitbar"]
            )
            return back + bar(
                "wait", x, y - 6, x + 26, "url(#hatch)", LIGHT["wait"], "6 4", height=12
            )
        case "context switch":
            return svg.element(
                "line", class_="switch", stroke=LIGHT["dim"], stroke_dasharray="1 3", **line
            )
        case "happens before":
            style: svg.Values = {
                "stroke": LIGHT["ink"],
                "stroke_width": 1.6,
                "marker_end": "url(#tip)",
            }
            return svg.element("line", class_="order", **line, **style)
        case _:
            ring: svg.Values = {"cx": x + 13, "cy": y, "r": 7, "fill": "none", "stroke_width": 2}
            return svg.element("circle", class_="race mark", stroke=LIGHT["race"], **ring)
