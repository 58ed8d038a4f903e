"""All schedules: every verdict against a plain exhaustive search, every defect seen on real threads."""

import gc
import os
import re
import threading
from collections.abc import Callable
from heapq import heappop, heappush
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, randoms

import agreement
import deadsim
import oracle
from deadsim.engine.pool import Pool
from deadsim.exploration import explorer
from deadsim.exploration.budget import Budget, Spent, resident
from deadsim.exploration.explorer import Request, explore
from deadsim.exploration.states import breadth_first
from deadsim.exploration.states import stateful_search as stateful
from deadsim.exploration.states.levels import Reached
from deadsim.exploration.states.stateful_search import Stateful, keys
from deadsim.exploration.verdicts.result import Exploration
from deadsim.kernel.system import System
from deadsim.model.program import Limits, Plan, Program
from deadsim.runs.runner import Runner
from deadsim.space.packed import Outgrown, Space
from deadsim.space.playback import retrace
from deadsim.space.resting_space import RestingSpace, space_of
from deadsim.trace.finding import Finding
from portion import few_and_all, one_in
from programs import SHARED, scenario

PROGRAMS = few_and_all(40, int(os.environ.get("DEADSIM_PROGRAMS", "300")))
GALLERY = sorted((Path(__file__).parent.parent.parent / "scenarios").rglob("*.yaml"))
MOST_STATES = 5_000


def explored(text: str, **options: object) -> deadsim.Exploration:
    return deadsim.explore(deadsim.loads(text), **options)  # type: ignore[arg-type]


def programs_of(count: int) -> range:
    """Give a fifth of the seeds, but so many that all that is looked for is there."""
    return range(max(count // 5, 25))


def found(result: Exploration) -> dict[str, str]:
    return {claim.key: claim.found for claim in result.claims}


@pytest.mark.parametrize("count", PROGRAMS)
def test_random_programs_against_an_exhaustive_search(count: int) -> None:
    decided, wrong = agreement.agree_on_all(range(count))
    assert wrong == []
    assert decided["all states"] > 0.95 * count
    assert decided["reduced graph"] > 0.95 * count
    assert decided["executions in memory"] > 0.7 * count
    assert decided["executions on threads"] > 0.5 * count


@pytest.mark.parametrize("count", PROGRAMS)
def test_two_workers_find_what_one_does(count: int) -> None:
    assert agreement.two_workers(range(count // 20)) > 0.04 * count


@pytest.mark.parametrize("file", one_in(6, GALLERY), ids=lambda file: file.stem)
def test_a_scenario_of_the_gallery_is_decided_as_claimed(file: Path) -> None:
    result = deadsim.explore(deadsim.load(file))
    assert result.verdict == "as-expected"
    assert result.complete
    wanted = oracle.explore(deadsim.load(file).program)
    assert {key: claim.found for key, claim in result.claims.items()} == wanted.levels


@pytest.mark.parametrize("reduction", ["auto", "none"])
def test_a_failure_that_never_happens_is_not_always_there(reduction: str) -> None:
    text = "variables: {x: 0}\nthreads: {a: [{add: x}]}\ninvariants: [x < N]\nexpect: {invariant: always}\n"
    assert explored(text.replace("N", "1"), reduction=reduction).verdict == "as-expected"
    result = explored(text.replace("N", "2"), reduction=reduction)
    assert (result.invariant.found, result.invariant.holds) == ("never", False)


@pytest.mark.parametrize("count", few_and_all(20, 300))
def test_packed_states_mean_what_the_kernel_says(count: int) -> None:
    """Walk at random, and hold every step of the tables against the kernel's."""
    for seed in range(count):
        program = deadsim.loads(scenario(seed)).program
        system = System(program)
        space = space_of(system)
        for turn in range(3):
            try:
                walk(system, space, seed + turn)
            except Outgrown:
                space.widen()


def walk(system: System, space: Space, seed: int) -> None:
    state, packed = system.initial().state, space.start
    for step in range(40):
        moves = list(space.successors(packed))
        there = oracle.steps(system, state)
        counts = {t: len(system.results(state, t)) for t, _, _ in there}
        assert [(t, w % counts[t]) for t, w, _, _ in moves] == [(t, w) for t, w, _ in there]
        if not moves:
            break
        for thread, way, after, info in moves:
            made = system.step(state, thread, way)
            assert repr(space.state(after).key()) == repr(made.state.key())
            assert info.failures == made.failures
        thread, way, packed, _ = moves[(seed * 31 + step * 17) % len(moves)]
        state = system.step(state, thread, way).state


def fewest(program: Program, type: str) -> tuple[int, int] | None:
    """Find by plain search the fewest switches, then steps, to a failure of a type."""
    system = System(program)
    states = [system.initial().state]
    heap = [(0, 0, False, 0, -1)]
    seen = set()
    while heap:
        switches, steps, failed, number, last = heappop(heap)
        if failed:
            return switches, steps
        state = states[number]
        if (repr(state.key()), last) in seen:
            continue
        seen.add((repr(state.key()), last))
        for thread, way, _ in oracle.steps(system, state):
            move = system.step(state, thread, way)
            states.append(move.state)
            fails = any(failure.type == type for failure in move.failures)
            more = switches + (last not in (-1, thread))
            heappush(heap, (more, steps + 1, fails, len(states) - 1, thread))
    return None


@pytest.mark.parametrize("count", few_and_all(15, 150))
def test_a_failure_is_shown_with_the_fewest_switches_and_steps(count: int) -> None:
    compared = 0
    with Pool() as pool:
        for seed in range(count):
            program = deadsim.loads(scenario(seed, steps=6)).program
            result = explore(program, pool, Request(limits=Limits(states=MOST_STATES)))
            for defect in result.defects if result.complete else ():
                type = defect.finding.type
                if type in ("assertion", "misuse", "error") and defect.schedule:
                    assert fewest(program, type) == (defect.switches, len(defect.schedule)), seed
                    compared += 1
    assert compared > 2 * count / 15


def reordered(text: str, random: Random) -> str:
    """Declare the threads, the sections, and the objects in them in another order."""
    head, _, body = text.partition("threads:\n")
    threads = re.split(r"(?m)^(?=  \w+(?:\[2\])?:$)", body)
    assert not threads[0]
    threads = threads[1:]
    random.shuffle(threads)
    sections = []
    for line in head.splitlines(keepends=True):
        if line.startswith("timeouts:"):
            sections.append(line)
            continue
        name, entries = re.fullmatch(r"(\w+: )[{\[](.*)[}\]]\n", line).groups()  # type: ignore[union-attr]
        if name not in (f"{kind}: " for kind in (*SHARED, "variables")):
            sections.append(line)
            continue
        objects = re.findall(r"'?\w[]\w[]*'?(?:: (?:\{(?:[^{}]|\{[^}]*\})*\}|[^,{]+))?", entries)
        random.shuffle(objects)
        sections.append(f"{name}{{{', '.join(objects)}}}\n")
    random.shuffle(sections)
    return "".join([*sections, "threads:\n", *threads])


@pytest.mark.parametrize("examples", few_and_all(8, 80))
def test_verdicts_do_not_depend_on_the_order_of_declaration(examples: int) -> None:
    orders = given(seed=integers(0, 10_000), random=randoms(use_true_random=False))
    settings(max_examples=examples)(orders(assert_the_order_does_not_matter))()


def assert_the_order_does_not_matter(seed: int, random: Random) -> None:
    text = scenario(seed)
    plain = explored(text, max_states=MOST_STATES)
    turned = explored(reordered(text, random), max_states=MOST_STATES)
    if plain.complete and turned.complete:
        assert turned.claims == plain.claims
        assert [d.finding.type for d in turned.defects] == [d.finding.type for d in plain.defects]
        assert sorted(one.kind for one in turned.deadlocks) == sorted(
            one.kind for one in plain.deadlocks
        )


@pytest.mark.parametrize("count", few_and_all(20, 200))
def test_a_schedule_in_memory_has_the_events_of_real_threads(count: int) -> None:
    with Pool() as pool:
        for seed in range(count):
            program = deadsim.loads(scenario(seed)).program
            runner = Runner(program)
            run = runner.run(pool, Plan("random", seed), max_steps=300, predict=False)
            path = runner.system.path_of(runner.numbers(run.schedule))
            assert retrace(runner.system, path)[0] == run.events, seed


LOOP = """
variables: {turn: 0}
threads:
  spinner[2]:
    - forever:
      - add: turn
"""


def test_a_budget_that_is_spent_leaves_nothing_decided_that_is_not() -> None:
    result = explored(LOOP, max_states=50, max_executions=2, max_steps=40)
    assert result.verdict == "undecided" or result.claims["race"].holds is False
    assert not result.complete
    assert result.claims["deadlock"].found == "unknown"
    assert result.claims["deadlock"].holds is None
    assert "--max-states" in (result.covered or "")


def test_what_was_shown_stays_shown_when_a_budget_is_spent() -> None:
    text = (
        "variables: {x: 0}\nthreads:\n  a[6]:\n  - repeat: 3\n    do: [{add: x}]\n  - raise: oh\n"
    )
    result = explored(text, max_states=2_000, max_executions=50)
    assert not result.complete
    assert result.claims["error"].found == "possible"
    assert result.claims["error"].holds is False
    assert result.claims["deadlock"].found == "unknown"
    assert result.verdict == "refuted"


def test_executions_settle_what_has_too_many_states() -> None:
    text = "threads:\n  a[8]:\n  - repeat: 9\n    do: [{yield: }]\n  - raise: oh\n"
    result = explored(text, max_states=2_000, reduction="none")
    assert result.complete
    assert result.executions == 1
    assert result.reduction == "optimal-dpor"
    assert result.claims["error"].found == "always"


def test_deadlocks_alone_are_decided_in_fewer_states() -> None:
    for n in (5, 20):
        lines = []
        for i in range(n):
            steps = [
                ("acquire", i),
                ("acquire", (i + 1) % n),
                ("release", (i + 1) % n),
                ("release", i),
            ]
            body = ", ".join(f"{{{verb}: 'f[{fork}]'}}" for verb, fork in steps)
            lines.append(f"  p{i}: [{{forever: [{body}]}}]")
        text = "\n".join([f"locks: ['f[{n}]']", "threads:", *lines])
        result = explored(text, claims=["deadlock"])
        assert result.claims["deadlock"].found == "always"
        assert result.states == n * n - n + 2
        assert result.deadlocks[0].kind == "circular-wait"
        last = (
            lines[-1]
            .replace(f"f[{n - 1}]", "f[x]")
            .replace("f[0]", f"f[{n - 1}]")
            .replace("f[x]", "f[0]")
        )
        turned = explored(
            "\n".join([f"locks: ['f[{n}]']", "threads:", *lines[:-1], last]), claims=["deadlock"]
        )
        assert turned.claims["deadlock"].found == "never"
        assert turned.states is not None
        assert turned.states <= n * n


@pytest.mark.parametrize("count", PROGRAMS)
def test_a_reduced_graph_decides_every_claim_as_all_states_do(count: int) -> None:
    compared = fewer = 0
    for seed in range(count // 2):
        system = System(deadsim.loads(scenario(seed)).program)
        asked = keys(system)
        whole = Stateful(system, asked, Budget(MOST_STATES, seconds=5), reduce="never")
        whole.decide()
        reduced = Stateful(system, asked, Budget(MOST_STATES, seconds=5), reduce="early")
        reduced.decide()
        if whole.complete and reduced.complete:
            known = {key: (k.some, k.without) for key, k in whole.known.items()}
            assert {key: (k.some, k.without) for key, k in reduced.known.items()} == known, seed
            assert reduced.racy == whole.racy, seed
            compared += 1
            fewer += reduced.budget.visited < whole.budget.visited
    assert compared > count * 0.45
    assert fewer > count / 6


@pytest.mark.parametrize("count", PROGRAMS)
@pytest.mark.parametrize("most", [None, 60])
def test_states_are_the_same_with_numpy(
    monkeypatch: pytest.MonkeyPatch, most: int | None, count: int
) -> None:
    compared = 0
    for seed in programs_of(count):
        space = space_of(System(deadsim.loads(scenario(seed)).program))
        found = []
        for enough in (10**9, 12):
            monkeypatch.setattr(breadth_first, "ENOUGH", enough)
            monkeypatch.setattr(breadth_first, "ALONE", 4)
            while True:
                reached = Reached(space)
                try:
                    breadth_first.search(reached, Budget(MOST_STATES, seconds=5), most)
                except Outgrown:
                    space.widen()
                    continue
                except Spent:
                    break
                levels = [sorted(level) for level in reached.each_level()]
                outcomes = sorted(reached.ends), sorted(reached.halts), reached.shown
                found.append((levels, outcomes, reached.transitions, reached.complete))
                break
        if len(found) == 2:
            assert found[0] == found[1], seed
            compared += any(not isinstance(level, list) for level in reached.levels)
    assert compared > len(programs_of(count)) / 4


def test_more_bits_than_numpy_has_are_gone_through_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breadth_first, "ENOUGH", 500)
    monkeypatch.setattr(breadth_first, "ALONE", 100)
    names = [f"v{number}" for number in range(60)]
    writes = ", ".join(f"{{write: {name}, value: 1}}" for name in names)
    text = f"variables: {{{': 0, '.join(names)}: 0}}\nthreads:\n  'a[2]': [{writes}]\n"
    space = Space(System(deadsim.loads(text).program))
    reached = Reached(space)
    breadth_first.search(reached, Budget(100_000, seconds=20))
    assert reached.states == 61**2
    assert len(reached.ends) == 1


def alike(found: Finding) -> tuple[object, ...]:
    """Give what is the same of two findings that show one defect: a race's variable, a deadlock's core."""
    about = (getattr(found, name, None) for name in ("variable", "threads", "objects"))
    return (found.type, *about)


@pytest.mark.parametrize("count", PROGRAMS)
def test_many_states_are_decided_by_few_and_each_defect_is_shown(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(stateful, "MANY", 40)
    monkeypatch.setattr(stateful, "DEARER", 1)
    monkeypatch.setattr(explorer, "AT_LEAST", 0.1)  # what is undecided is not compared
    decided = 0
    for seed in programs_of(count):
        program = deadsim.loads(scenario(seed))
        whole = deadsim.explore(program, reduction="none", max_states=MOST_STATES)
        if not whole.complete:
            continue
        few = deadsim.explore(program, max_states=MOST_STATES)
        if not few.complete:
            continue
        assert few.verdict == whole.verdict, seed
        if few.reduction.startswith("stubborn"):
            decided += 1
            types = {one.finding.type for one in whole.defects}
            assert {one.finding.type for one in few.defects} == types, seed
            for one in few.defects:
                if one.minimal:
                    same = (d for d in whole.defects if alike(d.finding) == alike(one.finding))
                    assert one.switches == min(d.switches for d in same), seed
    assert decided > len(programs_of(count)) / 30


def test_a_bound_on_preemptions_shows_but_does_not_prove() -> None:
    text = "variables: {x: 0}\nthreads:\n  a[2]: [{add: x}]\nexpect: {race: always, final: {possible: [x == 1]}}\n"
    none = explored(text, preemptions=0)
    assert not none.complete
    assert none.verdict == "undecided"
    one = explored(text, preemptions=1)
    assert one.claims["final.possible[0]"].found == "possible"
    assert one.claims["final.possible[0]"].holds is True


@pytest.mark.parametrize("strategy", ["random", "pct", "pos", "surw"])
def test_a_sample_shows_but_does_not_prove(strategy: str) -> None:
    text = "locks: [A, B]\nthreads:\n  l: [{with: [A, B], do: [pass]}]\n  r: [{with: [B, A], do: [pass]}]\n"
    result = explored(text, sample=strategy, max_executions=100)
    assert result.claims["deadlock"].found == "possible"
    assert result.executions == 100
    assert not result.complete
    assert result.deadlocks[0].kind == "circular-wait"
    fine = explored(
        "locks: [A]\nthreads: {a: [{with: A, do: [pass]}]}\n", sample=strategy, max_executions=20
    )
    assert fine.claims["deadlock"].found == "unknown"
    assert fine.verdict == "undecided"


def test_claims_that_nobody_asked_for_count_for_nothing() -> None:
    text = "threads:\n  a: [{raise: oh}]\n"
    result = explored(text, claims=["deadlock"])
    assert result.verdict == "as-expected"
    assert result.claims["error"] == (  "never", "unknown", None)  # fmt: skip
    assert explored(text).verdict == "refuted"


def test_a_claim_that_there_is_none_of_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(deadsim.UsageError, match="deadlock"):
        explored("threads: {a: [pass]}", claims=["deadlok"])


def test_a_livelock_is_confirmed_by_its_way_in_and_once_round() -> None:
    text = """
locks: [A]
threads:
  a: [{forever: [{acquire: A, blocking: false, into: got}]}]
  b: [{acquire: A}]
expect: {livelock: always, deadlock: possible}
"""
    result = explored(text)
    assert result.verdict == "as-expected"
    (defect,) = [one for one in result.defects if one.finding.type == "livelock"]
    assert defect.finding.loop


def test_a_kind_that_cannot_be_is_refuted() -> None:
    text = """
locks: [A, B]
threads:
  l: [{with: [A, B], do: [pass]}]
  r: [{with: [B, A], do: [pass]}]
expect: {deadlock: {claim: possible, kind: lost-wakeup}}
"""
    assert explored(text).verdict == "refuted"
    assert explored(text.replace("lost-wakeup", "circular-wait")).verdict == "as-expected"


@pytest.mark.parametrize("kind", ["lost-wakeup", "never-signalled"])
def test_one_state_may_be_a_deadlock_of_two_kinds_and_is_one_report(kind: str) -> None:
    text = """
conditions: [c]
threads:
  waiter:
  - acquire: c
  - wait: c
  notifier:
  - choose: [false, true]
    into: early
  - if: early
    then:
    - acquire: c
    - notify: c
    - release: c
  - acquire: c
  - release: c
expect: {deadlock: {claim: possible, kind: KIND}, race: never}
"""
    found = explored(text.replace("KIND", kind)).deadlocks
    assert [one.kind for one in found if one.threads == ("waiter",)] == [kind]
    assert explored(text.replace("KIND", "wrong-waiter")).verdict == "refuted"


def test_a_lock_whose_owner_is_about_to_die_is_orphaned() -> None:
    text = """
locks: {R: {reentrant: true}}
threads:
  dies: [{acquire: R}, {join: dies}, {release: R}]
  waits: [{acquire: R}]
"""
    assert {one.kind for one in explored(text).deadlocks} == {"orphaned-lock"}


def test_the_nearest_good_run_ends_well() -> None:
    result = explored(
        "locks: [A, B]\nthreads:\n"
        "  l: [{with: [A, B], do: [pass]}]\n  r: [{with: [B, A], do: [pass]}]\n"
    )
    (defect,) = result.defects
    good = defect.nearest_good
    assert good is not None
    assert good[:-1] == defect.schedule[: len(good) - 1]
    scenario = deadsim.loads(
        "locks: [A, B]\nthreads:\n"
        "  l: [{with: [A, B], do: [pass]}]\n  r: [{with: [B, A], do: [pass]}]\n"
    )
    assert deadsim.replay(scenario, good).outcome == "completed"


def test_a_search_that_is_interrupted_is_not_complete() -> None:
    for after in range(1, 6):
        looks = 0

        def look(budget: Budget, after: int = after) -> None:
            nonlocal looks
            looks += 1
            if looks >= after and budget.interrupt is not None:
                budget.interrupt.asked = True

        from deadsim.api.all_schedules import explore_with

        scenario = deadsim.loads(
            LOOP.replace("forever:", "repeat: 8\n      do:").replace("[2]", "[4]")
        )
        result = explore_with(scenario, Request(), look)
        assert result.interrupted
        assert not result.complete
        assert result.verdict != "as-expected"


def test_widening_changes_no_verdict() -> None:
    text = "variables: {x: 0}\nthreads:\n  a[2]:\n  - repeat: 40\n    do: [{atomic: [{add: x}]}]\n"
    program = deadsim.loads(text).program
    system = System(program)
    search = Stateful(system, keys(system), Budget())
    search.decide()
    assert search.space.widths[system.world.output + 1] > 4
    assert search.complete


@pytest.mark.parametrize("count", PROGRAMS)
def test_a_space_that_is_widened_at_any_time_changes_no_verdict(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    seeds = programs_of(count)
    monkeypatch.setattr(explorer, "AT_LEAST", 0.1)  # what is undecided is not compared
    plain = [
        deadsim.explore(deadsim.loads(scenario(seed)), max_states=MOST_STATES) for seed in seeds
    ]
    widened = 0

    class Guesses:
        def guess(self: Any, field: int) -> int:
            guessed: int = super().guess(field)  # type: ignore[misc]  # of the space beside it
            return guessed if field in self.threads else min(guessed, 1)

        def widen(self) -> Callable[[int], int]:
            nonlocal widened
            widened += 1
            found: Callable[[int], int] = super().widen()  # type: ignore[misc]  # as above
            return found

    class Narrow(Guesses, Space):
        pass

    class NarrowAtRest(Guesses, RestingSpace):
        pass

    def narrow(system: System, *more: Any) -> Space:
        return (NarrowAtRest if system.last else Narrow)(system, *more)

    monkeypatch.setattr(stateful, "space_of", narrow)
    monkeypatch.setattr(stateful, "MANY", 10)
    monkeypatch.setattr(stateful, "DEARER", 1)
    for seed, wanted in zip(seeds, plain, strict=True):
        found = deadsim.explore(deadsim.loads(scenario(seed)), max_states=MOST_STATES)
        if found.complete and wanted.complete:
            assert found.claims == wanted.claims, seed
            same = [one.finding.type for one in wanted.defects]
            assert sorted(one.finding.type for one in found.defects) == sorted(same), seed
    assert widened > len(programs_of(count)) / 2


def test_an_invariant_is_looked_at_in_a_space_that_is_widened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stateful, "MANY", 100)
    text = """
variables: {x: 0}
threads:
  'a[3]': [{repeat: 6, do: [{yield: }]}]
  count: [{repeat: 40, do: [{atomic: [{write: x, value: x + 1}]}]}]
invariants: [x < 40]
"""
    result = explored(text)
    assert result.reduction.startswith("stubborn")
    assert result.claims["invariant"].found == "always"


def test_ones_and_trues_are_told_apart() -> None:
    text = """
variables: {x: 0}
threads:
  a: [{write: x, value: 1}]
  b: [{write: x, value: true}]
  c: [{join: a}, {join: b}, {print: "{x}"}]
expect:
  race: always
  output: {possible: ["1", "True"]}
"""
    assert explored(text).verdict == "as-expected"


@pytest.mark.parametrize(
    "times", few_and_all(50, int(os.environ.get("DEADSIM_EXPLORATIONS", "1000")))
)
def test_many_explorations_leave_no_thread_and_no_memory_behind(times: int) -> None:
    loaded = deadsim.loads(
        "locks: [A, B]\nvariables: {x: 0}\nthreads:\n"
        "  l: [{with: [A, B], do: [{add: x}]}]\n  r: [{with: [B, A], do: [{add: x}]}]\n"
    )
    for _ in range(times // 10):
        deadsim.explore(loaded)
    gc.collect()
    threads, files, before = threading.active_count(), open_files(), resident()
    for _ in range(times):
        deadsim.explore(loaded)
    gc.collect()
    assert threading.active_count() == threads
    assert open_files() == files
    assert resident() - before < 8  # MiB


def open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
