"""A run as what changes in it over time: who held what, and who waited for what, from when to when.

Times are numbers of steps taken: from 0, before the first step, to as many as there are.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from deadsim.detect.deadlocks.situation import Standing
from deadsim.detect.order.happens_before import Order, orders
from deadsim.report.sentences import in_mode
from deadsim.runs.playback import Moment
from deadsim.runs.result import Run, Verdict
from deadsim.trace.event import Event
from deadsim.trace.finding import (
    Access,
    ClaimBroken,
    Deadlock,
    Failed,
    Finding,
    Livelock,
    Race,
    Wait,
)

Glyph: TypeAlias = Literal[
    "DEADLOCK",
    "RACE",
    "LIVELOCK",
    "STARVATION",
    "TIMEOUT",
    "OK",
    "ASSERTION",
    "INVARIANT",
    "MISUSE",
    "ERROR",
    "FINAL",
    "OUTPUT",
    "BUDGET",
    "INTERRUPTED",
    "REFUTED",
    "UNDECIDED",
]


class Held(NamedTuple):
    """A thread had an object from one moment to another; `row` tells those apart that it had at once.

    It `lasts` if the thread still has it at the end.
    """

    thread: int
    object: str
    start: int
    end: int
    row: int
    line: int
    lasts: bool = True
    mode: str | None = None

    @property
    def words(self) -> str:
        """Name what is held, with the mode of a lock that has them."""
        return in_mode(self.object, self.mode)


class Waited(NamedTuple):
    """A thread waited from one moment to another; it `lasts` if it still does at the end."""

    thread: int
    start: int
    end: int
    wait: Wait
    lasts: bool = True


class Film(NamedTuple):
    """A run over time; steps before `first` are left out.

    `moments[k]` is after `first + k` steps; `orders` are the arrows of happens-before between threads.
    `focus` is the finding that it is about, None where it shows none; `verdict` is what is known of the claims,
    from this run or from all schedules.
    """

    run: Run
    first: int
    moments: tuple[Moment, ...]
    held: tuple[Held, ...]
    waited: tuple[Waited, ...]
    orders: tuple[Order, ...]
    focus: Finding | None
    verdict: Verdict

    @property
    def last(self) -> int:
        """Count all steps of the run."""
        return len(self.run.events)

    @property
    def events(self) -> Sequence[Event]:
        """Give the steps that are shown."""
        return self.run.events[self.first :]

    @property
    def race(self) -> tuple[Access, Access] | None:
        """Give the two accesses of the race that it is about, where both are shown."""
        found = self.focus
        if isinstance(found, Race) and min(access.step for access in found.accesses) >= self.first:
            return found.accesses
        return None


def film(run: Run, focus: Finding | None = None, verdict: Verdict | None = None) -> Film:
    """Follow a run; without a `focus` it is about the first defect that this very run shows, if any.

    `verdict` is that of an exploration, where the run is of one.
    """
    first, shown = run.first, run.moments
    if focus is None:
        focus = next((found for found in run.defects if not is_elsewhere(found)), None)
    after = tuple(order for order in orders(run.events) if order.earlier >= first)
    return Film(
        run,
        first,
        shown,
        tuple(holdings(shown)),
        tuple(waits(shown, run.events)),
        after,
        focus,
        verdict or run.verdict,
    )


def is_elsewhere(found: Finding) -> bool:
    """Decide whether a finding is one of another schedule than that of the run."""
    return isinstance(found, Deadlock) and found.schedule is not None


def holdings(shown: Sequence[Moment]) -> list[Held]:
    """Find who had what from when to when, in the order of the threads."""
    found: list[Held] = []
    for thread in range(len(shown[0].situation.threads)):
        open_at: dict[tuple[str, str | None], Held] = {}
        for moment in shown:
            holds = {
                (hold.object, hold.mode): hold for hold in moment.situation.threads[thread].holds
            }
            for name in [name for name in open_at if name not in holds]:
                found.append(open_at.pop(name)._replace(end=moment.taken, lasts=False))
            for name, hold in holds.items():
                if name not in open_at:
                    used = {held.row for held in open_at.values()}
                    row = next(row for row in range(len(used) + 1) if row not in used)
                    open_at[name] = Held(
                        thread,
                        hold.object,
                        moment.taken,
                        shown[-1].taken,
                        row,
                        hold.place.line,
                        mode=hold.mode,
                    )
        found += open_at.values()
    return sorted(found, key=lambda held: (held.thread, held.start, held.row))


def waits(shown: Sequence[Moment], events: Sequence[Event]) -> list[Waited]:
    """Find who waited for what from when to when, in the order of the threads.

    A step of its own ends a wait, even where the thread then waits for the same once more.
    """
    found: list[Waited] = []
    for thread in range(len(shown[0].situation.threads)):
        begun: Waited | None = None
        for moment in shown:
            standing = moment.situation.threads[thread]
            moved = moment.taken > shown[0].taken and events[moment.taken - 1].thread == thread
            if begun is not None and (moved or not same(standing, begun.wait)):
                found.append(begun._replace(end=moment.taken, lasts=False))
                begun = None
            if standing.wait is not None:
                start = moment.taken if begun is None else begun.start
                begun = Waited(thread, start, shown[-1].taken, standing.wait)
        if begun is not None:
            found.append(begun)
    return found


def same(standing: Standing, wait: Wait) -> bool:
    """Decide whether a thread still waits for the same, whoever could help it."""
    now = standing.wait
    return now is not None and (now.object, now.want, now.place) == (
        wait.object,
        wait.want,
        wait.place,
    )


def glyph(film: Film) -> Glyph:
    """Say in one word what the run shows."""
    match film.focus:
        case None:
            ends: dict[str, Glyph] = {
                "budget": "BUDGET",
                "interrupted": "INTERRUPTED",
                "stuck": "DEADLOCK",
            }
            judged: dict[Verdict, Glyph] = {
                "as-expected": "OK",
                "refuted": "REFUTED",
                "undecided": "UNDECIDED",
            }
            return ends.get(film.run.outcome, judged[film.verdict])
        case Deadlock():
            return "DEADLOCK"
        case Race():
            return "RACE"
        case Livelock(type="starvation"):
            return "STARVATION"
        case Livelock():
            return "LIVELOCK"
        case Failed(type="assertion"):
            return "ASSERTION"
        case Failed(type="invariant"):
            return "INVARIANT"
        case Failed(type="misuse"):
            return "MISUSE"
        case Failed(type="timeout"):
            return "TIMEOUT"
        case Failed():
            return "ERROR"
        case ClaimBroken(type="final"):
            return "FINAL"
        case ClaimBroken():
            return "OUTPUT"
