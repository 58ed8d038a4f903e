"""Whatever is wrong with a file or a command line: its place, in one go, and exit status 2."""

import os
import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import deadsim

GALLERY = Path(__file__).parent.parent / "scenarios"

OK = "threads: {t: [{step: works}]}\n"

# text of the file → what the message must say (a regular expression)
WRONG = {
    "unknown key": ("lock: [A]\n" + OK, r":1:1: unknown key 'lock'; did you mean 'locks'\?"),
    "unknown verb": ("threads:\n  t:\n    - aquire: A\n", r":3:7: unknown verb 'aquire'; did you mean 'acquire'\?"),
    "unknown lock": ("locks: [A]\nthreads:\n  t:\n    - acquire: AA\n", r":4:16: unknown lock.*'AA'; did you mean 'A'\?"),
    "unknown option": ("locks: [A]\nthreads: {t: [{acquire: A, itno: x}]}\n", r"no option 'itno'; did you mean 'into'"),
    "unknown name in an expression": ("variables: {counter: 0}\nthreads:\n  t:\n    - let: {x: conter + 1}\n", r":4:16: unknown name 'conter'; did you mean 'counter'\?"),
    "unknown defect": (OK + "expect: {deadlok: never}\n", r"'deadlok'.*did you mean 'deadlock'\?"),
    "unknown level": (OK + "expect: {deadlock: sometimes}\n", "expected never, possible or always"),
    "unknown kind": (OK + "expect: {deadlock: {claim: always, kind: circular}}\n", "unknown kind of deadlock"),
    "unknown strategy": (OK + "schedule: {strategy: randum}\n", "did you mean 'random'"),
    "unknown thread in a script": (OK + "schedule: [t, u]\n", "unknown thread 'u'"),
    "wrong type of threads": ("threads: 3\n", r":1:10: 'threads' is a map"),
    "wrong type of a body": ("threads: {t: 3}\n", "a thread is a list of steps"),
    "wrong type of a step": ("threads: {t: [[step]]}\n", "not a list"),
    "two verbs": ("locks: [A]\nthreads: {t: [{acquire: A, release: A}]}\n", "one verb, not acquire and release"),
    "no verb": ("threads: {t: [{}]}\n", "this one is empty"),
    "missing option": ("variables: {x: 0}\nthreads: {t: [{write: x}]}\n", "'write' wants 'value'"),
    "lock where a variable is wanted": ("locks: [A]\nthreads: {t: [{read: A}]}\n", "'A' is a lock, not a variable"),
    "lock in an expression": ("locks: [A]\nthreads: {t: [{assert: A == 1}]}\n", "'A' is a lock; it has no value"),
    "array without an index": ("locks: ['a[2]']\nthreads: {t: [{acquire: a}]}\n", "'a' is an array; say which one"),
    "index out of range": ("locks: ['a[2]']\nthreads: {t: [{acquire: 'a[2]'}]}\n", "index 2 is out of range of 'a', which has 0 to 1"),
    "negative index": ("locks: ['a[2]']\nthreads: {t: [{acquire: 'a[-1]'}]}\n", "index -1 is out of range"),
    "duplicate keys": ("locks: [A]\nlocks: [B]\n" + OK, r":2:1: the key 'locks' stands here twice \(first in line 1\)"),
    "one name, two meanings": ("locks: [A]\nvariables: {A: 0}\n" + OK, r":2:13: 'A' is a lock already \(line 1\)"),
    "local called as a lock": ("locks: [A]\nthreads: {t: [{let: {A: 1}}]}\n", "'A' is a lock; a local needs a name of its own"),
    "assigning an index": ("threads: {'t[i < 2]': [{let: {i: 1}}]}\n", "'i' is an index"),
    "tab": ("threads:\n\tt: []\n", r":2:1: a tab cannot indent"),
    "broken YAML": ("threads: {t: [\n", "not closed"),
    "unclosed quote": ("threads: {t: [{step: 'x}]}\n", "does not end"),
    "colon in a text": ("name: a: b\n" + OK, r":1:8: a ':' cannot stand here"),
    "index in a flow list": ("locks: [fork[2]]\n" + OK, "an indexed name wants quotes"),
    "text that begins with a brace": ("threads: {t: [{print: {x}}]}\n", "one that begins with '{' or '\\[' wants quotes"),
    "merge key": ("a: &a {}\n<<: *a\n" + OK, "merge keys"),
    "tag": ("name: !!python/object:os.system x\n" + OK, "tags are not taken"),
    "string tag": ("name: !!str x\n" + OK, "tags are not taken"),
    "several documents": (OK + "---\n" + OK, r":2:1: a second document begins here"),
    "unknown alias": ("name: *x\n" + OK, "alias"),
    "alias of itself": ("threads: &a {t: *a}\n", "stands inside what it names"),
    "empty file": ("", ":1:1: the file is empty"),
    "comment only": ("# nothing\n", "the file is empty"),
    "a list": ("- step: x\n", "the file is no map"),
    "no threads": ("locks: [A]\n", "a scenario has 'threads'"),
    "NUL": ("name: a\0b\n" + OK, r":1:8: the character U\+0000"),
    "control character": ("name: a\x1bb\n" + OK, r"U\+001B"),
    "line separator": ("name: a\u2028b\n" + OK, r"U\+2028"),
    "depth": (f"name: {'[' * 65}{']' * 65}\n" + OK, "nested more than 64 deep"),
    "depth of an expression": ("threads: {t: [{assert: '" + "-" * 40 + "1'}]}\n", "32 levels"),
    "length of an expression": ("threads: {t: [{assert: '" + "1+" * 600 + "1'}]}\n", "1,000 characters"),
    "a huge power": ("threads: {t: [{assert: 10**10**10}]}\n", r"2\*\*63"),
    "a huge number": ("variables: {x: 9223372036854775808}\n" + OK, r"2\*\*63"),
    "a huge list": ("variables: {x: '[0] * 20000'}\n" + OK, "10,000 items"),
    "a huge text": ("variables: {x: \"'x' * 20000\"}\n" + OK, "10,000 characters"),
    "a huge array": ("locks: ['a[10001]']\n" + OK, "10,000 elements"),
    "too many threads": ("threads: {'a[10000]': [], 'b[1]': []}\n", "10,000 threads"),
    "a negative array": ("locks: ['a[0 - 1]']\n" + OK, "0 or more"),
    "float": ("variables: {x: 1.5}\n" + OK, "'1.5' is not an integer"),
    "float in an expression": ("threads: {t: [{sleep: '1 + 0.5'}]}\n", "'0.5' is not an integer"),
    "division": ("threads: {t: [{assert: 4 / 2}]}\n", "'//' divides integers"),
    "is": ("threads: {t: [{assert: 1 is null}]}\n", "'==' compares"),
    "attribute": ("threads: {t: [{assert: a.b}]}\n", "attributes"),
    "a call": ("threads: {t: [{assert: open('x')}]}\n", "unknown function 'open'"),
    "lambda": ("threads: {t: [{assert: 'lambda: 1'}]}\n", "is not taken in expressions"),
    "comprehension": ("threads: {t: [{assert: '[i for i in [1]]'}]}\n", "is not taken"),
    "no expression": ("threads: {t: [{assert: '1 +'}]}\n", "is not an expression"),
    "format": ("threads: {t: [{print: '{1!r}'}]}\n", "conversions and formats"),
    "open brace": ("threads: {t: [{print: 'a { b'}]}\n", "is not closed"),
    "recursive procedure": ("procedures: {p: [{call: p}]}\nthreads: {t: [{call: p}]}\n", "'p' calls itself"),
    "mutual recursion": ("procedures: {p: [{call: q}], q: [{call: p}]}\nthreads: {t: [{call: p}]}\n", "calls itself"),
    "uncalled recursion": ("procedures: {p: [{call: p}]}\n" + OK, "calls itself"),
    "wrong number of arguments": ("procedures: {p: {args: [a], do: []}}\nthreads: {t: [{call: p}]}\n", "takes 1 argument, not 0"),
    "too many steps": (
        "procedures:\n  p0: [" + ", ".join(["{step: x}"] * 10) + "]\n"
        + "".join(f"  p{n}: [{', '.join([f'{{call: p{n - 1}}}'] * 10)}]\n" for n in range(1, 7))
        + "threads: {t: [{call: p6}]}\n",
        "100,000 steps",
    ),
    "break outside": ("threads: {t: [break]}\n", "'break' stands outside of every loop"),
    "step in atomic": ("threads: {t: [{atomic: [{step: x}]}]}\n", "cannot stand inside 'atomic'"),
    "both patiences": ("locks: [A]\nthreads: {t: [{acquire: A, blocking: false, timeout: 1}]}\n", "exclude one another"),
    "negative timeout": ("locks: [A]\nthreads: {t: [{acquire: A, timeout: -1}]}\n", "0 or more"),
    "negative sleep": ("threads: {t: [{sleep: -1}]}\n", "0 or more"),
    "empty choice": ("threads: {t: [{choose: []}]}\n", "at least one value"),
    "state function in a thread": ("locks: [A]\nthreads: {t: [{assert: locked(A)}]}\n", "in invariants and expect.final alone"),
    "reserved variable": ("variables: {len: 0}\n" + OK, "'len' is a word of the expression language"),
    "reserved param": ("params: {and: 1}\n" + OK, "word of the expression language"),
    "bad name": ("locks: ['1A']\n" + OK, "is not a name"),
    "dashed local": ("threads: {t: [{let: {a-b: 1}}]}\n", "is minus in expressions"),
    "barrier of none": ("barriers: {b: 0}\n" + OK, "1 or more"),
    "a question mark at the end": (OK + "?", "unknown key ''"),
    "a question mark and no line end": (OK.rstrip() + "\n?", "unknown key ''"),
    "nothing released": ("semaphores: {s: 1}\nthreads: {t: [{release: s, count: 0}]}\n", "'count' is an integer, 1 or more"),
    "a count for a lock": ("locks: [A]\nthreads: {t: [{release: A, count: 2}]}\n", "'count' is for semaphores"),
    "timeout of a barrier": ("barriers: {b: 1}\nthreads: {t: [{wait: b, timeout: 1}]}\n", "'timeout' is for conditions or events"),
    "until for an event": ("events: [e]\nthreads: {t: [{wait: e, until: 1}]}\n", "'until' is for conditions"),
    "waiting for a queue": ("queues: [q]\nthreads: {t: [{wait: q}]}\n", "'q' is a queue, not a condition, an event or a barrier"),
    "a put of nothing": ("queues: [q]\nthreads: {t: [{put: q}]}\n", "'value'"),
    "an unknown end": ("pipes: {p: {capacity: 1}}\nthreads: {t: [{close: p, end: wirte}]}\n", "did you mean 'write'?"),
    "a lock that is none": ("queues: [q]\nconditions: {c: q}\n" + OK, "unknown lock 'q'"),
    "an array of queues joined": ("queues: ['q[2]']\nthreads: {t: [{join: q}]}\n", "'q' is an array; say which one"),
    "a try with a time": ("queues: [q]\nthreads: {t: [{get: q, timeout: 1, blocking: false}]}\n", "exclude one another"),
    "negative semaphore": ("semaphores: {s: -1}\n" + OK, "0 or more"),
    "rwlock without a mode": ("rwlocks: [t]\nthreads: {a: [{acquire: t}]}\n", "wants 'mode: read' or 'mode: write'"),
    "mode of a lock": ("locks: [A]\nthreads: {a: [{acquire: A, mode: read}]}\n", "'mode' is for rwlocks"),
    "wrong limit": (OK + "limits: {steps: 0}\n", "1 or more"),
    "wrong version": ("version: 2\n" + OK, "version 1 of the language"),
    "processes": ("processes: {p: {threads: {main: []}}}\n", r":1:1: 'processes' .*not carried out yet"),
}  # fmt: skip


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
    done = deadsim("run", "dining", option, str(tmp_path / "no" / "x.svg"))
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


@settings(max_examples=2_000)
@given(st.sampled_from(VALID), st.integers(0, 2**32))
def test_a_mutated_file_is_answered_and_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, text: str, seed: int
) -> None:
    file = os.path.join(tmp_path_factory.getbasetemp(), "mutated.yaml")
    with open(file, "wb") as stream:
        stream.write(mutated(text, random.Random(seed)).encode("utf-8", "surrogatepass"))
    done = deadsim("run", file, "--max-steps", "1000")
    assert done.status in (0, 1, 2, 3), done.err
    assert "Traceback" not in done.err
    if done.status == 2:
        assert re.search(r"mutated\.yaml:\d+:\d+: |deadsim: ", done.err), done.err
