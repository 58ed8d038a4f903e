"""A run in the trace-event format, which Perfetto and chrome://tracing open: a step is one millisecond.

Google: Trace Event Format. Spans are `X`, what is held `b` to `e` (it may overlap), what unblocked whom an
arrow from `s` to `f`, and what was found an instant `i`.
"""

import json
from bisect import bisect_left
from typing import Any

from deadsim.draw.time.film import Film, glyph
from deadsim.report.sentences import brief_title, message, wait_briefly, wait_sentence
from deadsim.report.step_words import deed

STEP = 1000
"""Microseconds of a step."""


def trace_events(film: Film) -> str:
    """Write a run as JSON in the trace-event format."""
    world = film.run.world
    rows: list[dict[str, Any]] = [meta("process_name", 0, film.run.program.name)]
    for number in world.threads:
        rows.append(meta("thread_name", number + 1, world.name(number)))
        rows.append(
            {
                "ph": "M",
                "pid": 1,
                "tid": number + 1,
                "name": "thread_sort_index",
                "args": {"sort_index": number},
            }
        )
    for event in film.events:
        about = {"step": event.step + 1, "line": event.place.line, "verb": event.verb}
        rows.append(span(event.thread, event.step * STEP, STEP, deed(world, event), "step", about))
    for waited in film.waited:
        start, end = waited.start * STEP, waited.end * STEP
        if not waited.lasts and film.run.events[waited.end - 1].thread == waited.thread:
            end -= STEP  # its own step, with which it has given up or gone on
        if end > start:
            about = {"waits": wait_sentence(waited.wait), "line": waited.wait.place.line}
            rows.append(
                span(waited.thread, start, end - start, wait_briefly(waited.wait), "blocked", about)
            )
    for number, held in enumerate(film.held):
        same = {
            "cat": "held",
            "id": number,
            "pid": 1,
            "tid": held.thread + 1,
            "name": f"holds {held.words}",
        }
        rows.append(
            {"ph": "b", "ts": max(0, held.start - 1) * STEP, "args": {"line": held.line}, **same}
        )
        rows.append({"ph": "e", "ts": held.end * STEP, "args": {}, **same})
    rows += flows(film)
    found = film.focus
    step = film.last if found is None else 0 if found.step is None else found.step + 1
    words = (
        f"{glyph(film)}: {brief_title(found)}" if found else f"{glyph(film)}: {film.run.outcome}"
    )
    args = {"message": message(found)} if found else {}
    rows.append(
        {
            "ph": "i",
            "pid": 1,
            "tid": 1,
            "ts": step * STEP,
            "s": "p",
            "name": words,
            "cat": "verdict",
            "args": args,
        }
    )
    return json.dumps({"displayTimeUnit": "ms", "traceEvents": rows}, indent=1) + "\n"


def meta(kind: str, thread: int, name: str) -> dict[str, Any]:
    """Name the process or a thread."""
    return {"ph": "M", "pid": 1, "tid": thread, "name": kind, "args": {"name": name}}


def span(
    thread: int, start: int, duration: int, name: str, kind: str, args: dict[str, Any]
) -> dict[str, Any]:
    """Write something that lasts."""
    return {
        "ph": "X",
        "pid": 1,
        "tid": thread + 1,
        "ts": start,
        "dur": duration,
        "name": name,
        "cat": kind,
        "args": args,
    }


def flows(film: Film) -> list[dict[str, Any]]:
    """Write an arrow from each step that let a waiting thread go on to the step with which it did."""
    events = film.run.events
    own: dict[int, list[int]] = {}
    for event in events:
        own.setdefault(event.thread, []).append(event.step)
    goes_on = {
        steps[at]
        for waited in film.waited
        if not waited.lasts
        and (at := bisect_left(steps := own.get(waited.thread, []), waited.end - 1)) < len(steps)
    }
    rows = []
    for number, (earlier, later) in enumerate(film.orders):
        if later not in goes_on:
            continue
        same = {"pid": 1, "cat": "unblocks", "name": "unblocks", "id": number}
        rows.append(
            {"ph": "s", "tid": events[earlier].thread + 1, "ts": earlier * STEP + STEP // 2, **same}
        )
        rows.append(
            {
                "ph": "f",
                "bp": "e",
                "tid": events[later].thread + 1,
                "ts": later * STEP + STEP // 2,
                **same,
            }
        )
    return rows
