"""Where something stands."""

from typing import NamedTuple


class Place(NamedTuple):
    """A stretch of one line of a file; lines and columns count from 1, in characters.

    >>> Place(3, 7).length
    1
    """

    line: int
    column: int
    length: int = 1
    file: str = ""
