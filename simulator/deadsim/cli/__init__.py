"""The command line: its commands, and where their output goes."""

from deadsim.cli import explore_command as exploring
from deadsim.cli import graph_command as drawing
from deadsim.cli import help_commands as helping
from deadsim.cli.commands import main

__all__ = ["drawing", "exploring", "helping", "main"]
