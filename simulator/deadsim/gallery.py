"""The scenarios that ship with deadsim: beside the package once installed, or in the source tree."""

from pathlib import Path

_HERE = Path(__file__).parent
_FOLDERS = (_HERE / "scenarios", _HERE.parent.parent / "scenarios")


def folder() -> Path:
    """Give the folder that holds them."""
    return next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[0])


def names() -> dict[str, Path]:
    """List them by name, which is the file's own without its ending."""
    return {path.stem: path for path in sorted(folder().rglob("*.yaml"), key=lambda p: p.stem)}


def find(name: str) -> Path | None:
    """Find one by its name; None where there is none."""
    return names().get(name)
