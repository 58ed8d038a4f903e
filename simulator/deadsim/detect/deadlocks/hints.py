"""What would mend a deadlock, as far as it is seen here: who could have helped and why not, what is missing.

The order of locks for a circular wait is `detect.locks.lock_order`'s.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, assert_never

from deadsim.detect.deadlocks.cores import Core
from deadsim.detect.deadlocks.history import given
from deadsim.detect.deadlocks.in_modes import asked
from deadsim.detect.deadlocks.wakers import Halt
from deadsim.detect.holdings import Holdings
from deadsim.kernel.operation import Fact
from deadsim.kernel.primitives.thread import ENDED, NEW
from deadsim.kernel.programs.linked import Stop
from deadsim.kernel.system import State, System
from deadsim.model.objects import Lock, Semaphore
from deadsim.model.primitives import WANTED
from deadsim.trace.event import Event


class Site(NamedTuple):
    """A step in the text by which a thread may provide something; it is `open` where an index decides what it is about."""

    thread: int
    line: int
    open: bool = False
    deed: str | None = None


def hint_for(
    system: System, state: State, events: Sequence[Event], held: Holdings, core: Core
) -> str | None:
    """Say what is missing, or in the way, in a sentence; None where an order of locks would say more."""
    return _Hints(system, state, events, held, core).hint()


class _Hints:
    def __init__(
        self, system: System, state: State, events: Sequence[Event], held: Holdings, core: Core
    ) -> None:
        self.system, self.world = system, system.world
        self.state, self.events, self.held, self.core = state, events, held, core

    def hint(self) -> str | None:
        core = self.core
        first = core.halts[0].each[0]
        match core.kind:
            case "circular-wait":
                return self.upgraded() or self.kept_around()
            case "self-deadlock":
                return self.taken_twice(first)
            case "orphaned-lock":
                owners = [t for t in first.owners or () if self.state.objects[t] == ENDED]
                return self.kept(owners or self.others(first), first)
            case "leaked-permit":
                return self.kept(self.others(first), first)
            case "lost-wakeup":
                assert core.astray is not None
                notify = self.events[core.astray.step]
                who = self.name(notify.thread)
                return (
                    f"keep the news in a variable that {who} writes before it notifies "
                    f"(line {notify.place.line}), and wait `until` it says so"
                )
            case "missed-signal":
                assert core.astray is not None
                clear = self.events[core.astray.step]
                who = self.name(clear.thread)
                return f"{who} clears it at line {clear.place.line}: leave it set until nobody can come late"
            case "wrong-waiter":
                assert core.astray is not None
                line = self.events[core.astray.step].place.line
                return (
                    f"notify_all at line {line}, or a condition for each thing that is waited for"
                )
            case "never-signalled" | "barrier-starvation" | "peer-gone" | "missing-task-done":
                each = core.halts[0].each
                return self.supply(next((one for one in each if not one.owned), first))
            case "nested-monitor":
                return self.nested()
            case "communication":
                return self.too_late() or self.kept_around()
            case "collateral":
                return f"mend what keeps {self.names(core.rests_on)} from its end"
            case _:
                assert_never(core.kind)

    def name(self, thread: int) -> str:
        return self.world.name(thread)

    def names(self, threads: Sequence[int]) -> str:
        return listed([self.name(thread) for thread in threads])

    def taken_twice(self, halt: Halt) -> str | None:
        """Say where a thread took what it waits for."""
        holding = self.held.of(halt.thread).get(halt.number)
        if holding is None:
            return None
        if self.system.linked[halt.thread].interrupted(halt.position) is not None:
            mend = (
                ", or make it reentrant"
                if isinstance(self.world.declared(halt.number), Lock)
                else ""
            )
            return (
                "a finalizer may begin wherever its thread stands, while it holds that too: let it take "
                f"nothing that its thread takes{mend}"
            )
        hint = (
            f"{self.name(halt.thread)} has it since line {holding.place.line}: give it back first"
        )
        declared = self.world.declared(halt.number)
        plain = isinstance(declared, Lock) and declared.owned
        return f"{hint}, or make it reentrant" if plain else hint

    def others(self, halt: Halt) -> list[int]:
        """List who has what anybody may give back, and is not stuck with who waits for it."""
        return [thread for thread in halt.keepers if thread not in self.core.threads]

    def kept(self, owners: Sequence[int], halt: Halt) -> str | None:
        """Say who took something and never gives it back."""
        found = []
        for owner in owners:
            holding = self.held.of(owner).get(halt.number)
            if holding is not None:
                ends = "ended" if self.state.objects[owner] == ENDED else "goes on"
                found.append(
                    f"{self.name(owner)} took it at line {holding.place.line} and {ends} without giving it back"
                )
        return f"{listed(found)}: take it with `with`" if found else None

    def supply(self, halt: Halt) -> str:
        """Say who could have provided what a thread waits for, and why nobody does."""
        if halt.owned:
            return f"{self.names(self.core.rests_on)} never gives it back: release it on every way"
        declared = self.world.declared(halt.number)
        parts = []
        if isinstance(declared, Semaphore):
            parts.append(self.permits(halt.number, declared))
        wanted = WANTED[str(halt.facts[0][0])]
        waiting = {halt.thread}
        if wanted.once:  # who waits for the same has done all that it could
            waiting |= self.waiting_for(halt)
        sites = [site for site in providers(self.system, halt.facts) if site.thread not in waiting]
        if not sites and len(waiting) > 1:
            others = self.names(sorted(waiting - {halt.thread}))
            return f"{others} {'waits' if len(waiting) == 2 else 'wait'} there too, and nobody else {wanted.helps}"
        if not sites:
            return "; ".join([*parts, f"no other thread has a step that {wanted.helps}"])
        sites.sort(key=lambda site: (site.thread, site.deed or ""))
        for (thread, deed), each in groupby(sites, key=lambda site: (site.thread, site.deed)):
            mine = list(each)
            lines = sorted({site.line for site in mine})
            where = f"line{'s' if len(lines) > 1 else ''} {listed([str(line) for line in lines])}"
            may = "may be the one who " if any(site.open for site in mine) else ""
            does = deed or wanted.helps
            parts.append(f"{self.name(thread)} {may}{does} at {where}{self.why_not(thread, lines)}")
        return "; ".join(parts[:MOST])

    def permits(self, number: int, declared: Semaphore) -> str:
        """Count the permits that were given, beyond those that there were."""
        givers = tuple(dict.fromkeys(given(self.events, number)))
        if not givers:
            return f"it began with {declared.value}, and nobody gave one"
        taken = sum(1 for event in self.events if number in event.effect.takes)
        there: int = self.state.objects[number]
        gave = there + taken - declared.value
        together = " together" if len(givers) > 1 else ""
        return f"it began with {declared.value}, {self.names(givers)} gave {gave}{together}"

    def waiting_for(self, halt: Halt) -> set[int]:
        """List the threads that wait for the same as another."""
        found = set()
        for thread, frame in enumerate(self.state.frames):
            operation = frame.operation
            if operation is not None and not operation.ways(self.state.objects, thread):
                if operation.needs(self.state.objects, thread).facts == halt.facts:
                    found.add(thread)
        return found

    def why_not(self, thread: int, lines: Sequence[int]) -> str:
        """Say why a thread that could help by its steps on these lines does not."""
        status = self.state.objects[thread]
        if status == ENDED:
            return ", and has ended"
        if status == NEW:
            return ", and was not started"
        if thread in self.core.threads or thread in self.core.behind:
            return ", and is stuck itself"
        done = [e.step for e in self.events if e.thread == thread and e.place.line in lines]
        if done:
            return f", did so at step {done[-1]}, and does not come to it again"
        return ", and does not come to it"

    def nested(self) -> str | None:
        """Say which lock is kept while waiting."""
        for halt in self.core.halts:
            own = self.held.of(halt.thread)
            for other in self.core.halts:
                if other.number in own and other.thread != halt.thread:
                    lock, line = self.world.name(other.number), own[other.number].place.line
                    return f"{self.name(halt.thread)} keeps {lock} (line {line}) while it waits: give it back first"
        return None

    def kept_around(self) -> str | None:
        """Say what a thread of a circle keeps while it waits for the next."""
        for halt in self.core.halts:
            own = self.held.of(halt.thread)
            for number, holding in own.items():
                if any(one.number == number for other in self.core.halts for one in other.each):
                    line = self.system.linked[halt.thread].place(halt.position).line
                    about = " or ".join(dict.fromkeys(one.object for one in halt.each))
                    return (
                        f"{self.name(halt.thread)} keeps {self.world.name(number)} (line {holding.place.line}) "
                        f"while it waits for {about} (line {line}): give it back first"
                    )
        return None

    def upgraded(self) -> str | None:
        """Say what threads of a circle hold in a weaker mode, where each asks for more of the same lock."""
        said = None
        for halt in self.core.halts:
            holding = self.held.of(halt.thread).get(halt.number)
            mode = asked(halt.operation)
            if (
                halt.branches
                or mode is None
                or holding is None
                or halt.number != self.core.halts[0].number
            ):
                return None
            line = self.system.linked[halt.thread].place(halt.position).line
            has, place = holding.modes[-1]
            said = said or (
                f"{self.name(halt.thread)} holds {halt.object} as {has} (line {place.line}) and asks for "
                f"{mode} (line {line}), as others do: ask for {mode} in the first place"
            )
        return said

    def too_late(self) -> str | None:
        """Say which thread of a circle waits before it does what another waits for."""
        for halt in self.core.halts:
            for other in (one for each in self.core.halts for one in each.each):
                if other.thread == halt.thread or other.owned or halt.thread not in other.wakers:
                    continue
                line = self.system.linked[halt.thread].place(halt.position).line
                later = [
                    site
                    for site in providers(self.system, other.facts)
                    if site.thread == halt.thread and site.line > line
                ]
                if later:
                    helps = later[0].deed or WANTED[str(other.facts[0][0])].helps
                    return (
                        f"{self.name(halt.thread)} waits at line {line} before it {helps} at line {later[0].line} "
                        f"({other.object}): let it do that first"
                    )
        return None


MOST = 4
"""Threads of which it is said why they do not help."""


def providers(system: System, facts: Collection[Fact]) -> Iterator[Site]:
    """List the steps of the text that may provide one of these."""
    for linked in system.linked:
        for position, entry in enumerate(linked.entries):
            if isinstance(entry, Stop) and entry.form is not None:
                gives = (fact for number in entry.numbers for fact in entry.form.possible(number))
                if any(fact in facts for fact in gives):
                    several = len(entry.numbers) > 1 and not entry.whole
                    line = linked.place(position).line
                    yield Site(linked.thread, line, several, entry.form.deed)


def deeds(system: System, halt: Halt) -> str | None:
    """Say what those do who could help, where none of them has a step that provides what is waited for itself."""
    if halt.owned or not halt.wakers:
        return None
    sites = [site for site in providers(system, halt.facts) if site.thread in halt.wakers]
    found = dict.fromkeys(site.deed for site in sites)
    return " or ".join(str(deed) for deed in found) if found and None not in found else None


def listed(words: Sequence[str]) -> str:
    """Join words as a sentence lists them."""
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)
