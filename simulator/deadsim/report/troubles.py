"""What keeps a check from passing, one by one, each with its place: the matter of all reports for CI."""

from collections.abc import Iterator
from typing import NamedTuple

from deadsim.errors import ScenarioError
from deadsim.exploration.verdicts.result import Defect, Exploration, Judged
from deadsim.model.place import Place
from deadsim.report.exploration import about, against, claim_of
from deadsim.report.sentences import message
from deadsim.trace.finding import Deadlock, Finding, Livelock, Race

START = Place(1, 1)


class Trouble(NamedTuple):
    """A claim that does not hold, with a defect that shows it where there is one; or, without a claim,
    something that is wrong with a file. It is `certain` unless the claim is undecided.
    """

    file: str
    params: str
    claim: str | None
    certain: bool
    place: Place
    message: str
    details: tuple[str, ...] = ()
    defect: Defect | None = None


def troubles(result: Exploration) -> Iterator[Trouble]:
    """List what keeps the claims of a scenario from holding."""
    for claim in result.claims:
        if claim.asked and not claim.holds:
            yield from troubles_of(result, claim)


def troubles_of(result: Exploration, claim: Judged) -> Iterator[Trouble]:
    """List what is wrong with a claim: each defect that it forbids, or that it does not hold."""
    program = result.program
    file = relative(program.file)
    params = " ".join(f"{name}={value}" for name, value in program.given.items())
    place = claim.expected.place or START
    sentence = against(claim)
    if claim.holds is None and result.covered is not None:
        sentence = f"{sentence} ({result.covered})"
    defects = [one for one in result.defects if claim_of(one) == claim.key]
    # What was claimed to be there, and is, is no trouble; that it is not always there has no schedule.
    if claim.holds is False and (claim.expected.level == "never" or "." in claim.key) and defects:
        for one in defects:
            details = tuple(about(result, one, 100)[1:])
            where = place_of(one.finding) or place
            yield Trouble(file, params, claim.key, True, where, message(one.finding), details, one)
    else:
        yield Trouble(file, params, claim.key, claim.holds is False, place, sentence)


def place_of(found: Finding) -> Place | None:
    """Give the place in the file that a defect is best shown at."""
    match found:
        case Deadlock():
            return found.waits[0].place
        case Race():
            return found.accesses[1].place
        case Livelock():
            return None
        case _:
            return found.place


def relative(file: str) -> str:
    """Write a file as those who read reports know it: with slashes, and without a dot before the first."""
    return file.replace("\\", "/").removeprefix("./")


def wrong(error: ScenarioError) -> Iterator[Trouble]:
    """List what is wrong with a file."""
    for problem in error.problems:
        yield Trouble(relative(error.file), "", None, True, problem.place, problem.message)
