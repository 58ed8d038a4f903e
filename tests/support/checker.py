"""Takes every sentence of every report of a deadlock apart, and holds it against the state space.

`python tests/support/checker.py --programs 20000 --first 0` does that for random programs; what a run, a
replay and an exploration say of one schedule has to be the same.
"""

import argparse
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple

import deadsim
import oracle
from deadsim.detect.deadlocks.in_modes import asked
from deadsim.detect.stuck.coarse_progress import Flows
from deadsim.engine.pool import Pool
from deadsim.exploration.explorer import Request, explore
from deadsim.kernel.operation import Operation, wanted
from deadsim.kernel.primitives.modelock import Acquire as ModeRequest
from deadsim.kernel.primitives.thread import ENDED, NEW, RUNNING
from deadsim.kernel.select import Select
from deadsim.kernel.system import State, System
from deadsim.model.objects import Lock, ModeLock, RWLock
from deadsim.model.place import Place
from deadsim.model.program import Choice, Plan, Program
from deadsim.report.sentences import details, headline
from deadsim.runs.runner import Runner
from deadsim.runs.watchers import core_of
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock
from oracle import TooManyStates, events_along
from programs import scenario

MOST_STATES = 5_000
NAME = r"[^\W\d][\w-]*(?:\[[^\]]*\])?"
NAMES = rf"{NAME}(?:, (?!which |whose |until |held |taken ){NAME})*(?: and {NAME})?"


class Wrong(AssertionError):
    """A sentence is not true."""


class Space:
    """All states of a program, and of each who moves in some continuation, and who can come to an end."""

    def __init__(self, system: System) -> None:
        self.system = system
        start = system.initial().state
        self.index: dict[Any, int] = {key(start): 0}
        states, front = [start], [0]
        edges: list[list[tuple[int, int]]] = [[]]
        begins: list[tuple[int, int]] = []
        while front:
            number = front.pop()
            for thread, way, result in oracle.steps(system, states[number]):
                after = system.step(states[number], thread, way).state
                if key(after) not in self.index:
                    if len(states) >= MOST_STATES:
                        raise TooManyStates
                    self.index[key(after)] = len(states)
                    front.append(len(states))
                    states.append(after)
                    edges.append([])
                if not result.begins:  # a finalizer never has to
                    edges[number].append((thread, self.index[key(after)]))
                else:
                    begins.append((number, self.index[key(after)]))
        threads = range(len(start.frames))
        self.edges = edges
        self.states = states
        self.moves = [frozenset(thread for thread, _ in out) for out in edges]
        self.ends = [frozenset(t for t in threads if s.objects[t] == ENDED) for s in states]
        self.over = [system.over(s.objects) for s in states]
        before: list[list[int]] = [[] for _ in states]
        for number, out in enumerate(edges):
            for _, to in out:
                before[to].append(number)
        spread(self.moves, before)
        spread(self.ends, before)
        self.well = [frozenset(("over",)) if over else frozenset() for over in self.over]
        for number, to in begins:
            before[to].append(number)
        spread(self.well, before)

    def at(self, state: State) -> int:
        """Give the number of a state."""
        return self.index[key(state)]


def key(state: State) -> Any:
    """Tell states apart; the text tells 1 from True."""
    return repr(state.key())


def spread(known: list[frozenset[Any]], before: list[list[int]]) -> None:
    """Let what is so in a state be so in all that lead to it."""
    front = list(range(len(known)))
    while front:
        to = front.pop()
        for number in before[to]:
            if not known[to] <= known[number]:
                known[number] |= known[to]
                front.append(number)


class Shown(NamedTuple):
    """A deadlock, the steps that led to it, and the state after them."""

    found: Deadlock
    events: list[Event]
    state: State
    states: list[State]


class Checker:
    """Checks what is said of one program's deadlocks."""

    def __init__(self, program: Program) -> None:
        self.runner = Runner(program)
        self.system = self.runner.system
        self.world = self.system.world
        self.space = Space(self.system)
        self.numbers = {self.world.name(n): n for n in range(len(self.world.entities))}
        self.threads = {self.world.name(n): n for n in self.world.threads}
        self.sentences = 0

    def check(self, found: Deadlock, schedule: Iterable[Choice]) -> None:
        """Check a deadlock that a schedule shows."""
        steps = 0 if found.step is None else found.step + 1
        named = [(self.threads[name], way) for name, way in schedule]
        path = [*self.system.path_of(named)][:steps]
        states = [self.system.initial().state]
        for thread, way in path:
            states.append(self.system.step(states[-1], thread, way).state)
        shown = Shown(found, events_along(self.system, path), states[-1], states)
        at = self.space.at(shown.state)
        for name in found.threads:
            self.true(self.threads[name] not in self.space.moves[at], shown, f"{name} is stuck")
        lines = [headline(found), *details(found)]
        core = len({wait.thread for wait in found.waits})
        for line in lines[1 : 1 + core]:
            name, rest = re.match(rf"({NAME}) +(.*)", line).groups()  # type: ignore[union-attr]
            self.clauses(shown, name, rest)
        for line in lines[1 + core :]:
            self.sentence(shown, line)
        self.title(shown, lines[0])

    def true(self, value: object, shown: Shown, said: str) -> None:
        """Count a sentence; raises Wrong if it is not true."""
        self.sentences += 1
        if not value:
            raise Wrong(f"{said!r} is not true: {headline(shown.found)} {details(shown.found)}")

    # What one thread holds and waits for.

    def clauses(self, shown: Shown, name: str, rest: str) -> None:
        """Check what is said of a thread of the core."""
        thread = self.threads[name]
        parts = re.split(r", (?=waits )", rest)
        if rest.startswith("holds "):
            held, waits = parts
            for what, mode, line in re.findall(rf"({NAME}) \((?:([^,()]*), )?line (\d+)\)", held):
                self.true(self.holds(shown, thread, what), shown, f"{name} holds {what}")
                self.true(self.has_mode(shown, thread, what, mode), shown, f"in mode {mode}")
                lines = {
                    e.place.line
                    for e in shown.events
                    if e.thread == thread
                    and self.numbers[what] in (*e.effect.acquires, *e.effect.parks)
                    and (not mode or e.text == mode)
                }
                self.true(int(line) in lines, shown, f"{name} took {what} at line {line}")
        else:
            (waits,) = parts
            self.true(not self.all_held(shown, thread), shown, f"{name} holds nothing")
        self.waits(shown, thread, waits)

    def waits(self, shown: Shown, thread: int, said: str) -> None:
        """Check what a thread waits for, one of several perhaps, and for whom."""
        frame = shown.state.frames[thread]
        operation = frame.operation
        assert operation is not None
        self.true(said.startswith("waits "), shown, f"'{said}' says that it waits now")
        self.true(not operation.ways(shown.state.objects, thread), shown, f"blocked: {said}")
        each = re.split(r",? or (?=(?:for|until|to be|at) )", said)
        steps = [(operation, self.system.linked[thread].place(frame.position))]
        if isinstance(operation, Select):
            code: Any = self.system.linked[thread].code.instructions[frame.position]
            made = [one.operation for one in operation.branches]
            steps = list(zip(made, [part.place for part in code.parts], strict=True))
        self.true(len(each) == len(steps), shown, said)
        for words, (step, place) in zip(each, steps, strict=True):
            self.waits_for(shown, thread, words, step, place)

    def waits_for(
        self, shown: Shown, thread: int, said: str, operation: Operation, place: Place
    ) -> None:
        """Check one thing that a thread waits for, and for whom."""
        ((mode, line),) = re.findall(r"\((?:([^,()]*), )?line (\d+)[,)]", said)
        began = re.findall(r"in its finalizer, which began at line (\d+)\)", said)
        stood = self.interrupted(shown, thread)
        self.true([str(one) for one in stood] == began, shown, said)
        self.true((mode or None) == asked(operation), shown, f"asks for {mode}")
        said = self.without_modes(shown, said, operation)
        self.true(place.line == int(line), shown, said)
        about = operation.about(shown.state.objects, thread)
        needs = operation.needs(shown.state.objects, thread)
        end = re.search(rf"for the end of ({NAME})", said)
        if end:
            wanted = [self.world.name(n) for n in needs.owners or ()]
            self.true(end[1] in wanted or end[1] in {w.split("[")[0] for w in wanted}, shown, said)
            return
        self.true(self.world.name(about) in said, shown, said)
        for whose in re.findall(rf"held by ({NAMES})", said):
            for name in self.named(whose):
                owner = self.threads[name]
                holds = self.holds(shown, owner, self.world.name(about))  # of one without an owner
                self.true(owner in (needs.owners or ()) or holds, shown, f"held by {name}")
        if re.search("which never gives? it back", said):
            ended = any(shown.state.objects[o] == ENDED for o in needs.owners or ())
            self.true(ended or needs.owners is None, shown, said)
        if "which it holds itself" in said:
            self.true(self.holds(shown, thread, self.world.name(about)), shown, said)
        for whose in re.findall(rf"behind ({NAMES}) in its queue", said):
            for name in self.named(whose):
                queued = shown.state.objects[about].queued
                if isinstance(self.world.declared(about), ModeLock):
                    queued = tuple(waiting for waiting, _ in queued)
                self.true(self.threads[name] in queued, shown, said)
        for whose in re.findall(rf"held by ({NAMES})", said):
            for name in self.named(whose):
                self.true(
                    self.holds(shown, self.threads[name], self.world.name(about)), shown, said
                )
        for whose in re.findall(rf"taken by ({NAMES})", said):
            for name in self.named(whose):
                self.true(
                    self.holds(shown, self.threads[name], self.world.name(about)), shown, said
                )
        for whose in re.findall(rf", until ({NAMES}) (?!is)", said):
            for name in self.named(whose):
                self.true(self.may_provide(shown, self.threads[name], needs.facts), shown, said)

    def without_modes(self, shown: Shown, said: str, operation: Operation) -> str:
        """Check the modes of those for whom a thread waits, and leave them out."""
        request = wanted(operation)
        if not isinstance(request, ModeRequest):
            return said
        state = shown.state.objects[request.number]
        has = [(t, mode) for t, mode, _ in state.held] if "held by" in said else state.queued
        conflicts = dict(request.lock.modes)[request.mode]
        for name, modes in re.findall(rf"({NAME}) \(([^()]*)\)", said):
            if name in self.threads:
                for mode in modes.split(" and "):
                    self.true((self.threads[name], mode) in has, shown, f"{name} has {mode}")
                    self.true(mode in conflicts, shown, f"{request.mode} conflicts with {mode}")
        return re.sub(rf"({NAME}) \([^()]*\)", r"\1", said)

    def has_mode(self, shown: Shown, thread: int, what: str, mode: str) -> bool:
        """Decide whether a thread has a lock in a mode, or one that has none without."""
        number = self.numbers[what]
        if not isinstance(self.world.declared(number), ModeLock):
            return not mode
        return any(one[:2] == (thread, mode) for one in shown.state.objects[number].held)

    def interrupted(self, shown: Shown, thread: int) -> list[int]:
        """Give the line at which a thread stood before its finalizer began, if it is in that."""
        code, linked = self.system.linked[thread].code, self.system.linked[thread]
        copies = (
            [range(first, step) for step, first in code.finalizer.begins.items()]
            if code.finalizer
            else []
        )
        places = [state.frames[thread].position for state in shown.states]
        if not any(places[-1] in one for one in copies):
            return []
        before = next(p for p in reversed(places) if not any(p in one for one in copies))
        return [linked.place(before).line]

    def could_help(self, shown: Shown, names: str) -> None:
        """Check that what holds up the core is over in some way once one of these finalizers has begun."""
        for name in self.named(names):
            rows = self.system.rows.of(self.threads[name], shown.state.frames[self.threads[name]])
            self.true(rows is not None and rows.begins is not None, shown, f"{name}'s may begin")

    def named(self, words: str) -> list[str]:
        """Take a list of names apart."""
        return [name for name in re.findall(NAME, words) if name != "and"]

    def all_held(self, shown: Shown, thread: int) -> list[str]:
        """List the locks that a thread has, as the kernel says it."""
        return [
            self.world.name(number)
            for number, one in self.world.shared()
            if isinstance(one, Lock | RWLock | ModeLock) and number not in self.world.signals
            if self.holds(shown, thread, self.world.name(number))
        ]

    def holds(self, shown: Shown, thread: int, what: str) -> bool:
        """Decide whether a thread has a lock, by the state, or a permit, by what it took and gave."""
        for number, one in self.world.shared():
            if self.world.name(number) != what:
                continue
            state = shown.state.objects[number]
            match one:
                case Lock():
                    if state is not None and state[0] == thread:
                        return True
                case RWLock() | ModeLock():
                    if thread in state.owners():
                        return True
                case _:
                    if number in self.permits(shown, thread):
                        return True
        return False

    def permits(self, shown: Shown, thread: int) -> set[int]:
        """List the semaphores of which a thread has taken more than it has given back."""
        took: dict[tuple[int, int], int] = {}
        for event in shown.events:
            for number in event.effect.acquires:
                took[number, event.thread] = took.get((number, event.thread), 0) + 1
            for number in event.effect.releases:
                mine = (number, event.thread)
                if not took.get(mine):  # then it is the first taker's
                    takers = sorted(t for (n, t), count in took.items() if n == number and count)
                    if not takers:
                        continue
                    mine = (number, takers[0])
                took[mine] -= 1
        return {number for (number, who), count in took.items() if who == thread and count > 0}

    def may_provide(self, shown: Shown, thread: int, facts: Any) -> bool:
        """Decide whether a thread has a step ahead, by its text, that provides what is wanted."""
        flow = self.system.once(Flows).flow(thread)
        return not flow.possible(shown.state.frames[thread].position).isdisjoint(facts)

    def nobody_frees(self, shown: Shown, what: str) -> bool:
        """Decide whether no thread could let a lock without an owner go before it takes it itself."""
        facts = (("unlocked", self.numbers[what]),)
        flows = self.system.once(Flows)
        return not any(
            flows.flow(thread).provides_first(frame.position, facts)
            for thread, frame in enumerate(shown.state.frames)
            if frame.operation is not None
        )

    # What else is said.

    def sentence(self, shown: Shown, line: str) -> None:
        """Check one of the lines below the core."""
        for pattern, check in self.patterns().items():
            match = re.fullmatch(pattern, line)
            if match:
                check(shown, *match.groups())
                return
        raise Wrong(f"nobody can check: {line!r}")

    def patterns(self) -> dict[str, Callable[..., None]]:
        """Give what checks each kind of sentence."""
        return {
            rf"stuck because of it: ({NAMES})": self.stuck_too,
            rf"still runs?: ({NAMES})": self.still_run,
            rf"not because of it: ({NAMES}) waits? for ever too": self.wait_too,
            rf"rests on this: ({NAMES}) never ends? and never helps?": self.rests,
            rf"whether for ever is not known: ({NAMES}) (?:is|are) blocked": self.blocked,
            r"could not be avoided from step (\d+) on": self.unavoidable,
            rf"could help: the finalizers? of ({NAMES}), which never ha(?:s|ve) to begin": self.could_help,
            r"could never be avoided": lambda shown: self.unavoidable(shown, "-1"),
            rf"about to be used up: ({NAME}) will change ({NAME})": self.used_soon,
            rf"used up at step (\d+): ({NAME}) changes ({NAME})": self.used_up,
            r"not settled: .*": lambda shown: self.true(not shown.found.settled, shown, "settled"),
            r"known by: relaxed progress .*": self.relaxed,
            r"known by: every continuation was looked at": lambda shown: None,
            r"ways: ([\d,]+) other states? in which the same threads get stuck": self.ways,
            r"hint: (.*)": self.hint,
            r"see: deadsim explain ([a-z-]+)": lambda shown, kind: self.true(
                kind == shown.found.kind, shown, kind
            ),
        }

    def stuck_too(self, shown: Shown, names: str) -> None:
        at = self.space.at(shown.state)
        for name in self.named(names):
            thread = self.threads[name]
            self.true(thread not in self.space.ends[at], shown, f"{name} never ends")

    def still_run(self, shown: Shown, names: str) -> None:
        at = self.space.at(shown.state)
        for name in self.named(names):
            thread = self.threads[name]
            self.true(shown.state.objects[thread] == RUNNING, shown, f"{name} is not done")
            self.true(thread in self.space.moves[at], shown, f"{name} still runs")

    def wait_too(self, shown: Shown, names: str) -> None:
        at = self.space.at(shown.state)
        for name in self.named(names):
            self.true(self.threads[name] not in self.space.moves[at], shown, f"{name} waits")

    def rests(self, shown: Shown, names: str) -> None:
        at = self.space.at(shown.state)
        for name in self.named(names):
            thread = self.threads[name]
            if shown.found.settled:
                self.true(thread not in self.space.ends[at], shown, f"{name} never ends")

    def blocked(self, shown: Shown, names: str) -> None:
        for name in self.named(names):
            able = self.system.ways(shown.state, self.threads[name])
            self.true(not able, shown, f"{name} is blocked")

    def unavoidable(self, shown: Shown, step: str) -> None:
        at = self.space.at(shown.states[int(step) + 1])
        self.true(not self.space.well[at], shown, f"could not be avoided from {step}")

    def used_up(self, shown: Shown, step: str, name: str, what: str) -> None:
        event = shown.events[int(step)]
        changes = (*event.effect.writes, *event.effect.clears)
        self.true(event.thread == self.threads[name], shown, f"{name} takes step {step}")
        self.true(self.numbers[what] in changes, shown, f"step {step} changes {what}")

    def used_soon(self, shown: Shown, name: str, what: str) -> None:
        at = self.space.at(shown.state)
        self.true(self.threads[name] in self.space.moves[at], shown, f"{name} will go on")

    def relaxed(self, shown: Shown) -> None:
        self.true(self.system.enabled(shown.state), shown, "something else can move")

    def ways(self, shown: Shown, number: str) -> None:
        self.true(int(number.replace(",", "")) > 0, shown, "there are other ways")

    def hint(self, shown: Shown, said: str) -> None:
        """Check what a hint says of the run; its advice is not a matter of fact."""
        for name, line, how in re.findall(
            rf"({NAME}) took it at line (\d+) and (ended|goes on) without giving it back", said
        ):
            thread = self.threads[name]
            lines = {e.place.line for e in shown.events if e.thread == thread and e.effect.acquires}
            self.true(int(line) in lines, shown, said)
            self.true((shown.state.objects[thread] == ENDED) == (how == "ended"), shown, said)
        for names, count in re.findall(rf"({NAMES}) gave (\d+)", said):
            number = self.numbers[shown.found.objects[0]]
            gave = {e.thread for e in shown.events if number in e.effect.gives}
            self.true({self.threads[n] for n in self.named(names)} == gave, shown, said)
            permits = [int(state.objects[number]) for state in shown.states]
            more = sum(max(0, b - a) for a, b in pairwise(permits))
            self.true(more == int(count), shown, said)
        for name, why in re.findall(
            rf"({NAME}) [a-z][a-z_ ]* at lines? [\d, and]+, and (has ended|was not started|is stuck itself|does not come to it)",
            said,
        ):
            self.why_not(shown, self.threads[name], why, said)
        for name, step in re.findall(
            rf"({NAME}) [a-z_ ]* at lines? [\d, and]+, did so at step (\d+)", said
        ):
            self.true(shown.events[int(step)].thread == self.threads[name], shown, said)
        if "no other thread has a step" in said:
            waits = self.threads[shown.found.waits[0].thread]
            operation = shown.state.frames[waits].operation
            assert operation is not None
            each = operation.each_need(shown.state.objects, waits)
            facts = next(need.facts for need in each if need.owners is None)
            for other in self.world.threads:
                if other != waits and shown.state.objects[other] == RUNNING:
                    self.true(not self.may_provide(shown, other, facts), shown, said)

    def why_not(self, shown: Shown, thread: int, why: str, said: str) -> None:
        status = shown.state.objects[thread]
        at = self.space.at(shown.state)
        match why:
            case "has ended":
                self.true(status == ENDED, shown, said)
            case "was not started":
                self.true(status == NEW, shown, said)
            case "is stuck itself":
                self.true(thread not in self.space.ends[at] and status == RUNNING, shown, said)
            case _:
                self.true(status == RUNNING, shown, said)

    def title(self, shown: Shown, line: str) -> None:
        """Check what the headline says."""
        found = shown.found
        for step, names in re.findall(
            rf"the notify of step (\d+) (?:woke|went to) ({NAMES})", line
        ):
            told = {self.threads[name] for name in self.named(names)}
            self.true(told == set(shown.events[int(step)].effect.notified), shown, line)
        for step in re.findall(r"the notify of step (\d+) found nobody", line):
            event = shown.events[int(step)]
            self.true(event.effect.signals and not event.effect.notified, shown, line)
        for step in re.findall(r"was set, and cleared by step (\d+)", line):
            self.true(shown.events[int(step)].effect.clears, shown, line)
        for names in re.findall(rf"leaked permit: ({NAMES}) ended with", line):
            for name in self.named(names):
                self.true(shown.state.objects[self.threads[name]] == ENDED, shown, line)
        for names in re.findall(rf"orphaned lock: ({NAMES}) never gives?", line):
            for name in self.named(names):
                thread, about = self.threads[name], found.waits[0].object
                gone = thread not in self.space.moves[self.space.at(shown.state)]
                declared = self.world.declared(self.numbers[about])
                # One without an owner may be let go by whoever runs on, or is stuck elsewhere.
                if isinstance(declared, Lock) and not declared.owned:
                    gone = self.holds(shown, thread, about) and self.nobody_frees(shown, about)
                self.true(gone, shown, line)
        for name, what in re.findall(
            rf"self-deadlock: ({NAME})'s finalizer .* takes ({NAME}) while", line
        ):
            thread = self.threads[name]
            self.true(self.interrupted(shown, thread), shown, line)
            self.true(self.holds(shown, thread, what), shown, line)
        if found.kind == "circular-wait":
            waits: dict[str, tuple[str, ...]] = {}
            for wait in found.waits:
                waits[wait.thread] = (*waits.get(wait.thread, ()), *wait.wakers)
            # Where one waits for one of several, there need not be one circle of all.
            for one, after in zip(found.cycle, (*found.cycle[1:], *found.cycle[:1]), strict=True):
                self.true(after in waits[one], shown, f"{one} waits for {after}")
        if found.kind == "collateral":
            self.true(found.rests_on, shown, "it names what it rests on")


def plainly(found: Deadlock) -> tuple[object, ...]:
    """Give what a run, a replay and an exploration have to say alike."""
    lines = details(found._replace(proof="proved", covered=False, ways=None, settled=True))
    return (found.kind, found.threads, found.objects, found.step, tuple(lines))


def check_program(program: Program, pool: Pool) -> int:
    """Check all that is said of a program's deadlocks; give the number of sentences."""
    checker = Checker(program)
    result = explore(program, pool, Request(every=True))
    cores: list[object] = []
    for defect in result.defects:
        found = defect.finding
        if isinstance(found, Deadlock):
            cores.append(core_of(found))
            checker.check(found, defect.schedule)
            again = checker.runner.run(pool, Plan(), replay=defect.schedule, predict=False)
            said = [plainly(one) for one in again.deadlocks]
            # That time never runs out as others go on for ever, a run alone cannot know.
            if plainly(found) not in said and program.timeouts != "last":
                raise Wrong(f"a replay says {said}, an exploration {plainly(found)}")
    if len(cores) != len(set(cores)):
        raise Wrong(f"two reports end in one core: {cores}")
    for plan in (Plan(), Plan("random", 1), Plan("random", 2)):
        run = checker.runner.run(pool, plan, predict=False)
        for found in run.deadlocks:
            checker.check(found, run.schedule)
    return checker.sentences


def check_all(seeds: Iterable[int]) -> tuple[int, list[str]]:
    """Check random programs; give the number of sentences, and what was wrong."""
    sentences = 0
    wrong: list[str] = []
    with Pool() as pool:
        for seed in seeds:
            try:
                # "Never ends" is said of who could only end by a finalizer, which never has to begin.
                text = scenario(seed, finalizers=0)
                sentences += check_program(deadsim.loads(text).program, pool)
            except TooManyStates:
                continue
            except (Wrong, deadsim.InternalError) as error:
                wrong.append(f"seed {seed}: {error}")
    return sentences, wrong


def main() -> None:
    """Check many programs, with two processes."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("--programs", type=int, default=20_000)
    options.add_argument("--first", type=int, default=0, help="the first seed")
    given = options.parse_args()
    first, end = given.first, given.first + given.programs
    parts = [range(begin, min(begin + 250, end)) for begin in range(first, end, 250)]
    sentences = 0
    with ProcessPoolExecutor(2) as pool:
        for part, (more, wrong) in zip(parts, pool.map(check_all, parts), strict=True):
            sentences += more
            for line in wrong:
                print(line, flush=True)
            print(f"to seed {part[-1]:,}: {sentences:,} sentences", flush=True)


if __name__ == "__main__":
    main()
