"""Following a list of names: a script in the scenario, or a schedule that was saved."""

from collections.abc import Sequence

from deadsim.strategies.clock import Clock
from deadsim.strategies.round_robin import RoundRobin
from deadsim.strategies.strategy import Chance, Option


class Unfit(Exception):
    """The thread that a script names cannot go on, or not with the result that it names."""

    def __init__(
        self,
        step: int,
        thread: int,
        result: int | None,
        bound: int | None,
        places: Sequence[int] | None = None,
    ) -> None:
        self.step = step
        self.places = places
        self.thread = thread
        self.result = result
        self.bound = bound
        super().__init__()


class Script:
    """Pick the threads that are named, one by one; after the last name go on by round robin.

    Raises Unfit at the first name that does not fit. Naming a thread overrules the clock.
    """

    keeps_time = True

    def __init__(
        self,
        choices: Sequence[tuple[int, int | None]],
        chance: Chance,
        patient: bool = False,
    ) -> None:
        self.choices = choices
        self.turns = RoundRobin(chance)
        self.clock = Clock(self.turns, patient)
        self.step = 0

    def begin(self) -> None:
        self.step = 0
        self.clock.begin()

    @property
    def going(self) -> bool:
        """Tell whether names are left."""
        return self.step < len(self.choices)

    def begins(self) -> int | None:
        """Give whose finalizer begins with the next step; None where no finalizer does."""
        if self.going:
            thread, result = self.choices[self.step]
            return thread if result is not None and result < 0 else None
        return None

    def pick(self, options: Sequence[Option]) -> int:
        step = self.step
        self.step += 1
        if step >= len(self.choices):
            return self.clock.pick(options)
        thread, result = self.choices[step]
        named = next((option for option in options if option.thread == thread), None)
        begins = result is not None and result < 0
        if named is None or (named.held and not begins):
            raise Unfit(step, thread, result, None)
        if begins:
            if not named.begins:
                raise Unfit(step, thread, result, None)
            self.clock.taken((named,), thread)
            self.turns.last = thread
            return thread
        if named.only_begins:
            raise Unfit(step, thread, result, None)
        if result and not named.operation.can_choose:
            raise Unfit(step, thread, result, 1)
        self.clock.force(options, thread)
        self.turns.last = thread
        return thread

    def draw(self, bound: int, places: Sequence[int] | None = None) -> int:
        step = self.step - 1
        if step < len(self.choices):
            thread, result = self.choices[step]
            if result is not None:
                if result not in (places or range(bound)):
                    raise Unfit(step, thread, result, bound, places)
                return places.index(result) if places else result
            if places and min(places) < 0:  # a plain name lets no finalizer begin
                own = [number for number, place in enumerate(places) if place >= 0]
                drawn = self.clock.draw(len(own), [places[number] for number in own])
                return own[drawn]
        return self.clock.draw(bound, places)

    def end(self, outcome: str) -> None:
        self.clock.end(outcome)
