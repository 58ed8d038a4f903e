"""What can be drawn of a result: of a run, or of all schedules, with one picture for each defect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from deadsim.model.program import Choice
from deadsim.runs.result import Run
from deadsim.trace.finding import Deadlock, Finding

if TYPE_CHECKING:
    from deadsim.draw.player.page import Judged, Mode
    from deadsim.exploration.verdicts.result import Exploration

Result: TypeAlias = "Run | Exploration"
"""What is drawn."""


class Shown(NamedTuple):
    """A run, which of its findings it is shown for (None: it shows none), what replays it, and what is known then."""

    run: Run
    focus: Finding | None
    schedule: tuple[Choice, ...]
    judged: Judged


def shown(result: Result) -> Iterator[Shown]:
    """Give what is to be drawn: a run for each defect; any run where there is none.

    A deadlock that was predicted from a run is shown by the run that has it, after what that run has itself.
    """
    if not isinstance(result, Run):
        judged = judged_by_all(result)
        for defect in result.defects:
            yield Shown(defect.run, defect.finding, defect.replay, judged)
        if not result.defects:
            run = result.example.run
            yield Shown(run, None, run.schedule, judged)
        return
    from deadsim.draw.player.page import judged_by

    elsewhere = [found for found in result.deadlocks if found.schedule is not None]
    own: list[Finding | None] = [found for found in result.defects if found not in elsewhere]
    for found in own or [None]:
        yield Shown(result, found, result.schedule, judged_by(result))
    for predicted in elsewhere:
        run = result.replays[predicted.schedule or ()]
        yield Shown(run, run.deadlocks[0] if run.deadlocks else None, run.schedule, judged_by(run))


def judged_by_all(result: Exploration) -> Judged:
    """Give what all schedules say of the claims, or as many as were looked at."""
    from deadsim.draw.player.page import Judged
    from deadsim.report.exploration import verdict

    said = [f"verdict: {verdict(result)}"]
    if result.covered is not None:
        said.append(f"covered: {result.covered}")
    if not result.defects:
        said.append(
            "no schedule that was looked at shows a defect of those asked for; this is one run"
        )
    return Judged(result.verdict, tuple(said))


def rings(result: Result, layout: str | None = None, all_nodes: bool = False) -> Iterator[str]:
    """Draw the ring of each deadlock as SVG, or the wait-for graph at the end where there is none."""
    if result.deadlocks:
        from deadsim.draw.graphs.ring import draw_ring

        for run, found in deadlocks(result):
            yield draw_ring(run, found)
        return
    from deadsim.draw.graphs.layout import draw_graph
    from deadsim.draw.graphs.run_graph import graph_of

    yield draw_graph(graph_of(next(shown(result)).run, "wait-for", all_nodes), layout)


def deadlocks(result: Result) -> Iterator[tuple[Run, Deadlock]]:
    """Give each deadlock with the run that it is of."""
    if isinstance(result, Run):
        yield from ((result, found) for found in result.deadlocks)
        return
    for defect in result.defects:
        if isinstance(defect.finding, Deadlock):
            yield defect.run, defect.finding


def timelines(result: Result, whole: bool = False) -> Iterator[str]:
    """Draw each defect as a timeline, as SVG; a long one without its middle, unless it is to be `whole`."""
    from deadsim.draw.time.timeline import draw_timeline

    for one in shown(result):
        yield draw_timeline(one.run, one.focus, one.judged.verdict, whole)


def traces(result: Result) -> Iterator[str]:
    """Write each defect in the trace-event format."""
    from deadsim.draw.time.film import film
    from deadsim.draw.time.trace_events import trace_events

    for one in shown(result):
        yield trace_events(film(one.run, one.focus, one.judged.verdict))


def players(
    result: Result, mode: Mode = "failure", layout: str | None = None, all_nodes: bool = False
) -> Iterator[str]:
    """Write the page of each defect."""
    from deadsim.draw.player.page import player

    for one in shown(result):
        run, focus, schedule, judged = one
        yield player(
            run,
            focus,
            schedule=schedule,
            judged=judged,
            mode=mode,
            layout=layout,
            all_nodes=all_nodes,
        )


def mode_of(teach: bool, quiz: bool) -> Mode:
    """Say how a page opens."""
    return "quiz" if quiz else "teach" if teach else "failure"
