"""Elements of a picture, as text. User text goes in through `escape` alone."""

from collections.abc import Iterable
from html import escape as _escape
from math import cos, sin
from typing import TypeAlias

from deadsim.draw.tokens import FONT, LIGHT, alone

Values: TypeAlias = dict[str, str | float]
"""Attributes of an element; underscores stand for dashes."""


def clean(text: str) -> str:
    """Give a text as one line, with control characters and what XML cannot carry replaced."""
    return "".join(
        c
        if c >= " "
        and c not in "\ufffe\uffff"
        and not "\ud800" <= c <= "\udfff"
        and not "\x7f" <= c <= "\x9f"
        else "\ufffd"
        for c in text.replace("\n", " ")
    )


def escape(text: str) -> str:
    """Write a text so that it can stand in XML: control characters are replaced."""
    return _escape(clean(text), quote=True)


def number(value: float) -> str:
    """Write a coordinate: one decimal at most."""
    text = f"{value:.1f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def attributes(values: Values) -> str:
    """Write attributes; underscores stand for dashes."""
    return "".join(
        f' {name.replace("_", "-")}="{number(value) if isinstance(value, (int, float)) else escape(value)}"'
        for name, value in values.items()
    )


def element(tag: str, content: str = "", /, **values: str | float) -> str:
    """Write an element; `content` is markup. `class_` is the attribute `class`."""
    renamed = {name.rstrip("_"): value for name, value in values.items()}
    if not content:
        return f"<{tag}{attributes(renamed)}/>"
    return f"<{tag}{attributes(renamed)}>{content}</{tag}>"


def text(
    x: float, y: float, words: str, size: float = 13, color: str = "ink", /, **values: str | float
) -> str:
    """Write a line of text, centred unless `text_anchor` says otherwise."""
    placed: Values = {"text_anchor": "middle", **values}
    return element(
        "text",
        escape(words) or " ",
        x=x,
        y=y,
        font_size=size,
        class_=color,
        fill=LIGHT[color],
        **placed,
    )


def title(words: str) -> str:
    """Write a tooltip."""
    return element("title", escape(words))


def group(parts: Iterable[str], tooltip: str = "", /, **values: str | float) -> str:
    """Put elements together, under one tooltip."""
    content = (title(tooltip) if tooltip else "") + "".join(parts)
    return element("g", content, **values)


def head(x: float, y: float, angle: float, kind: str) -> str:
    """Draw the head of an arrow whose tip is at (x, y), pointing along `angle` (radians)."""
    points = [(x, y)]
    for side in (0.42, -0.42):
        points.append((x - 11 * cos(angle + side), y - 11 * sin(angle + side)))
    written = " ".join(f"{number(a)},{number(b)}" for a, b in points)
    return element("polygon", points=written, class_="head", fill=LIGHT[kind])


def picture(
    width: float, height: float, parts: Iterable[str], heading: str, description: str, style: str
) -> str:
    """Write a whole picture with its style sheet, of the rules in `style`; screen readers get `heading` and `description`."""
    inner = "\n".join(
        (
            title(heading),
            element("desc", escape(description)),
            element("style", alone(style)),
            element("rect", class_="bg", width=width, height=height, fill=LIGHT["bg"]),
            *parts,
        )
    )
    box = f"0 0 {number(width)} {number(height)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="{box}" '
        f'width="{number(width)}" height="{number(height)}" font-family="{FONT}">\n{inner}\n</svg>\n'
    )


class Ids:
    """Gives out identifiers that stand once in a picture."""

    def __init__(self) -> None:
        self.used: dict[str, int] = {}

    def make(self, kind: str, name: str) -> str:
        """Make an identifier from a name: letters, digits and dashes."""
        plain = "".join(c if c.isalnum() else "-" for c in name).strip("-") or "x"
        base = found = f"{kind}-{plain}"
        while found in self.used:
            self.used[base] += 1
            found = f"{base}-{self.used[base]}"
        self.used[found] = 1
        return found
