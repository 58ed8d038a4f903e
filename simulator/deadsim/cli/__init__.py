"""The command line: its commands, and where their output goes."""

from deadsim.cli import drawing, exploring, helping
from deadsim.cli.commands import main

__all__ = ["drawing", "exploring", "helping", "main"]
