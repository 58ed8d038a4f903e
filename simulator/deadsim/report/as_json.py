"""Results as JSON: the names and types of its keys are a contract."""

import json
from typing import Any

from deadsim.detect.deadlocks.situation import Standing
from deadsim.kernel.world import World
from deadsim.model.place import Place
from deadsim.model.primitives import ASKED
from deadsim.model.program import Choice
from deadsim.model.values import plain
from deadsim.report.sentences import message
from deadsim.runs.result import Run
from deadsim.trace.event import Event
from deadsim.trace.finding import (
    Access,
    ClaimBroken,
    Deadlock,
    Failed,
    Finding,
    Hold,
    Livelock,
    Race,
    Wait,
)
from deadsim.trace.schedule import words


def dump(value: object) -> str:
    """Write JSON, the same bytes for the same value, in ASCII."""
    return json.dumps(value, indent=2)


def position(place: Place) -> dict[str, int]:
    """Give a place as two keys."""
    return {"line": place.line, "column": place.column}


def trace(world: World, events: tuple[Event, ...]) -> list[dict[str, Any]]:
    """Give the steps of a run."""
    rows = []
    for event in events:
        # A condition that was declared without a lock has one of the same name.
        objects = list(dict.fromkeys(world.entities[number].name for number in event.objects))
        row: dict[str, Any] = {
            "step": event.step,
            "thread": world.name(event.thread),
            "verb": event.within or event.verb,
            "phase": event.phase,
            "object": world.about(event.objects),
            **position(event.place),
        }
        if event.within is not None:
            row["took"] = event.verb
        if len(objects) > 1:
            row["objects"] = objects
        if event.verb in ("read", "choose", *ASKED):
            row["value"] = plain(event.value)
        if event.choice is not None and event.choice < 0:
            row["finalizer"] = "begins"
        elif event.choice is not None:
            row["choice"] = event.choice
        if event.text is not None:
            row["mode" if event.verb in ("acquire", "release") else "text"] = event.text
        if not event.success:
            row["success"] = False
        rows.append(row)
    return rows


def holding(holds: tuple[Hold, ...]) -> list[dict[str, Any]]:
    """Give what a thread holds."""
    return [
        {
            "object": hold.object,
            **({} if hold.mode is None else {"mode": hold.mode}),
            "line": hold.place.line,
        }
        for hold in holds
    ]


def waiting(wait: Wait) -> dict[str, Any]:
    """Give what a thread waits for."""
    return {
        "thread": wait.thread,
        "verb": wait.verb,
        "object": wait.object,
        **({} if wait.mode is None else {"mode": wait.mode}),
        "wants": wait.want,
        "missing": wait.missing,
        **position(wait.place),
        "holds": holding(wait.holds),
        "for": list(wait.wakers),
        **({"met": list(wait.met)} if wait.met else {}),
        "blocked": wait.blocked,
        **({} if wait.timeout is None else {"timeout": wait.timeout}),
        **({"or": [waiting(one) for one in wait.more]} if wait.more else {}),
        **({} if wait.finalizer is None else {"finalizer": position(wait.finalizer)}),
    }


def accessing(access: Access) -> dict[str, Any]:
    """Give one of two accesses that race."""
    return {
        "thread": access.thread,
        "verb": access.verb,
        "step": access.step,
        **position(access.place),
        "holds": holding(access.holds),
    }


def finding(found: Finding) -> dict[str, Any]:
    """Give one finding."""
    same = {"type": found.type, "step": found.step, "message": message(found)}
    match found:
        case Deadlock():
            return {
                "type": "deadlock",
                "kind": found.kind,
                "proof": found.proof,
                "step": found.step,
                "message": message(found),
                "threads": list(found.threads),
                "objects": list(found.objects),
                "waits": [waiting(wait) for wait in found.waits],
                "cycle": list(found.cycle),
                "also_stuck": list(found.also_stuck),
                "still_running": list(found.still_running),
                **({} if found.lost_at is None else {"lost_at": found.lost_at}),
                **({} if found.taker is None else {"taker": found.taker}),
                **({} if found.used_at is None else {"used_at": found.used_at, "used": found.used}),
                **({"rests_on": list(found.rests_on)} if found.rests_on else {}),
                **({"waiting_too": list(found.waiting_too)} if found.waiting_too else {}),
                "settled": found.settled,
                "unavoidable_from": None
                if found.unavoidable_from == -1
                else found.unavoidable_from,
                "ways": found.ways,
                "known_by": known_by(found),
                **({} if found.schedule is None else {"schedule": schedule(found.schedule)}),
                **({"finalizers": list(found.finalizers)} if found.finalizers else {}),
                **({} if found.hint is None else {"hint": found.hint}),
            }
        case Livelock():
            return {
                **same,
                "proof": found.proof,
                "threads": list(found.threads),
                "loop": schedule(found.loop),
                "fair": found.fair,
                **({} if found.victim is None else {"victim": found.victim}),
            }
        case Race():
            pair = [accessing(access) for access in found.accesses]
            return {**same, "variable": found.variable, "accesses": pair}
        case Failed():
            return {**same, "thread": found.thread, **position(found.place)}
        case ClaimBroken():
            return {**same, "claim": found.claim, **position(found.place)}


def known_by(found: Deadlock) -> str:
    """Say how it is known that the threads are stuck."""
    if found.covered:
        return "every continuation was looked at"
    return {"proved": "nothing can move", "relaxed": "relaxed progress"}.get(
        found.proof, "order of locks"
    )


def schedule(choices: tuple[Choice, ...]) -> list[str]:
    """Give a schedule name by name."""
    return list(words(choices))


def standing(one: Standing) -> dict[str, Any]:
    """Give how a thread stands at the end."""
    return {
        "thread": one.thread,
        "state": one.status,
        "line": one.place.line if one.place else None,
        "column": one.place.column if one.place else None,
        "holds": holding(one.holds),
        "waits": waiting(one.wait) if one.wait else None,
    }


def run(result: Run) -> dict[str, Any]:
    """Give a run or a replay."""
    program = result.program
    return {
        "deadsim": 1,
        "command": result.command,
        "scenario": program.name,
        "file": program.file,
        "params": {name: plain(value) for name, value in program.params.items()},
        "engine": "threads",
        "timeouts": program.timeouts,
        "strategy": result.strategy,
        "seed": result.seed,
        "outcome": result.outcome,
        "verdict": result.verdict,
        "reasons": list(result.reasons),
        "steps": len(result.events),
        "schedule": schedule(result.schedule),
        "trace": trace(result.world, result.events),
        "defects": [finding(found) for found in result.defects],
        "suspicions": [finding(found) for found in result.suspicions],
        "leaks": [finding(found) for found in result.leaks],
        "threads": [standing(one) for one in result.situation.threads],
        "variables": {name: plain(value) for name, value in result.variables.items()},
        "output": result.output_lines,
    }
