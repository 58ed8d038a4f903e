"""The first of several: `select`."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

import deadsim
import oracle
from commands import deadsim as command
from deadsim.language.mutants import Mutants
from programs import Maker

SERVER = """
pipes: {requests: {capacity: 1}}
queues: [jobs]
events: [stop]
latches: {ready: 1}
semaphores: {slots: 1}
locks: [A]
threads:
  server:
    - repeat: 6
      do:
        - select:
            - {receive: requests, into: r, do: [{print: "request {r}"}]}
            - {get: jobs, into: j, do: [{print: "job {j}"}]}
            - {wait: stop, do: [{print: stop}, return]}
            - {wait: ready, do: [{print: ready}, break]}
            - {acquire: A, into: got, do: [{print: "A {got}"}, {release: A}]}
  main: []
"""


def explored(text: str) -> deadsim.Exploration:
    found = deadsim.explore(deadsim.loads(text))
    wanted = oracle.explore(deadsim.loads(text).program).levels
    assert {key: claim.found for key, claim in found.claims.items()} == wanted
    return found


def test_a_branch_that_can_be_taken_is_taken_and_does_what_its_verb_does() -> None:
    text = SERVER.replace("locks: [A]", "locks: [A]").replace(
        "  main: []",
        "  main: [{acquire: A}, {send: requests, value: 1}, {put: jobs, value: 2}, {set: stop}]",
    )
    program = deadsim.loads(text)
    run = deadsim.replay(program, "main*4 server#1 server*2 server#0 server*2 server#2")
    assert run.output == ["job 2", "request 1", "stop"]
    row = next(row for row in run.trace if row["verb"] == "select")
    assert (row["took"], row["object"], row["choice"]) == ("get", "jobs", 1)
    assert row["line"] == 14  # of the branch
    assert {type: explored(text).claims[type].found for type in ("deadlock", "error")} == {
        "deadlock": "never",
        "error": "never",
    }


def test_only_what_can_be_taken_can_be_named() -> None:
    text = SERVER.replace(
        "  main: []", "  main: [{acquire: A}, {put: jobs, value: 2}, {set: stop}]"
    )
    program = deadsim.loads(text)
    with pytest.raises(deadsim.ReplayDiverged, match="#1 and #2 alone"):
        deadsim.replay(program, "main main main server#0")
    with pytest.raises(deadsim.ReplayDiverged, match="#4 alone"):
        deadsim.replay(program, "server#0")
    # Without a place one of them is taken.
    assert deadsim.replay(program, "main main main server").trace[3]["choice"] in (1, 2)


def test_nothing_is_joined_so_that_a_pulse_may_be_missed() -> None:
    text = """
events: [E]
queues: [q]
threads:
  a: [{select: [{wait: E}, {get: q}]}]
  b: [{set: E}, {clear: E}]
expect: {deadlock: {claim: possible, threads: [a], objects: [E, q]}}
"""
    assert explored(text).verdict == "as-expected"
    waits = text.replace("{select: [{wait: E}, {get: q}]}", "{wait: E}")
    assert explored(waits.replace("[E, q]", "E")).deadlock.possible  # only where it came too late
    # Who has joined the waiters is woken by a pulse; who looks, is not.
    assert deadsim.replay(deadsim.loads(waits.replace("[E, q]", "E")), "a b b a").outcome == (
        "completed"
    )
    assert deadsim.replay(deadsim.loads(text), "b b").outcome == "stuck"


def test_what_is_given_is_read_once_and_in_order() -> None:
    text = """
queues: {q: {maxsize: 1}, p: {maxsize: 1}}
variables: {x: 1, y: 5}
threads:
  a:
    - {put: q, value: 0}
    - {put: p, value: 0}
    - select:
        - {put: q, value: x}
        - {put: p, value: y}
        - {timeout: x, do: [step: late]}
  b: [{write: x, value: 2}, {get: q}, {get: q, into: i}, {print: "{i}"}]
expect: {race: possible, deadlock: possible, output: {possible: ["1", "2"]}}
"""
    run = deadsim.replay(deadsim.loads(text), "a a a a a b b a#0 b b", max_steps=10)
    read = [row["object"] for row in run.trace if row["verb"] == "read"]
    assert read == ["x", "y", "x"]
    assert deadsim.replay(deadsim.loads(text), "a*5 b b a#0").output == ["1"]
    late = "        - {timeout: x, do: [step: late]}\n"
    first = text.replace(late, "").replace("    - select:\n", "    - select:\n" + late)
    first = first.replace("timeout: x", "timeout: y")
    run = deadsim.replay(deadsim.loads(first), "a a a a a b b a#1 b b", max_steps=10)
    assert [row["object"] for row in run.trace if row["verb"] == "read"] == ["y", "x", "y"]
    explored(text)


def test_a_branch_orders_what_its_verb_does_and_the_others_nothing() -> None:
    text = """
queues: [q]
events: [E]
variables: {x: 0, y: 0}
threads:
  a: [{write: x, value: 1}, {put: q, value: 1}]
  b: [{write: y, value: 1}, {set: E}]
  c:
    - select:
        - {get: q, do: [{read: x, into: i}]}
        - {wait: E, do: [{read: y, into: i}]}
"""
    assert explored(text).race.never
    crossed = text.replace("{get: q, do: [{read: x", "{get: q, do: [{read: y")
    assert explored(crossed).racy() == {"y"}


def test_default_is_taken_at_once_where_nothing_else_can_be() -> None:
    text = """
queues: [q]
threads:
  a:
    - select:
        - default: [{print: none}]
        - {get: q, do: [{print: one}]}
  b: [{put: q, value: 1}]
expect: {output: {possible: [none, one]}}
"""
    assert explored(text).verdict == "as-expected"
    assert deadsim.replay(deadsim.loads(text), "a#0").output == ["none"]
    with pytest.raises(deadsim.ReplayDiverged):
        deadsim.replay(deadsim.loads(text), "b a#0")


@pytest.mark.parametrize(
    ("timeouts", "found", "deadlock"),
    [("free", "possible", "never"), ("last", "never", "never"), ("off", "never", "never")],
)
def test_time_runs_out_as_it_does_elsewhere(timeouts: str, found: str, deadlock: str) -> None:
    text = f"""
timeouts: {timeouts}
queues: [q]
threads:
  a: [{{select: [{{timeout: 5, do: [{{print: late}}]}}, {{get: q}}]}}]
  b: [{{step: works}}, {{put: q, value: 1}}]
expect: {{timeout: {found}}}
"""
    result = explored(text)
    assert (result.verdict, result.claims["timeout"].found) == ("as-expected", found)
    alone = text.replace("{put: q, value: 1}", "pass").replace(f"timeout: {found}}}", "}")
    level = explored(alone).deadlock.found
    assert level == ("always" if timeouts == "off" else "never")


def test_a_run_waits_for_its_time() -> None:
    text = """
queues: [q]
threads:
  a: [{select: [{get: q, do: [{print: got}]}, {timeout: 5, do: [{print: late}]}]}]
  b: [{sleep: 3}, {put: q, value: 1}]
  c: [{select: [{join: a, do: [{print: ended}]}, {timeout: 2, do: [{print: tired}]}]}]
"""
    assert deadsim.run(deadsim.loads(text)).output == ["tired", "got"]


def test_who_could_go_on_in_no_branch_is_stuck() -> None:
    text = """
pipes: {p: {capacity: 1}}
queues: [q]
locks: [A]
threads:
  a:
    - select:
        - {receive: p}
        - {get: q}
        - {acquire: A, do: [{release: A}]}
  b: [{acquire: A}]
expect: {deadlock: {claim: possible, kind: peer-gone, threads: [a], objects: [p, q, A]}}
"""
    result = explored(text)
    assert result.verdict == "as-expected"
    run = deadsim.replay(deadsim.loads(text), "b")
    deadlock = json.loads(run.to_json())["defects"][0]
    assert deadlock["objects"] == ["p", "q", "A"]
    said = [(one["thread"], one["verb"], one["object"], one["line"]) for one in deadlock["waits"]]
    assert said == [("a", "receive", "p", 8), ("a", "get", "q", 9), ("a", "acquire", "A", 10)]
    assert "a  waits for an item in p (line 8) or for an item in q (line 9)" in run.report()
    stands = json.loads(run.to_json())["threads"][0]["waits"]
    assert [stands["object"], *(one["object"] for one in stands["or"])] == ["p", "q", "A"]
    for picture in (run.svg(), run.timeline(), run.html()):
        assert "for an item in p" in picture
    # Whoever may still provide for one of them lets it go on.
    helped = text.replace("b: [{acquire: A}]", "b: [{acquire: A}, {step: x}, {put: q, value: 1}]")
    assert explored(
        helped.replace("possible, kind: peer-gone, threads: [a], objects: [p, q, A]", "never")
    ).verdict == ("as-expected")


@pytest.mark.parametrize(
    ("threads", "kind", "core"),
    [
        (
            "a: [{acquire: A}, {select: [{acquire: B}, {join: b}]}]\n"
            "  b: [{acquire: B}, {select: [{acquire: A}, {join: a}]}]",
            "circular-wait",
            ("a", "b"),
        ),
        (
            "a: [{select: [{get: q}, {get: p}]}, {put: u, value: 1}]\n"
            "  b: [{get: u}, {put: q, value: 1}]",
            "communication",
            ("a", "b"),
        ),
        ("a: [{acquire: A}, {select: [{acquire: A}]}]\n  b: [pass]", "self-deadlock", ("a",)),
        (
            "a: [{select: [{acquire: A, do: [{release: A}]}]}]\n  b: [{acquire: A}]",
            "orphaned-lock",
            ("a",),
        ),
    ],
)
def test_the_core_has_whoever_could_help_in_any_branch(
    threads: str, kind: str, core: tuple[str, ...]
) -> None:
    text = (
        f"locks: [A, B]\nqueues: [q, p, u]\nthreads:\n  {threads}\nexpect: {{deadlock: possible}}\n"
    )
    result = explored(text)
    assert (kind, core) in [(one.kind, one.threads) for one in result.deadlocks]


def test_a_branch_may_be_given_a_text(tmp_path: Path) -> None:
    text = """
queues: [q]
pipes: {p: {capacity: 1}}
variables: {n: 2}
threads:
  a:
    - select: [{put: q, text: "bad {n + 1}"}]
    - select: [{send: p, text: bad}]
    - {get: q, into: i}
    - select: [{receive: p, into: j}]
    - print: "{i}, {j}"
"""
    scenario = deadsim.loads(text)
    assert deadsim.run(scenario).output == ["bad 3, bad"]
    file = tmp_path / "text.yaml"
    file.write_text(text, encoding="utf-8")
    program = tmp_path / "text.py"
    program.write_text(command("export", str(file), "--python").out, encoding="utf-8")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert done.stdout == "bad 3, bad\n"


def test_break_and_return_are_those_of_the_place_around() -> None:
    text = """
queues: [q]
procedures:
  serve:
    do:
      - forever:
          - select:
              - {get: q, into: i, do: [{if: "i == 0", then: [break]}, {if: "i == 1", then: [return]}]}
      - print: broke
threads:
  a: [{call: serve}, {print: after}]
  b: [{put: q, value: 2}, {put: q, value: %d}]
"""
    assert deadsim.run(deadsim.loads(text % 0)).output == ["broke", "after"]
    assert deadsim.run(deadsim.loads(text % 1)).output == ["after"]


def test_a_misuse_in_a_branch_is_one_of_its_step() -> None:
    text = "threads:\n  a: [{select: [{join: b}]}]\n  b: {autostart: false, do: [pass]}\nexpect: {misuse: always}\n"
    assert explored(text).verdict == "as-expected"


def test_locks_that_are_taken_so_are_held() -> None:
    text = """
locks: [A, R]
rwlocks: {W: {prefer: writers}}
conditions: {C: R}
threads:
  a:
    - select: [{acquire: A}]
    - select: [{acquire: W, mode: write}]
    - select: [{acquire: C}]
    - notify: C
    - {release: C}
    - {release: W}
    - {release: A}
  b: [{with: A, do: [step: x]}]
"""
    assert explored(text).verdict == "as-expected"


@pytest.mark.parametrize("seed", range(6))
def test_the_exported_program_takes_the_branches_of_its_schedule(seed: int, tmp_path: Path) -> None:
    text = SERVER.replace(
        "  main: []",
        "  main: [{send: requests, value: 1}, {put: jobs, value: 2}, {put: jobs, value: 3}, {set: stop}]",
    )
    file, saved = tmp_path / "server.yaml", tmp_path / "it.schedule"
    file.write_text(text)
    ran = command(
        "run", str(file), "--strategy", "random", "--seed", str(seed), "--save-schedule", str(saved),
        "--format", "json",
    )  # fmt: skip
    program = tmp_path / "server.py"
    program.write_text(command("export", str(file), "--python", "--schedule", str(saved)).out)
    done = subprocess.run([sys.executable, program], capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()) == (0, ran.json["output"]), done.stderr
    program.write_text(command("export", str(file), "--python").out)
    assert subprocess.run([sys.executable, program], capture_output=True).returncode == 0


def test_random_programs_have_selects() -> None:
    texts = [Maker(seed, 12).scenario() for seed in Random(5).sample(range(10_000), 60)]
    assert sum("select:" in text for text in texts) > 8


def test_what_is_said_of_a_select_names_each_of_its_branches() -> None:
    text = """
queues: [q]
locks: [A, B]
threads:
  a:
    - acquire: B
    - select: [{acquire: A}, {get: q}, {timeout: 2}]
  b: [{acquire: A}, {acquire: B}]
"""
    off = deadsim.replay(deadsim.loads(f"timeouts: off\n{text}"), "b a").report()
    assert "holds B (line 7), waits for A (line 8), held by b, or for an item in q (line 8)" in off
    assert "a keeps B (line 7) while it waits for A or q (line 8): give it back first" in off
    assert "... A or q" in off
    claimed = deadsim.loads(f"{text}expect: {{timeout: never}}\n")
    assert "a runs out of time in 'select' (line 7)" in deadsim.replay(claimed, "b a a#2").report()
    with pytest.raises(deadsim.ReplayDiverged, match="a is blocked in 'select' of A or q"):
        deadsim.replay(deadsim.loads(f"timeouts: off\n{text}"), "b a a")


def test_a_branch_that_is_refused_can_be_caught() -> None:
    text = """
queues: {q: {maxsize: 1}, p: {maxsize: 1}}
threads:
  a:
    - try:
        - forever:
            - select:
                - {get: q, into: i, do: [{print: "{i}"}]}
                - {get: p}
      except: {ShutDown: [{print: shut}]}
  b: [{put: q, value: 1}, {shutdown: q}]
expect: {error: never, deadlock: never, output: {always: [shut], possible: ["1"]}}
"""
    assert explored(text).verdict == "as-expected"
    run = deadsim.replay(deadsim.loads(text), "b a#0 a*2 b a#0")
    assert run.output == ["1", "shut"]
    claims = text.partition("expect:")
    uncaught = claims[0].replace("ShutDown: ", "Misuse: ") + "expect: {error: always}\n"
    assert explored(uncaught).verdict == "as-expected"


def test_who_may_take_another_branch_is_suspected_of_no_circle() -> None:
    text = """
queues: [q]
locks: [A, B]
threads:
  a: [{acquire: A}, {select: [{acquire: B, do: [{release: B}]}%s]}, {release: A}]
  b: [{join: a}, {with: B, do: [{with: A, do: [step: x]}]}]
  c: [{put: q, value: 1}, {join: b}, {with: B, do: [{with: A, do: [step: x]}]}]
"""
    several = deadsim.loads(text % ", {get: q}")
    assert "suspected" not in deadsim.run(several).report()


def test_steps_of_a_branch_have_defects_planted_in_them() -> None:
    text = """
locks: [A]
queues: [q]
threads:
  a: [{select: [{get: q, do: [{with: A, do: [step: x]}]}, {default: [{acquire: A}, {release: A}]}]}]
  b: [{put: q, value: 1}]
"""
    kinds = [edit.kind for edit in Mutants(deadsim.loads(text).program).edits]
    assert kinds == ["release taken out", "release taken out"]


def test_where_a_branch_leads_to_a_request_that_others_see_it_depends_on_them() -> None:
    text = """
locks: [A, B]
rwlocks: {Y: {modes: {low: [high], high: [low, high]}, deadlocks: victim}}
threads:
  't[2]':
    - select:
        - {acquire: A, do: [{acquire: Y, mode: high}]}
        - {acquire: B, do: [{acquire: Y, mode: low}]}
  u: [{acquire: Y, mode: low}, {release: Y}]
"""
    assert explored(text).claims["deadlock"].found == "always"
