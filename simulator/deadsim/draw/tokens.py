"""Colours, fonts, and the style sheet that every picture carries.

Light values stand as attributes, for viewers that ignore style sheets or know no variables of theirs: the style sheet of
a picture adds the dark scheme alone. Colour never carries a meaning alone: what is held is a solid line, what is waited
for a dashed one.
"""

import re

LIGHT = {
    "bg": "#ffffff",
    "ink": "#1b1f24",
    "dim": "#57606a",
    "hold": "#005a8f",
    "wait": "#a63f00",
    "race": "#8a2f6b",
    "ok": "#00664b",
    "threadfill": "#fff6ec",
    "lockfill": "#e6f1fa",
    "holdbar": "#cfe6f7",
    "waitbar": "#ffe9d6",
}
DARK = {
    "bg": "#0d1117",
    "ink": "#e6edf3",
    "dim": "#9aa4b0",
    "hold": "#6fc1f2",
    "wait": "#f0a33c",
    "race": "#e79ac6",
    "ok": "#4fd1a5",
    "threadfill": "#2b2013",
    "lockfill": "#10263a",
    "holdbar": "#12385a",
    "waitbar": "#3a2708",
}
FONT = "Helvetica, Arial, sans-serif"
MONO = "ui-monospace, Menlo, Consolas, monospace"


def variables(values: dict[str, str]) -> str:
    """Write colours as variables of a style sheet."""
    return " ".join(f"--{name}: {value};" for name, value in values.items())


_TEXTS = (
    ".bg { fill: var(--bg); }",
    "text { fill: var(--ink); }",
    *(f"text.{name} {{ fill: var(--{name}); }}" for name in ("dim", "hold", "wait", "race", "ok")),
)

OF_GRAPHS = "\n".join(
    (
        *_TEXTS,
        ".thread .outline { fill: var(--threadfill); stroke: var(--wait); }",
        ".object .outline { fill: var(--lockfill); stroke: var(--hold); }",
        ".idle .outline { fill: var(--bg); stroke: var(--dim); }",
        ".dot { fill: var(--bg); stroke: var(--hold); }",
        ".dot.taken { fill: var(--hold); }",
        *(f".edge.{name} .line {{ stroke: var(--{name}); }}" for name in ("hold", "wait", "dim")),
        *(f".edge.{name} .head {{ fill: var(--{name}); }}" for name in ("hold", "wait", "dim")),
        ".off { display: none; }",
        "@media (forced-colors: active) { .outline, .line { stroke: CanvasText; } }",
    )
)
"""How the parts of a graph take their colours."""

OF_TIME = "\n".join(
    (
        *_TEXTS,
        ".bar.hold { fill: var(--holdbar); stroke: var(--hold); }",
        ".bar.wait { fill: url(#hatch); stroke: var(--wait); }",
        ".hatch { fill: var(--waitbar); }",
        ".hatch-line { stroke: var(--wait); }",
        ".grid, .switch { stroke: var(--dim); }",
        ".run, .order { stroke: var(--ink); }",
        ".step { fill: var(--bg); stroke: var(--ink); }",
        ".step.filled, .tip { fill: var(--ink); }",
        ".race.mark { stroke: var(--race); }",
        ".verdict { stroke: var(--wait); }",
        ".off { display: none; }",
        "@media (forced-colors: active) { .bar, .step, .run, .order, .mark, .verdict, .switch { stroke: CanvasText; } }",
    )
)
"""How the parts of a timeline take theirs."""


def alone(rules: str) -> str:
    """Give the style sheet of a picture that stands by itself: in a dark scheme its rules, with their colours filled in."""
    colored = [rule for rule in rules.split("\n") if "var(--" in rule]
    others = [rule for rule in rules.split("\n") if "var(--" not in rule]
    dark = re.sub(r"var\(--(\w+)\)", lambda name: DARK[name[1]], "\n".join(colored))
    return "\n".join(("@media screen and (prefers-color-scheme: dark) {", dark, "}", *others))
