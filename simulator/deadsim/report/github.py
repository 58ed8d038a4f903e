"""Annotations for GitHub: workflow commands that mark the lines of scenario files.

GitHub: Workflow commands for GitHub Actions.
"""

from deadsim.report.text import command_for
from deadsim.report.troubles import Trouble


def annotation(trouble: Trouble) -> str:
    """Write what is wrong as a workflow command."""
    title = f"deadsim: {trouble.claim}" if trouble.claim else "deadsim: not a valid scenario"
    if trouble.params:
        title = f"{title} ({trouble.params})"
    place = {
        "file": trouble.file,
        "line": trouble.place.line,
        "col": trouble.place.column,
        "endColumn": trouble.place.column + trouble.place.length,
        "title": title,
    }
    properties = ",".join(f"{name}={escaped(str(value), ':,')}" for name, value in place.items())
    words = trouble.message
    if trouble.defect is not None:
        replay = command_for(trouble.defect.run.program, trouble.defect.replay)
        words = f"{words}\nreplay: {replay}" if replay else words
    return f"::{'error' if trouble.certain else 'warning'} {properties}::{escaped(words)}"


def escaped(text: str, more: str = "") -> str:
    """Write what a workflow command would take for its own signs as %XX."""
    for sign in "%\r\n" + more:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
