"""The scenarios that ship with deadsim: beside the package once installed, or in the source tree."""

import os

_HERE = os.path.dirname(os.path.abspath(__file__))
_FOLDERS = (
    os.path.join(_HERE, "scenarios"),
    os.path.join(os.path.dirname(os.path.dirname(_HERE)), "scenarios"),
)


def folder() -> str:
    """Give the folder that holds them."""
    return next((folder for folder in _FOLDERS if os.path.isdir(folder)), _FOLDERS[0])


def names() -> dict[str, str]:
    """Give the path of each by its name, which is the file's own without its ending."""
    found = {}
    for parent, _, files in os.walk(folder()):
        for file in files:
            stem, ending = os.path.splitext(file)
            if ending == ".yaml":
                found[stem] = os.path.join(parent, file)
    return dict(sorted(found.items()))


def find(name: str) -> str | None:
    """Give the path of one by its name; None where there is none."""
    return names().get(name)
