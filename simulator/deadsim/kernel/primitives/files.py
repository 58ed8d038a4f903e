"""The file that each primitive has in a room, called as its noun; loaded when it is needed."""

from importlib import import_module
from types import ModuleType

from deadsim.model import primitives

NOUNS: dict[type, str] = {row.declared: row.noun for row in primitives.PRIMITIVES}


class Files(dict[type, ModuleType]):
    """The files of a package, by the class of what is declared; raises KeyError for what is no primitive."""

    def __init__(self, package: str) -> None:
        super().__init__()
        self.package = package

    def __missing__(self, declared: type) -> ModuleType:
        found = self[declared] = import_module(f"{self.package}.{NOUNS[declared]}")
        return found
