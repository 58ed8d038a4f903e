"""Random bodies of one thread that fail and are caught, as steps and as the same in Python."""

from random import Random
from typing import NamedTuple

CLASSES = ("Red", "Blue", "Green")

HEAD = """
class Red(Exception): pass
class Blue(Exception): pass
class Green(Exception): pass
class Plain(Exception): pass
class Fatal(BaseException): pass
"""


class Both(NamedTuple):
    """The same steps in the scenario language and in Python."""

    steps: list[str]
    lines: list[str]


class Maker:
    """Makes the body of one thread from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.left = 14
        self.number = 0

    def body(self) -> Both:
        """Make a whole body."""
        made = self.block(0, False, False)
        made.steps.append("- print: last")
        made.lines.append("print('last')")
        return made

    def block(self, depth: int, in_loop: bool, in_except: bool) -> Both:
        """Make some steps."""
        steps: list[str] = []
        lines: list[str] = []
        for _ in range(self.random.randint(1, 3)):
            one = self.step(depth, in_loop, in_except)
            steps += one.steps
            lines += one.lines
        return Both(steps, lines)

    def printed(self) -> Both:
        """Make a step that tells that it was passed."""
        self.number += 1
        return Both([f"- print: p{self.number}"], [f"print('p{self.number}')"])

    def step(self, depth: int, in_loop: bool, in_except: bool) -> Both:
        """Make one step."""
        self.left -= 1
        kinds = ["print", "raise", "raise", "return", "assert"]
        kinds += ["break", "continue"] if in_loop else []
        kinds += ["again"] * 3 if in_except else []
        if depth < 4 and self.left > 0:
            kinds = [*kinds[:3], *["try"] * 8, "loop", "with", "choose", *kinds[3:]]
        match self.random.choice(kinds):
            case "try":
                return self.attempt(depth, in_loop, in_except)
            case "loop":
                inner = self.block(depth + 1, True, in_except)
                return Both(
                    ["- repeat: 2", "  do:", *indented(inner.steps)],
                    ["for _ in range(2):", *indented(inner.lines)],
                )
            case "with":
                inner = self.block(depth + 1, in_loop, in_except)
                return Both(
                    ["- with: R", "  do:", *indented(inner.steps)],
                    ["with R:", *indented(inner.lines)],
                )
            case "raise":
                name = self.random.choice((*CLASSES, ""))
                self.number += 1
                if not name:
                    text = f"of no class {self.number}"
                    return Both([f"- raise: {text}"], [f"raise Plain('{text}')"])
                return Both(
                    [f"- raise: '{name}: {self.number}'"],
                    [f"raise {name}('{name}: {self.number}')"],
                )
            case "again":
                return Both(["- raise"], ["raise"])
            case "assert":
                if self.random.random() < 0.6:
                    return self.printed()
                self.number += 1
                return Both(
                    [f"- {{assert: false, message: a{self.number}}}"],
                    [f"asserted.append('a{self.number}')", f"raise Fatal('a{self.number}')"],
                )
            case "return" | "break" | "continue" as word:
                return Both([f"- {word}"], [word])
            case "choose":
                value = self.random.choice(("true", "false"))
                inner = self.block(depth + 1, in_loop, in_except)
                return Both(
                    [f"- if: {value}", "  then:", *indented(inner.steps)],
                    [f"if {value.title()}:", *indented(inner.lines)],
                )
        return self.printed()

    def attempt(self, depth: int, in_loop: bool, in_except: bool) -> Both:
        """Make a `try`."""
        chance = self.random.random
        inner = self.block(depth + 1, in_loop, in_except)
        steps, lines = ["- try:", *indented(inner.steps)], ["try:", *indented(inner.lines)]
        names = self.random.sample(CLASSES, self.random.choice((0, 1, 1, 2)))
        if chance() < 0.4:
            names.append("any")
        if names:
            steps.append("  except:")
        for name in names:
            branch = self.block(depth + 1, in_loop, True)
            steps += [f"    {name}:", *indented(indented(branch.steps))]
            lines += [f"except {'Exception' if name == 'any' else name}:", *indented(branch.lines)]
        if names and chance() < 0.5:
            other = self.block(depth + 1, in_loop, in_except)
            steps += ["  else:", *indented(other.steps)]
            lines += ["else:", *indented(other.lines)]
        if not names or chance() < 0.5:
            last = self.block(depth + 1, in_loop, in_except)
            steps += ["  finally:", *indented(last.steps)]
            lines += ["finally:", *indented(last.lines)]
        return Both(steps, lines)


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def scenario(steps: list[str]) -> str:
    """Write a scenario of one thread; every class is raised somewhere."""
    every = "".join(f"  raises_{name}: [raise: {name}]\n" for name in CLASSES)
    body = "\n".join(indented(steps))
    return f"locks: {{R: {{reentrant: true}}}}\nprocedures:\n{every}threads:\n  main:\n{body}\n"


class Ran(NamedTuple):
    """What a body printed, which assertions failed in it, and what came out of it."""

    output: list[str]
    asserted: list[str]
    uncaught: str | None


def run_in_python(lines: list[str]) -> Ran:
    """Let Python do it."""
    output: list[str] = []
    asserted: list[str] = []
    text = "\n".join(["def main():", *indented(lines)])
    import threading
    import warnings

    names: dict[str, object] = {
        "print": output.append,
        "asserted": asserted,
        "R": threading.RLock(),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 3.14 warns of a `return` in a `finally`
        exec(HEAD + text, names)
    try:
        names["main"]()  # type: ignore[operator]
    except BaseException as error:
        return Ran(output, asserted, str(error))
    return Ran(output, asserted, None)
