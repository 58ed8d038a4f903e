"""Rest: where nobody can take a step but one whose time runs out, or that wakes unasked.

Under `timeouts: last` time may run out there and nowhere else. Whoever lists the steps that can be taken asks
here which of a step's results are left; those by which its time runs out are its last ones then, but for a finalizer that begins.
"""

from collections.abc import Iterable

from deadsim.kernel.row import Result


def goes_on(results: Iterable[Result]) -> bool:
    """Decide whether a step can be taken though no time runs out, and nobody wakes unasked."""
    return any(result.outcome.by is None for result in results)


def in_time(results: tuple[Result, ...]) -> tuple[Result, ...]:
    """Leave out the results by which a step's time runs out."""
    left = tuple([result for result in results if result.outcome.by != "time"])
    return results if len(left) == len(results) else left
