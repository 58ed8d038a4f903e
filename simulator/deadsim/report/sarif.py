"""A report in SARIF 2.1.0: a result for each defect, with what every thread did on the way to it.

OASIS: Static Analysis Results Interchange Format (SARIF) Version 2.1.0, 2020.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from deadsim.exploration.verdicts.result import Defect
from deadsim.model.place import Place
from deadsim.report.as_json import trace
from deadsim.report.sentences import visible
from deadsim.report.text import command_for
from deadsim.report.troubles import Trouble

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

RULES = {
    "deadlock": "A thread can never take another step.",
    "livelock": "A thread can run on for ever and never end.",
    "starvation": "A thread that is not stuck can be kept from going on for ever.",
    "timeout": "The time of a timed step runs out.",
    "race": "Nothing orders two accesses to a variable, one of them a write.",
    "assertion": "An assertion fails.",
    "invariant": "An invariant does not hold in some state.",
    "misuse": "A primitive is used against its contract.",
    "error": "A thread ends by an error.",
    "final": "The program can end otherwise than is claimed.",
    "output": "The program can print otherwise than is claimed.",
    "scenario": "The file is not a valid scenario.",
}


def sarif(troubles: Iterable[Trouble], version: str) -> dict[str, Any]:
    """Give a report as SARIF has it."""
    rules = [
        {
            "id": name,
            "shortDescription": {"text": sentence},
            "defaultConfiguration": {"level": "error"},
        }
        for name, sentence in RULES.items()
    ]
    driver = {"name": "deadsim", "version": version, "semanticVersion": version, "rules": rules}
    results = [result(one) for one in troubles]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def result(trouble: Trouble) -> dict[str, Any]:
    """Give what is wrong as a result."""
    rule = trouble.claim.split(".")[0] if trouble.claim else "scenario"
    found: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": list(RULES).index(rule),
        "level": "error" if trouble.certain else "none",
        "kind": "fail" if trouble.certain else "open",
        "message": {"text": trouble.message},
        "locations": [location(trouble.file, trouble.place)],
    }
    if trouble.claim is not None:
        found["properties"] = {"claim": trouble.claim, "params": trouble.params}
    if trouble.defect is not None:
        found["properties"]["replay"] = command_for(
            trouble.defect.run.program, trouble.defect.replay
        )
        steps = flows(trouble.file, trouble.defect)
        if steps:  # none where it is there from the start
            found["codeFlows"] = [{"threadFlows": steps}]
    return found


def flows(file: str, defect: Defect) -> list[dict[str, Any]]:
    """Give the steps of the schedule that shows a defect, thread by thread."""
    steps: dict[str, list[dict[str, Any]]] = {}
    for row in trace(defect.run.world, defect.run.events):
        about = f" {row['object']}" if row["object"] else ""
        where = location(file, Place(row["line"], row["column"]))
        where["message"] = {"text": visible(f"{row['thread']}: {row['verb']}{about}")}
        steps.setdefault(row["thread"], []).append(
            {"location": where, "executionOrder": row["step"] + 1}
        )
    return [
        {"id": thread, "message": {"text": f"thread {thread}"}, "locations": locations}
        for thread, locations in steps.items()
    ]


def location(file: str, place: Place) -> dict[str, Any]:
    """Give a place in a file."""
    region = {
        "startLine": place.line,
        "startColumn": place.column,
        "endColumn": place.column + place.length,
    }
    return {"physicalLocation": {"artifactLocation": {"uri": quote(file)}, "region": region}}
