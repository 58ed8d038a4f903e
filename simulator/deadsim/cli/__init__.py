"""The command line: its commands, and where their output goes."""

from deadsim.cli.commands import main

__all__ = ["main"]
