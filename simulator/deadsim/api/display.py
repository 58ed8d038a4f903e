"""How results show themselves in a notebook: the report, and the picture where there is one."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol


class Shown(Protocol):
    """What can be shown: it explains itself in words, and may have a picture."""

    def report(self, columns: int = 80) -> str: ...

    def svg(self) -> str | None: ...

    def html(self, *, teach: bool = False, quiz: bool = False) -> str: ...


class Player(NamedTuple):
    """The player of a result, as something that a notebook shows: `page` in a frame, so many pixels high.

    >>> import deadsim
    >>> deadsim.run(deadsim.load("two_locks")).player().page.startswith("<!DOCTYPE html>")
    True
    """

    page: str
    height: int

    def __repr__(self) -> str:
        return f"<Player, {len(self.page):,} characters>"

    def _repr_html_(self) -> str:
        style = f"width: 100%; height: {int(self.height)}px; border: 1px solid #57606a; border-radius: 6px"
        # In a frame of its own, which may run its scripts and nothing else.
        return f'<iframe sandbox="allow-scripts" title="deadsim player" style="{style}" srcdoc="{escape(self.page)}"></iframe>'


class Displaying:
    """What IPython and Jupyter ask of a result."""

    __slots__ = ()

    def player(
        self: Shown, *, height: int = 760, teach: bool = False, quiz: bool = False
    ) -> Player:
        """Show the player in a notebook."""
        return Player(self.html(teach=teach, quiz=quiz), height)

    def _repr_html_(self: Shown) -> str:
        return preformatted(self.report(100)) + (picture(self.svg()) or "")

    def _repr_svg_(self: Shown) -> str | None:
        return self.svg()

    def _repr_pretty_(self: Shown, printer: Any, cycle: bool) -> None:
        printer.text(self.report())

    def __str__(self: Shown) -> str:
        return self.report()


def escape(text: str) -> str:
    """Write a text as HTML."""
    from html import escape  # not where nothing is shown: its table of names takes a while to load

    return escape(text)


def preformatted(text: str) -> str:
    """Show a text as it stands."""
    return f'<pre style="line-height: 1.25; overflow-x: auto">{escape(text)}</pre>'


def picture(svg: str | None) -> str | None:
    """Put a picture into a page: without the head that a file of its own has."""
    if svg is None:
        return None
    return f'<div style="max-width: 40em">{svg[svg.index("<svg") :]}</div>'
