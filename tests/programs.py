"""Random small scenarios, as text: every verb that is carried out, with few threads and steps."""

from random import Random

LOCKS = ("A", "B", "R")  # R is reentrant
VARIABLES = ("x", "y")


class Maker:
    """Makes one scenario from a seed."""

    def __init__(self, seed: int, steps: int = 9) -> None:
        self.random = Random(seed)
        self.left = steps
        self.threads = self.random.choice((2, 2, 3))
        self.late = self.threads == 3 and self.random.random() < 0.5
        self.loops = 0

    def pick(self, *options: str) -> str:
        return self.random.choice(options)

    def expression(self) -> str:
        return self.pick("x", "y", "x + 1", "x == y", "x < 2 and y", "not x", "1", "mine", "0")

    def steps(self, depth: int, indent: str) -> list[str]:
        lines: list[str] = []
        for _ in range(self.random.randint(1, 4 if depth else 5)):
            if self.left <= 0:
                break
            lines += self.step(depth, indent)
        return lines or [f"{indent}- pass"]

    def step(self, depth: int, indent: str) -> list[str]:
        self.left -= 1
        kinds = ["acquire", "acquire", "release", "with", "step", "read", "write", "add", "let"]
        kinds += ["raise", "choose", "yield", "atomic", "assert", "print", "sleep"]
        if depth < 2:
            kinds += ["if", "with", "with", "repeat", "while", "forever"]
        if self.late:
            kinds += ["start", "join"]
        kinds += ["join"]
        kind = self.random.choice(kinds)
        inner = indent + "    "
        match kind:
            case "acquire" | "release":
                return [f"{indent}- {kind}: {self.pick(*LOCKS)}"]
            case "with":
                return [f"{indent}- with: {self.pick(*LOCKS)}", f"{indent}  do:", *self.steps(depth + 1, inner)]
            case "if":
                lines = [f"{indent}- if: {self.expression()}", f"{indent}  then:"]
                lines += self.steps(depth + 1, inner)
                if self.random.random() < 0.4:
                    lines += [f"{indent}  else:", *self.steps(depth + 1, inner)]
                return lines
            case "repeat":
                return [f"{indent}- repeat: 2", f"{indent}  do:", *self.steps(depth + 1, inner)]
            case "while":
                body = [*self.steps(depth + 1, inner)]
                if self.random.random() < 0.3:
                    body.append(f"{inner}- {self.pick('break', 'continue', 'return')}")
                test = self.pick("x == 0", "y", "x < 1")
                return [f"{indent}- while: {test}", f"{indent}  do:", *body, f"{inner}- yield"]
            case "forever":
                body = self.steps(depth + 1, inner)
                if self.random.random() < 0.6:
                    body += [f"{inner}- if: {self.expression()}", f"{inner}  then: [break]"]
                return [f"{indent}- forever:", *body, f"{inner}- yield"]
            case "read":
                return [f"{indent}- {{read: {self.pick(*VARIABLES)}, into: mine}}"]
            case "write":
                value = self.pick("0", "1", "mine", "1 - x")
                return [f"{indent}- {{write: {self.pick(*VARIABLES)}, value: {value}}}"]
            case "add":
                # Bounded, so that loops do not make endless state spaces.
                name = self.pick(*VARIABLES)
                return [f"{indent}- {{write: {name}, value: \"({name} + 1) % 3\"}}"]
            case "let":
                return [f"{indent}- let: {{mine: {self.pick('0', '1', 'x', '1 - mine')}}}"]
            case "choose":
                return [f"{indent}- {{choose: [0, 1], into: mine}}"]
            case "atomic":
                return [f"{indent}- atomic: [{{write: x, value: (y + 1) % 3}}]"]
            case "assert":
                return [f"{indent}- assert: {self.pick('x < 2', 'x == y', 'mine == 0')}"]
            case "print":
                return [f"{indent}- print: p"]
            case "raise":
                return [f"{indent}- raise: oops"]
            case "start" | "join":
                last = self.threads - 1
                name = f"t{last if self.late and kind == 'start' else self.random.randint(0, last)}"
                return [f"{indent}- {kind}: {name}"]
            case "sleep":
                return [f"{indent}- sleep: 1"]
            case _:
                return [f"{indent}- step: works"] if kind == "step" else [f"{indent}- yield"]

    def scenario(self) -> str:
        lines = ["locks: {A: , B: , R: {reentrant: true}}", "variables: {x: 0, y: 0}", "threads:"]
        for number in range(self.threads):
            lines.append(f"  t{number}:")
            if self.late and number == self.threads - 1:
                lines.append("    autostart: false")
            if number and self.random.random() < 0.2:
                lines.append("    daemon: true")
            lines += ["    locals: {mine: 0}", "    do:"]
            self.left = max(self.left, 3)
            lines += self.steps(0, "      ")
        return "\n".join(lines) + "\n"


def scenario(seed: int, steps: int = 9) -> str:
    """Give the text of the scenario with this seed."""
    return Maker(seed, steps).scenario()


def relabelled(text: str, names: dict[str, str]) -> str:
    """Give a scenario with other names for its threads."""
    for old, new in names.items():
        text = text.replace(old, new)
    return text
