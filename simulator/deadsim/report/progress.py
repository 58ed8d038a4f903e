"""Progress of long work, on a terminal, on standard error."""

import sys
from time import monotonic
from typing import Any

AFTER = 1.0  # seconds before anything is shown
EVERY = 0.2


class Progress:
    """A watcher that counts steps and runs; it is shown once the work has taken a while."""

    def __init__(self, runs: int | None) -> None:
        self.runs = runs
        self.done = 0
        self.steps = 0
        self.began = self.last = monotonic()
        self.bar: Any = None
        self.task: Any = None

    def after(self, state: object, event: object | None, failures: object) -> bool:
        """See a step of a run, or its start."""
        if event is None:
            self.done += 1
        else:
            self.steps += 1
            if self.steps % 64:
                return False
        now = monotonic()
        if now - self.began >= AFTER and now - self.last >= EVERY:
            self.last = now
            self.show()
        return False

    def show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn

        if self.bar is None:
            columns: list[ProgressColumn] = [TextColumn("{task.description}")]
            if self.runs is not None:
                columns.append(BarColumn())
            # Without a thread of its own: it is drawn when a step was taken.
            self.bar = Progress(
                *columns, console=Console(file=sys.stderr), transient=True, auto_refresh=False
            )
            self.bar.start()
            self.task = self.bar.add_task("", total=self.runs)
        took = max(0.001, monotonic() - self.began)
        words = f"{self.steps:,} steps, {self.steps / took:,.0f} a second"
        if self.runs is not None and self.done:
            left = took * (self.runs - self.done) / self.done
            words = f"run {self.done} of {self.runs}, {words}, {left:,.0f} s left"
        self.bar.update(self.task, description=words, completed=max(0, self.done - 1))
        self.bar.refresh()

    def close(self) -> None:
        """Take the progress off the terminal."""
        if self.bar is not None:
            self.bar.stop()
