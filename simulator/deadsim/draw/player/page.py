"""The page of a run: one file that needs nothing else."""

import json
import re
from collections.abc import Iterable
from importlib.resources import files
from typing import Any, Literal, NamedTuple, TypeAlias

from deadsim.draw.graphs.deadlock import stem
from deadsim.draw.graphs.graph import Edge, Node
from deadsim.draw.player.rows import HEADS, changes, row, switches, variables
from deadsim.draw.player.scenes import Scenes, drawn, scenes_of
from deadsim.draw.svg import escape
from deadsim.draw.time.film import Film, film, glyph, is_elsewhere
from deadsim.draw.time.timeline import timeline
from deadsim.draw.tokens import DARK, LIGHT, OF_GRAPHS, OF_TIME
from deadsim.draw.tokens import variables as colors
from deadsim.model.program import Choice
from deadsim.report.sentences import access_places, brief_title, count, details, headline
from deadsim.report.step_words import deed
from deadsim.report.text import command_for
from deadsim.report.text import verdict as verdict_of
from deadsim.runs.result import Run, Verdict
from deadsim.trace.finding import Deadlock, Finding, Race
from deadsim.trace.schedule import switches as count_switches
from deadsim.trace.schedule import text as schedule_text

Mode: TypeAlias = Literal["failure", "teach", "quiz"]
"""Where a page opens: on the failure; at the start; at the start, with questions."""


class Judged(NamedTuple):
    """What is known of the claims, and how it is said."""

    verdict: Verdict
    said: tuple[str, ...]


def judged_by(run: Run) -> Judged:
    """Give what a run says of the claims, and what it makes one suspect."""
    suspected = (f"suspicion, no defect: {headline(found)}" for found in run.suspicions)
    reasons = run.reasons if run.verdict == "refuted" else ()  # else the verdict says it
    return Judged(run.verdict, (f"verdict: {verdict_of(run)}", *reasons, *suspected))


SCRIPTS = ("film.mjs", "order.mjs", "view.mjs", "quiz.mjs", "main.mjs")
MOST_SCHEDULE = 300
"""Characters of a schedule that the head of a page shows."""


def player(
    run: Run,
    focus: Finding | None = None,
    *,
    schedule: tuple[Choice, ...] | None = None,
    judged: Judged | None = None,
    mode: Mode = "failure",
    layout: str | None = None,
    all_nodes: bool = False,
) -> str:
    """Write the page of a run, about one of its findings, or about the first.

    `schedule` is what replays it, where that is not the whole run; `judged` what is known of the claims, where that is
    more than this run says. The same run gives the same bytes.
    """
    judged = judged or judged_by(run)
    shown = film(run, focus, judged.verdict)
    scenes = scenes_of(shown, layout, all_nodes)
    graph, box = drawn(scenes)
    choices = run.schedule if schedule is None else schedule
    texts = {
        "title": escape(
            run.program.name if mode == "quiz" else f"{run.program.name}: {glyph(shown)}"
        ),
        "name": escape(run.program.name),
        "verdict": "\n".join(verdict(shown, judged.said)),
        "schedule": escape(said_schedule(run, choices)),
        "replay": replay(run, choices),
        "notice": notice(shown, scenes),
        "graph": f'<svg class="graph" id="graph" role="img" aria-labelledby="status" viewBox="{box}" font-family="Helvetica, Arial, sans-serif">{graph}</svg>',
        "source": source(run),
        "timeline": inlined(timeline(shown, bare=True), mode == "quiz"),
        "heads": "".join(f'<th scope="col">{head}</th>' for head in HEADS),
        "rows": "\n".join(table(shown)),
        "variables": "\n".join(variable_rows(shown)),
        "events": "\n".join(events(shown)),
        "first": str(shown.first),
        "last": str(shown.last),
        "begin": str(shown.first + 1),
        "style": style(),
        "script": script(),
        "data": embedded(data(shown, scenes, mode)),
    }
    # In one go: a text that looks like a place is not filled in again.
    return re.sub(r"<!--(\w+)-->", lambda place: texts[place[1]], asset("page.html"))


def asset(name: str) -> str:
    """Read a file beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def embedded(value: Any) -> str:
    """Write data so that it can stand in a page, whatever its texts are."""
    written = json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    return written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def style() -> str:
    """Give the style sheet: the colours, and how everything takes them."""
    dark = colors(DARK)
    return "\n".join(
        (
            f":root {{ color-scheme: light dark; {colors(LIGHT)} }}",
            f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}",
            f"@media print {{ :root {{ {colors(LIGHT)} }} }}",
            OF_GRAPHS,
            OF_TIME,
            compact(asset("page.css"), "/*"),
        )
    )


def script() -> str:
    """Join the modules into one script: what they import stands before them."""
    lines = [
        line
        for name in SCRIPTS
        for line in asset(name).split("\n")
        if not line.startswith("import ")
    ]
    return compact("\n".join(line.removeprefix("export ") for line in lines), "//")


def compact(text: str, comment: str) -> str:
    """Leave out indentation, empty lines and lines of comment: every page carries them."""
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith(comment))


def inlined(picture: str, secret: bool = False) -> str:
    """Give a picture without what the page has for all of its pictures; it is as wide as it was made, or as the page.

    A `secret` one says nothing of what it shows: there are questions about it.
    """
    start, end = picture.index("<style>"), picture.index("</style>") + len("</style>")
    if secret:
        start = picture.index("<title>")
    bare = picture[:start] + picture[end:].strip()
    return re.sub(r' width="([\d.]+)" height="[\d.]+" ', r' style="width:\1px" ', bare, count=1)


def verdict(film: Film, said: Iterable[str]) -> list[str]:
    """Say what was found: what the page is about first, with who waits for what; then all else, and the verdict."""
    focus = film.focus
    lines = []
    word = glyph(film)
    if focus is None:
        what = f"{film.run.outcome} after {count(film.last, 'step')}"
        lines.append(
            f'<p class="verdict {"fine" if word == "OK" else "bad"}"><strong>{word}</strong> {escape(what)}</p>'
        )
    else:
        when = "at the start" if focus.step is None else f"after step {focus.step + 1}"
        lines.append(
            f'<p class="verdict bad"><strong>{word}</strong> {when}: {escape(brief_title(focus))}</p>'
        )
        more = (
            access_places(focus, stem(film.run.program.file))
            if isinstance(focus, Race)
            else details(focus)
        )
        if more:
            lines.append(f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in more)}</ul>")
    for found in film.run.defects:
        if found != focus:
            words = headline(found)
            if is_elsewhere(found) and isinstance(found, Deadlock) and found.schedule is not None:
                command = command_for(film.run.program, found.schedule)
                words += (
                    f"; this run does not show it: {command}"
                    if command
                    else "; this run does not show it"
                )
            lines.append(f'<p class="more">{escape(words)}</p>')
    return [*lines, *(f'<p class="more">{escape(line)}</p>' for line in said)]


def said_schedule(run: Run, choices: tuple[Choice, ...]) -> str:
    """Say which schedule it is."""
    names = schedule_text(choices)
    changes = count(count_switches(choice.thread for choice in choices), "context switch")
    seed = "" if run.seed is None else f", seed {run.seed}"
    shown = names if len(names) <= MOST_SCHEDULE else f"{names[:MOST_SCHEDULE]}..."
    return f"schedule: {shown} ({changes}{seed})" if choices else "schedule: no step was taken"


def replay(run: Run, choices: tuple[Choice, ...]) -> str:
    """Give the command that replays it, with a button that copies it."""
    if not choices:
        return ""
    command = command_for(run.program, choices)
    if command is None:
        return "<p>replay: with <code>--save-schedule FILE</code>, then <code>deadsim replay FILE</code></p>"
    button = '<button type="button" id="copy">Copy</button> <span id="copied" role="status"></span>'
    return f'<p class="replay"><code id="command">{escape(command)}</code> {button}</p>'


def notice(film: Film, scenes: Scenes) -> str:
    """Say what is not shown."""
    lines = list(scenes.graph.sentences)
    if film.first:
        lines.append(
            f"The first {count(film.first, 'step')} are not shown; the last {film.last - film.first:,} are."
        )
    return "".join(f'<p class="notice">{escape(line)}</p>' for line in lines)


def source(run: Run) -> str:
    """Write the scenario's text, line by line."""
    lines = run.program.source.rstrip("\n").split("\n")
    return "\n".join(
        f'<div class="line" id="line-{number}"><i></i><span>{number}</span><code>{escape(line.expandtabs(4)) or " "}</code></div>'
        for number, line in enumerate(lines, 1)
    )


def table(film: Film) -> Iterable[str]:
    """Write the table of the threads, as they are at the end."""
    for number, one in enumerate(film.moments[-1].situation.threads, 1):
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row(one))
        yield f'<tr><th scope="row" data-key="{number}">{escape(one.thread)}</th>{cells}</tr>'


def variable_rows(film: Film) -> Iterable[str]:
    """Write the shared variables, as they are at the end."""
    state = film.moments[-1].state
    for number, name in variables(film).items():
        yield f'<tr><th scope="row">{escape(name)}</th><td>{escape(repr(state.objects[number]))}</td><td></td></tr>'


def events(film: Film) -> Iterable[str]:
    """Write the steps, one after the other: numbers of their own would make a long list slow to open."""
    world = film.run.world
    for number, event in enumerate(film.events):
        said = " ".join(changes(film.moments[number], film.moments[number + 1]))
        after = f" <small>{escape(said)}</small>" if said else ""
        name, what = escape(world.name(event.thread)), escape(deed(world, event))
        yield f"<li><b>{name}</b> {what} (line {event.place.line}).{after}</li>"


def data(film: Film, scenes: Scenes, mode: Mode) -> dict[str, Any]:
    """Give what the scripts need: everything that changes, as what it changes to, step by step."""
    focus = film.focus
    at = {name: place for place, name in enumerate(scenes.names)}
    looks = Table()
    arrows = Table()
    rows = Table()
    values = Table()
    shown = variables(film)
    deltas: list[dict[str, list[int]]] = []
    none = -2  # so that the first moment says all of it: -1 is an arrow that is not there
    sizes = (len(scenes.names), len(scenes.keys), len(film.run.world.threads), len(shown))
    before: tuple[list[int], ...] = tuple([none] * size for size in sizes)
    for moment, scene in zip(film.moments, scenes.scenes, strict=True):
        threads = moment.situation.threads
        now = (
            [looks.number(look(scene.nodes[name])) for name in scenes.names],
            [
                arrows.number(arrow(scene.edges[key])) if key in scene.edges else -1
                for key in scenes.keys
            ],
            [rows.number(row(one)) for one in threads],
            [values.number(repr(moment.state.objects[number])) for number in shown],
        )
        delta = {
            name: different(old, new) for name, old, new in zip("nerv", before, now, strict=True)
        }
        deltas.append(
            {name: changed for name, changed in delta.items() if changed}
            | {"x": list(moment.enabled)}
        )
        before = now
    events = film.events
    marks = [found.step + 1 for found in film.run.defects if isinstance(found, Race)]
    if isinstance(focus, Race):
        marks += [access.step + 1 for access in focus.accesses]
    return {
        "first": film.first,
        "last": film.last,
        "focus": None if focus is None else 0 if focus.step is None else focus.step + 1,
        "word": glyph(film),
        "mode": mode,
        "threads": list(film.run.world.names(film.run.world.threads)),
        "drawn": [at.get(name, -1) for name in film.run.world.names(film.run.world.threads)],
        "steps": [[event.thread, event.place.line] for event in events],
        "switches": switches(events),
        "races": sorted({mark for mark in marks if mark > film.first}),
        "orders": [[order.earlier + 1, order.later + 1] for order in film.orders],
        "variables": list(shown.values()),
        "looks": looks.items,
        "arrows": arrows.items,
        "rows": rows.items,
        "values": values.items,
        "moments": deltas,
    }


class Table:
    """Numbers what occurs often, so that it has to be written only once."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.numbers: dict[Any, int] = {}

    def number(self, item: Any) -> int:
        """Give the number of an item."""
        found = self.numbers.get(item)
        if found is None:
            found = self.numbers[item] = len(self.items)
            self.items.append(item)
        return found


def different(old: list[int], new: list[int]) -> list[int]:
    """Give each position whose number is another one, with that number behind it."""
    return [
        part
        for place, (one, two) in enumerate(zip(old, new, strict=True))
        if one != two
        for part in (place, two)
    ]


def look(node: Node) -> tuple[Any, ...]:
    """Give what changes in a node: its classes, its lines, its dots and its tooltip."""
    return (" ".join(node.classes), node.below, tuple(node.dots or ()), node.tooltip)


def arrow(edge: Edge) -> tuple[Any, ...]:
    """Give what changes in an arrow: its label, its tooltip, and whether it stands out."""
    return (edge.label, edge.tooltip, int(edge.strong))
