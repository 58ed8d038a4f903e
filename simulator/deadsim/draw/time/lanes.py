"""What stands in the lanes of a timeline: what each thread held, when it waited, and its steps."""

from typing import NamedTuple

from deadsim.draw import svg
from deadsim.draw.measure import shortened, width
from deadsim.draw.time.axis import Axis
from deadsim.draw.time.film import Film, Held, Waited
from deadsim.draw.tokens import LIGHT, MONO
from deadsim.report.sentences import at, wait_briefly, wait_sentence
from deadsim.report.step_words import deed
from deadsim.trace.finding import Deadlock, Race

LANE = 74.0
ROW = 19.0
BAR = 17.0
GAP = 16.0
MARGIN = 16.0
MOST_ORDERS = 30
"""Arrows of happens-before that are all shown; of more, those of the race alone."""


class Lane(NamedTuple):
    """A thread's lane: its top, and how many things it held at once."""

    top: float
    rows: int

    @property
    def bottom(self) -> float:
        """Give its lower edge."""
        return self.top + LANE + ROW * (max(1, self.rows) - 1)

    @property
    def waits(self) -> float:
        """Give the top of the row of waits."""
        return self.top + 8 + ROW * max(1, self.rows)

    @property
    def steps(self) -> float:
        """Give the middle of the row of steps."""
        return self.bottom - 15

    def holds(self, row: int) -> float:
        """Give the top of a row of what is held."""
        return self.top + 6 + ROW * row


class Stage(NamedTuple):
    """Where a film is drawn: time from left to right, a lane for each thread below `top`, names in the `gutter`."""

    film: Film
    axis: Axis
    lanes: tuple[Lane, ...]
    top: float
    gutter: float

    @property
    def bottom(self) -> float:
        """Give the lower edge of the last lane."""
        return self.lanes[-1].bottom if self.lanes else self.top

    def name(self, thread: int) -> str:
        """Name a thread."""
        return self.film.run.world.name(thread)

    def place(self, step: int) -> tuple[float, float]:
        """Give where the dot of a step is."""
        return self.axis.at(step), self.lanes[self.film.run.events[step].thread].steps

    def span(self, one: Held | Waited) -> tuple[float, float]:
        """Give from where to where something was so: what lasts goes on to the end."""
        return self.axis.since(one.start), self.axis.end if one.lasts else self.axis.since(one.end)

    def fits(self, waited: Waited) -> bool:
        """Decide whether the words of a wait fit into its bar."""
        x, end = self.span(waited)
        return width(wait_briefly(waited.wait), 11) + 14 <= end - x

    def hides(self, one: Held | Waited) -> bool:
        """Decide whether something began and ended among steps that are not drawn."""
        begun, ended = max(self.film.first, one.start - 1), one.end - 1
        columns = self.axis.column(begun), self.axis.column(ended)
        return not one.lasts and columns[0] == columns[1] and self.axis.hides(begun)

    def drawn(self) -> dict[int, tuple[int, int]]:
        """List the arrows of happens-before between steps that are drawn, by their numbers."""
        return {
            number: (order.earlier, order.later)
            for number, order in enumerate(self.film.orders)
            if not self.axis.hides(order.earlier) and not self.axis.hides(order.later)
        }

    def arrows(self) -> set[int]:
        """List the arrows of happens-before that are to be seen: of many, those at a race alone."""
        orders = self.drawn()
        near = {access.step for access in self.film.race or ()}
        return {n for n in orders if len(orders) <= MOST_ORDERS or near & set(orders[n])}


def held_bars(stage: Stage) -> list[str]:
    """Draw what each thread held."""
    drawn = []
    for held in stage.film.held:
        if stage.hides(held):
            continue
        x, end = stage.span(held)
        y = stage.lanes[held.thread].holds(held.row)
        parts = [bar("hold", x, y, end, LIGHT["holdbar"], LIGHT["hold"])]
        for words in (f"holds {held.words}", held.words):
            if width(words, 11) + 8 <= end - x:
                parts.append(svg.text(x + 5, y + 12.5, words, 11, text_anchor="start"))
                break
        tooltip = f"{stage.name(held.thread)} holds {held.object} {at(held.mode, held.line)}, {when(held)}"
        drawn.append(svg.group(parts, tooltip))
    return drawn


def wait_bars(stage: Stage) -> list[str]:
    """Draw when each thread waited."""
    drawn = []
    for waited in stage.film.waited:
        if stage.hides(waited):
            continue
        x, end = stage.span(waited)
        y = stage.lanes[waited.thread].waits
        parts = [
            svg.element(
                "rect", class_="hatch", x=x, y=y, width=end - x, height=BAR, fill=LIGHT["waitbar"]
            ),
            bar("wait", x, y, end, "url(#hatch)", LIGHT["wait"], "6 4"),
        ]
        if stage.fits(waited):
            words = wait_briefly(waited.wait)
            plate = {"x": x + 5, "y": y + 1.5, "width": width(words, 11) + 6, "height": BAR - 3}
            parts.append(svg.element("rect", class_="bg", fill=LIGHT["bg"], **plate))
            parts.append(svg.text(x + 8, y + 12.5, words, 11, "wait", text_anchor="start"))
        tooltip = f"{stage.name(waited.thread)} {wait_sentence(waited.wait)}, {when(waited)}"
        drawn.append(svg.group(parts, tooltip, class_="waited"))
    return drawn


def way(stage: Stage) -> list[str]:
    """Draw the way of the run from dot to dot: along a lane, and over to another."""
    runs, switches = [], []
    n = svg.number
    last: tuple[float, float] | None = None
    for column in stage.axis.columns:
        if column.gap:
            last = None
            continue
        x, y = stage.place(column.step)
        if last is not None and last[1] == y:
            runs.append(f"M{n(last[0])},{n(y)} H{n(x)}")
        elif last is not None:
            middle = (last[0] + x) / 2
            switches.append(f"M{n(last[0])},{n(last[1])} H{n(middle)} V{n(y)} H{n(x)}")
        last = (x, y)
    parts = []
    if switches:
        style: svg.Values = {"class_": "switch", "stroke": LIGHT["dim"], "stroke_dasharray": "1 3"}
        parts.append(svg.element("path", d=" ".join(switches), fill="none", **style))
    if runs:
        style = {"class_": "run", "stroke": LIGHT["ink"], "stroke_width": 1.5}
        parts.append(svg.element("path", d=" ".join(runs), fill="none", **style))
    return parts


def dots(stage: Stage) -> list[str]:
    """Draw the steps; those with which the members of a deadlock last took something are filled."""
    marked = last_acquires(stage.film)
    parts = []
    for column in stage.axis.columns:
        if column.gap:
            continue
        if column.steps > 1:
            parts.append(chip(stage, column.step, column.steps))
            continue
        x, y = stage.place(column.step)
        event = stage.film.run.events[column.step]
        filled = column.step in marked
        tooltip = f"step {column.step + 1}: {stage.name(event.thread)} {deed(stage.film.run.world, event)} (line {event.place.line})"
        circle = svg.element(
            "circle",
            svg.title(tooltip),
            id=f"step-{column.step + 1}",
            class_="step filled" if filled else "step",
            cx=x,
            cy=y,
            r=5,
            fill=LIGHT["ink" if filled else "bg"],
            stroke=LIGHT["ink"],
            stroke_width=1.5,
        )
        parts.append(circle)
    return parts


def gaps(stage: Stage) -> list[str]:
    """Draw where steps are left out: a strip across all lanes, with how many there are."""
    drawn = []
    top, height = stage.top - 4, stage.bottom - stage.top + 8
    for column in stage.axis.columns:
        if not column.gap:
            continue
        x, y = stage.axis.at(column.step), (stage.top + stage.bottom) / 2
        left, wide = x - stage.axis.width / 2, stage.axis.width
        style: svg.Values = {"class_": "switch", "stroke": LIGHT["dim"], "stroke_dasharray": "1 3"}
        strip = svg.element(
            "rect", class_="bg", fill=LIGHT["bg"], x=left, y=top, width=wide, height=height
        )
        sides = [
            svg.element("line", x1=side, y1=top, x2=side, y2=top + height, **style)
            for side in (left, left + wide)
        ]
        words = f"{column.steps:,} steps not drawn"
        if width(words, 11) > height:
            words = f"{column.steps:,}"
        turned = f"rotate(-90 {svg.number(x)} {svg.number(y)})"
        label = svg.text(x, y + 4, words, 11, "dim", transform=turned)
        tooltip = f"steps {column.step + 1:,} to {column.step + column.steps:,} are not drawn"
        drawn.append(svg.group((strip, *sides, label), tooltip))
    return drawn


def chip(stage: Stage, step: int, steps: int) -> str:
    """Draw several steps as one."""
    x, y = stage.place(step)
    words = f"{steps} steps"
    fits = width(words, 10) + 6 <= stage.axis.width
    half = width(words, 10) / 2 + 3 if fits else 6
    shape = {"x": x - half, "y": y - 8, "width": 2 * half, "height": 16, "rx": 8}
    box = svg.element("rect", class_="step chip", fill=LIGHT["bg"], stroke=LIGHT["ink"], **shape)
    label = [svg.text(x, y + 3.5, words, 10)] if fits else []
    name = stage.name(stage.film.run.events[step].thread)
    last = step + steps
    tooltip = f"steps {step + 1} to {last}: {name} takes {steps} steps that take, give and wait for nothing"
    return svg.group((box, *label), tooltip, id=f"step-{last}")


def last_acquires(film: Film) -> set[int]:
    """List the steps with which the members of a deadlock last took something."""
    found = film.focus
    if not isinstance(found, Deadlock):
        return set()
    core = {n for n in film.run.world.threads if film.run.world.name(n) in found.threads}
    signals = film.run.world.signals
    taken = (
        event
        for event in film.events
        if event.verb == "acquire"
        and event.success
        and event.thread in core
        and signals.isdisjoint(event.objects)
    )
    return set({event.thread: event.step for event in taken}.values())


def order_arrows(stage: Stage) -> list[str]:
    """Draw what the program orders between threads."""
    shown = stage.arrows()
    drawn = []
    n = svg.number
    for number, (earlier, later) in stage.drawn().items():
        (x1, y1), (x2, y2) = stage.place(earlier), stage.place(later)
        bend = max(12.0, (x2 - x1) / 2)
        path = f"M{n(x1 + 5)},{n(y1)} C{n(x1 + bend)},{n(y1)} {n(x2 - bend)},{n(y2)} {n(x2 - 7)},{n(y2)}"
        look: svg.Values = (
            {"class_": "order"} if number in shown else {"class_": "order off", "display": "none"}
        )
        drawn.append(svg.element("path", id=f"order-{number}", d=path, **look))
    if not drawn:
        return []
    style: svg.Values = {
        "fill": "none",
        "stroke": LIGHT["ink"],
        "stroke_width": 1.6,
        "marker_end": "url(#tip)",
    }
    return [TIP, svg.group(drawn, class_="orders", **style)]


def race_mark(stage: Stage) -> list[str]:
    """Draw the two accesses that nothing orders; the words stand in the gap between lanes."""
    pair, found = stage.film.race, stage.film.focus
    if pair is None or not isinstance(found, Race):
        return []
    (x1, y1), (x2, y2) = (stage.place(access.step) for access in pair)
    style: svg.Values = {"class_": "race mark", "stroke": LIGHT["race"]}
    parts = [
        svg.element(
            "line", x1=x1, y1=y1, x2=x2, y2=y2, stroke_width=2.5, stroke_dasharray="2 4", **style
        )
    ]
    for access, x, y in ((pair[0], x1, y1), (pair[1], x2, y2)):
        letter = shortened(
            f"{'W' if access.verb == 'write' else 'R'} {found.variable}",
            11,
            max(60, stage.axis.width),
        )
        parts.append(svg.element("circle", cx=x, cy=y, r=10, fill="none", stroke_width=2, **style))
        parts.append(svg.text(x, y + 22, letter, 11, "race", font_weight="bold"))
    y = min(y1, y2) + 15 + GAP / 2
    x = x1 + (x2 - x1) * ((y - y1) / (y2 - y1)) if y1 != y2 else (x1 + x2) / 2
    words = "race: no order"
    half = width(words, 11) / 2 + 4
    x += half + 14
    plate = svg.element(
        "rect", class_="bg", fill=LIGHT["bg"], x=x - half, y=y - 7, width=2 * half, height=15
    )
    return [*parts, plate, svg.text(x, y + 4, words, 11, "race", font_weight="bold")]


def names(stage: Stage) -> list[str]:
    """Draw the names, with how each thread is at the end: a group that a page can keep in view."""
    height = stage.bottom - stage.top + 24 + GAP / 2
    parts = [
        svg.element(
            "rect",
            class_="bg",
            x=0,
            y=stage.top - 24,
            width=stage.gutter,
            height=height,
            fill=LIGHT["bg"],
        )
    ]
    standings = stage.film.moments[-1].situation.threads
    for number, (one, lane) in enumerate(zip(standings, stage.lanes, strict=True)):
        y = (lane.top + lane.bottom) / 2
        name = shortened(one.thread, 13, stage.gutter - MARGIN - 4)
        status = f"{one.status} :{one.place.line}" if one.place else one.status
        words = svg.text(MARGIN, y - 2, name, 13, text_anchor="start", font_weight="bold")
        below = svg.text(MARGIN, y + 15, status, 11, "dim", text_anchor="start", font_family=MONO)
        parts.append(svg.group((words, below), one.thread, id=f"lane-{number}"))
    return [svg.group(parts, class_="names")]


def bar(
    kind: str,
    x: float,
    y: float,
    end: float,
    fill: str,
    stroke: str,
    dashes: str = "",
    height: float = BAR,
) -> str:
    """Draw a bar from x to its end."""
    style: svg.Values = {"stroke_dasharray": dashes} if dashes else {}
    return svg.element(
        "rect",
        class_=f"bar {kind}",
        x=x,
        y=y,
        width=max(1, end - x),
        height=height,
        fill=fill,
        stroke=stroke,
        stroke_width=1.5,
        **style,
    )


def when(one: Held | Waited) -> str:
    """Say from when to when something was so."""
    since = f"after step {one.start}" if one.start else "from the start"
    return f"{since} to the end" if one.lasts else f"{since} until step {one.end}"


HATCH = svg.element(
    "defs",
    svg.element(
        "pattern",
        svg.element(
            "line",
            class_="hatch-line",
            x1=0,
            y1=0,
            x2=0,
            y2=8,
            stroke=LIGHT["wait"],
            stroke_width=3,
            opacity=0.55,
        ),
        id="hatch",
        width=8,
        height=8,
        patternUnits="userSpaceOnUse",
        patternTransform="rotate(45)",
    ),
)
TIP = svg.element(
    "defs",
    svg.element(
        "marker",
        svg.element("path", d="M0,0 L8,4 L0,8 Z", class_="tip", fill=LIGHT["ink"]),
        id="tip",
        viewBox="0 0 8 8",
        refX=6,
        refY=4,
        markerWidth=8,
        markerHeight=8,
        markerUnits="userSpaceOnUse",
        orient="auto",
    ),
)
