"""The JSON Schema: it ships beside the scenarios, and each of them names it."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from commands import deadsim
from portion import few_and_all
from programs import scenario
from wrong_files import WRONG


def test_every_scenario_names_its_schema_for_editors(root: Path) -> None:
    folder = root / "scenarios"
    for file in sorted(folder.rglob("*.yaml")):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        where = first.removeprefix("# yaml-language-server: $schema=")
        assert where != first, file
        assert (file.parent / where).resolve() == folder / "scenario.schema.json"


def test_the_schema_that_ships_is_the_one_that_is_printed(
    request: pytest.FixtureRequest, root: Path
) -> None:
    shipped = root / "scenarios" / "scenario.schema.json"
    printed = deadsim("schema").out
    if request.config.getoption("--update-golden"):
        shipped.write_text(printed, encoding="utf-8")
    assert shipped.read_text(encoding="utf-8") == printed


# What is wrong with these is what a name or a value means, or what only the whole file shows.
MEANING = {
    "unknown lock", "unknown name in an expression", "unknown thread in a script", "starvation of a stranger",
    "lock where a variable is wanted", "lock in an expression", "array without an index",
    "index out of range", "negative index", "duplicate keys", "one name, two meanings",
    "local called as a lock", "a local of its thread", "waits for what its thread waits for",
    "assigning an index", "string tag", "depth of an expression",
    "length of an expression", "a huge power", "a huge number", "a huge list", "a huge text", "a condition in a select",
    "a huge array",
    "a timeout of a select that is a word", "an offer in a select", "an offer to one of several in a select", "a barrier in a select",
    "an rwlock in a select",
    "too many threads", "a negative array", "float in an expression", "division", "is", "attribute", "a call",
    "lambda", "comprehension", "no expression", "format", "open brace",
    "wrong arguments of a recursive call", "wrong number of arguments", "too many steps", "break outside",
    "state function in a thread", "reserved variable", "reserved param", "nothing released",
    "a count for a lock", "counting down by none", "until for an event", "waiting for a queue",
    "a lock that is none", "an array of queues joined", "rwlock without a mode", "mode of a lock",
    "processes", "a local called as an argument", "a local of an argument", "a local called as a lock is",
    "a lock that is owned thrice", "a local that is not constant", "an unknown class", "a class that is not raised", "a class called any", "raise alone outside",
    "raise alone in a finally", "raise alone in a procedure",
    "a question to something else", "a question that is none", "shutting a lock down",
    "a shutdown in between", "aborting a lock", "a reset of an event", "a shutdown by number",
    "modes that conflict one way",
    "modes that conflict with a stranger", "a mode that is none of the table", "a mode that is nearly one",
    "modes without a mode", "a with without a mode", "a release in a mode that is none",
    "a release of readers in a mode", "writers among modes", "a queue without modes", "victims without modes",
    "a reentrant lock without an owner", "a lock that is owned by somebody",
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_form_does_not_fit_the_schema(name: str) -> None:
    text = WRONG[name][0]
    try:
        data = yaml.load(
            text, Loader=yaml.CSafeLoader if isinstance(text, bytes) else yaml.SafeLoader
        )
    except (yaml.YAMLError, UnicodeError, RecursionError, ValueError, TypeError):
        return  # no YAML at all, or none that a schema could be asked about
    assert validator().is_valid(data) is (name in MEANING)


@pytest.mark.parametrize("count", few_and_all(30, 150))
def test_what_can_be_loaded_fits_the_schema(count: int) -> None:
    fits = validator()
    for seed in range(count):
        assert fits.is_valid(yaml.safe_load(scenario(seed))), seed
    for text in (
        "locks: {'철학자[n]': null, _a: {}, a-b: null}\nparams: {n: 2}\nthreads: {t: [{call: p, args: []}]}\nprocedures: {p: []}\n",
        "variables: {'m[i < 2, j < 2]': 0}\nthreads: {'t[k < 2]': [{sleep: k}, {atomic: [{if: k, then: [{add: 'm[0, 0]'}]}]}]}\n",
    ):
        assert fits.is_valid(yaml.safe_load(text)), text


def test_every_key_has_a_description() -> None:
    found = deadsim("schema").json
    for name, key in found["properties"].items():
        assert key.get("description"), name
    for verb in found["$defs"]["step"]["anyOf"]:
        for name, key in verb.get("properties", {}).items():
            assert key.get("description"), (verb["required"], name)


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(deadsim("schema").json)
