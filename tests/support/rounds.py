"""Random small scenarios in which threads go round and hinder one another, as text."""

from random import Random

STEPS = (
    "{with: A, do: [{step: works}]}",
    "{with: A, do: [{with: B, do: [pass]}]}",
    "{with: B, do: [{write: x, value: 1 - x}]}",
    "{acquire: A, blocking: false, into: got}, {if: got, then: [{release: A}]}",
    "{acquire: B, timeout: 1, into: got}, {if: got, then: [{release: B}, break]}",
    "{acquire: S}",
    "{release: S}",
    "{acquire: S}, {step: works}, {release: S}",
    "{with: W, mode: read, do: [{step: reads}]}",
    "{with: W, mode: write, do: [pass]}",
    "{write: x, value: 0}",
    "{write: x, value: 1}",
    "{if: x, then: [break]}",
    "{while: x, do: [yield]}",
    "{wait: E}",
    "{set: E}",
    "{clear: E}",
    "{choose: [0, 1], into: got}, {if: got, then: [break]}",
    "yield",
)
"""What a thread may do in a round."""


def scenario(seed: int) -> str:
    """Give the text of the scenario with this seed; its threads are t0, t1 and perhaps t2."""
    random = Random(seed)
    some = random.sample(STEPS, random.choice((2, 3, 5)))  # few, so that they meet
    lines = [
        "locks: [A, B]",
        "semaphores: {S: 1}",
        f"rwlocks: {{W: {{prefer: {random.choice(('none', 'writers'))}}}}}",
        "events: [E]",
        "variables: {x: 0}",
        "threads:",
    ]
    for number in range(random.choice((2, 3))):
        lines += [f"  t{number}:", f"    daemon: {str(random.random() < 0.2).lower()}"]
        lines += ["    locals: {got: false}", "    do:"]
        body = ", ".join(random.choices(some, k=random.choice((1, 1, 2, 3))))
        once = "break" in body or random.random() < 0.7
        lines.append(
            f"      - forever: [{body}, yield]"
            if once
            else f"      - repeat: 1\n        do: [{body}]"
        )
    return "\n".join(lines) + "\n"
