"""What to try where claims are undecided: up to three ways that may settle them."""

import shlex
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice

from deadsim.exploration.verdicts.result import Exploration
from deadsim.model.values import as_given
from deadsim.report.text import NO_FILES

MOST = 3

MORE = 10
"""How many times more of a budget is tried."""

MANY = 30_000
"""States, from which on numpy is of use."""


def suggestions(result: Exploration) -> tuple[str, ...]:
    """Give commands, and what else may help; nothing where all claims are decided."""
    if result.verdict != "undecided":
        return ()
    return tuple(islice(ways(result), MOST))


def ways(result: Exploration) -> Iterator[str]:
    """List what may settle the claims; what grows is not settled by more of the same."""
    for growing in result.grows[:1]:
        yield f"a bound for {growing.object}, or a few rounds (repeat: 3) of the loop that makes it grow"
    if not result.grows:
        yield from more(result)
    yield from smaller(result)
    if find_spec("numpy") is None and (result.states or 0) > MANY:
        yield "pip install 'deadsim[fast]'"
    if result.grows:
        yield from more(result)


def more(result: Exploration) -> Iterator[str]:
    """Give the command with a higher budget; where none was spent, but some schedules were left out, without that."""
    if result.limit is None:
        yield command(result)
        return
    option, amount = result.limit
    much = amount * MORE
    yield f"{command(result)} {option} {f'{much:g}' if much < 1e6 else f'{much:.0f}'}"


def smaller(result: Exploration) -> Iterator[str]:
    """Give the command with the largest param made smaller by one."""
    params = result.program.params
    sizes = {n: v for n, v in params.items() if isinstance(v, int) and v > 1 and v is not True}
    if sizes:
        name = max(sizes, key=lambda one: sizes[one])
        yield command(result, **{name: sizes[name] - 1})


def command(result: Exploration, **changed: int) -> str:
    """Give the command that explores the scenario, with the params that were given."""
    program = result.program
    given = {**program.given, **changed}
    if program.file in NO_FILES:
        return "deadsim explore FILE" + "".join(f" -p {n}={as_given(v)}" for n, v in given.items())
    params = [f" -p {shlex.quote(f'{name}={as_given(value)}')}" for name, value in given.items()]
    return f"deadsim explore {shlex.quote(program.file)}{''.join(params)}"
