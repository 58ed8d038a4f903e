"""How wide a text is: a fixed table of glyph widths, so that pictures are the same everywhere."""

from unicodedata import combining, east_asian_width

# Widths of Helvetica's printable ASCII glyphs in thousandths of the font size (Adobe's metrics).
_ASCII = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 "
    "556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 "
    "1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 "
    "667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 "
    "333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 "
    "556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_WIDTHS = dict(enumerate(map(int, _ASCII.split()), 32))


def width(text: str, size: float, bold: bool = False) -> float:
    """Give the width of a line of text, a little more than it takes."""
    total = 0
    for character in text:
        known = _WIDTHS.get(ord(character))
        if known is not None:
            total += known
        elif not combining(character):
            total += 1000 if east_asian_width(character) in "WF" else 600
    return total * size / 1000 * (1.08 if bold else 1.02)


def mono_width(text: str, size: float) -> float:
    """Give the width of a line of text in a font whose glyphs are all as wide as one another."""
    columns = sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
    return columns * size * 0.62


def shortened(text: str, size: float, room: float) -> str:
    """Cut a text to a width, which it then shows."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text + "…"
