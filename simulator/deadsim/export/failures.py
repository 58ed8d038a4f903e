"""Classes of failures as Python has them."""

import builtins

from deadsim.export.names import identifier
from deadsim.language.checks.raised import named_classes, raised_class
from deadsim.language.reading.document import Mapping as Map
from deadsim.language.reading.document import Node, Sequence
from deadsim.model.failures import EVERY, MISUSE, VICTIM, FailureClass

WRITTEN_OUT = ("Victim", "Interrupted")
"""Classes for which every Python that this may run on has none of its own."""

BUILT_IN: dict[FailureClass, str] = {
    "BrokenPipe": "BrokenPipeError",
    "ShutDown": "queue.ShutDown",
    "BrokenBarrier": "threading.BrokenBarrierError",
    "Misuse": "MISUSE",
    "Interrupted": "Interrupted",
    "Victim": "Victim",
    "RecursionError": "RecursionError",
}
"""What Python, or a helper of the program, raises for what deadsim raises."""

RUNTIME_ERRORS = {"BrokenBarrier": "barriers", "RecursionError": "procedures"}
"""Classes that Python has below RuntimeError, by the section with which they may be raised."""

MISUSES = "MISUSE = (RuntimeError, ValueError, LookupError, ArithmeticError, TypeError, NameError)"


class Classes:
    """The classes of one scenario; `caught` is false where it has no `try`, so that none is needed."""

    def __init__(self, top: dict[str, Node]) -> None:
        self.top = top
        bodies = [top[key] for key in ("threads", "processes", "procedures") if key in top]
        self.caught = any(_has(body, "try") for body in bodies)
        self.asserts = any(_has(body, "assert") for body in bodies)
        taken = {
            identifier(key.value.partition("[")[0])
            for node in top.values()
            for key, _ in (node.pairs if isinstance(node, Map) else ())
        }
        self.own: dict[str, str] = {}
        for name in named_classes(top):
            if name not in BUILT_IN:
                written = identifier(name)
                # A class of Python's own is the one that Python raises, which `raise: ValueError` is not.
                other = written in taken or hasattr(builtins, written)
                self.own[name] = f"{written}_failure" if other else written

    def text(self) -> str:
        """Write the classes."""
        used = [name for name in WRITTEN_OUT if self.mentions(name)]
        if "rwlocks" in self.top and _has(self.top["rwlocks"], "modes"):
            used = [name for name in used if name != VICTIM]  # it is written with the lock
        lines = [
            f"class {name}(Exception):\n    pass\n\n\n"
            for name in ("Failed", *used, *self.own.values())
        ]
        return "".join(lines) + MISUSES if self.caught else ""

    def mentions(self, name: str) -> bool:
        """Tell whether a class is raised or caught by its name."""
        return name in named_classes(self.top) or any(
            _has(node, name) for node in self.top.values()
        )

    def written(self, name: str) -> str:
        """Give a class, as `except` has it."""
        return self.own.get(name) or BUILT_IN[name]  # type: ignore[index]  # a class that is known

    def raised(self, text: str, words: str) -> str:
        """Write a `raise` with a text."""
        name = raised_class(text)
        if not self.caught or name == MISUSE:
            return f"raise RuntimeError({words})"
        return f"raise {'Failed' if name is None else self.written(name)}({words})"

    def clauses(self, branches: dict[str, list[str]]) -> list[str]:
        """Write the branches of an `except`, each with its lines."""
        lines: list[str] = []
        rest = branches.get(EVERY)
        for name in sorted(branches, key=lambda one: (one == EVERY, one == MISUSE)):
            if name == MISUSE:  # Python has others below it
                for other, section in RUNTIME_ERRORS.items():
                    may = section in self.top or other in named_classes(self.top)
                    if may and other not in branches:
                        lines += [f"except {self.written(other)}:", *(rest or ["    raise"])]
            if name == EVERY:
                lines += ["except AssertionError:", "    raise"] if self.asserts else []
                lines += ["except Exception:", *branches[name]]
            else:
                lines += [f"except {self.written(name)}:", *branches[name]]
        return lines


def _has(node: Node, verb: str) -> bool:
    """Tell whether something is a key anywhere in a part of the file."""
    if isinstance(node, Sequence):
        return any(_has(item, verb) for item in node.items)
    if not isinstance(node, Map):
        return False
    return any(key.value == verb or _has(value, verb) for key, value in node.pairs)
