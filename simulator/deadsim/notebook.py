"""deadsim in a notebook: `%load_ext deadsim.notebook`, then a scenario in a cell under `%%deadsim`.

    %%deadsim explore -p n=3
    locks: ["fork[n]"]
    ...

The cell's value is the result of the run, or of the exploration.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Any, NoReturn

import deadsim
from deadsim.errors import DeadsimError, UsageError
from deadsim.strategies.registry import NAMES


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%deadsim: {message}")


def options() -> argparse.ArgumentParser:
    """Give what the line of the magic may say."""
    line = _Options(prog="%%deadsim", add_help=False)
    line.add_argument("command", nargs="?", choices=["run", "explore"], default="run")
    line.add_argument("-p", "--param", action="append", default=[], metavar="NAME=VALUE")
    line.add_argument("--seed", type=int)
    line.add_argument("--strategy", choices=NAMES)
    line.add_argument("--max-seconds", type=float)
    line.add_argument("--player", action="store_true", help="show the player")
    line.add_argument("-o", "--into", metavar="NAME", help="keep the result under this name")
    return line


def carried_out(line: str, cell: str) -> tuple[str | None, Any]:
    """Run or explore the scenario of a cell, as its line says; gives the name to keep it under, and the result."""
    given = options().parse_args(shlex.split(line))
    params = {}
    for pair in given.param:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"%%deadsim: -p wants NAME=VALUE, not '{pair}'")
        params[name] = value
    scenario = deadsim.loads(cell, **params)
    if given.command == "explore":
        if given.seed is not None or given.strategy is not None:
            raise UsageError(
                "%%deadsim: explore covers all schedules; --seed and --strategy are for run"
            )
        return given.into, deadsim.explore(scenario, max_seconds=given.max_seconds)
    return given.into, deadsim.run(scenario, seed=given.seed, strategy=given.strategy)


def load_ipython_extension(shell: Any) -> None:
    """Add the magic to IPython."""

    def magic(line: str, cell: str) -> Any:
        try:
            name, result = carried_out(line, cell)
        except DeadsimError as error:
            print(error, file=sys.stderr)
            return None
        if name is not None:
            shell.user_ns[name] = result
        return result.player() if "--player" in shlex.split(line) else result

    shell.register_magic_function(magic, magic_kind="cell", magic_name="deadsim")
