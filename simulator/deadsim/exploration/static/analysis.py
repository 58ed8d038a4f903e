"""The static analysis of a program: what its text says, for all who search, each part worked out once."""

from typing import NamedTuple

from deadsim.detect.stuck.coarse_progress import Flows
from deadsim.exploration.static.reachable_accesses import Futures
from deadsim.exploration.static.ruled_out import impossible, may_race, terminates
from deadsim.exploration.static.symmetry import interchangeable
from deadsim.kernel.system import System
from deadsim.model.claims import DefectType


class Analysis(NamedTuple):
    """What the text of a program says; each part is worked out when it is first asked for, and kept with it."""

    system: System

    @property
    def flows(self) -> Flows:
        """Give the ways through the code of each thread."""
        return self.system.once(Flows)

    @property
    def terminates(self) -> bool:
        """Tell whether no thread can take steps for ever."""
        return self.system.once(terminates)

    @property
    def may_race(self) -> tuple[int, ...]:
        """List the variables that could have a race."""
        return self.system.once(may_race)

    @property
    def impossible(self) -> dict[DefectType, str]:
        """Give the types of defects that no schedule can show, each with the reason."""
        return self.system.once(impossible)

    @property
    def alike(self) -> tuple[tuple[int, ...], ...]:
        """Give the groups of threads that nobody can tell from one another."""
        return self.system.once(interchangeable)

    @property
    def futures(self) -> Futures:
        """Give what each thread may touch from each place on."""
        return self.system.once(Futures)
