"""Random small scenarios, as text: every verb that is carried out, with few threads and steps."""

import re
from random import Random

VARIABLES = ("x", "y")

# What a scenario may share: each is there with some chance, so that a few meet often.
SHARED = {
    "locks": "A, B, R: {reentrant: true}, m, J: {owned: false}, I: {owned: false}, 'L[2]'",
    "rwlocks": "W: {prefer: writers}, N, X: {modes: innodb, prefer: queue}, "
    "Y: {modes: {low: [high], high: [low, high]}, deadlocks: victim}, "
    "V: {modes: innodb, deadlocks: victim}, "
    "U: {modes: postgres-table, deadlocks: victim}",
    "semaphores": "S: 1, T: {value: 1, bounded: true}, Z: 0",
    "conditions": "C: m, D, P: {lock: m, spurious: true}, O: I",
    "events": "E, F: {set: true}, 'e[2]'",
    "barriers": "G: 2, H: 3",
    "latches": "K: 2, M: 1",
    "queues": "q: {maxsize: 1}, u, l: {order: lifo, maxsize: 2}, p: {order: priority}",
    "pipes": "i: {capacity: 1}, j: {capacity: 2}, k: {capacity: 0}",
}

MODES = {
    "W": ("read", "write"),
    "N": ("read", "write"),
    "X": ("IS", "IX", "S", "X"),
    "Y": ("low", "high", "high"),
    "V": ("S", "X", "X"),
    "U": ("access share", "row exclusive", "share", "exclusive"),
}

# What may be asked of a state, by the section that has to be there.
ASKED = {
    "variables": ("x < 2", "x == 0 or y < 2", "not (x and y)", "x != y or x == 0"),
    "threads": ("not finished(t0) or x < 2", "finished(t1) or y == 0"),
    "locks": (
        "not (locked(A) and x == 1)",
        "holder(A) != 't0' or y == 0",
        "not (finished(t0) and locked(R))",
    ),
    "rwlocks": ("not locked(W) or x == 0", "not locked(V) or y == 0", "holder(U) != 't0'"),
    "semaphores": ("value(S) < 2", "value(Z) == 0 or x < 2"),
    "conditions": ("waiting(C) < 1", "waiting(P) == 0 or y == 0"),
    "events": ("not is_set(E) or x == 0", "is_set(F)"),
    "barriers": ("waiting(G) < 1 or y == 0", "not broken(G) or x == 0"),
    "latches": ("value(K) > 0 or x < 2", "value(M) == 1"),
    "queues": ("qsize(q) < 1", "qsize(u) < 2"),
    "pipes": (),
}


# What a step may ask.
QUESTIONS = {
    "threads": ("finished(t0)", "finished(t1)"),
    "locks": ("locked(A)", "locked(R)", "locked(J)", "locked(L[mine])"),
    "rwlocks": ("locked(W)", "locked(N)", "locked(Y)", "locked(X)"),
    "semaphores": ("value(S)", "value(T)", "value(Z)"),
    "conditions": ("waiting(C)", "waiting(D)"),
    "events": ("is_set(E)", "is_set(F)", "is_set(e[x])", "is_set(E)", "waiting(E)"),
    "barriers": ("waiting(G)", "waiting(H)", "broken(G)", "broken(G)"),
    "latches": ("value(K)", "value(M)"),
    "queues": ("qsize(u)", "empty(q)", "full(q)", "empty(u)", "qsize(l)", "full(l)"),
    "pipes": ("qsize(i)", "qsize(j)"),
}


REFUSED = re.compile(r"(acquire|with): \[?[XYVU]\b")
"""Locks with a queue or victims, for which no thread with a finalizer may wait."""


class Maker:
    """Makes one scenario from a seed."""

    def __init__(self, seed: int, steps: int = 9, finalizers: float = 0.1) -> None:
        self.random = Random(seed)
        self.aside = Random(~seed)  # for finalizers, so that the rest is as it is without them
        self.finalizers = finalizers
        self.left = steps
        self.threads = self.random.choice((2, 2, 3))
        self.late = self.threads == 3 and self.random.random() < 0.5
        self.alike = self.threads == 2 and self.random.random() < 0.3
        kinds = [kind for kind in SHARED if kind != "locks"]
        self.modes = Random(f"{seed} modes").sample(("X", "Y", "V", "U"), 2)
        self.kinds = ["locks", *self.random.sample(kinds, self.random.choice((0, 1, 1, 2)))]
        if "conditions" in self.kinds and self.random.random() < 0.5:
            self.kinds = [kind for kind in self.kinds if kind != "locks"]  # meet there more often

    def pick(self, *options: str) -> str:
        return self.random.choice(options)

    def expression(self) -> str:
        if self.random.random() < 0.15:  # some of these fail now and then
            return self.pick(
                "1 // x",
                "2 ** (y - 1)",
                "v[x]",
                "v[mine]",
                "y if x else mine",
                "mine in [0, 2]",
                "max(x, y)",
            )
        if self.random.random() < 0.25:
            return self.question()
        return self.pick("x", "y", "x + 1", "x == y", "x < 2 and y", "not x", "1", "mine", "0")

    def question(self) -> str:
        """Ask something that is there how it is."""
        questions = [one for kind in ("threads", *self.used()) for one in QUESTIONS[kind]]
        asked = self.pick(*questions)
        if self.alike:
            asked = asked.replace("t1", self.pick("t1", "t1[0]", "t1[mine]"))
        return self.pick(asked, asked, f"not {asked}", f"x or {asked}", f"{asked} == x")

    def steps(self, depth: int, indent: str) -> list[str]:
        lines: list[str] = []
        for _ in range(self.random.randint(1, 4 if depth else 5)):
            if self.left <= 0:
                break
            lines += self.step(depth, indent)
        return lines or [f"{indent}- pass"]

    def step(self, depth: int, indent: str) -> list[str]:
        self.left -= 1
        if self.random.random() < 0.55:
            return self.shared(self.pick(*self.kinds), depth, indent)
        kinds = ["step", "read", "write", "add", "let"]
        kinds += ["raise", "choose", "yield", "atomic", "assert", "print", "sleep", "array", "call"]
        if depth < 2:
            kinds += ["if", "if", "repeat", "while", "forever", *["try"] * 3, *["select"] * 3]
        if self.late:
            kinds += ["start", "join"]
        kinds += ["join"]
        kind = self.random.choice(kinds)
        inner = indent + "    "
        match kind:
            case "if":
                lines = [f"{indent}- if: {self.expression()}", f"{indent}  then:"]
                lines += self.steps(depth + 1, inner)
                if self.random.random() < 0.4:
                    lines += [f"{indent}  else:", *self.steps(depth + 1, inner)]
                return lines
            case "try":
                return self.attempt(depth, indent)
            case "repeat":
                return [f"{indent}- repeat: 2", f"{indent}  do:", *self.steps(depth + 1, inner)]
            case "while":
                body = [*self.steps(depth + 1, inner)]
                if self.random.random() < 0.3:
                    body.append(f"{inner}- {self.pick('break', 'continue', 'return')}")
                test = self.pick("x == 0", "y", "x < 1", f"not {self.question()}")
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
                return [f'{indent}- {{write: {name}, value: "({name} + 1) % 3"}}']
            case "array":
                index = self.pick("0", "1", "x", "mine", "1 - y")
                return [f'{indent}- {{write: "v[{index}]", value: {self.pick("1", "mine")}}}']
            case "call":
                return [
                    f"{indent}- {{call: {self.pick('use', 'again')}, args: [{self.pick('A', 'B', 'R', 'J')}, {self.pick('x', 'mine', '1')}]}}"
                ]
            case "let":
                return [f"{indent}- let: {{mine: {self.pick('0', '1', 'x', '1 - mine')}}}"]
            case "choose":
                return [f"{indent}- {{choose: [0, 1], into: mine}}"]
            case "atomic":
                step = self.pick(
                    "{write: x, value: (y + 1) % 3}",
                    "{write: x, value: (y + 1) % 3}",
                    "{if: x, then: [{write: y, value: 1}], else: [{let: {mine: y}}]}",
                    "{write: y, value: 1 - mine}, {assert: x + y < 4}",
                    f"{{if: {self.quoted(self.question())}, then: [{{write: x, value: 1}}]}}",
                )
                return [f"{indent}- atomic: [{step}]"]
            case "assert":
                return [f"{indent}- assert: {self.pick('x < 2', 'x == y', 'mine == 0')}"]
            case "print":
                text = self.pick("p", "p", "{x}", "{mine}")
                return [f'{indent}- print: "{text}"']
            case "raise":
                return [
                    f"{indent}- raise: {self.pick('oops', 'oops', 'of no class', 'Misuse', 'far')}"
                ]
            case "start" | "join":
                last = self.threads - 1
                name = f"t{last if self.late and kind == 'start' else self.random.randint(0, last)}"
                if self.alike and name == "t1":
                    name = self.pick("t1", '"t1[0]"', '"t1[mine]"')
                return [f"{indent}- {{{kind}: {name}{self.patience(kind == 'join')}}}"]
            case "sleep":
                return [f"{indent}- sleep: 1"]
            case "select":
                return self.select(depth, indent)
            case _:
                return [f"{indent}- step: works"] if kind == "step" else [f"{indent}- yield"]

    def attempt(self, depth: int, indent: str) -> list[str]:
        """Try some steps, and deal with what fails."""
        inner = indent + "    "
        lines = [f"{indent}- try:", *self.steps(depth + 1, inner)]
        if self.random.random() < 0.3:
            lines += self.pick(f"{inner}- raise: oops", f"{inner}- release: A").splitlines()
        known = ["oops", "Misuse", "any", *(["BrokenPipe"] if "pipes" in self.kinds else [])]
        names = self.random.sample(known, self.random.choice((0, 1, 1, 2)))
        if names:
            lines.append(f"{indent}  except:")
        for name in names:
            lines += [f"{inner}{name}:", *self.steps(depth + 1, inner + "  ")]
            if self.random.random() < 0.25:
                lines.append(f"{inner}  - {self.pick('raise', 'return', 'raise: far')}")
        if self.random.random() < 0.3:
            lines += [f"{indent}  else:", *self.steps(depth + 1, inner)]
        if not names or self.random.random() < 0.4:
            lines += [f"{indent}  finally:", *self.steps(depth + 1, inner)]
            if self.random.random() < 0.15:
                lines.append(f"{inner}- return")
        return lines

    def until(self) -> str:
        """Give what a waiter of a condition waits for."""
        return self.pick("x", "x == y", "y == 1", self.quoted(self.question()))

    def quoted(self, expression: str) -> str:
        """Write an expression so that brackets in it are none of the map's."""
        return f'"{expression}"'

    def select(self, depth: int, indent: str) -> list[str]:
        """Take the first of some that may be taken; some of them twice, some with steps of their own."""
        inner = indent + "    "
        known = {
            "locks": ("acquire: A", "acquire: B", "acquire: R"),
            "rwlocks": ("acquire: W, mode: read", "acquire: W, mode: write", "acquire: N, mode: write"),
            "semaphores": ("acquire: S", "acquire: Z"),
            "conditions": ("acquire: C", "acquire: D"),
            "events": ("wait: E", "wait: F", 'wait: "e[mine]"'),
            "latches": ("wait: K", "wait: M"),
            "queues": ("get: q, into: mine", "get: u", "put: q, value: qsize(u)", "put: l, value: mine", "join: u"),
            "pipes": ("receive: i, into: mine", "receive: k", "send: i, value: 0", "send: j, value: x"),
        }  # fmt: skip
        options = [one for kind in self.kinds for one in known.get(kind, ())]
        options += ["join: t0", "join: t1"]
        lines = [f"{indent}- select:"]
        branches: list[list[str]] = []
        for text in self.random.sample(options, self.random.choice((1, 2, 2, 3))):
            body = [f"{inner}- {text.split(', ')[0]}"]
            body += [f"{inner}  {more}" for more in text.split(", ")[1:]]
            if self.random.random() < 0.5:
                body += [f"{inner}  do:", *self.steps(depth + 1, inner + "    ")]
            branches.append(body)
        if self.random.random() < 0.4:
            last = self.pick(
                "timeout: 1", "timeout: 2", "default: [pass]", "default: [{let: {mine: 1}}]"
            )
            branches.insert(self.random.randint(0, len(branches)), [f"{inner}- {last}"])
        return [*lines, *(line for branch in branches for line in branch)]

    def patience(self, may: bool = True, tries: bool = False) -> str:
        """Give up sometimes."""
        if not may or self.random.random() < 0.75:
            return ""
        into = self.pick("", ", into: mine")
        return self.pick(", timeout: 1", ", blocking: false" if tries else ", timeout: 2") + into

    def shared(self, kind: str, depth: int, indent: str) -> list[str]:
        """Make a step about something of one kind."""
        pick = self.pick
        inner = indent + "    "

        def one(text: str) -> list[str]:
            return [f"{indent}- {{{text}}}"]

        def under(what: str, mode: str = "") -> list[str]:
            if depth >= 2:
                return one(f"release: {what}")
            body = self.steps(depth + 1, inner)
            return [
                f"{indent}- with: {what}",
                *([f"{indent}  mode: {mode}"] if mode else []),
                f"{indent}  do:",
                *body,
            ]

        match kind:
            case "locks":
                name = pick("A", "B", "R", "J")
                if self.random.random() < 0.15:
                    name = pick('"L[mine]"', '"L[x]"', '"L[1]"')
                match pick("acquire", "release", "with", "with"):
                    case "acquire":
                        return one(f"acquire: {name}{self.patience(tries=True)}")
                    case "release":
                        return one(f"release: {name}")
                return under(
                    pick(name, name, "[A, R]", "[B, A]", '["L[y]", A]') if depth < 2 else name
                )
            case "rwlocks":
                name = pick("W", "W", "N", *self.modes, *self.modes)
                mode = pick(*MODES[name])
                match pick("acquire", "release", "with", "with"):
                    case "acquire":
                        return one(f"acquire: {name}, mode: {mode}{self.patience(tries=True)}")
                    case "release":
                        which = pick("", f", mode: {mode}") if name in self.modes else ""
                        return one(f"release: {name}{which}")
                return under(name, mode)
            case "semaphores":
                name = pick("S", "T", "Z")
                match pick("acquire", "acquire", "release", "release", "with"):
                    case "acquire":
                        return one(f"acquire: {name}{self.patience(tries=True)}")
                    case "release":
                        return one(f"release: {name}" + pick("", "", ", count: 2"))
                return under(name)
            case "conditions":
                name = pick("C", "C", "D", "P", "O")
                lock = {"D": "D", "O": pick("I", "O")}.get(name, pick("m", name))
                if self.random.random() < 0.15:
                    return one(
                        pick(
                            f"acquire: {lock}",
                            f"notify: {name}",
                            f"release: {lock}",
                            f"wait: {name}",
                        )
                    )
                if self.random.random() < 0.2:
                    return one(f"wait: {name}, until: {self.until()}{self.patience()}")
                step = pick(
                    f"wait: {name}{self.patience()}",
                    f"wait: {name}{self.patience()}",
                    f"wait: {name}, until: {self.until()}{self.patience()}",
                    f"notify: {name}",
                    f"notify: {name}",
                    f"notify: {name}, count: 2",
                    f"notify_all: {name}",
                )
                return [f"{indent}- with: {lock}", f"{indent}  do:", f"{inner}- {{{step}}}"]
            case "events":
                name = pick("E", "F", "E", "F", '"e[mine]"', '"e[0]"')
                return one(
                    pick(
                        f"wait: {name}{self.patience()}",
                        f"wait: {name}{self.patience()}",
                        f"set: {name}",
                        f"clear: {name}",
                    )
                )
            case "barriers":
                name = pick("G", "G", "G", "H")
                match pick("wait", "wait", "wait", "wait", "abort", "reset"):
                    case "wait":
                        timeout = pick("", "", "", ", timeout: 1")
                        return one(f"wait: {name}{timeout}{pick('', ', into: mine')}")
                    case verb:
                        return one(f"{verb}: {name}")
            case "latches":
                name = pick("K", "K", "M")
                return one(
                    pick(
                        f"wait: {name}{self.patience()}",
                        f"count_down: {name}",
                        f"count_down: {name}",
                        f"count_down: {name}, count: {pick('1', '2', 'mine', 'x + 1')}",
                    )
                )
            case "queues":
                name = pick("q", "u", "l", "p")
                value = pick("0", "1", "mine", "null" if name != "p" else "2")
                match pick("put", "put", "get", "get", "task_done", "join", "shutdown"):
                    case "put":
                        given = (
                            f"value: {value}"
                            if name == "p"
                            else pick(f"value: {value}", 'text: "a{x}"')
                        )
                        return one(f"put: {name}, {given}{self.patience(tries=True)}")
                    case "get":
                        into = pick("", ", into: mine")
                        patience = self.patience(tries=True).replace(", into: mine", "")
                        return one(f"get: {name}{into}{patience}")
                    case "task_done":
                        return one(f"task_done: {name}")
                    case "shutdown":
                        return one(f"shutdown: {name}{pick('', ', immediate: true')}")
                return one(f"join: {name}{self.patience()}")
            case _:
                name = pick("i", "j", "k")
                match pick("send", "send", "receive", "receive", "close"):
                    case "send":
                        given = pick("value: 0", "value: 1", "value: mine", 'text: "{mine}"')
                        return one(f"send: {name}, {given}")
                    case "receive":
                        return one(f"receive: {name}{pick('', ', into: mine')}")
                return one(f"close: {name}{pick('', ', end: read')}")

    def scenario(self) -> str:
        lines = [f"{kind}: {{{SHARED[kind]}}}" for kind in SHARED if kind in self.used()]
        lines.append("variables: {x: 0, y: {value: 0}, 'v[2]': 0}")
        lines += self.claims()
        body = self.pick(
            "{with: which, do: [{write: y, value: a}]}",
            "{acquire: which}, {if: a, then: [return]}, {release: which}",
        )
        every = "raises: [{raise: oops}, {raise: far}]"  # so that they may be caught
        again = self.pick(
            "{with: which, do: [{if: a < 2, then: [{call: again, args: [which, a + 1]}]}]}",
            "{acquire: which}, {if: x, then: [return]}, {call: again, args: [A, a]}, {release: which}",
            "{write: y, value: a}, {if: a < x, then: [{call: again, args: [which, a + 1]}, {write: x, value: a}]}",
            "{try: [{call: again, args: [R, y]}], except: {RecursionError: [{release: which}]}}",
            "{step: deeper}, {try: [{call: again, args: [which, a]}], finally: [{write: x, value: a}]}",
        )
        again = f"{{let: {{more: more + 1}}}}, {again}"
        own = f"again: {{args: [which, a], locals: {{more: 0}}, do: [{again}]}}"
        lines.append(f"procedures: {{use: {{args: [which, a], do: [{body}]}}, {own}, {every}}}")
        lines.append("limits: {recursion: 2}")
        lines.append("threads:")
        for number in range(self.threads):
            lines.append("  t1[2]:" if self.alike and number == 1 else f"  t{number}:")
            if self.late and number == self.threads - 1:
                lines.append("    autostart: false")
            if number and self.random.random() < 0.2:
                lines.append("    daemon: true")
            lines += ["    locals: {mine: 0}", "    do:"]
            self.left = max(self.left, 3)
            body = self.steps(0, "      ")
            lines += body
            if self.aside.random() < self.finalizers and not any(map(REFUSED.search, body)):
                lines += self.finalizer(body)
        if any("timeout:" in line for line in lines):
            lines = self.timeouts(lines)
        return "\n".join(lines) + "\n"

    def finalizer(self, body: list[str]) -> list[str]:
        """Make what may begin anywhere; it waits for nothing that its thread may wait for already."""
        kept = self.random, self.left
        self.random = self.aside
        for _ in range(8):
            self.left = self.random.randint(1, 3)
            steps = ["- let: {mine: 0}", *self.steps(1, "")]
            refused = any(REFUSED.search(line) or "call: again" in line for line in steps)
            if not refused and waited(steps).isdisjoint(waited(body)):
                break
        else:
            steps = ["- step: tidies up"]
        twice = self.random.random() < 0.3
        self.random, self.left = kept
        if not twice:
            return ["    anywhere:", *(f"      {line}" for line in steps)]
        return [
            "    anywhere:",
            "      times: 2",
            "      do:",
            *(f"      {line}" for line in steps),
        ]

    def timeouts(self, lines: list[str]) -> list[str]:
        """Say sometimes when time runs out, and claim something of it."""
        how = self.pick("", "", "timeouts: last", "timeouts: last", "timeouts: 'off'")
        if self.random.random() < 0.5:
            claim = f"timeout: {self.pick('never', 'possible', 'always')}"
            expects = [line for line in lines if line.startswith("expect: {")]
            lines = [line for line in lines if line not in expects]
            both = f"{expects[0][:-1]}, {claim}}}" if expects else f"expect: {{{claim}}}"
            lines = [both, *lines]
        return [*([how] if how else []), *lines]

    def claims(self) -> list[str]:
        """Claim something of every state, of the end, and of the output."""
        there = ("variables", "threads", *self.used())
        states = [
            asked for kind in there for asked in ASKED[kind] if not (self.alike and "t1" in asked)
        ]
        lines = []
        if self.random.random() < 0.4:
            lines.append(
                f"invariants: [{', '.join(repr_of(s) for s in self.random.sample(states, 2))}]"
            )
        if self.random.random() < 0.4:
            always, never, possible = (repr_of(one) for one in self.random.sample(states, 3))
            claims = [f"final: {{always: {always}, never: {never}, possible: [{possible}]}}"]
            claims.append(
                self.pick(
                    "output: {possible: [p], always: [p]}", "output: {exactly: [p]}", "race: never"
                )
            )
            lines.append(f"expect: {{{', '.join(claims)}}}")
        return lines

    def used(self) -> list[str]:
        """List the sections that are wanted; a condition's lock is among the locks."""
        return ["locks", *self.kinds]


def waited(lines: list[str]) -> set[str]:
    """List what may be waited for by several steps in turn; of arrays the names."""
    text = "\n".join(lines)
    found = set(re.findall(r'wait: "?(\w+)', text))
    found |= {"k"} if "send: k" in text else set()
    return found | ({"W"} if re.search(r"W(.*\n?.*)mode: write", text) else set())


def repr_of(expression: str) -> str:
    """Write an expression as YAML in one line."""
    return f'"{expression}"'


def scenario(seed: int, steps: int = 9, finalizers: float = 0.1) -> str:
    """Give the text of the scenario with this seed; so many of its threads have one of the `finalizers`."""
    return Maker(seed, steps, finalizers).scenario()
