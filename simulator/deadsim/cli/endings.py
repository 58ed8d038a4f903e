"""What the ending of a file's name promises, and which option keeps the promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deadsim.errors import UsageError

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "SVG": ("svg",),
    "PNG": ("png",),
    "HTML": ("html", "htm"),
    "JSON": ("json",),
    "SARIF": ("sarif", "json"),
    "XML": ("xml",),
    "DOT": ("dot", "gv"),
    "Mermaid": ("mmd", "mermaid"),
    "Python": ("py",),
    "a schedule": ("schedule",),
    "a scenario": ("yaml", "yml"),
    "PDF": ("pdf",),
    "JPEG": ("jpg", "jpeg"),
    "GIF": ("gif",),
}
"""A form, and the endings that promise it; any other ending promises nothing."""

WRITES: Mapping[str, str] = {
    "svg": "SVG",
    "timeline": "SVG",
    "html": "HTML",
    "trace": "JSON",
    "save_schedule": "a schedule",
    "junit": "XML",
    "sarif": "SARIF",
}
"""What the options write that name a file."""

INSTEAD: Mapping[str, str] = {
    "SVG": "a picture is for --svg or --timeline, or `deadsim graph FILE --output NAME.svg`",
    "PNG": "a PNG is for `deadsim graph FILE --output NAME.png`",
    "HTML": "a page is for --html",
    "JSON": "the report as JSON is for `--format json --output NAME.json`",
    "SARIF": "SARIF is for --sarif",
    "XML": "JUnit's XML is for --junit",
    "DOT": "DOT is for `deadsim graph FILE --output NAME.dot`",
    "Mermaid": "Mermaid is for `deadsim graph FILE --output NAME.mmd`",
    "Python": "a program is for `deadsim export FILE --python`",
    "a schedule": "a schedule is for --save-schedule",
    "a scenario": "a scenario would be written over",
}


def check_ending(option: str, form: str, file: str | None) -> None:
    """Raise UsageError where a file's ending promises another form than the option writes."""
    promised = None if file is None else promise(file)
    if file is None or promised is None or ending(file) in ENDINGS.get(form, ()):
        return
    if option == "timeline" and promised == "PNG":
        hint = "; a PNG is for `deadsim graph FILE --kind timeline --output NAME.png`"
    else:
        hint = f"; {INSTEAD[promised]}" if promised in INSTEAD else ""
    raise UsageError(f"{file}: --{option.replace('_', '-')} writes {form}, not {promised}{hint}")


def check_endings(options: Mapping[str, Any]) -> None:
    """Raise UsageError for the first file of a command whose ending promises something else."""
    for option, form in WRITES.items():
        check_ending(option, form, options.get(option))


def promise(file: str) -> str | None:
    """Give the form that a file's ending promises; None where it promises none."""
    return next((form for form, known in ENDINGS.items() if ending(file) in known), None)


def ending(file: str) -> str:
    """Give what stands after the last dot of a file's name."""
    name = file.replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""
