"""Whatever is wrong with a file or a command line: its place, in one go, and exit status 2."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import deadsim
from deadsim import ScenarioError, loads
from portion import few_and_all
from wrong_files import OK, WRONG

GALLERY = Path(__file__).parent.parent.parent / "scenarios"


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    text, message = WRONG[name]
    file = tmp_path / "wrong.yaml"
    file.write_bytes(text.encode())
    done = deadsim("run", str(file))
    assert done.status == 2, done
    assert re.search(message, done.err), done.err
    for line in done.err.splitlines():
        assert re.match(rf"{re.escape(str(file))}:\d+:\d+: ", line), line
    assert done.out == ""


def test_what_is_declared_wrongly_is_not_taken_for_what_comes_after_it() -> None:
    text = """
rwlocks: {"a[2]": {modes: nope}, b: {prefer: queue}, c: {modes: innodb}}
pipes: {p: {capacity: -1}, r: {capacity: 0}}
threads:
  t:
    - {with: ["a[1]"], mode: for share, do: [{select: [{send: p, value: 1}]}]}
    - {acquire: b, mode: queue}
    - {print: "{locked(b)}"}
"""
    with pytest.raises(ScenarioError) as wrong:
        loads(text)
    told = [(problem.place.line, problem.message[:20]) for problem in wrong.value.problems]
    assert told == [
        (2, "there is no preset '"),
        (2, "'prefer: queue' is f"),
        (3, "'capacity' is an int"),
    ]


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(
        "lokcs: [A]\nthreads:\n  t:\n    - acquire: B\n    - stepp: x\nexpect: {race: maybe}\n"
    )
    done = deadsim("run", str(file))
    assert [line.split(":")[1] for line in done.err.splitlines()] == ["1", "4", "5", "6"]


def test_the_example_of_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dining.yaml").write_text(
        "params: {n: 3}\nlocks: ['fork[n]']\n\n\n\n\nthreads:\n  philosopher[i < n]:\n    - acquire: frok[i]\n"
    )
    done = deadsim("run", "dining.yaml")
    assert done.err == "dining.yaml:9:16: unknown lock 'frok[i]'; did you mean 'fork[i]'?\n"


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"name: caf\xe9\n" + OK.encode())
    done = deadsim("run", str(file))
    assert done.status == 2
    assert ":1:10: byte 0xe9 is not UTF-8" in done.err


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_text("# " + "x" * (1 << 20) + "\n" + OK)
    assert "larger than 1 MiB" in deadsim("run", str(file)).err


def test_an_alias_bomb(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    file = tmp_path / "bomb.yaml"
    file.write_text("\n".join(lines) + "\n")
    done = deadsim("run", str(file))
    assert done.status == 2
    assert "100,000 values" in done.err


def test_aliases_cannot_make_a_file_deeper_than_its_bound(tmp_path: Path) -> None:
    lines = [f"a0: &a0 {'[' * 30}{']' * 30}"]
    lines += [f"a{n}: &a{n} {'[' * 30}*a{n - 1}{']' * 30}" for n in range(1, 5)]
    file = tmp_path / "deep.yaml"
    file.write_text("\n".join(lines) + "\n")
    assert "nested more than 64 deep" in deadsim("run", str(file)).err


def test_a_missing_file_names_a_scenario_that_is_near() -> None:
    done = deadsim("run", "dinning.yaml")
    assert done.status == 2
    assert "no such file" in done.err
    assert "did you mean 'dining'" in done.err


def test_a_folder(tmp_path: Path) -> None:
    done = deadsim("run", str(tmp_path))
    assert done.status == 2
    assert "is a folder" in done.err


@pytest.mark.parametrize("option", ["--svg", "--save-schedule", "--output"])
def test_a_file_that_cannot_be_written_is_said_before_the_run(option: str, tmp_path: Path) -> None:
    done = deadsim("run", "dining", option, str(tmp_path / "no" / "x"))
    assert done.status == 2
    assert "cannot be written (no such file or folder)" in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("run",),
        ("fly",),
        ("run", "dining", "--nope"),
        ("run", "dining", "--strategy", "wild"),
        ("run", "dining", "--seed", "-1"),
        ("run", "dining", "--runs", "0"),
        ("run", "dining", "-p", "n"),
        ("run", "dining", "-p", "m=3"),
        ("run", "dining", "-p", "n=three"),
        ("run", "dining", "-p", "n=true"),
        ("run", "dining", "--depth", "3"),
        ("run", "dining", "--schedule", "nowhere.schedule"),
        ("replay", "dining", "philosopher[9]"),
        ("replay", "dining", "'"),
        ("replay", "nowhere.schedule"),
        ("graph", "dining", "--layout", "no-such-program"),
        ("lint",),
    ],
)
def test_a_wrong_command_line(arguments: tuple[str, ...]) -> None:
    done = deadsim(*arguments)
    assert done.status == 2, done
    assert done.err
    assert "Traceback" not in done.err


def test_json_is_one_object_even_when_the_input_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("threads: {t: [fly]}\n")
    done = deadsim("run", str(file), "--format", "json")
    assert done.status == 2
    assert done.json["problems"][0]["line"] == 1
    assert done.err


def test_lint_says_the_form_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(OK)
    (tmp_path / "bad.yaml").write_text("threads: {t: [fly]}\n")
    (tmp_path / "other.yaml").write_text("services: {}\n")
    done = deadsim("lint", str(tmp_path))
    assert done.status == 2
    assert "2 scenarios, 1 of 2 with problems" in done.out
    assert "bad.yaml:1:15" in done.err
    assert deadsim("lint", str(tmp_path / "good.yaml")).status == 0
    assert deadsim("lint", str(tmp_path / "other.yaml")).status == 2


def test_what_is_not_carried_out_yet_says_so(tmp_path: Path) -> None:
    file = tmp_path / "later.yaml"
    file.write_text("processes: {p: {threads: {t: []}}}\nthreads: {t: [{start: p}]}\n")
    done = deadsim("run", str(file))
    assert done.status == 2
    assert ":1:1: 'processes' is part of the language, but not carried out yet" in done.err


VALID = [path.read_text() for path in sorted(GALLERY.glob("**/*.yaml"))]


def mutated(text: str, chance: random.Random) -> str:
    """Change a file a little, in one to three places."""
    for _ in range(chance.randint(1, 3)):
        lines = text.split("\n")
        at = chance.randrange(len(text) + 1)
        row = chance.randrange(len(lines))
        match chance.randrange(9):
            case 0:
                text = text[:at] + text[at + chance.randint(1, 4) :]
            case 1:
                text = text[:at] + chance.choice("[]{}:,-&*!|>'\"%@`#\t\n 0x~?\0é") + text[at:]
            case 2:
                del lines[row]
                text = "\n".join(lines)
            case 3:
                lines.insert(row, lines[chance.randrange(len(lines))])
                text = "\n".join(lines)
            case 4:
                lines[row] = "  " + lines[row]
                text = "\n".join(lines)
            case 5:
                words = re.findall(r"\w+", text)
                text = text.replace(chance.choice(words), chance.choice(words), 1)
            case 6:
                word = chance.choice(re.findall(r"\w+", text))
                other = chance.choice(
                    ["0", "-1", "99999999999999999999", "null", "[]", "forever", "i"]
                )
                text = text.replace(word, other, 1)
            case 7:
                lines[row], lines[-1 - row] = lines[-1 - row], lines[row]
                text = "\n".join(lines)
            case _:
                verb = chance.choice(
                    [
                        "wait: A",
                        "put: q",
                        "choose: [1, 2]",
                        "return",
                        "raise: x",
                        "sleep: 9",
                        "yield",
                        "atomic: []",
                    ]
                )
                lines.insert(row, f"    - {verb}")
                text = "\n".join(lines)
    return text


@pytest.mark.parametrize("examples", few_and_all(150, 2_000))
def test_a_mutated_file_is_answered_and_never_crashes(examples: int, tmp_path: Path) -> None:
    file = str(tmp_path / "mutated.yaml")
    mutations = given(st.just(file), st.sampled_from(VALID), st.integers(0, 2**32))
    settings(max_examples=examples)(mutations(assert_it_is_answered))()


def assert_it_is_answered(file: str, text: str, seed: int) -> None:
    with open(file, "wb") as stream:
        stream.write(mutated(text, random.Random(seed)).encode("utf-8", "surrogatepass"))
    done = deadsim("run", file, "--max-steps", "1000")
    assert done.status in (0, 1, 2, 3), done.err
    assert "Traceback" not in done.err
    if done.status == 2:
        assert re.search(r"mutated\.yaml:\d+:\d+: |deadsim: ", done.err), done.err


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("acquire A", "acquire: A"),
        ("acquire(A)", "acquire: A"),
        ("A.acquire()", "acquire: A"),
        ("A.acquire", "acquire: A"),
        ("lock A", "acquire: A"),
        ("unlock A", "release: A"),
        ("acquire A, 5", "{acquire: A, timeout: 5}"),
        ("B[i].acquire()", "acquire: B[i]"),
        ("acquire B[i], 5", '{acquire: "B[i]", timeout: 5}'),
        ("x += 1", "add: x"),
        ("x++", "add: x"),
        ("x--", "{add: x, value: -1}"),
        ("x -= x + 1", '{add: x, value: "-(x + 1)"}'),
        ("x = 1", "{write: x, value: 1}"),
        ("x = [1, 2]", '{write: x, value: "[1, 2]"}'),
        ("let y = x + 1", "let: {y: x + 1}"),
        ("q.put(1)", "{put: q, value: 1}"),
        ("push q, 1", "{put: q, value: 1}"),
        ("print hello, world", "print: hello, world"),
        ("print(hello)", "print: hello"),
        ("sleep 5", "sleep: 5"),
        ("choose 1, 2", "choose: [1, 2]"),
    ],
)
def test_a_step_as_others_write_it_is_answered_with_the_step_that_is_meant(
    written: str, meant: str
) -> None:
    head = 'locks: [A, "B[2]"]\nvariables: {x: 0}\nqueues: [q]\nthreads:\n  t[i < 2]:\n    - '
    with pytest.raises(ScenarioError) as caught:
        loads(f"{head}{written}")
    (problem,) = caught.value.problems
    assert problem.message.endswith(f"; write '{meant}'")
    loads(f"{head}{meant}")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("locks: A", "locks: [A]"),
        ("locks: A, B", "locks: [A, B]"),
        ("queues: B[2]", 'queues: ["B[2]"]'),
        ("semaphores: s", "semaphores: {s: 1}"),
        ("pipes: p", "pipes: {p: {capacity: 1}}"),
        ("variables: x", "variables: {x: 0}"),
        ("params: n", "params: {n: 0}"),
    ],
)
def test_a_section_with_a_name_alone_is_answered_with_what_it_is_to_be(
    written: str, meant: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(f"{written}\nthreads: {{t: [pass]}}")
    (problem,) = caught.value.problems
    assert problem.message.endswith(f"; write '{meant}'")
    loads(f"{meant}\nthreads: {{t: [pass]}}")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("0.5", 1), ("1.5", 2), ("1s", 1), ("250 ms", 1), ("2.0", 2), ("90sec", 90)],
)
def test_a_time_that_is_no_whole_number_is_answered_with_one(written: str, meant: int) -> None:
    for step, key in (
        (f"sleep: {written}", "sleep"),
        (f"{{acquire: A, timeout: {written}}}", "timeout"),
    ):
        with pytest.raises(ScenarioError) as caught:
            loads(f"locks: [A]\nthreads: {{t: [{step}]}}")
        (problem,) = caught.value.problems
        said = f"virtual seconds are whole numbers: write '{key}: {meant}'"
        assert problem.message == said


@pytest.mark.parametrize(
    "written", ["x", "foo bar", "A.locked()", "let y", "x == 1", "", "  ", "print", "((("]
)
def test_what_nobody_knows_is_answered_with_no_guess(written: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(f"locks: [A]\nvariables: {{x: 0}}\nthreads:\n  t:\n    - '{written}'")
    assert "; write '" not in caught.value.problems[0].message
