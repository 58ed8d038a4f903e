"""Relaxed progress without values: a branch keeps every place that it may lead to.

Linear in the size of the program; for where following values would take too long.
"""

from collections.abc import Collection, Sequence

from deadsim.detect.stuck.flow import Flow
from deadsim.detect.stuck.local_failures import Types
from deadsim.detect.stuck.progress import Progress, beginning, both, conclusion, ended, provide
from deadsim.detect.stuck.raising import END
from deadsim.kernel.abstract.form import ENDLESS, Approach, Held, Passage
from deadsim.kernel.primitives.thread import RUNNING
from deadsim.kernel.system import State, System

Places = dict[int, Held]  # position → what is certainly held there


class Coarse:
    """One run of relaxed progress from one state; threads that are `freed` get past the step they stand before."""

    def __init__(
        self, system: System, flows: "Flows", state: State, freed: Collection[int] = ()
    ) -> None:
        self.state = state
        self.flows = flows
        self.facts, holding = beginning(system, state)
        self.standing: dict[int, Places] = {}
        self.waiting: dict[int, Places] = {}
        self.moved: set[int] = set()
        for thread, frame in enumerate(state.frames):
            if state.objects[thread] == RUNNING:
                self.standing[thread] = {}
                self.waiting[thread] = {frame.position: holding.get(thread, {})}
                self.arrive(thread, frame.position)
        for thread in freed:
            self.moved.add(thread)
            ways = flows.flow(thread).after(state.frames[thread].position)
            self.enter(thread, ways.steps + ways.failing, self.waiting[thread].popitem()[1])

    def progress(self) -> Progress:
        """Let every thread run on as far as it can."""
        facts = self.facts
        version = -1
        while version != facts.version:
            version = facts.version
            for thread in range(len(self.state.frames)):
                if ("started", thread) not in facts.known:
                    continue
                if thread in facts.new and thread not in self.standing:
                    self.standing[thread] = {}
                    self.waiting[thread] = {}
                    first = self.flows.flow(thread).first()
                    self.enter(thread, first.steps + first.failing, {})
                if thread in self.waiting:
                    self.run_on(thread)
        over = ended(self.state, facts)
        return conclusion(self.state, facts, over, frozenset(self.moved), self.waiting)

    def run_on(self, thread: int) -> None:
        """Let one thread go on from every place where it waits, as far as it can."""
        flow: Flow = self.flows.flow(thread)
        waiting, standing = self.waiting[thread], self.standing[thread]
        for position in sorted(standing):
            form = flow.stop(position).form
            if (
                form is not None and form.varies
            ):  # there may be more ways on than when it was passed
                waiting[position] = standing.pop(position)
        moved = True
        while moved:
            moved = False
            for position, held in sorted(waiting.items()):
                if waiting.get(position) != held:
                    continue  # it was entered once more in the meantime
                passed: list[Held] = []
                for passage in self.passages(thread, position, flow, held):
                    self.moved.add(thread)
                    if passage.fails:
                        moved = self.enter(thread, flow.misused(position), passage.held) or moved
                    else:
                        passed.append(passage.held)
                if not passed:
                    continue
                waiting.pop(position, None)
                self.standing[thread][position] = held
                moved = True
                ways = flow.after(position)
                for after in passed:
                    self.enter(thread, ways.steps + ways.failing, after)

    def passages(self, thread: int, position: int, flow: Flow, held: Held) -> list[Passage]:
        """List the ways in which a step may be passed wholly, whatever object it is about."""
        stop = flow.stop(position)
        form = stop.form
        if form is None:
            return [Passage(held)]
        about: list[Sequence[int]] = [(number,) for number in stop.numbers]
        if stop.whole or not about:
            about = [stop.numbers]
        found: list[Passage] = []
        for numbers in about:
            front, seen = [held], [held]
            while front:
                approach = Approach(thread, numbers, None, self.facts, front.pop(), False)
                for passage in list(form.passages(approach)):
                    many = ENDLESS if flow.cyclic(position) else 0
                    supplies = tuple((s, max(n, many)) for s, n in passage.supplies)
                    place = (position, numbers[0] if numbers else None)
                    provide(self.facts, thread, place, passage._replace(supplies=supplies))
                    for stock, _ in supplies:
                        amount = sum(self.facts.supply[stock][thread].values())
                        self.facts.total(stock, thread, amount)
                    if not passage.stays:
                        found.append(passage)
                    elif passage.held not in seen:
                        self.moved.add(thread)
                        seen.append(passage.held)
                        front.append(passage.held)
        return found

    def enter(self, thread: int, positions: tuple[int, ...], held: Held) -> bool:
        """Let a thread come to stand at places, and tell whether that was news.

        Where two ways meet it holds what both hold.
        """
        news = False
        for position in positions:
            if position == END:
                self.facts.provide(("ended", thread))
                continue
            waiting, standing = self.waiting[thread], self.standing[thread]
            before = waiting.get(position, standing.get(position))
            merged = held if before is None else both(before, held)
            if merged != before:
                news = True
                standing.pop(position, None)
                waiting[position] = merged
                self.arrive(thread, position)
        return news

    def arrive(self, thread: int, position: int) -> None:
        """Note what is so as soon as a thread stands somewhere."""
        stop = self.flows.flow(thread).stop(position)
        for fact in () if stop.form is None else stop.form.arrives(stop.numbers, thread):
            self.facts.provide(fact)


class Flows:
    """The ways through the code of each thread, worked out once and when they are needed."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.known: dict[int, Flow] = {}
        self.types: Types | None = None

    def flow(self, thread: int) -> Flow:
        """Give the ways through a thread's code."""
        found = self.known.get(thread)
        if found is None:
            if self.types is None:
                self.types = Types(self.system.linked, self.system.world)
            found = self.known[thread] = Flow(
                self.system.linked[thread], self.types, self.system.world
            )
        return found
