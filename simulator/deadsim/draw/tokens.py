"""Colours, fonts, and the style sheet that every picture carries.

Light values stand as attributes too, for viewers that ignore style sheets. Colour never carries a
meaning alone: what is held is a solid line, what is waited for a dashed one.
"""

LIGHT = {
    "bg": "#ffffff",
    "ink": "#1b1f24",
    "dim": "#57606a",
    "hold": "#005a8f",
    "wait": "#a63f00",
    "threadfill": "#fff6ec",
    "lockfill": "#e6f1fa",
}
DARK = {
    "bg": "#0d1117",
    "ink": "#e6edf3",
    "dim": "#9aa4b0",
    "hold": "#6fc1f2",
    "wait": "#f0a33c",
    "threadfill": "#2b2013",
    "lockfill": "#10263a",
}
FONT = "Helvetica, Arial, sans-serif"
MONO = "ui-monospace, Menlo, Consolas, monospace"


def _variables(values: dict[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in values.items())


STYLE = "\n".join(
    (
        f"svg {{ {_variables(LIGHT)} }}",
        f"@media (prefers-color-scheme: dark) {{ svg {{ {_variables(DARK)} }} }}",
        f"@media print {{ svg {{ {_variables(LIGHT)} }} }}",
        ".bg { fill: var(--bg); }",
        "text { fill: var(--ink); }",
        "text.dim { fill: var(--dim); }",
        "text.hold { fill: var(--hold); }",
        "text.wait { fill: var(--wait); }",
        ".thread { fill: var(--threadfill); stroke: var(--wait); }",
        ".lock { fill: var(--lockfill); stroke: var(--hold); }",
        ".gone { fill: var(--bg); stroke: var(--dim); }",
        ".edge.hold { stroke: var(--hold); }",
        ".edge.wait { stroke: var(--wait); }",
        ".head.hold { fill: var(--hold); }",
        ".head.wait { fill: var(--wait); }",
        "@media (forced-colors: active) { .thread, .lock, .gone, .edge { stroke: CanvasText; } }",
    )
)
