"""Progress of long work, on a terminal, on standard error."""

import sys
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deadsim.engine.moment import Moment

AFTER = 1.0  # seconds before anything is shown
EVERY = 0.2
A_MOMENT = 0.5  # seconds, within which nobody wants a verdict before the rest


class Bar:
    """One line on standard error that is drawn anew; without a thread of its own."""

    def __init__(self, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn

        columns: list[ProgressColumn] = [TextColumn("{task.description}")]
        if total is not None:
            columns.append(BarColumn())
        self.bar = Progress(
            *columns, console=Console(file=sys.stderr), transient=True, auto_refresh=False
        )
        self.bar.start()
        self.task = self.bar.add_task("", total=total)

    def draw(self, words: str, done: int = 0) -> None:
        """Say how far the work has come."""
        self.bar.update(self.task, description=words, completed=done)
        self.bar.refresh()

    def close(self) -> None:
        """Take the line off the terminal."""
        self.bar.stop()


class Searching:
    """Shows how far a search over all schedules has come."""

    def __init__(self) -> None:
        self.last = monotonic()
        self.bar: Bar | None = None

    def look(self, budget: Any) -> None:
        """See a budget that is being spent."""
        now = monotonic()
        took = budget.elapsed()
        if took < AFTER or now - self.last < EVERY:
            return
        self.last = now
        if self.bar is None:
            self.bar = Bar(None)
        self.bar.draw(words_on(budget, took))

    def close(self) -> None:
        """Take the progress off the terminal; it comes back where the work goes on."""
        if self.bar is not None:
            self.bar.close()
            self.bar = None


class Early:
    """Says a verdict as soon as it stands, where not all is said in a moment anyway."""

    def __init__(self, say: Callable[[Any], None], searching: Searching | None) -> None:
        self.say = say
        self.searching = searching
        self.waiting: Any = None

    def tell(self, result: Any) -> None:
        """Take a verdict that stands."""
        self.waiting = result
        if result.seconds >= A_MOMENT:
            self.speak()

    def look(self, budget: Any) -> None:
        """See a budget that is being spent."""
        if self.waiting is not None and budget.elapsed() >= A_MOMENT:
            self.speak()
        if self.searching is not None:
            self.searching.look(budget)

    def speak(self) -> None:
        """Say it."""
        if self.searching is not None:
            self.searching.close()
        self.say(self.waiting)
        self.waiting = None


def words_on(budget: Any, took: float) -> str:
    """Say what was done of a budget in some seconds, and when it will be spent."""
    left = budget.seconds - took
    if budget.done:
        rate, most = budget.done / took, budget.executions
        words = f"{budget.done:,} executions"
    else:
        rate, most = budget.visited / took, budget.states
        words = f"{budget.visited:,} states"
    if most is not None and rate:
        left = min(left, most / rate - took)
    words = (
        "looking for the shortest schedules" if budget.hunting else f"{words}, {rate:,.0f} a second"
    )
    if budget.depth:
        words = f"{words}, {budget.depth:,} steps deep"
    return f"{words}, {max(0.0, left):,.0f} s until the budget is spent"


class Progress:
    """A watcher that counts steps and runs; it is shown once the work has taken a while."""

    def __init__(self, runs: int | None) -> None:
        self.runs = runs
        self.done = 0
        self.steps = 0
        self.began = self.last = monotonic()
        self.bar: Bar | None = None

    def after(self, moment: "Moment", failures: object) -> bool:
        """See a step of a run, or its start."""
        if moment.result is None:
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
        if self.bar is None:
            self.bar = Bar(self.runs)
        took = max(0.001, monotonic() - self.began)
        words = f"{self.steps:,} steps, {self.steps / took:,.0f} a second"
        if self.runs is not None and self.done:
            left = took * (self.runs - self.done) / self.done
            words = f"run {self.done} of {self.runs}, {words}, {left:,.0f} s left"
        self.bar.draw(words, max(0, self.done - 1))

    def close(self) -> None:
        """Take the progress off the terminal."""
        if self.bar is not None:
            self.bar.close()
