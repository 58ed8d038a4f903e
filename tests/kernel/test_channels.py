"""Pipes without room: an offer stands until it is received, or nobody can receive it any more."""

import subprocess
import sys
from pathlib import Path

import pytest

import deadsim
import oracle
from commands import deadsim as command


def explored(text: str) -> deadsim.Exploration:
    found = deadsim.explore(deadsim.loads(text))
    wanted = oracle.explore(deadsim.loads(text).program).levels
    assert {key: claim.found for key, claim in found.claims.items()} == wanted
    return found


def test_a_send_is_an_offer_and_a_step_that_goes_on() -> None:
    text = "pipes: {p: {capacity: 0}}\nthreads:\n  a: [{send: p, value: 7}]\n  b: [{receive: p, into: i}, {assert: i == 7}]\n"
    run = deadsim.run(deadsim.loads(text))
    rows = [(row["thread"], row["verb"], row["phase"]) for row in run.trace]
    assert rows == [("a", "send", "begin"), ("b", "receive", None), ("a", "send", "end")]
    assert explored(text).verdict == "as-expected"


def test_the_offer_that_has_stood_longest_is_taken_first() -> None:
    text = """
pipes: {p: {capacity: 0}}
threads:
  a: [{send: p, value: 1}]
  b: [{send: p, value: 2}]
  c: [{receive: p, into: i}, {receive: p, into: j}, {print: "{i}{j}"}]
expect: {output: {possible: ["12", "21"]}}
"""
    assert explored(text).verdict == "as-expected"
    program = deadsim.loads(text)
    assert deadsim.replay(program, "b a c c c").output == ["21"]
    # Taken out of turn it does not go on.
    with pytest.raises(deadsim.ReplayDiverged):
        deadsim.replay(program, "b a c a")


def test_what_was_offered_is_ordered_before_the_receive_and_that_before_going_on() -> None:
    ordered = """
pipes: {p: {capacity: 0}}
variables: {x: 0, y: 0}
threads:
  a: [{write: x, value: 1}, {send: p, value: 1}, {read: y, into: seen}, {assert: seen == 1}]
  b: [{write: y, value: 1}, {receive: p}, {read: x, into: seen}, {assert: seen == 1}]
"""
    found = explored(ordered)
    assert found.race.never
    assert found.verdict == "as-expected"
    with_room = ordered.replace("capacity: 0", "capacity: 1")
    assert explored(with_room).racy() == {"y"}


def test_closing_the_read_end_breaks_those_who_offer() -> None:
    text = "pipes: {p: {capacity: 0}}\nthreads:\n  a: [{send: p, value: 1}]\n  b: [{close: p, end: read}]\nexpect: {error: always}\n"
    assert explored(text).verdict == "as-expected"
    run = deadsim.replay(deadsim.loads(text), "a b a")
    assert run.defects[0].type == "error"
    assert "broken pipe" in run.report()
    # One whose offer was taken before goes on.
    taken = text.replace("[{close", "[{receive: p}, {close").replace("always", "never")
    assert explored(taken).verdict == "as-expected"


def test_offers_that_stand_can_be_taken_after_the_write_end_is_closed() -> None:
    text = """
pipes: {p: {capacity: 0}}
threads:
  a: [{send: p, value: 1}]
  b: [{receive: p, into: i, ok: good}, {print: "{i} {good}"}]
  c: [{close: p}]
expect: {error: possible, output: {possible: ["1 True", "None False"]}}
"""
    assert explored(text).verdict == "as-expected"
    assert deadsim.replay(deadsim.loads(text), "a c b").output == ["1 True"]


@pytest.mark.parametrize(
    ("threads", "kind", "core"),
    [
        ("a: [{send: p, value: 1}]\n  b: [pass]", "peer-gone", ("a",)),
        ("a: [{receive: p}]\n  b: [pass]", "peer-gone", ("a",)),
        (
            "a: [{send: p, value: 1}, {receive: o}]\n  b: [{send: o, value: 1}, {receive: p}]",
            "communication",
            ("a", "b"),
        ),
        ("a: [{send: p, value: 1}, {receive: p}]\n  b: [pass]", "peer-gone", ("a",)),
    ],
)
def test_who_offers_what_nobody_takes_is_stuck(
    threads: str, kind: str, core: tuple[str, ...]
) -> None:
    text = f"pipes: {{p: {{capacity: 0}}, o: {{capacity: 0}}}}\nthreads:\n  {threads}\nexpect: {{deadlock: always}}\n"
    found = explored(text)
    assert found.verdict == "as-expected"
    assert [(one.kind, one.threads) for one in found.deadlocks] == [(kind, core)]
    run = deadsim.run(deadsim.loads(text))
    assert [(one.kind, one.threads) for one in run.deadlocks] == [(kind, core)]


def test_it_says_what_is_waited_for() -> None:
    text = "pipes: {p: {capacity: 0}}\nthreads:\n  a: [{send: p, value: 1}]\n  b: [{receive: p}, {receive: p}]\nexpect: {deadlock: always}\n"
    report = deadsim.run(deadsim.loads(text)).report()
    assert "b  waits for an item in p (line 4)" in report
    alone = deadsim.run(deadsim.loads(text.replace("{receive: p}, {receive: p}", "pass")))
    assert "a  waits for its offer to p to be taken (line 3)" in alone.report()
    assert alone.to_json().count('"wants": "receive"') == 2


def test_two_at_once_meet_as_the_exported_program_does(tmp_path: Path) -> None:
    text = """
pipes: {p: {capacity: 0}}
threads:
  a: [{send: p, value: 1}, {send: p, value: 2}, {close: p}]
  b: [{receive: p, into: i}, {receive: p, into: j}, {receive: p, into: k, ok: more}, {print: "{i} {j} {k} {more}"}]
"""
    file, saved = tmp_path / "two.yaml", tmp_path / "two.schedule"
    file.write_text(text)
    command("run", str(file), "--save-schedule", str(saved), "--strategy", "random", "--seed", "5")
    for more in ((), ("--schedule", str(saved))):
        program = tmp_path / "two.py"
        program.write_text(command("export", str(file), "--python", *more).out)
        done = subprocess.run([sys.executable, program], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "1 2 None False\n"), done.stderr
