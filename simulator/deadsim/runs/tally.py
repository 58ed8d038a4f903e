"""Many runs of one scenario: how they ended."""

from typing import Any

from deadsim.model.program import Program
from deadsim.model.values import plain
from deadsim.runs.result import Run, Verdict
from deadsim.trace.finding import Livelock


class Count:
    """Counts outcomes and defects over runs, with the seed that showed each first."""

    def __init__(self, program: Program, strategy: str, runs: int, first_seed: int) -> None:
        self.program = program
        self.strategy = strategy
        self.asked = runs
        self.first_seed = first_seed
        self.done = 0
        self.outcomes: dict[str, int] = {}
        self.defects: dict[str, list[int]] = {}  # type or kind → how often, first seed
        self.suspected: dict[str, list[int]] = {}  # type → how often, first seed
        self.verdicts: dict[str, int] = {}
        self.interrupted = False

    def add(self, seed: int, run: Run) -> None:
        """Count one run."""
        self.done += 1
        self.outcomes[run.outcome] = self.outcomes.get(run.outcome, 0) + 1
        self.verdicts[run.verdict] = self.verdicts.get(run.verdict, 0) + 1
        self.interrupted = self.interrupted or run.outcome == "interrupted"
        names = [f"deadlock ({found.kind})" for found in run.deadlocks]
        names += [found.type for found in run.defects if found.type != "deadlock"]
        for name in dict.fromkeys(names):
            entry = self.defects.setdefault(name, [0, seed])
            entry[0] += 1
        if any(isinstance(found, Livelock) for found in run.suspicions):
            self.suspected.setdefault("livelock", [0, seed])[0] += 1

    @property
    def verdict(self) -> Verdict:
        """Give the verdict of all runs together: refuted before undecided."""
        if "refuted" in self.verdicts:
            return "refuted"
        return "undecided" if "undecided" in self.verdicts else "as-expected"

    def to_dict(self) -> dict[str, Any]:
        """Give the counts as JSON has them."""
        return {
            "deadsim": 1,
            "command": "run",
            "scenario": self.program.name,
            "file": self.program.file,
            "params": {name: plain(value) for name, value in self.program.params.items()},
            "engine": "threads",
            "timeouts": self.program.timeouts,
            "strategy": self.strategy,
            "runs": self.done,
            "first_seed": self.first_seed,
            "verdict": self.verdict,
            "outcomes": dict(sorted(self.outcomes.items())),
            "defects": {
                name: {"runs": count, "first_seed": seed}
                for name, (count, seed) in sorted(self.defects.items())
            },
            "suspicions": {
                name: {"runs": count, "first_seed": seed}
                for name, (count, seed) in self.suspected.items()
            },
        }

    def lines(self, quiet: bool) -> list[str]:
        """Write the counts for people."""
        last = self.first_seed + self.done - 1
        part = "" if self.done == self.asked else f" of {self.asked}"
        seeds = f"seeds {self.first_seed} to {last}, {self.strategy}"
        if self.program.timeouts != "free":
            seeds += f", timeouts: {self.program.timeouts}"
        lines = [f"{self.done}{part} runs of {self.program.name} ({seeds})"]
        if not quiet:
            for name, count in sorted(self.outcomes.items()):
                lines.append(f"  {count:>7}  {name}")
            for name, (count, seed) in sorted(self.defects.items()):
                lines.append(f"  {count:>7}  {name}, first with seed {seed}")
        for name, (count, seed) in self.suspected.items():
            lines.append(f"  {count:>7}  {name} suspected, first with seed {seed}")
        lines.append(f"verdict:  {self.verdict.replace('-', ' ')}")
        return lines
