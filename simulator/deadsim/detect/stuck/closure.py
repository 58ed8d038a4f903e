"""The blocked threads that will stay where they are: those whose every helper is among them.

A set of blocked threads is closed if whoever could still let one of them go on, as far as its text
says, is in the set itself or has ended. None of them ever moves again, whatever all others do: the
first that did would have been helped from outside. It is what a knot is in a graph of waits (Holt:
Some Deadlock Properties of Computer Systems, 1972), for waits that anybody may end.
"""

from collections.abc import Collection, Iterable

from deadsim.detect.stuck.coarse_progress import Flows
from deadsim.kernel.operation import Fact, Needs
from deadsim.kernel.primitives.thread import ENDED
from deadsim.kernel.system import State, System


class Closure:
    """Finds closed sets in states of one program; it keeps what it works out about the code."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.flows = system.once(Flows)
        self._possible: dict[tuple[int, int], frozenset[Fact]] = {}
        self._helps: dict[tuple[int, int, tuple[Fact, ...]], bool] = {}

    def of(self, state: State, blocked: Iterable[int]) -> frozenset[int]:
        """Give the largest closed set among the blocked threads of a state."""
        objects, frames = state
        needs: dict[int, Needs] = {}
        for thread in blocked:
            operation = frames[thread].operation
            assert operation is not None
            needs[thread] = operation.needs(objects, thread)
        inside = set(needs)
        moving = [
            t for t, frame in enumerate(frames) if frame.operation is not None and t not in inside
        ]
        checked = dict.fromkeys(
            inside, 0
        )  # how many of those that move were asked about helping it
        changed = True
        while changed:
            changed = False
            for thread in needs:
                if thread not in inside:
                    continue
                need = needs[thread]
                if need.owners is None:
                    helped = any(
                        self.may_provide(other, frames[other].position, need.facts)
                        for other in moving[checked[thread] :]
                    )
                    checked[thread] = len(moving)
                    if need.keeper is not None:  # as long as he moves it may be he who is held up
                        helped = helped or not self.keeps(state, thread, need.keeper, inside)
                else:
                    helped = not any(
                        self.keeps(state, thread, other, inside) for other in need.owners
                    )
                if helped:
                    inside.discard(thread)
                    moving.append(thread)
                    changed = True
        return frozenset(inside)

    def keeps(self, state: State, thread: int, owner: int, inside: Collection[int]) -> bool:
        """Decide whether an owner never lets go what a thread waits for: itself, or one that has ended or stays."""
        return owner == thread or owner in inside or bool(state.objects[owner] == ENDED)

    def may_provide(self, thread: int, position: int, facts: tuple[Fact, ...]) -> bool:
        """Decide by its text whether a thread may provide one of these from where it stands on."""
        key = (thread, position, facts)
        found = self._helps.get(key)
        if found is None:
            found = self._helps[key] = not self.possible(thread, position).isdisjoint(facts)
        return found

    def possible(self, thread: int, position: int) -> frozenset[Fact]:
        """Give what a thread may provide from a step on, with those whom it may start."""
        key = (thread, position)
        found = self._possible.get(key)
        if found is None:
            found = self.flows.flow(thread).possible(position)
            seen: set[int] = {thread}
            front = [fact[1] for fact in found if fact[0] == "started"]
            while front:
                other = front.pop()
                assert isinstance(other, int)
                if other in seen:
                    continue
                seen.add(other)
                first = self.flows.flow(other).first()
                more = [p for p in first.steps + first.failing if p >= 0]
                theirs = frozenset[Fact]().union(
                    *(self.flows.flow(other).possible(position) for position in more)
                )
                front += [fact[1] for fact in theirs if fact[0] == "started"]
                found |= theirs
            self._possible[key] = found
        return found

    def ever_provides(self, thread: int, facts: tuple[Fact, ...]) -> bool:
        """Decide by its whole text whether a thread may provide one of these."""
        first = self.flows.flow(thread).first()
        places = [place for place in first.steps + first.failing if place >= 0]
        return any(self.may_provide(thread, place, facts) for place in places)
