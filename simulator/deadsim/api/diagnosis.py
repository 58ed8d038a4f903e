"""What deadsim uses on this machine."""

import os
import platform
import sys
from importlib import metadata

from deadsim import __version__, gallery
from deadsim.api.one_run import dump
from deadsim.draw.graphs.engine import engine
from deadsim.engine import baton
from deadsim.errors import UsageError

__all__ = ["diagnosis", "dump"]


def diagnosis() -> dict[str, str]:
    """Say what is in use, and what could be."""
    return {
        "deadsim": f"{__version__}, {os.path.dirname(gallery.__file__)}",
        "python": f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}",
        "system": f"{platform.system()} {platform.release()}, {os.cpu_count()} processors",
        "baton": hand_over(),
        "layout": layout(),
        "numpy": numpy(),
        "scenarios": f"{len(gallery.names())} in {gallery.folder()}",
    }


def hand_over() -> str:
    """Say how threads hand over to one another."""
    made = baton.make()
    made.close()
    kinds = {
        "EventfdBaton": "eventfd",
        "PipeBaton": "pipes, for want of eventfd: slower",
        "LockBaton": "locks, for want of eventfd and descriptors: slower",
    }
    return kinds[type(made).__name__]


def layout() -> str:
    """Say what lays graphs out."""
    try:
        found = engine()
    except UsageError as error:
        return f"{error}"
    return (
        found
        or "deadsim's own; Graphviz would be used if `dot` were there, or pip install 'deadsim[dot]'"
    )


def numpy() -> str:
    """Say whether large searches are done with numpy."""
    try:
        return metadata.version("numpy")
    except metadata.PackageNotFoundError:
        return "not there; pip install 'deadsim[fast]' makes large searches faster"
