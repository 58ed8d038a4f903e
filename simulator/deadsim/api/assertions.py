"""Assertions on what a run or an exploration has found; what fails says it with the whole report.

Of an exploration, that there is none of something has to be proved: what is undecided fails. Of a run
they speak of that run alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from deadsim.exploration.verdicts.level import Found
from deadsim.model.claims import DeadlockKind, DefectType
from deadsim.runs.result import Verdict
from deadsim.trace.finding import Deadlock


class Result(Protocol):
    """A run, or an exploration."""

    @property
    def verdict(self) -> Verdict: ...

    @property
    def deadlocks(self) -> tuple[Deadlock, ...]: ...

    def found(self, type: DefectType) -> Found:
        """Say how often a type of defect was found."""
        ...

    def racy(self) -> frozenset[str]:
        """List the variables that were seen to race."""
        ...

    def report(self, columns: int = 80) -> str: ...


class Asserting:
    """The assertions, as methods of a result."""

    __slots__ = ()

    def assert_as_expected(self: Result) -> None:
        """Fail unless every claim of the scenario holds."""
        require(self.verdict == "as-expected", f"the verdict is '{self.verdict}'", self)

    def assert_no_deadlock(self: Result) -> None:
        """Fail unless there is no deadlock."""
        require_none(self, ("deadlock",))

    def assert_no_livelock(self: Result) -> None:
        """Fail unless there is no livelock."""
        require_none(self, ("livelock",))

    def assert_no_race(self: Result) -> None:
        """Fail unless there is no race."""
        require_none(self, ("race",))

    def assert_no_failure(self: Result) -> None:
        """Fail unless no assertion and no invariant is broken, and there is no misuse and no error."""
        require_none(self, ("assertion", "invariant", "misuse", "error"))

    def assert_deadlock(
        self: Result,
        *,
        kind: DeadlockKind | None = None,
        threads: Iterable[str] | None = None,
        objects: Iterable[str] | None = None,
    ) -> None:
        """Fail unless there is a deadlock: of that kind, with exactly these threads as its core, which
        wait for exactly these objects.
        """
        wanted = {
            "kind": kind,
            "threads": None if threads is None else sorted(threads),
            "objects": None if objects is None else sorted(objects),
        }
        for one in self.deadlocks:
            seen = {
                "kind": one.kind,
                "threads": sorted(one.threads),
                "objects": sorted(one.objects),
            }
            if all(value is None or seen[key] == value for key, value in wanted.items()):
                return
        said = ", ".join(
            f"{key} {words(value)}" for key, value in wanted.items() if value is not None
        )
        require(
            False, f"no deadlock was found with {said}" if said else "no deadlock was found", self
        )

    def assert_livelock(self: Result) -> None:
        """Fail unless there is a livelock."""
        require(self.found("livelock") in SEEN, "no livelock was found", self)

    def assert_race(self: Result, on: str | Iterable[str] | None = None) -> None:
        """Fail unless there is a race; with `on`, on exactly these variables."""
        require(self.found("race") in SEEN, "no race was found", self)
        if on is not None:
            wanted = {on} if isinstance(on, str) else set(on)
            raced = self.racy()
            require(raced == wanted, f"the variables that race are {words(sorted(raced))}", self)


SEEN = ("possible", "always")


def words(value: str | Sequence[str]) -> str:
    """Write one text or several."""
    return value if isinstance(value, str) else ", ".join(value)


def require_none(result: Result, types: Sequence[DefectType]) -> None:
    """Fail unless nothing of these types was found, and nothing was missed."""
    for type in types:
        found = result.found(type)
        require(found not in SEEN, f"{type} is {found}", result)
        require(found == "never", f"{type} is undecided", result)


def require(holds: bool, message: str, result: Result) -> None:
    """Fail with a sentence and the report."""
    if not holds:
        raise AssertionError(f"{message}\n\n{result.report()}")
