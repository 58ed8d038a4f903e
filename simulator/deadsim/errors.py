"""Every exception that deadsim raises on purpose, and where in a file something is wrong.

    DeadsimError
    ├── ScenarioError     the scenario file is wrong: every problem of it, each with its place
    ├── UsageError        the command line, or a call of the Python API, is wrong
    ├── ReplayDiverged    a schedule does not fit the scenario it is replayed on
    └── InternalError     deadsim itself is wrong: never the user's fault

A defect in the user's program is data (a finding), never an exception.
"""

from typing import NamedTuple

from deadsim.model.place import Place


class Problem(NamedTuple):
    """One thing that is wrong with a scenario file, in one sentence.

    >>> Problem(Place(2, 5), "the key 'locks' stands here twice").place.line
    2
    """

    place: Place
    message: str


class DeadsimError(Exception):
    """Anything that deadsim raises on purpose; its text is the message for the user.

    >>> issubclass(ScenarioError, DeadsimError)
    True
    """


class UsageError(DeadsimError):
    """The command line, or a call of the Python API, asks for something that cannot be.

    >>> import deadsim
    >>> deadsim.load("dinin")
    Traceback (most recent call last):
    deadsim.errors.UsageError: dinin: no such file, and no scenario of that name ships with deadsim; did you mean 'dining'?
    """


class ScenarioError(DeadsimError):
    """A scenario file is wrong: `problems` holds all that was found, in the order of the file.

    >>> import deadsim
    >>> try:
    ...     deadsim.loads("locks: [A]\\nthreads: {t: [{acquire: B}]}")
    ... except deadsim.ScenarioError as error:
    ...     error.problems[0].place.line, error.lines()[0].split(":")[:3]
    (2, ['<text>', '2', '25'])
    """

    def __init__(self, file: str, problems: tuple[Problem, ...], source: str = "") -> None:
        self.file = file
        self.problems = tuple(sorted(set(problems)))
        self.source = source
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Give `file:line:column: message` for each problem."""
        return [f"{self.file}:{p.place.line}:{p.place.column}: {p.message}" for p in self.problems]


class ReplayDiverged(DeadsimError):
    """A schedule names a step that the scenario cannot take: `step` counts from 0.

    >>> import deadsim
    >>> try:
    ...     deadsim.replay(deadsim.load("two_locks"), ["left", "left", "right"])
    ... except deadsim.ReplayDiverged as error:
    ...     error.step
    2
    """

    def __init__(self, step: int, expected: str, found: str) -> None:
        self.step = step
        self.expected = expected
        self.found = found
        super().__init__(
            f"the schedule does not fit at step {step}: it says {expected}, but {found}"
        )


class InternalError(DeadsimError):
    """deadsim contradicts itself; `schedule` is what had been taken, as names, to report it with.

    >>> InternalError("no step was taken for a minute", ("left", "right")).schedule
    ('left', 'right')
    """

    def __init__(self, message: str, schedule: tuple[str, ...] = ()) -> None:
        self.schedule = schedule
        taken = f" (schedule: {' '.join(schedule)})" if schedule else ""
        super().__init__(f"internal error, please report it: {message}{taken}")
