"""A report for CI in the form of JUnit: a suite for each scenario, a case for each claim.

The form that Jenkins and GitLab read, as pytest writes it.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence

from deadsim.errors import ScenarioError
from deadsim.exploration.verdicts.result import Exploration
from deadsim.report.troubles import Trouble, troubles, wrong
from deadsim.trace.schedule import text


def junit(results: Sequence[Exploration], errors: Iterable[ScenarioError]) -> str:
    """Write results, and files that could not be read, as XML."""
    root = ET.Element("testsuites", name="deadsim")
    for result in results:
        suite(root, result)
    for error in errors:
        broken(root, error)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(one.get(name, "0")) for one in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def suite(root: ET.Element, result: Exploration) -> None:
    """Write the claims of a scenario."""
    found = list(troubles(result))
    asked = [claim for claim in result.claims if claim.asked]
    params = " ".join(f"{name}={value}" for name, value in result.program.given.items())
    name = clean(f"{result.program.file} {params}".strip())
    one = ET.SubElement(root, "testsuite", name=name, tests=str(len(asked)), errors="0")
    one.set("time", f"{result.seconds:.3f}")
    failures = 0
    for claim in asked:
        case = ET.SubElement(
            one, "testcase", classname=name, name=claim.key, file=clean(result.program.file)
        )
        mine = [trouble for trouble in found if trouble.claim == claim.key]
        case.set("line", str(claim.expected.place.line if claim.expected.place else 1))
        schedules = [text(trouble.defect.replay) for trouble in mine if trouble.defect]
        if schedules:
            properties = ET.SubElement(case, "properties")
            for schedule in schedules:
                ET.SubElement(properties, "property", name="schedule", value=clean(schedule))
        if mine:
            failures += 1
            failure = ET.SubElement(case, "failure", message=clean(mine[0].message))
            failure.set("type", "refuted" if mine[0].certain else "undecided")
            failure.text = clean("\n\n".join(words(trouble) for trouble in mine))
    one.set("failures", str(failures))


def words(trouble: Trouble) -> str:
    """Say what is wrong at length."""
    return "\n".join(trouble.details or (trouble.message,))


def broken(root: ET.Element, error: ScenarioError) -> None:
    """Write a file that could not be read as a case with an error."""
    name = clean(error.file)
    one = ET.SubElement(root, "testsuite", name=name, tests="1", failures="0", errors="1")
    case = ET.SubElement(one, "testcase", classname=name, name="is a valid scenario", file=name)
    first = next(wrong(error))
    case.set("line", str(first.place.line))
    ET.SubElement(case, "error", message=clean(first.message), type="ScenarioError").text = clean(
        str(error)
    )


def clean(text: str) -> str:
    """Leave out what XML cannot have."""
    return "".join(
        c
        if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
        else "\ufffd"
        for c in text
    )
