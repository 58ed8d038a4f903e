"""Locks that are held in modes: who waits for whom, upgrades, the queue, and victims."""

import pytest

import deadsim
from deadsim.model.lock_modes import PRESETS, lopsided
from deadsim.trace.schedule import parse_names

TWO = "rwlocks: {a: {modes: innodb, OPTIONS}, b: {modes: innodb, OPTIONS}}\n"
CROSSED = (
    "threads:\n"
    "  one: [{with: a, mode: X, do: [{with: b, mode: X, do: [step: in]}]}]\n"
    "  two: [{with: b, mode: X, do: [{with: a, mode: X, do: [step: in]}]}]\n"
)


def levels(text: str) -> dict[str, str]:
    """Decide every claim of a scenario."""
    result = deadsim.explore(deadsim.loads(text))
    assert result.complete
    return {key: claim.found for key, claim in result.claims.items()}


def steps(text: str, schedule: str) -> list[str]:
    """Write what happened in a schedule, step by step."""
    run = deadsim.replay(deadsim.loads(text), schedule)
    names = run.result.world.name
    found = []
    for event in run.result.events[: len(parse_names(schedule))]:
        phase = f" {event.phase}" if event.phase else ""
        fails = "" if event.success else " fails"
        mode = f" {event.text}" if event.text else ""
        about = f" {names(event.objects[0])}" if event.objects else ""
        found.append(f"{names(event.thread)} {event.verb}{about}{mode}{phase}{fails}")
    return found


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_symmetric(preset: str) -> None:
    assert lopsided(PRESETS[preset]) is None


@pytest.mark.parametrize("preset", PRESETS)
def test_a_mode_waits_for_those_that_it_conflicts_with_alone(preset: str) -> None:
    for held, conflicts in PRESETS[preset]:
        for wanted, _ in PRESETS[preset]:
            text = (
                f"rwlocks: {{r: {{modes: {preset}}}}}\nthreads:\n"
                f"  one: [{{acquire: r, mode: {held}}}, {{step: x}}]\n"
                f"  two: [{{acquire: r, mode: {wanted}, blocking: false, into: got}}, {{assert: got}}]\n"
            )
            run = deadsim.replay(deadsim.loads(text), "one two")
            assert bool(run.defects) is (wanted in conflicts), (held, wanted)


def test_a_circle_of_modes_is_a_deadlock() -> None:
    found = levels(TWO.replace(", OPTIONS", "") + CROSSED)
    assert found["deadlock"] == "possible"
    assert found["error"] == "never"


def test_modes_that_go_together_make_no_circle() -> None:
    text = TWO.replace(", OPTIONS", "") + CROSSED.replace("mode: X", "mode: IX")
    assert set(levels(text).values()) == {"never"}


def test_an_upgrade_waits_for_others_alone() -> None:
    text = (
        "rwlocks: {r: {modes: innodb}}\n"
        "threads: {one: [{acquire: r, mode: S}, {acquire: r, mode: X}, {acquire: r, mode: X}]}\n"
    )
    assert steps(text, "one*3")[-1] == "one acquire r X"


def test_two_upgrades_wait_for_one_another() -> None:
    body = "[{acquire: r, mode: S}, {acquire: r, mode: X}, {release: r, mode: X}, {release: r, mode: S}]"
    text = f"rwlocks: {{r: {{modes: innodb}}}}\nthreads: {{one: {body}, two: {body}}}\n"
    (found,) = deadsim.explore(deadsim.loads(text)).defects
    assert found.finding.type == "deadlock"
    assert found.finding.kind == "circular-wait"
    assert found.finding.threads == ("one", "two")


def test_each_mode_is_counted() -> None:
    text = (
        "rwlocks: {r: {modes: innodb}}\nvariables: {x: 0}\n"
        "threads:\n"
        "  one: [{acquire: r, mode: S}, {acquire: r, mode: S}, {release: r}, {step: still}, {release: r}]\n"
        "  two: [{acquire: r, mode: X}]\n"
    )
    with pytest.raises(deadsim.ReplayDiverged, match="blocked"):
        deadsim.replay(deadsim.loads(text), "one*3 two")
    assert steps(text, "one*5 two")[-1] == "two acquire r X"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{acquire: r, mode: S}, {acquire: r, mode: IS}, {release: r}", "releases r without a mode, and holds it in several"),
        ("{acquire: r, mode: S}, {release: r, mode: X}", "releases r in mode 'X', in which it does not hold it"),
        ("{release: r}", "releases r, which it does not hold"),
        ("{release: r, mode: S}", "releases r, which it does not hold"),
        ("{acquire: r, mode: S}, {release: r}, {release: r}", "releases r, which it does not hold"),
    ],
)  # fmt: skip
def test_a_release_of_what_is_not_held_is_a_misuse(body: str, message: str) -> None:
    text = f"rwlocks: {{r: {{modes: innodb}}}}\nthreads: {{one: [{body}]}}\n"
    (found,) = deadsim.run(deadsim.loads(text)).defects
    assert (found.type, found.message) == ("misuse", message)


def test_a_request_waits_behind_an_earlier_one_that_it_conflicts_with() -> None:
    text = (
        "rwlocks: {r: {modes: innodb, prefer: queue}}\nthreads:\n"
        "  reads: [{with: r, mode: S, do: [step: reads]}]\n"
        "  writes: [{with: r, mode: X, do: [step: writes]}]\n"
        "  late: [{with: r, mode: S, do: [step: late]}]\n"
    )
    seen = steps(text, "reads writes late reads*2 writes*3 late*3")
    assert seen == [
        "reads acquire r S", "writes acquire r X begin", "late acquire r S begin",
        "reads step reads", "reads release r S",
        "writes acquire r X end", "writes step writes", "writes release r X",
        "late acquire r S end", "late step late", "late release r S",
    ]  # fmt: skip
    without = text.replace(", prefer: queue", "")
    assert steps(without, "reads late*3 reads*2 writes")[1] == "late acquire r S"


def test_who_holds_the_lock_does_not_wait_behind_earlier_requests() -> None:
    text = (
        "rwlocks: {r: {modes: innodb, prefer: queue}}\nthreads:\n"
        "  reads: [{acquire: r, mode: S}, {acquire: r, mode: S}]\n"
        "  writes: [{acquire: r, mode: X}]\n"
    )
    assert steps(text, "reads writes reads")[-1] == "reads acquire r S"


def test_a_try_does_not_queue_and_fails_behind_a_request() -> None:
    text = (
        "rwlocks: {r: {modes: innodb, prefer: queue}}\nthreads:\n"
        "  reads: [{acquire: r, mode: S}, {step: x}]\n"
        "  writes: [{acquire: r, mode: X}]\n"
        "  tries: [{acquire: r, mode: S, blocking: false}]\n"
    )
    assert steps(text, "reads writes tries")[-1] == "tries acquire r S fails"
    assert steps(text, "reads tries")[-1] == "tries acquire r S"


def test_postgres_tables_queue_by_themselves() -> None:
    text = (
        "rwlocks: {r: {modes: postgres-table}}\nthreads:\n"
        "  one: [{acquire: r, mode: access share}, {step: x}]\n"
        "  two: [{acquire: r, mode: ACCESS EXCLUSIVE}]\n"
    )
    assert steps(text, "one two")[-1] == "two acquire r access exclusive begin"


# Victims.


def test_a_victim_breaks_the_circle() -> None:
    found = levels(TWO.replace("OPTIONS", "deadlocks: victim") + CROSSED)
    assert found["deadlock"] == "never"
    assert found["misuse"] == "never"
    assert found["error"] == "possible"


@pytest.mark.parametrize("victim", ["one", "two"])
def test_each_thread_on_the_circle_may_be_the_victim(victim: str) -> None:
    text = TWO.replace("OPTIONS", "deadlocks: victim") + CROSSED
    other, mine = ("two", "a") if victim == "one" else ("one", "b")
    seen = steps(text, f"one two {victim} {other}")
    assert seen[2].endswith("X fails")
    assert seen[3] == f"{other} acquire {mine} X"  # all was given back with the step
    run = deadsim.replay(deadsim.loads(text), f"one two {victim} {other}")
    (found,) = run.defects
    assert found.message == f"is the victim of a deadlock at {'b' if victim == 'one' else 'a'}"


def test_no_victim_while_the_circle_is_open() -> None:
    text = TWO.replace("OPTIONS", "deadlocks: victim") + CROSSED
    text = text.replace("two: [", "two: [{with: b, mode: X, do: [step: first]}, ")
    with pytest.raises(deadsim.ReplayDiverged, match="blocked"):
        deadsim.replay(deadsim.loads(text), "two one one")


def test_what_it_passes_on_its_way_out_gives_back_nothing() -> None:
    text = TWO.replace("OPTIONS", "deadlocks: victim") + CROSSED
    # The other has the lock by the time that the victim comes to give it back.
    run = deadsim.replay(deadsim.loads(text), "one two one two one two*3")
    assert [one.type for one in run.defects] == ["error"]
    assert run.outcome == "completed"


def test_a_circle_with_another_lock_in_it_has_no_victim() -> None:
    text = (
        "locks: [m]\nrwlocks: {a: {modes: innodb, deadlocks: victim}}\nthreads:\n"
        "  one: [{with: a, mode: X, do: [{with: m, do: [step: in]}]}]\n"
        "  two: [{with: m, do: [{with: a, mode: X, do: [step: in]}]}]\n"
    )
    found = levels(text)
    assert (found["deadlock"], found["error"]) == ("possible", "never")


def test_a_lock_without_victims_keeps_the_circle_closed() -> None:
    text = "rwlocks: {a: {modes: innodb, deadlocks: victim}, b: {modes: innodb}}\n" + CROSSED
    assert levels(text)["deadlock"] == "possible"


def test_a_thread_that_only_waits_for_a_circle_is_no_victim() -> None:
    text = TWO.replace("OPTIONS", "deadlocks: victim") + CROSSED
    text += "  three: [{acquire: a, mode: IS}]\n"
    with pytest.raises(deadsim.ReplayDiverged, match="blocked"):
        deadsim.replay(deadsim.loads(text), "one two three")


def test_a_timed_request_on_a_circle_has_two_results() -> None:
    text = (
        TWO.replace("OPTIONS", "deadlocks: victim")
        + "threads:\n"
        + "  one: [{acquire: a, mode: X}, {acquire: b, mode: X, timeout: 5, into: got}, {assert: got}]\n"
        + "  two: [{acquire: b, mode: X}, {acquire: a, mode: X}]\n"
    )
    program = deadsim.loads(text)
    gives_up = deadsim.replay(program, "one two one#0").defects
    assert {one.type for one in gives_up} == {"assertion", "deadlock"}  # it leaves a held
    assert [one.type for one in deadsim.replay(program, "one two one#1").defects] == ["error"]
    assert [one.type for one in deadsim.replay(program, "one two two").defects] == ["error"]


def test_an_upgrade_deadlock_has_a_victim() -> None:
    body = "[{with: r, mode: S, do: [{with: r, mode: X, do: [step: in]}]}]"
    text = (
        "rwlocks: {r: {modes: innodb, deadlocks: victim}}\n"
        f"threads: {{one: {body}, two: {body}}}\n"
    )
    found = levels(text)
    assert (found["deadlock"], found["error"], found["misuse"]) == ("never", "possible", "never")


def test_a_thread_that_starts_before_its_request_is_seen_to_wait() -> None:
    text = (
        TWO.replace("OPTIONS", "deadlocks: victim")
        + "threads:\n"
        + "  main: [{acquire: a, mode: X}, {start: late}, {acquire: b, mode: X}]\n"
        + "  late: {autostart: false, do: [{acquire: b, mode: S}, {acquire: a, mode: X}]}\n"
    )
    assert steps(text, "main*2 late late")[-1] == "late acquire a X fails"


CAUGHT = """
rwlocks: {a: {modes: innodb, deadlocks: victim}, b: {modes: innodb, deadlocks: victim}}
threads:
  one:
    - try:
        - acquire: a
          mode: X
        - acquire: b
          mode: X
        - BODY
      except: {Victim: [{step: again}, AFTER]}
  two:
    - try: [{with: b, mode: X, do: [{with: a, mode: X, do: [step: in]}]}]
      except: {Victim: [step: again]}
"""


def test_a_victim_is_caught() -> None:
    found = levels(CAUGHT.replace("BODY", "step: in").replace(", AFTER", ""))
    assert (found["error"], found["misuse"]) == ("never", "never")


def test_a_release_after_a_victim_was_caught_is_a_misuse() -> None:
    text = CAUGHT.replace("BODY", "{release: b}").replace("AFTER", "{release: a}")
    assert levels(text)["misuse"] == "possible"


def test_a_release_in_a_finally_gives_back_nothing_for_a_victim() -> None:
    text = """
rwlocks: {a: {modes: innodb, deadlocks: victim}, b: {modes: innodb, deadlocks: victim}}
procedures: {gives: {args: [which], do: [{release: which}]}}
threads:
  one:
    - try:
        - {acquire: a, mode: X}
        - try: [{with: b, mode: X, do: [step: in]}]
          finally: [GIVES]
      except: {Victim: [step: again]}
  two: [{try: [{with: b, mode: X, do: [{with: a, mode: X, do: [step: in]}]}], except: {Victim: [step: again]}}]
"""
    for gives in ("{release: a}", "{call: gives, args: [a]}", "{release: a, mode: X}"):
        found = levels(text.replace("GIVES", gives))
        assert set(found.values()) == {"never"}, gives


def test_a_release_in_a_finally_of_another_failure_is_a_misuse() -> None:
    text = """
rwlocks: {a: {modes: innodb, deadlocks: victim}}
threads:
  one: [{try: [{raise: oops}], finally: [{release: a}]}]
"""
    assert levels(text)["misuse"] == "always"


def test_victim_in_an_except_wants_a_lock_that_has_victims() -> None:
    text = (
        "rwlocks: {a: {modes: innodb}}\nthreads: {one: [{try: [pass], except: {Victim: [pass]}}]}\n"
    )
    with pytest.raises(deadsim.ScenarioError, match="nothing here raises 'Victim'"):
        deadsim.loads(text)


# Order and races.


def test_a_release_is_ordered_before_requests_that_conflict_with_it_alone() -> None:
    head = "rwlocks: {r: {modes: innodb}}\nvariables: {x: 0}\nthreads:\n"
    write = "[{{with: r, mode: {}, do: [{{write: x, value: 1}}]}}]"
    alike = f"{head}  one: {write.format('X')}\n  two: {write.format('X')}\n"
    assert levels(alike)["race"] == "never"
    apart = f"{head}  one: {write.format('IX')}\n  two: {write.format('IX')}\n"
    assert levels(apart)["race"] == "always"
    mixed = f"{head}  one: {write.format('S')}\n  two: {write.format('IX')}\n"
    assert levels(mixed)["race"] == "never"
    # Three: an S between two IX does not order them with what went before it under IS.
    weak = f"{head}  one: {write.format('IS')}\n  two: {write.format('S')}\n"
    assert levels(weak)["race"] == "always"


def test_what_a_victim_gives_back_is_ordered_before_who_takes_it() -> None:
    text = (
        TWO.replace("OPTIONS", "deadlocks: victim")
        + "variables: {x: 0}\nthreads:\n"
        + "  one: [{with: a, mode: X, do: [{write: x, value: 1}, {with: b, mode: X, do: [step: in]}]}]\n"
        + "  two: [{with: b, mode: X, do: [{with: a, mode: X, do: [{write: x, value: 2}]}]}]\n"
    )
    assert levels(text)["race"] == "never"


def test_modes_are_asked_of_states() -> None:
    text = (
        "rwlocks: {r: {modes: innodb}}\n"
        "threads:\n  one: [{acquire: r, mode: S}, {release: r}]\n  two: [{acquire: r, mode: S}, {release: r}]\n"
        "invariants: [\"not locked(r) or holder(r) in ['one', 'two']\"]\n"
    )
    assert levels(text)["invariant"] == "possible"  # where both hold it, nobody does alone


def test_an_array_of_locks_has_modes() -> None:
    text = (
        "params: {n: 2}\nrwlocks: {'row[n]': {modes: postgres-row}}\nthreads:\n"
        "  t[i < n]: [{with: ['row[i]', 'row[1 - i]'], mode: for update, do: [step: in]}]\n"
    )
    assert levels(text)["deadlock"] == "possible"


@pytest.mark.parametrize(
    ("timeouts", "deadlock", "timeout"),
    [("free", "never", "possible"), ("last", "never", "possible"), ("off", "possible", "never")],
)
def test_the_time_of_a_request_runs_out_as_any_other(
    timeouts: str, deadlock: str, timeout: str
) -> None:
    text = (
        f"timeouts: {timeouts!r}\nrwlocks: {{r: {{modes: innodb}}}}\nexpect: {{timeout: possible}}\n"
        "threads:\n  keeps: [{acquire: r, mode: X}, {step: ends}]\n"
        "  asks: [{acquire: r, mode: S, timeout: 1, into: got}, {if: got, then: [{release: r}]}]\n"
    )
    found = levels(text)
    assert (found["deadlock"], found["timeout"]) == (deadlock, timeout)


def test_a_circle_has_its_victim_before_time_runs_out_last() -> None:
    text = (
        "timeouts: last\nexpect: {timeout: possible}\n"
        + TWO.replace("OPTIONS", "deadlocks: victim")
        + "threads:\n"
        + "  one: [{with: a, mode: X, do: [{acquire: b, mode: X, timeout: 5, into: got}]}]\n"
        + "  two: [{with: b, mode: X, do: [{with: a, mode: X, do: [step: in]}]}]\n"
    )
    found = levels(text)
    assert (found["error"], found["timeout"]) == ("possible", "never")


def test_a_block_that_leads_to_a_request_is_seen_to_do_so() -> None:
    # The block touches no lock; that its thread then stands before one closes the circle.
    text = (
        TWO.replace("OPTIONS", "deadlocks: victim")
        + "variables: {x: 0}\nthreads:\n"
        + "  one: [{with: a, mode: X, do: [{atomic: [{write: x, value: 1}]}, {with: b, mode: X, do: [step: in]}]}]\n"
        + "  two: [{with: b, mode: X, do: [{with: a, mode: X, do: [step: in]}]}]\n"
    )
    plain = text.replace("{atomic: [{write: x, value: 1}]}, ", "{write: x, value: 1}, ")
    for options in ({}, {"sample": None, "reduction": "none"}):
        one, other = (deadsim.explore(deadsim.loads(each), **options) for each in (text, plain))  # type: ignore[arg-type]  # two options
        assert {key: claim.found for key, claim in one.claims.items()} == {
            key: claim.found for key, claim in other.claims.items()
        }


def test_a_question_asks_a_lock_with_modes() -> None:
    text = (
        "rwlocks: {r: {modes: innodb}}\nthreads:\n"
        "  one: [{acquire: r, mode: IS}, {release: r}]\n  two: [{assert: not locked(r)}]\n"
    )
    assert levels(text)["assertion"] == "possible"
    assert not deadsim.replay(deadsim.loads(text), "two one*2").defects
