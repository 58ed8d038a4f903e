"""A run as a timeline: a lane for each thread, with what it held, when it waited, and its steps.

Numbers of steps count those taken: the first one is 1.
"""

from typing import NamedTuple

from deadsim.draw import svg
from deadsim.draw.axis import Axis, axis, columns_of
from deadsim.draw.deadlock import numbered, stem
from deadsim.draw.film import Film, Held, Waited, film, glyph
from deadsim.draw.measure import shortened, width
from deadsim.draw.tokens import LIGHT, MONO, OF_TIME
from deadsim.report.deeds import deed
from deadsim.report.sentences import access_places, count, deadlock_title, message, wait_sentence
from deadsim.runs.result import Run
from deadsim.trace.finding import Deadlock, Finding, Livelock, Race, Wait

ACROSS = 1120.0
TOP = 104.0
BARE_TOP = 50.0
"""Where the first lane begins: under the titles, or where there are none."""
LANE = 74.0
ROW = 19.0
BAR = 17.0
GAP = 16.0
MARGIN = 16.0
MOST_ORDERS = 30
"""Arrows of happens-before that are all shown; of more, those of the race alone."""
MOST_CAPTIONS = 12
WIDEST_TAIL = 240.0


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


def draw_timeline(run: Run, focus: Finding | None = None) -> str:
    """Draw a run as SVG."""
    return timeline(film(run, focus))


def timeline(shown: Film, bare: bool = False) -> str:
    """Draw a run as SVG, from what changed over time; `bare` leaves out what a page around it says."""
    return Timeline(shown, bare).picture()


def wait_text(wait: Wait) -> str:
    """Say in a few words what a thread waits for, and whose it is."""
    limit = f" ({wait.timeout} s)" if wait.timeout is not None else ""
    whose = f" <- {', '.join(wait.wakers)}" if wait.wakers and wait.want != "end" else ""
    end = "the end of " if wait.want == "end" else ""
    return f"waits for {end}{wait.object}{limit}{whose}"


class Timeline:
    """One picture in the making."""

    def __init__(self, shown: Film, bare: bool = False) -> None:
        self.film = shown
        self.bare = bare
        self.top = BARE_TOP if bare else TOP
        self.program = shown.run.program
        self.file = stem(self.program.file)
        self.now = shown.moments[-1].situation
        self.marked = self.last_acquires()
        names = max(width(one.thread, 13, True) for one in self.now.threads) if self.now.threads else 0.0
        self.gutter = min(220.0, max(120.0, names + 2 * MARGIN))
        seen = {access.step for access in shown.race or ()}
        columns = columns_of(shown.events, seen | ({shown.focus.step} if shown.focus and shown.focus.step is not None else set()))
        left = self.gutter + 10
        self.axis: Axis = axis(columns, left, self.tail(), ACROSS - MARGIN)
        self.lanes = self.lay_out()
        self.cut: list[Waited] = []  # waits whose words did not fit
        self.used: dict[str, None] = {}  # marks, for the legend

    def tail(self) -> float:
        """Give room behind the last step for the words of those who wait at the end."""
        last = [wait for wait in self.film.waited if wait.lasts]
        if not last:
            return 30.0
        return min(WIDEST_TAIL, max(width(wait_text(one.wait), 11) + 16 for one in last))

    def lay_out(self) -> list[Lane]:
        """Give each thread its lane."""
        lanes: list[Lane] = []
        top = self.top
        for thread in range(len(self.now.threads)):
            rows = max((held.row + 1 for held in self.film.held if held.thread == thread), default=1)
            lanes.append(Lane(top, rows))
            top = lanes[-1].bottom + GAP
        return lanes

    def last_acquires(self) -> set[int]:
        """List the steps with which the members of a deadlock last took something."""
        found = self.film.focus
        if not isinstance(found, Deadlock):
            return set()
        core = {number for number, t in enumerate(self.program.threads) if t.name in found.threads}
        last = {e.thread: e.step for e in self.film.events if e.verb == "acquire" and e.success and e.thread in core}
        return set(last.values())

    def picture(self) -> str:
        """Draw all of it."""
        head = self.heading()
        parts = [
            HATCH,
            *self.grid(),
            *self.holds(),
            *self.waits(),
            *self.way(),
            *self.orders(),
            *self.race(),
            *self.dots(),
            *self.verdict(),
            *self.names(),
        ]
        bottom = (self.lanes[-1].bottom if self.lanes else self.top) + 26
        captions = self.captions()
        shown = () if self.bare else captions
        across = max(self.axis.end + MARGIN, *(width(line, 12.5) + 2 * MARGIN for line in shown), 320)
        if not self.bare:
            across = max(across, width(head[0], 18, True) + 2 * MARGIN)
        across = min(across, max(ACROSS, self.axis.end + MARGIN))
        foot = []
        for line in shown:
            words = shortened(line, 12.5, across - 2 * MARGIN)
            foot.append(svg.text(MARGIN, bottom, words, 12.5, text_anchor="start"))
            bottom += 20
        legend, end = self.legend(bottom + 6, across)
        titles = [
            svg.text(MARGIN, 34, head[0], 18, text_anchor="start", font_weight="bold"),
            svg.text(MARGIN, 54, shortened(head[1], 12.5, across - 2 * MARGIN), 12.5, "dim", text_anchor="start"),
        ]
        description = " ".join([head[1], *captions])
        above = () if self.bare else titles
        return svg.picture(across, end + 20, [*above, *parts, *foot, *legend], head[0], description, OF_TIME)

    def heading(self) -> tuple[str, str]:
        """Say what it shows, and of what."""
        found, steps = self.film.focus, count(self.film.last, "step")
        name = f"{self.program.name}, {steps}"
        if self.film.first:
            name += f"; the first {self.film.first:,} are not shown"
        word = glyph(self.film)
        if found is None:
            return f"{word}: {self.film.run.outcome} after {steps}", name
        return f"{word}: {short(found)}", name

    def grid(self) -> list[str]:
        """Draw the numbers of the steps, and a line under each lane."""
        columns, each = self.axis.columns, 1 if self.axis.width >= 26 else 5
        parts = []
        for column in columns:
            number = column.step + 1
            if column.steps > 1 or (each > 1 and number % each):
                continue
            parts.append(svg.text(self.axis.at(column.step), self.top - 12, str(number), 11, "dim"))
        style: svg.Values = {"class_": "grid", "stroke": LIGHT["dim"], "stroke_width": 0.5, "opacity": 0.5}
        for lane in self.lanes:
            y = lane.bottom + GAP / 2
            parts.append(svg.element("line", x1=MARGIN, y1=y, x2=self.axis.end, y2=y, **style))
        return parts

    def holds(self) -> list[str]:
        """Draw what each thread held."""
        return [self.hold(held) for held in self.film.held]

    def hold(self, held: Held) -> str:
        x, end = self.axis.since(held.start), self.axis.end if held.lasts else self.axis.since(held.end)
        y = self.lanes[held.thread].holds(held.row)
        name = self.now.threads[held.thread].thread
        self.used["hold"] = None
        parts = [bar("hold", x, y, end, LIGHT["holdbar"], LIGHT["hold"])]
        for words in (f"holds {held.object}", held.object):
            if width(words, 11) + 8 <= end - x:
                parts.append(svg.text(x + 5, y + 12.5, words, 11, text_anchor="start"))
                break
        tooltip = f"{name} holds {held.object} (line {held.line}), {span(held)}"
        return svg.group(parts, tooltip)

    def waits(self) -> list[str]:
        """Draw when each thread waited."""
        return [self.wait(waited) for waited in self.film.waited]

    def wait(self, waited: Waited) -> str:
        x, end = self.axis.since(waited.start), self.axis.end if waited.lasts else self.axis.since(waited.end)
        y = self.lanes[waited.thread].waits
        self.used["wait"] = None
        parts = [
            svg.element("rect", class_="hatch", x=x, y=y, width=end - x, height=BAR, fill=LIGHT["waitbar"]),
            bar("wait", x, y, end, "url(#hatch)", LIGHT["wait"], "6 4"),
        ]
        words = wait_text(waited.wait)
        room = width(words, 11) + 6
        if room + 8 <= end - x:
            plate = {"x": x + 5, "y": y + 1.5, "width": room, "height": BAR - 3}
            parts.append(svg.element("rect", class_="bg", fill=LIGHT["bg"], **plate))
            parts.append(svg.text(x + 8, y + 12.5, words, 11, "wait", text_anchor="start"))
        else:
            self.cut.append(waited)
        name = self.now.threads[waited.thread].thread
        tooltip = f"{name} {wait_sentence(waited.wait)}, {span(waited)}"
        return svg.group(parts, tooltip)

    def place(self, step: int) -> tuple[float, float]:
        """Give where the dot of a step is."""
        return self.axis.at(step), self.lanes[self.film.run.events[step].thread].steps

    def way(self) -> list[str]:
        """Draw the way of the run from dot to dot: along a lane, and over to another."""
        runs, switches = [], []
        n = svg.number
        last: tuple[float, float] | None = None
        for column in self.axis.columns:
            x, y = self.place(column.step)
            if last is not None and last[1] == y:
                runs.append(f"M{n(last[0])},{n(y)} H{n(x)}")
            elif last is not None:
                middle = (last[0] + x) / 2
                switches.append(f"M{n(last[0])},{n(last[1])} H{n(middle)} V{n(y)} H{n(x)}")
            last = (x, y)
        parts = []
        if switches:
            self.used["switch"] = None
            style: svg.Values = {"class_": "switch", "stroke": LIGHT["dim"], "stroke_dasharray": "1 3"}
            parts.append(svg.element("path", d=" ".join(switches), fill="none", **style))
        if runs:
            parts.append(svg.element("path", d=" ".join(runs), fill="none", class_="run", stroke=LIGHT["ink"], stroke_width=1.5))
        return parts

    def dots(self) -> list[str]:
        """Draw the steps."""
        parts = []
        for column in self.axis.columns:
            x, y = self.place(column.step)
            event = self.film.run.events[column.step]
            name = self.now.threads[event.thread].thread
            if column.steps > 1:
                words = f"{column.steps} steps"
                fits = width(words, 10) + 6 <= self.axis.width
                half = width(words, 10) / 2 + 3 if fits else 6
                box = svg.element(
                    "rect", class_="step chip", x=x - half, y=y - 8, width=2 * half, height=16, rx=8,
                    fill=LIGHT["bg"], stroke=LIGHT["ink"],
                )  # fmt: skip
                label = [svg.text(x, y + 3.5, words, 10)] if fits else []
                last = column.step + column.steps
                tooltip = f"steps {column.step + 1} to {last}: {name} takes {column.steps} steps that concern nobody else"
                parts.append(svg.group((box, *label), tooltip, id=f"step-{last}"))
                continue
            filled = column.step in self.marked
            circle = svg.element(
                "circle",
                svg.title(f"step {column.step + 1}: {name} {deed(self.program, event)} (line {event.place.line})"),
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

    def orders(self) -> list[str]:
        """Draw what the program orders between threads; of many arrows only those at a race are to be seen."""
        many = len(self.film.orders) > MOST_ORDERS
        near = {access.step for access in self.film.race or ()}
        drawn = []
        n = svg.number
        for number, (earlier, later) in enumerate(self.film.orders):
            (x1, y1), (x2, y2) = self.place(earlier), self.place(later)
            bend = max(12.0, (x2 - x1) / 2)
            path = f"M{n(x1 + 5)},{n(y1)} C{n(x1 + bend)},{n(y1)} {n(x2 - bend)},{n(y2)} {n(x2 - 7)},{n(y2)}"
            hidden = many and not near & {earlier, later}
            if not hidden:
                self.used["order"] = None
            drawn.append(svg.element("path", id=f"order-{number}", class_="order off" if hidden else "order", d=path))
        if not drawn:
            return []
        style: svg.Values = {"fill": "none", "stroke": LIGHT["ink"], "stroke_width": 1.6, "marker_end": "url(#tip)"}
        return [TIP, svg.group(drawn, class_="orders", **style)]

    def race(self) -> list[str]:
        """Draw the two accesses that nothing orders."""
        pair = self.film.race
        found = self.film.focus
        if pair is None or not isinstance(found, Race):
            return []
        self.used["race"] = None
        (x1, y1), (x2, y2) = (self.place(access.step) for access in pair)
        color = LIGHT["race"]
        parts = [
            svg.element("line", class_="race mark", x1=x1, y1=y1, x2=x2, y2=y2, stroke=color, stroke_width=2.5, stroke_dasharray="2 4")
        ]
        for access, x, y in ((pair[0], x1, y1), (pair[1], x2, y2)):
            letter = f"{'W' if access.verb == 'write' else 'R'} {found.variable}"
            parts.append(svg.element("circle", class_="race mark", cx=x, cy=y, r=10, fill="none", stroke=color, stroke_width=2))
            parts.append(svg.text(x, y + 22, shortened(letter, 11, max(60, self.axis.width)), 11, "race", font_weight="bold"))
        upper, lower = sorted((y1, y2))
        y = upper + 15 + GAP / 2
        x = x1 + (x2 - x1) * ((y - y1) / (y2 - y1)) if lower > upper else (x1 + x2) / 2
        words = "race: no order"
        half = width(words, 11) / 2 + 4
        side = x + half + 14
        parts.append(svg.element("rect", class_="bg", fill=LIGHT["bg"], x=side - half, y=y - 7, width=2 * half, height=15))
        parts.append(svg.text(side, y + 4, words, 11, "race", font_weight="bold"))
        return parts

    def verdict(self) -> list[str]:
        """Draw where it went wrong: at the end of that step, or that it went well."""
        bottom = self.lanes[-1].bottom if self.lanes else self.top
        word, found = glyph(self.film), self.film.focus
        step = None if found is None else found.step
        if found is None or step is None:
            color = "ok" if word == "OK" else "wait"
            return [svg.text(self.axis.end, self.top - 30, word, 13, color, text_anchor="end", font_weight="bold")]
        stands = isinstance(found, Deadlock) and step == self.film.last - 1
        x = self.axis.end if stands or step >= self.film.last - 1 else self.axis.at(step) + self.axis.width / 2
        color = "race" if isinstance(found, Race) else "wait"
        words = f"{word}, step {step + 1}"
        anchor = "end" if x + width(words, 13, True) > self.axis.end else "start"
        line: svg.Values = {"class_": "verdict", "stroke": LIGHT["wait"], "stroke_width": 3}
        parts = [] if isinstance(found, Race) else [svg.element("line", x1=x, y1=self.top - 24, x2=x, y2=bottom, **line)]
        if isinstance(found, Livelock):
            parts += self.round(found)
        return [*parts, svg.text(x, self.top - 30, words, 13, color, text_anchor=anchor, font_weight="bold")]

    def round(self, found: Livelock) -> list[str]:
        """Draw a bracket over the steps once round."""
        first = max(self.film.first, self.film.last - len(found.loop))
        n = svg.number
        x, y = self.axis.at(first) - self.axis.width / 2, self.top - 8
        path = f"M{n(x)},{n(y + 5)} V{n(y)} H{n(self.axis.end - self.axis.tail)} V{n(y + 5)}"
        tooltip = svg.title(f"the last {count(len(found.loop), 'step')} go round for ever")
        return [svg.element("path", tooltip, d=path, fill="none", class_="verdict", stroke=LIGHT["wait"], stroke_width=2)]

    def names(self) -> list[str]:
        """Draw the names, with how each thread is at the end: a group that a page can keep in view."""
        height = (self.lanes[-1].bottom if self.lanes else self.top) - self.top + 24 + GAP / 2
        back = svg.element("rect", class_="bg", x=0, y=self.top - 24, width=self.gutter, height=height, fill=LIGHT["bg"])
        parts = [back]
        for number, (one, lane) in enumerate(zip(self.now.threads, self.lanes, strict=True)):
            y = (lane.top + lane.bottom) / 2
            name = shortened(one.thread, 13, self.gutter - MARGIN - 4)
            where = f" :{one.place.line}" if one.place else ""
            words = svg.text(MARGIN, y - 2, name, 13, text_anchor="start", font_weight="bold")
            status = svg.text(MARGIN, y + 15, f"{one.status}{where}", 11, "dim", text_anchor="start", font_family=MONO)
            parts.append(svg.group((words, status), one.thread, id=f"lane-{number}"))
        return [svg.group(parts, class_="names")]

    def captions(self) -> list[str]:
        """Say in words what there is to see, and what did not fit."""
        found = self.film.focus
        lines: list[str] = []
        if isinstance(found, Deadlock):
            lines += numbered(found)
        elif isinstance(found, Race):
            lines += access_places(found, self.file)
        elif found is not None:
            lines.append(message(found))
        said = set(found.threads) if isinstance(found, Deadlock) else set()
        more = [one for one in self.cut if not (one.lasts and one.wait.thread in said)]
        for one in more[:MOST_CAPTIONS]:
            lines.append(f"{one.wait.thread} {wait_sentence(one.wait)}, {span(one)}")
        if len(more) > MOST_CAPTIONS:
            lines.append(f"+{count(len(more) - MOST_CAPTIONS, 'more wait')}, each with a tooltip")
        return lines

    def legend(self, y: float, across: float) -> tuple[list[str], float]:
        """Explain the marks that are used, in rows."""
        parts: list[str] = []
        x = MARGIN
        for name, words in LEGEND.items():
            if name not in self.used:
                continue
            wide = 34 + width(words, 11) + 22
            if x > MARGIN and x + wide > across - MARGIN:
                x, y = MARGIN, y + 20
            parts += [sample(name, x, y), svg.text(x + 32, y + 4, words, 11, "dim", text_anchor="start")]
            x += wide
        return parts, y


LEGEND = {
    "hold": "holds",
    "wait": "waits",
    "switch": "context switch",
    "order": "happens before",
    "race": "race",
}


def sample(name: str, x: float, y: float) -> str:
    """Draw a mark for the legend."""
    match name:
        case "hold":
            return bar("hold", x, y - 6, x + 26, LIGHT["holdbar"], LIGHT["hold"], height=12)
        case "wait":
            back = svg.element("rect", class_="hatch", x=x, y=y - 6, width=26, height=12, fill=LIGHT["waitbar"])
            return back + bar("wait", x, y - 6, x + 26, "url(#hatch)", LIGHT["wait"], "6 4", height=12)
        case "switch":
            return svg.element("line", class_="switch", x1=x, y1=y, x2=x + 26, y2=y, stroke=LIGHT["dim"], stroke_dasharray="1 3")
        case "order":
            return svg.element(
                "line", class_="order", x1=x, y1=y, x2=x + 22, y2=y, stroke=LIGHT["ink"], stroke_width=1.6, marker_end="url(#tip)"
            )
        case _:
            return svg.element("circle", class_="race mark", cx=x + 13, cy=y, r=7, fill="none", stroke=LIGHT["race"], stroke_width=2)


def bar(kind: str, x: float, y: float, end: float, fill: str, stroke: str, dashes: str = "", height: float = BAR) -> str:
    """Draw a bar from x to its end."""
    style: svg.Values = {"stroke_dasharray": dashes} if dashes else {}
    return svg.element(
        "rect", class_=f"bar {kind}", x=x, y=y, width=max(1, end - x), height=height, fill=fill, stroke=stroke, stroke_width=1.5, **style
    )


def span(one: Held | Waited) -> str:
    """Say from when to when something was so."""
    since = f"after step {one.start}" if one.start else "from the start"
    return f"{since} to the end" if one.lasts else f"{since} until step {one.end}"


def short(found: Finding) -> str:
    """Name a finding in a few words, with its steps counted from 1."""
    match found:
        case Deadlock():
            return deadlock_title(found, 1)
        case Race():
            first, second = found.accesses
            return f"{first.thread} and {second.thread} use {found.variable}, and nothing orders them"
        case _:
            return message(found)


HATCH = svg.element(
    "defs",
    svg.element(
        "pattern",
        svg.element("line", class_="hatch-line", x1=0, y1=0, x2=0, y2=8, stroke=LIGHT["wait"], stroke_width=3, opacity=0.55),
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
