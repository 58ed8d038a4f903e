"""The command line: its commands, and where their output goes."""

from deadsim.cli import exploring
from deadsim.cli.commands import main

__all__ = ["exploring", "main"]
