"""Livelock and starvation under fairness: decided, shown by a way in and once round, and carried out."""

import json
from pathlib import Path
from typing import Any

import pytest

import deadsim
import fair_oracle
import rounds
from commands import deadsim as run_command
from deadsim.exploration.budget import Budget
from deadsim.exploration.states.fair_components import Graph
from deadsim.exploration.states.fair_cycles import FairCycle, Question, answer
from deadsim.exploration.states.stateful_search import Stateful
from deadsim.exploration.witnesses import lasso
from deadsim.kernel.system import System
from deadsim.model.claims import FAIR, KindClaim
from deadsim.model.program import Program
from deadsim.space.packed import Space
from portion import few_and_all

POLITE = """
locks: ["L[2]"]
threads:
  "polite[i < 2]":
    - forever:
        - acquire: "L[i]"
        - {acquire: "L[1 - i]", blocking: false, into: both}
        - release: "L[i]"
        - {if: both, then: [{release: "L[1 - i]"}, break]}
"""

READERS = """
rwlocks: {W: {prefer: none}}
threads:
  "reader[2]": [{forever: [{with: W, mode: read, do: [{step: reads}]}]}]
  writer: [{with: W, mode: write, do: [{step: writes}]}]
"""

LOCK = """
locks: [m]
threads:
  greedy: [{forever: [{with: m, do: [{step: works}]}]}]
  other: [{with: m, do: [{step: works}]}]
"""

DAEMON = LOCK.replace("greedy: [{forever", "greedy:\n    daemon: true\n    do: [{forever")

SPIN = """
variables: {stop: false}
threads:
  worker: [{while: not stop, do: [yield]}]
  main: [{write: stop, value: true}]
"""

POLLING = """
locks: [m]
variables: {ready: false}
threads:
  poller:
    locals: {seen: false}
    do: [{while: not seen, do: [{with: m, do: [{read: ready, into: seen}]}]}]
  giver: [{with: m, do: [{write: ready, value: true}]}]
"""

TIMED = """
locks: [m]
threads:
  greedy: [{forever: [{acquire: m}, {step: works}, {release: m}]}]
  other:
    locals: {got: false}
    do: [{while: not got, do: [{acquire: m, timeout: 1, into: got}]}, {release: m}]
"""


def explored(text: str, claims: str) -> deadsim.Exploration:
    scenario = deadsim.loads(f"{text}expect: {{{claims}}}\n")
    asked = ("livelock", "starvation", "deadlock")
    return deadsim.explore(scenario, claims=[key for key in asked if f"{key}:" in claims])


CASES = [
    # text, of what, weak, strong
    (POLITE, "livelock", "possible", "possible"),
    (POLITE, "polite", "never", "never"),
    (READERS, "livelock", "possible", "possible"),
    (READERS, "writer", "possible", "possible"),
    (READERS.replace("none", "writers"), "writer", "never", "never"),
    (READERS, "reader", "never", "never"),
    (LOCK, "other", "possible", "never"),
    (LOCK, "greedy", "never", "never"),
    (DAEMON, "livelock", "never", "never"),
    (DAEMON, "other", "possible", "never"),
    (SPIN, "livelock", "never", "never"),
    (SPIN, "main", "never", "never"),
    (POLLING, "livelock", "possible", "never"),
    (POLLING, "giver", "possible", "never"),
    (TIMED, "livelock", "possible", "possible"),
    (TIMED, "other", "never", "never"),
]
"""Readers that overlap keep a writer out at every moment; a lock is free between two rounds, which is enough for
strong fairness alone; a timed step can always be taken."""


@pytest.mark.parametrize(("text", "who", "weak", "strong"), CASES)
def test_what_is_fair_is_told_apart(text: str, who: str, weak: str, strong: str) -> None:
    for fair, wanted in (("weak", weak), ("strong", strong)):
        claim = f"livelock: {{claim: {wanted}, fair: {fair}}}"
        if who != "livelock":
            claim = (
                f"livelock: possible, starvation: {{claim: {wanted}, threads: {who}, fair: {fair}}}"
            )
        result = explored(text, claim)
        key = "livelock" if who == "livelock" else "starvation"
        assert result.claims[key].found == wanted
        assert result.claims[key].holds
        assert result.complete


def test_a_livelock_with_no_way_out_is_a_fair_one_too() -> None:
    text = "threads: {a: [{forever: [yield]}], b: [pass]}\n"
    for claim in ("possible", "{claim: possible, fair: weak}", "{claim: possible, fair: strong}"):
        assert explored(text, f"livelock: {claim}").verdict == "as-expected"


def test_of_several_names_possible_means_one_of_them_and_never_none() -> None:
    claim = "starvation: {{claim: {}, threads: [greedy, other]}}, livelock: possible"
    assert explored(LOCK, claim.format("possible")).verdict == "as-expected"
    assert explored(LOCK, claim.format("never")).verdict == "refuted"


def test_who_is_stuck_is_not_starved() -> None:
    text = """
events: [never]
threads:
  waiter: [{wait: never}]
  busy: [{forever: [yield]}]
"""
    result = explored(
        text, "livelock: always, deadlock: always, starvation: {claim: never, threads: waiter}"
    )
    assert result.verdict == "as-expected"


def test_where_nothing_goes_round_the_text_decides() -> None:
    text = "locks: [A]\nthreads: {a: [{with: A, do: [pass]}], b: [{with: A, do: [pass]}]}\n"
    claims = "livelock: {claim: never, fair: weak}, starvation: {claim: never, threads: [a, b]}"
    result = explored(text, claims)
    assert result.verdict == "as-expected"
    assert {c.why for c in result.result.claims if c.key in ("livelock", "starvation")} == {
        "no thread can go round for ever"
    }


def test_with_a_budget_spent_it_is_undecided() -> None:
    text = "variables: {x: 0}\nthreads: {a: [{forever: [{add: x}]}]}\nlimits: {states: 50, executions: 2, steps: 40}\n"
    result = explored(
        text, "livelock: {claim: never, fair: weak}, starvation: {claim: never, threads: a}"
    )
    assert result.claims["livelock"].found == result.claims["starvation"].found == "unknown"


def test_a_claimed_livelock_that_is_none_names_the_fair_one_that_there_is() -> None:
    result = explored(POLITE, "livelock: possible")
    assert result.verdict == "refuted"
    assert "REFUTED: a weakly fair one exists: {claim: possible, fair: weak}" in result.report()
    assert "fair" not in explored(SPIN, "livelock: possible").report()


@pytest.mark.parametrize("fair", FAIR)
def test_a_report_says_which_livelock_was_decided(fair: str) -> None:
    result = explored(POLITE, f"livelock: {{claim: possible, fair: {fair}}}")
    assert f"livelock ({fair}ly fair)  possible" in result.report()
    assert result.to_json().count(f'"fair": "{fair}"') == 3  # as claimed, as decided, as shown
    assert (
        "never, as claimed: deadlock, livelock (no way out),"
        in deadsim.explore(deadsim.loads(POLITE)).report()
    )


def test_starvation_is_a_key_only_where_it_is_claimed() -> None:
    scenario = deadsim.loads(LOCK)
    result = deadsim.explore(scenario)
    assert "starvation" not in result.claims
    with pytest.raises(AttributeError, match="nothing is claimed of starvation"):
        _ = result.starvation
    with pytest.raises(deadsim.UsageError, match="nothing is claimed of starvation"):
        deadsim.explore(scenario, claims=["starvation"])
    claimed = explored(LOCK, "livelock: possible, starvation: {claim: possible, threads: other}")
    assert claimed.starvation.possible


def test_the_victim_is_shown_with_what_it_waits_for() -> None:
    result = explored(LOCK, "livelock: possible, starvation: {claim: never, threads: other}")
    (defect,) = [one for one in result.defects if one.finding.type == "starvation"]
    found: Any = defect.finding
    assert (found.victim, found.fair, found.threads) == ("other", "weak", ("greedy",))
    assert found.wait.object == "m"
    assert "STARVATION of other (weakly fair) after 1 step: greedy goes round" in result.report()
    assert "other  waits for m (line 5), held by greedy" in result.report()


@pytest.mark.parametrize("text", [POLITE, READERS, LOCK, DAEMON, POLLING])
def test_what_goes_round_comes_back_in_a_replay(text: str) -> None:
    names = ", ".join(f'"{thread.name}"' for thread in deadsim.loads(text).program.threads)
    claims = f"livelock: {{claim: possible, fair: weak}}, starvation: {{claim: possible, threads: [{names}]}}"
    scenario = deadsim.loads(f"{text}expect: {{{claims}}}\n")
    result = deadsim.explore(scenario, claims=["livelock", "starvation"], every=True)
    shown = result.defects
    assert shown
    for one in shown:
        assert one.minimal
        done = deadsim.replay(
            scenario, " ".join(c.thread for c in one.replay), max_steps=len(one.replay)
        )
        assert len(done.trace) == len(one.replay)


# Against a search that goes about it otherwise.


def whole_graph(program: Program) -> tuple[Stateful, Graph] | None:
    search = Stateful(System(program), ["livelock"], Budget(700, seconds=5), reduce="never")
    if "livelock" in search.impossible:
        return None
    search.decide()
    if not search.complete:
        return None
    return search, Graph(search.space, search.reached.each_level(), Budget())


@pytest.mark.parametrize("programs", few_and_all(60, 400))
def test_as_sets_of_threads_that_move_for_ever_say(programs: int) -> None:
    decided = 0
    for seed in range(programs):
        program = deadsim.loads(rounds.scenario(seed)).program
        found = whole_graph(program)
        if found is None:
            continue
        search, graph = found
        wanted = fair_oracle.whole(program)
        for fair in FAIR:
            livelock = answer(graph, Question("livelock", fair))
            assert (livelock is not None) == fair_oracle.has_livelock(wanted, fair), (seed, fair)
            for victim in range(len(program.threads)):
                cycle = answer(graph, Question("starvation", fair, victim))
                starved = fair_oracle.is_starved(wanted, fair, victim)
                assert (cycle is not None) == starved, (seed, fair, victim)
                goes_round_fairly(search.space, cycle, seed)
            goes_round_fairly(search.space, livelock, seed)
            decided += 1
    assert decided > programs


def goes_round_fairly(space: Space, cycle: FairCycle | None, seed: int) -> None:
    """Hold the way in and both ways of finding a way round against what fairness asks for."""
    if cycle is None:
        return
    start = space.after(cycle.path)
    assert start in cycle.entries
    part = next(part for part in cycle.parts if start in part)
    ways = lasso._Round(space, cycle, part)
    shortest, by_stages = ways.shortest(start), ways.by_stages(start)
    assert len(shortest) <= len(by_stages)
    for path in (shortest, by_stages):
        state, able = start, []
        for thread, way in path:
            able.append({one for one, *_ in space.successors(state)})
            state += space.moves(state, thread)[way][0]
        assert state == start
        moved = {thread for thread, _ in path}
        assert cycle.question.victim not in moved
        weak = cycle.question.fair == "weak"
        who = set.intersection(*able) if weak else set.union(*able)
        assert who <= moved, (seed, cycle.question)
        if cycle.question.victim is None:
            assert moved & set(space.system.lasting)


def test_claims_of_random_programs_are_judged_as_the_oracle_does() -> None:
    claims = (
        KindClaim("possible", fair="weak"),
        KindClaim("possible", threads=("t0", "t1"), fair="strong"),
    )
    for seed in range(0, 300, 10):
        program = deadsim.loads(rounds.scenario(seed)).program
        if whole_graph(program) is None:
            continue
        kinds = {**program.claims.kinds, "livelock": claims[0], "starvation": claims[1]}
        program = program._replace(claims=program.claims._replace(kinds=kinds))
        result = deadsim.explore(deadsim.Scenario(program))
        wanted = fair_oracle.levels(program)
        assert {key: result.claims[key].found for key in wanted} == wanted
        shown = {one.finding.type for one in result.defects}
        assert {key for key in wanted if wanted[key] == "possible"} <= shown


def test_write_expect_keeps_fairness_and_threads(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    before = """expect:
  livelock: {claim: never, fair: weak}  # perhaps
  starvation: {claim: possible, threads: [other], fair: strong}
"""
    file.write_text(f"{LOCK}{before}")
    done = run_command("explore", str(file), "--write-expect")
    after = before.replace("never", "?").replace("possible", "never").replace("?", "possible")
    assert file.read_text() == f"{LOCK}{after}"
    assert done.status == 0, done.out


def test_every_form_of_report_has_it(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    claims = "livelock: {claim: possible, fair: weak}, starvation: {claim: never, threads: [other]}"
    file.write_text(f"{LOCK}expect: {{{claims}}}\n")
    done = run_command(
        "check",
        str(file),
        "--github",
        "--junit",
        str(tmp_path / "j"),
        "--sarif",
        str(tmp_path / "s"),
    )
    assert done.status == 1
    assert "title=deadsim%3A starvation::other is starved: greedy goes round" in done.out
    assert '<testcase classname="' in (tmp_path / "j").read_text()
    assert 'name="starvation"' in (tmp_path / "j").read_text()
    (result,) = json.loads((tmp_path / "s").read_text())["runs"][0]["results"]
    assert result["ruleId"] == "starvation"
    assert result["properties"]["replay"].endswith("'greedy*4'")


def test_the_timeline_shows_who_is_starved() -> None:
    result = explored(LOCK, "livelock: possible, starvation: {claim: never, threads: other}")
    (shown,) = [d for d in result.defects if d.finding.type == "starvation"]
    drawn = deadsim.explore(
        deadsim.loads(f"{LOCK}expect: {{starvation: {{claim: never, threads: other}}}}\n"),
        claims=["starvation"],
    ).timeline()
    assert f"STARVATION, step {len(shown.schedule)}" in drawn
    assert f"the last {len(shown.finding.loop)} steps go round for ever" in drawn


def test_a_replay_of_once_round_says_that_it_comes_back() -> None:
    text = (
        "locks: [m]\nthreads:\n  d: {daemon: true, do: [{forever: [{acquire: m}, {release: m}]}]}\n"
        "  main: [{acquire: m}, {release: m}]\n"
        "expect: {starvation: {claim: never, threads: [main]}}\n"
    )
    (defect,) = deadsim.explore(text).result.defects
    names = " ".join(choice.thread for choice in defect.replay)
    done = deadsim.replay(deadsim.loads(text), names)
    (found,) = done.result.suspicions
    assert (found.type, found.visits) == ("livelock", 2)
