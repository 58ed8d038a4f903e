"""Scenarios as plain Python programs: each is written, runs, and ends as it may."""

import ast
import builtins
import subprocess
import sys
from pathlib import Path

import pytest

import deadsim as library
import sequential
from commands import deadsim
from deadsim import gallery
from deadsim.export import forced, program
from deadsim.export.classes import (
    CHANNEL,
    CHANNEL_IN_TURNS,
    CLASSES,
    DEEPER,
    JOIN_QUEUE,
    SHUTDOWN,
)
from deadsim.export.failures import MISUSES
from deadsim.export.names import TAKEN
from deadsim.export.program import as_python
from deadsim.export.questions import IN_TURNS, QUESTIONS
from deadsim.export.select import FIRST_OF, FIRST_OF_IN_TURNS
from deadsim.model.program import Choice
from portion import few_and_all, one_in
from programs import scenario as random_scenario

ENDS, FAILS, HANGS = 0, 1, 3


def exported(name: str, *options: str) -> str:
    """Write a scenario as a program."""
    done = deadsim("export", name, "--python", *options)
    assert done.status == 0, done.err
    return done.out


def ran(text: str, folder: Path, hangs: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a program; one that may hang gives up soon, any other has time."""
    file = folder / "program.py"
    text = text.replace("LIMIT = 5.0", f"LIMIT = {0.5 if hangs else 30.0}")
    file.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(file)], capture_output=True, text=True, timeout=60, check=False
    )


def may(name: str) -> set[int]:
    """Say how a program of a scenario may end."""
    claims = library.explore(library.load(name)).claims
    ends = {ENDS}
    hanging = ("deadlock", "livelock", "starvation")
    if any(claims[type].possible for type in hanging if type in claims):
        ends.add(HANGS)
    if any(claims[type].possible for type in ("assertion", "misuse", "error")):
        ends.add(FAILS)
    return ends


@pytest.mark.parametrize("name", one_in(24, gallery.names()))
def test_a_scenario_of_the_gallery_runs_as_a_program(name: str, tmp_path: Path) -> None:
    done = ran(exported(name), tmp_path, HANGS in may(name))
    assert "Traceback" not in done.stderr
    assert done.returncode in may(name), done.stderr


@pytest.mark.parametrize("name", one_in(24, gallery.names()))
def test_a_defect_of_the_gallery_happens_where_it_is_forced(name: str, tmp_path: Path) -> None:
    scenario = library.load(name)
    wanted = {"deadlock": {HANGS}, "livelock": {HANGS}}
    wanted |= {type: {FAILS, HANGS} for type in ("assertion", "misuse", "error")}
    for found in library.explore(scenario).defects:
        done = ran(as_python(scenario.program, found.schedule), tmp_path, hangs=True)
        assert "Traceback" not in done.stderr
        may_end = found.replay != found.schedule  # what goes round only fairly may come out of it
        anything = {ENDS, FAILS, HANGS}
        assert done.returncode in (
            anything if may_end else wanted.get(found.finding.type, anything)
        ), found.finding


@pytest.mark.parametrize("finalizers", [0.1, 1])
@pytest.mark.parametrize("programs", few_and_all(8, 25))
def test_random_programs_are_forced_into_their_defects(
    programs: int, finalizers: float, tmp_path: Path
) -> None:
    compared = 0
    for seed in range(programs):
        scenario = library.loads(random_scenario(seed, finalizers=finalizers))
        defects = library.explore(scenario, max_states=5_000, max_seconds=5).defects
        for found in sorted(defects, key=lambda one: one.finding.type != "deadlock")[:1]:
            try:
                text = as_python(scenario.program, found.schedule)
            except library.UsageError:  # a finalizer fails in the middle of a wait
                continue
            # All of the schedule was taken when the program is given up, or ends.
            text = text.replace(
                "os._exit(", "print('left:', len(turn.coming), flush=True) or os._exit("
            )
            done = ran(text, tmp_path, hangs=True)
            assert "left: 0" in done.stdout, (seed, done.stderr)
            assert "Traceback" not in done.stderr
            if found.finding.type in ("deadlock", "livelock"):
                assert done.returncode == HANGS, seed
                compared += 1
    assert compared > programs / 8


def test_a_finalizer_that_fails_in_the_middle_of_a_wait_is_refused_with_its_place() -> None:
    text = "events: [E]\nthreads:\n  t:\n    do: [{wait: E}]\n    anywhere: [{step: a}, {raise: Late}]\n"
    program = library.loads(text).program
    assert "('t', 'begins')" in as_python(program, (Choice("t", -1),))
    with pytest.raises(
        library.UsageError, match=r"<text>:4: a finalizer fails in the middle of this wait"
    ):
        as_python(program, (Choice("t"), Choice("t", -1)))


@pytest.mark.parametrize("programs", few_and_all(6, 80))
def test_random_bodies_fail_and_are_caught_as_in_python(programs: int, tmp_path: Path) -> None:
    for seed in range(programs):
        maker = sequential.Maker(seed, calls=True)
        again, (steps, lines) = maker.procedure(), maker.body()
        wanted = sequential.run_in_python(lines, again.lines)
        scenario = library.loads(sequential.scenario(steps, again.steps))
        for schedule in (None, library.run(scenario).result.schedule):
            done = ran(as_python(scenario.program, schedule), tmp_path)
            assert done.stdout.splitlines() == wanted.output, seed
            assert done.returncode == (ENDS if wanted.uncaught is None else FAILS), seed


CAUGHT = """
queues: [q]
semaphores: {s: {value: 1, bounded: true}}
threads:
  a:
    - {shutdown: q}
    - try: [{get: q}]
      except: {ShutDown: [{print: shut}]}
    - try: [{put: q, value: 1}]
      except: {Misuse: [{print: wrong}], any: [{print: refused}]}
    - try: [{release: s}]
      except: {ValueError: [{print: wrong}], Exception: [{print: wrong}], Misuse: [{print: misuse}]}
    - try: [{raise: "ValueError: mine"}]
      except: {Misuse: [{print: wrong}], ValueError: [{print: mine}]}
    - try: [{raise: Exception}]
      except: {Exception: [{print: mine}], any: [{print: wrong}]}
    - try: [{raise: RecursionError}]
      except: {Misuse: [{print: wrong}], any: [{print: deep}]}
    - try: [{raise: BrokenBarrier}]
      except: {Misuse: [{print: wrong}], any: [{print: broken}]}
"""


def test_failures_are_caught_by_their_own_classes(tmp_path: Path) -> None:
    scenario = library.loads(CAUGHT)
    run = library.run(scenario)
    assert run.output == ["shut", "refused", "misuse", "mine", "mine", "deep", "broken"]
    for schedule in (None, run.result.schedule):
        done = ran(as_python(scenario.program, schedule), tmp_path)
        assert (done.stdout.splitlines(), done.returncode) == (run.output, ENDS), done.stderr


def test_a_queue_that_nobody_shuts_down_has_the_class(tmp_path: Path) -> None:
    text = "threads: {a: [{try: [{raise: ShutDown}], except: {ShutDown: [{print: shut}]}}]}\n"
    done = ran(as_python(library.loads(text).program), tmp_path)
    assert done.stdout == "shut\n", done.stderr


NAMES = """
events: {done: null, is_set: {set: true}}
queues: [chosen, isinstance, dict]
pipes: {set: {capacity: 1}, getattr: {capacity: 0}}
locks: {hasattr: {owned: false}, property: null, Channel: null}
variables: {callable: 0, repr: 1}
threads:
  a:
    - {put: chosen, value: 1}
    - select:
        - {wait: done, do: [{print: done}]}
        - {get: chosen, into: put_now, do: [{print: "got {put_now}"}]}
        - {receive: set, into: get_now}
        - {receive: getattr, into: get_now}
    - select: [{put: isinstance, value: callable, into: type, do: [{print: "put {type}"}]}]
    - print: "{qsize(isinstance)} {locked(hasattr)}"
    - select: [{wait: is_set, do: [{print: set}]}]
    - select: [{join: Exception, do: [{print: joined}]}]
  Exception: [{step: works}]
"""


def test_names_of_a_scenario_are_not_those_that_the_program_needs(tmp_path: Path) -> None:
    scenario = library.loads(NAMES)
    run = library.run(scenario)
    assert run.output == ["got 1", "put True", "1 False", "set", "joined"]
    for schedule in (None, run.result.schedule):
        done = ran(as_python(scenario.program, schedule), tmp_path)
        assert (done.stdout.splitlines(), done.returncode) == (run.output, ENDS), done.stderr


def test_no_name_that_a_written_helper_uses_is_left_to_a_scenario() -> None:
    helpers = [
        *CLASSES.values(),
        *QUESTIONS.values(),
        *IN_TURNS.values(),
        *forced.IN_TURNS.values(),
    ]
    helpers += [
        program.STEP,
        program.MAIN,
        MISUSES,
        JOIN_QUEUE,
        SHUTDOWN,
        CHANNEL,
        CHANNEL_IN_TURNS,
    ]
    helpers += [FIRST_OF, FIRST_OF_IN_TURNS, DEEPER.format(most=1), forced.TURNS]
    for text in helpers:
        tree = ast.parse(text)
        made = {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.ClassDef)}
        used = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
        of_python = {name for name in used if hasattr(builtins, name) and name.isidentifier()}
        own = {"Shutting", "ShutDown", "__name__"}  # used before the scenario's names are given
        assert (made | of_python) - own <= TAKEN, text


@pytest.mark.slow
def test_a_saved_schedule_forces_a_program_every_time(tmp_path: Path) -> None:
    saved = tmp_path / "two.schedule"
    assert deadsim("explore", "two_locks", "--save-schedule", str(saved)).status == 0
    text = exported("two_locks", "--schedule", str(saved))
    assert "SCHEDULE = [" in text
    for _ in range(3):
        done = ran(text, tmp_path, hangs=True)
        assert done.returncode == HANGS
        assert "still running: left, right" in done.stderr
    done = deadsim("export", "dining", "--python", "--schedule", str(saved))
    assert done.status == 2
    assert "names 'left'" in done.err


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("self_deadlock", HANGS),
        ("never_set", HANGS),
        ("missing_task_done", HANGS),
        ("broken_pipe", FAILS),
        ("stack", ENDS),
    ],
)
@pytest.mark.slow
def test_what_happens_under_every_schedule_happens(name: str, status: int, tmp_path: Path) -> None:
    assert ran(exported(name), tmp_path, status == HANGS).returncode == status


EVERYTHING = """
name: 'all of "it"'
params: {n: 3, on: true}
locks: ["L[n]", R: {reentrant: true}, class]
rwlocks: {W: {prefer: writers}, X: {modes: innodb, prefer: queue}, "row[2]": {modes: postgres-row, deadlocks: victim}}
semaphores: {S: 1, T: {value: 2, bounded: true}}
conditions: {C: class, "D[2]": null}
events: {E: {set: true}, "e[n]": null}
barriers: {G: 2}
queues: {q: {maxsize: 2}, l: {order: lifo}, p: {order: priority}}
pipes: {line: {capacity: 2}}
variables: {x: 0, 'v[n]': 0, 'm[2, 2]': 1, t: "'hello'", flag: false, nothing: null, some: [1, 2]}
procedures:
  both: {args: [first, which, amount], do: [{with: first, do: [{add: which, value: amount}]}]}
  plainly: [{step: works}]
  named: {args: [which], locals: {word: "'w'", two: 2}, do: [{put: which, text: "{word}{two}"}, {get: which, into: word}, {print: "named {word}"}]}
threads:
  main:
    locals: {total: 0}
    do:
      - with: ["L[0]", R]
        do: [{write: x, value: "x + 1 if not flag else 0"}, {add: "v[x]", value: 2}]
      - {acquire: "L[n - 1]", blocking: false, into: got}
      - if: got
        then: [{release: "L[n - 1]"}]
        else: [pass]
      - {call: both, args: [class, x, 5]}
      - {call: both, args: ["L[1]", "v[2]", x]}
      - call: plainly
      - {call: named, args: [l]}
      - {with: W, mode: read, do: [{read: x, into: seen}]}
      - {acquire: W, mode: write, timeout: 1, into: got}
      - if: got
        then: [{release: W}]
      - with: ["row[0]", "row[1]"]
        mode: for update
        do: [{acquire: "row[0]", mode: for share, timeout: 1, into: got}, {release: "row[0]", mode: for share}]
      - {acquire: X, mode: IX}
      - {acquire: X, mode: X, blocking: false, into: got}
      - {release: X, mode: X}
      - {release: X}
      - {acquire: T}
      - {release: S, count: 2}
      - {wait: E, timeout: 1}
      - {set: "e[1]"}
      - {put: q, value: x}
      - {put: q, value: 7, blocking: false, into: got}
      - {get: q, into: total}
      - {get: l, blocking: false, into: none, ok: got}
      - {task_done: q}
      - {send: line, value: "[x, 1]"}
      - {close: line}
      - {receive: line, into: item, ok: got}
      - repeat: n
        index: k
        do: [{let: {total: total + k}}, {if: k == 1, then: [continue]}]
      - while: "total < 20"
        do: [{let: {total: total * 2 + 1}}]
      - forever: [break]
      - {choose: ["'a'", "'b'"], into: letter}
      - atomic: [{write: "m[1, 0]", value: "max(v)"}]
      - {print: "x={x} {{{letter in 'ab'}}} {len(v)} {sum(v)} {m[1, 0]} {t} {some[1]} {nothing}"}
      - {print: "", end: "!"}
      - try:
          - {raise: "Q: {x}"}
        except: {Misuse: [raise], Q: [{step: caught}], any: [{raise: Q}]}
        else: [pass]
        finally: [{step: at last}]
      - {sleep: 1}
      - {assert: "x == 6 and flag == false", message: "x is {x}"}
      - {start: late}
      - {join: "worker", timeout: 2, into: got}
      - {wait: G, into: order}
  'worker[i < 2, j < 1]':
    - {wait: "e[1]"}
    - with: "D[i]"
      do: [{notify: "D[i]"}, {notify_all: "D[i]"}, {wait: "D[i]", timeout: 1, into: woken}]
    - {print: "{i}{j}"}
  late:
    autostart: false
    do: [{wait: G}, {join: q, timeout: 1}, return]
  idle: {daemon: true, do: [{forever: [yield]}]}
"""


def test_every_verb_and_section_is_written(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(
        EVERYTHING.replace(
            '["L[n]", R: {reentrant: true}, class]',
            '{"L[n]": null, R: {reentrant: true}, class: null}',
        )
    )
    text = exported(str(tmp_path / "all.yaml"), "-p", "n=3")
    tree = ast.parse(text)
    assert ast.get_docstring(tree) is not None
    done = ran(text, tmp_path)
    assert done.returncode == ENDS, done.stderr
    # Its end is written apart: other threads may get between.
    assert "x=6 {True} 3 8 6 hello 2 None" in done.stdout
    assert "named w2" in done.stdout
    assert "!" in done.stdout
    # Real threads print them at once: the text of one may stand between another's text and its end.
    assert "00" in done.stdout
    assert "10" in done.stdout


def test_no_format_or_a_wrong_file_is_an_error(tmp_path: Path) -> None:
    done = deadsim("export", "dining")
    assert done.status == 2
    assert "--python" in done.err
    (tmp_path / "x.yaml").write_text("threads: {t: [{acquire: A}]}\n")
    assert deadsim("export", str(tmp_path / "x.yaml"), "--python").status == 2


def test_it_is_written_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "dining.py"
    assert deadsim("export", "dining", "--python", "-p", "n=2", "--output", str(file)).status == 0
    assert "fork = {" in file.read_text()
