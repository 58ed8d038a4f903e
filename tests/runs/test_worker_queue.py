"""The worker queue: one recorded run, replayed to the same output, glitch and empty lines included."""

from pathlib import Path

from commands import deadsim
from deadsim import load, replay, run

SCENARIOS = Path(__file__).parent.parent.parent / "scenarios"

RECORDED = """\
스레드 1 : 처리완료 0스레드 2 : 처리완료 1
스레드 2 : 처리완료 2
스레드 2 : 처리완료 3

스레드 5 : 처리완료 4스레드 4 : 처리완료 5
스레드 4 : 처리완료 6
스레드 4 : 처리완료 7
스레드 4 : 처리완료 8
스레드 4 : 처리완료 9
스레드 4 : 처리완료 10
스레드 4 : 처리완료 11
스레드 4 : 처리완료 12
스레드 4 : 처리완료 13
스레드 4 : 처리완료 14
스레드 4 : 처리완료 15
스레드 4 : 처리완료 16
스레드 4 : 처리완료 17
스레드 4 : 처리완료 18
스레드 4 : 처리완료 19

"""


def test_the_saved_schedule_replays_the_recorded_output_byte_for_byte() -> None:
    done = replay(str(SCENARIOS / "worker_queue.schedule"))
    assert done.result.output.encode() == RECORDED.encode()
    assert (done.outcome, done.verdict, done.params) == (
        "completed",
        "as-expected",
        {"workers": 5, "items": 20},
    )


def test_the_command_line_shows_it() -> None:
    done = deadsim("replay", str(SCENARIOS / "worker_queue.schedule"), "--format", "json")
    assert done.status == 0
    assert done.json["output"] == RECORDED.split("\n")[:-1]
    assert "warning" not in done.err


def test_another_schedule_prints_every_line_whole() -> None:
    done = run(load("worker_queue", workers=5, items=20), strategy="sequential")
    assert done.output == [f"스레드 1 : 처리완료 {item}" for item in range(20)]


def test_what_happens_without_a_part_of_it() -> None:
    without = run(load("worker_queue_no_task_done")).deadlocks[0]
    assert (without.kind, without.threads) == ("missing-task-done", ("main",))
    assert set(without.also_stuck) == {"worker[0]", "worker[1]"}
    endless = run(load("worker_queue_no_none")).deadlocks[0]
    assert endless.kind == "peer-gone"
    daemons = run(load("worker_queue_daemon"))
    assert (daemons.outcome, daemons.defects) == ("completed", ())
    assert daemons.result.leaks
    for seed in range(30):
        locked = run(load("worker_queue_print_lock"), strategy="random", seed=seed)
        assert all(line.count("스레드") == 1 for line in locked.output)
