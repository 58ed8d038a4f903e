"""The rows of `model.primitives`: every room has its part for each, and what a row says is so."""

import inspect
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

import pytest

from deadsim import loads
from deadsim.draw.graphs.objects import appearance
from deadsim.engine.real import objects as real
from deadsim.exploration.static import ruled_out
from deadsim.exploration.static.reachable_accesses import Futures
from deadsim.export.program import made, made_plainly
from deadsim.export.questions import QUESTIONS
from deadsim.export.statements import Body
from deadsim.export.turns import TurnBody
from deadsim.kernel.abstract.form import Form
from deadsim.kernel.abstract.table import ABSTRACT
from deadsim.kernel.dependence import bits
from deadsim.kernel.primitives import table
from deadsim.kernel.select import Select
from deadsim.kernel.system import System
from deadsim.language.checks.declarations import build
from deadsim.language.expressions.names import STATE_FUNCTIONS
from deadsim.language.tables.sections import SECTIONS
from deadsim.language.tables.verbs import VERBS
from deadsim.model import objects
from deadsim.model.place import Place
from deadsim.model.primitives import (
    BY_CLASS,
    LOCAL_VERBS,
    PRIMITIVES,
    THREAD_VERBS,
    WANTED,
    Primitive,
)
from deadsim.model.values import Value
from deadsim.report.sentences import HELP, NEVER
from deadsim.report.sentences import WANTED as SENTENCES
from deadsim.report.step_words import THIRD
from portion import few_and_all
from programs import ASKED, SHARED, scenario
from programs import QUESTIONS as STEPS_ASK

ROOT = Path(__file__).parent.parent.parent
PLACE = Place(1, 1)
PROGRAMS = few_and_all(200, 1_200)
STEPS = 40

# What random programs do not do: the misuse of each verb that they cannot come to.
WRONG = (
    "queues: {q: {order: priority}}\n"
    "threads: {a: [{put: q, value: 1}, {put: q, value: \"'x'\"}]}\n",
    "conditions: [c]\nthreads: {a: [{release: c}]}\n",
    "conditions: [c]\nthreads: {a: [{notify_all: c}]}\n",
    "queues: [q]\nthreads: {a: [{shutdown: q}, {get: q}]}\n",
    "pipes: {p: {capacity: 1}}\nthreads: {a: [{close: p, end: read}, {receive: p}]}\n",
    "rwlocks: {m: {modes: {r: [w], w: [r, w]}, deadlocks: victim}}\nbarriers: {both: 2}\nthreads:\n"
    "  'a[2]': [{acquire: m, mode: r}, {wait: both}, {acquire: m, mode: w}]\n",
)
ASKING = (
    "events: [e]\nthreads: {a: [{if: is_set(e), then: []}, {if: waiting(e), then: []}]}\n",
    "barriers: {b: 2}\nthreads: {a: [{if: broken(b), then: []}]}\n",
)

rows = pytest.mark.parametrize("row", PRIMITIVES, ids=lambda row: row.noun)


def program(row: Primitive) -> System:
    """Make the smallest program with one of them."""
    entry = {"semaphores": 1, "barriers": 2, "latches": 2, "variables": 0, "pipes": "{capacity: 1}"}
    value = "{modes: innodb}" if row.noun == "modelock" else entry.get(row.section, "{}")
    return System(loads(f"{row.section}: {{X: {value}}}\nthreads: {{t: [pass]}}\n").program)


def declared(row: Primitive) -> objects.SharedObject:
    """Declare one of them."""
    return next(one for _, one in program(row).world.shared() if isinstance(one, row.declared))


def test_every_class_of_objects_has_a_row() -> None:
    classes = [
        one
        for _, one in inspect.getmembers(objects, inspect.isclass)
        if one.__module__ == objects.__name__
    ]
    assert {row.declared for row in PRIMITIVES} == set(classes)
    assert {row.section for row in PRIMITIVES} == SECTIONS.keys()


@rows
def test_every_room_has_its_part(row: Primitive) -> None:
    kernel, abstract = table.PRIMITIVES[row.declared], ABSTRACT[row.declared]
    missing = [
        what
        for what, there in {
            "a file of the kernel, called as its noun": kernel.__name__.endswith(f".{row.noun}"),
            "a state to begin with": hasattr(kernel, "initial"),
            "threads_in, where it has renamed": hasattr(kernel, "threads_in")
            == hasattr(kernel, "renamed"),
            "an abstract file": abstract.__name__.endswith(f".{row.noun}"),
            "what it offers": hasattr(abstract, "offer"),
            "a form for each verb": abstract.FORMS.keys() == row.verbs.keys(),
            "a real counterpart": real._REAL[row.declared] is not None,
            "a method of that for each verb": all(
                hasattr(real._REAL[row.declared], verb) for verb in own_verbs(row)
            ),
            "a section": row.section in SECTIONS,
            "a way to be declared": build(row.section, "X", PLACE, defaults(row), 0) is not None,
            "a verb of the language": any(row.section in verb.sections for verb in VERBS.values()),
            "a shape": bool(appearance(declared(row), kernel.initial(declared(row)))),
            "a row of the pictures' page": row.noun in legend() or row.noun == "variable",
            "text as Python": bool(made_plainly(program(row).program, declared(row))),
            "text as Python that takes turns": bool(
                made(program(row).program, declared(row), True)
            ),
            "answers to its questions": set(getattr(kernel, "QUERIES", ())) == set(row.queries),
            "what could be answered to each that a step may ask": set(abstract.ANSWERS)
            == set(row.queries) - {"holder"}
            if row.queries
            else True,
            "an answer of the real object": not row.queries
            or hasattr(real._REAL[row.declared], "answer"),
            "questions as Python": set(row.queries) - {"holder"} <= set(QUESTIONS),
            "questions that the language knows": set(row.queries) <= set(STATE_FUNCTIONS),
            "random programs": row.section in SHARED or row.section == "variables",
            "questions in random programs": row.section in ASKED,
            "questions of random steps": row.section in STEPS_ASK or row.section == "variables",
            "a row of the language's page": f"| `{row.section}` |" in page("language"),
            "the README": row.section in (ROOT / "README.md").read_text(encoding="utf-8"),
        }.items()
        if not there
    ]
    assert missing == []


def own_verbs(row: Primitive) -> set[str]:
    """List the verbs that its own real object carries out: a condition's lock is another one."""
    lent = {"acquire", "release"} if row.declared is objects.Condition else set()
    return row.verbs.keys() - lent


def page(name: str) -> str:
    """Read a page of the docs."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def legend() -> str:
    """Read what the page on pictures says of shapes."""
    return page("pictures")


def defaults(row: Primitive) -> dict[str, Value]:
    """Give the options that an entry has where it names none."""
    return {one.name: one.default for one in SECTIONS[row.section].options}


def test_every_verb_is_written_as_python() -> None:
    about_one = {verb for row in PRIMITIVES for verb in row.verbs} | THREAD_VERBS.keys()
    for verb in VERBS.values():
        is_call = bool(verb.sections) and {one.name for one in verb.options} <= {"count"}
        if verb.shape != "process":
            assert is_call or hasattr(Body, f"do_{verb.name}"), verb.name
        if verb.name in about_one:
            assert is_call or f"do_{verb.name}" in vars(TurnBody), verb.name


def test_every_verb_has_its_words_in_the_third_person() -> None:
    told = {"acquire", "release", "wait", "get", "receive", "read"}  # in words of their own
    own = {verb for row in PRIMITIVES for verb in row.verbs} | THREAD_VERBS.keys()
    assert own - told <= THIRD.keys()


def test_what_one_waits_for_has_its_words() -> None:
    wants = {one.want for one in WANTED.values()}
    assert SENTENCES.keys() == wants | {"owner", "end"}
    assert HELP.keys() == wants
    assert NEVER.keys() == wants | {"owner", "end"}
    facts = {one.fact for row in PRIMITIVES for one in row.wanted}
    assert facts == WANTED.keys()
    for one in WANTED.values():
        assert one.waits.count("{}") == 1


Seen = dict[tuple[type | str, str], set[str]]


def about(system: System, numbers: Sequence[int]) -> type | str:
    """Say what a step is about: the class of what was declared, a thread, or nothing."""
    if not numbers:
        return "nothing"
    one = system.world.declared(numbers[0])
    return "a thread" if one is None else type(one)


def walk(text: str, seed: int, found: Seen) -> None:
    """Take steps by chance, and note as what each kind of them failed; what is touched must be foreseen."""
    system = System(loads(text).program)
    futures = Futures(system)
    state, chance = system.initial().state, Random(seed)
    for _ in range(STEPS):
        enabled = system.enabled(state)
        if not enabled:
            return
        thread = chance.choice(enabled)
        operation = state.frames[thread].operation
        assert operation is not None
        position = state.frames[thread].position
        ahead = futures.own(thread, position)
        way = chance.randrange(system.ways(state, thread))
        move = system.step(state, thread, way)
        if move.outcome.block is None:
            touched = bits(set(operation.objects))
            assert not touched & ~(ahead.reads | ahead.changes), (seed, operation.verb)
            stop = futures.flows.flow(thread).stop(position)
            if move.outcome.taken is not None:  # of several steps in one, the one that it was
                assert isinstance(operation, Select)
                made = [branch.operation for branch in operation.branches]
                stop = stop.parts[made.index(move.outcome.taken.operation)]
                operation = move.outcome.taken.operation
            numbers = stop.numbers
            seen = found[about(system, numbers), operation.verb]
            if move.outcome.wrong is not None:
                seen.add(move.outcome.wrong.class_name)
        state = move.state


@cache
def failed(count: int) -> Seen:
    """Find with which classes the steps of many programs failed, by what they are about."""
    found: Seen = defaultdict(set)
    for seed in range(count):
        walk(scenario(seed), seed, found)
    for text in (*WRONG, *ASKING):
        walk(text, 0, found)
    return found


def marks(what: type | str) -> dict[str, tuple[str, ...]]:
    """Give what the rows say of the verbs that are about something."""
    if isinstance(what, str):
        return dict(LOCAL_VERBS if what == "nothing" else THREAD_VERBS)
    return dict(BY_CLASS[what].verbs)


def unmarked(found: Seen) -> list[tuple[type | str, str]]:
    """List the verbs that failed though no row says that they may."""
    return [
        (what, verb)
        for (what, verb), how in found.items()
        if not how <= set(marks(what).get(verb, ()))
    ]


@pytest.mark.parametrize("count", PROGRAMS)
def test_a_verb_that_ever_fails_is_marked_as_one_that_may(count: int) -> None:
    assert unmarked(failed(count)) == []


@pytest.mark.slow
def test_a_verb_is_marked_only_where_it_was_seen_to_fail() -> None:
    every = {(row.declared, verb): how for row in PRIMITIVES for verb, how in row.verbs.items()}
    every |= {("a thread", verb): how for verb, how in THREAD_VERBS.items()}
    every |= {("nothing", verb): how for verb, how in LOCAL_VERBS.items()}
    asked = [
        (row.declared, query) for row in PRIMITIVES for query in row.queries if query != "holder"
    ]
    every |= dict.fromkeys([*asked, ("a thread", "finished")], ())
    found = failed(1_200)
    assert {key: set(how) for key, how in every.items()} == {key: found[key] for key in every}
    # And every verb was driven; a `select` is what its branches are.
    seen, known = ({key for key in keys if key[1] != "select"} for keys in (found, every))
    assert seen == known


def test_a_mark_that_is_taken_away_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = failed(200)
    row = BY_CLASS[objects.Lock]
    monkeypatch.setitem(BY_CLASS, objects.Lock, row._replace(verbs={**row.verbs, "release": ()}))
    assert unmarked(found) == [(objects.Lock, "release")]


@pytest.mark.parametrize(
    ("text", "what", "verb"),
    [
        ("events: [E]\nthreads: {t: [{set: E}]}\n", objects.Event, "set"),
        ("locks: [A]\nthreads: {t: [{with: A, do: [step: x]}]}\n", objects.Lock, "acquire"),
    ],
)
def test_nothing_is_ruled_out_by_a_verb_that_has_no_mark(
    text: str, what: type, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = System(loads(text).program)
    assert "misuse" in ruled_out.impossible(system)
    row = BY_CLASS[what]
    left = {name: how for name, how in row.verbs.items() if name != verb}
    monkeypatch.setitem(BY_CLASS, what, row._replace(verbs=left))
    with pytest.raises(KeyError):
        ruled_out.impossible(system)


def test_a_local_verb_without_a_mark_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(loads("threads: {t: [yield]}\n").program)
    monkeypatch.delitem(LOCAL_VERBS, "yield")
    with pytest.raises(KeyError):
        ruled_out.impossible(system)


def test_a_step_that_may_fail_promises_nothing() -> None:
    # What a step provides for certain is counted on: its form has to know when it may fail.
    for row in PRIMITIVES:
        for verb, how in row.verbs.items():
            form = ABSTRACT[row.declared].FORMS[verb]
            if how and form.certain is not Form.certain:
                assert form.may_fail is not Form.may_fail, (row.noun, verb)


@pytest.mark.parametrize("seed", range(120))
def test_what_is_ruled_out_does_not_happen(seed: int) -> None:
    # The judge of `impossible`: a failure that a run shows was not called impossible.
    system = System(loads(scenario(seed)).program)
    never = ruled_out.impossible(system).keys()
    state, chance = system.initial().state, Random(seed)
    for _ in range(STEPS):
        enabled = system.enabled(state)
        if not enabled:
            break
        thread = chance.choice(enabled)
        move = system.step(state, thread, chance.randrange(system.ways(state, thread)))
        assert not {failure.type for failure in move.failures} & never
        state = move.state


@rows
def test_a_form_is_safe_only_where_its_verb_never_fails(row: Primitive) -> None:
    """What rules misuse out before any search, and what the table says of a verb, are one thing."""
    for verb, form in ABSTRACT[row.declared].FORMS.items():
        assert not (form.safe and row.verbs[verb]), verb
