"""The JSON Schema of a scenario file, made from the tables that the checker uses."""

from typing import Any

from deadsim.language.checks.form import BARE
from deadsim.language.expressions.names import listed
from deadsim.language.tables.sections import SECTIONS, EntryOption, Section
from deadsim.language.tables.verbs import (
    IN_ATOMIC,
    IN_SELECT,
    NOT_IN_SELECT,
    VERBS,
    Option,
    Shape,
    Verb,
)
from deadsim.model.claims import (
    DEADLOCK_KINDS,
    DEFECT_TYPES,
    FAIR,
    FAIR_LEVELS,
    LEVELS,
    NAMED_TYPES,
)
from deadsim.model.lock_modes import PRESETS
from deadsim.model.program import MOST_RECURSION, TIMEOUTS, Limits
from deadsim.strategies.registry import NAMES

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_SCALAR: dict[str, Any] = {"type": ["string", "integer", "boolean", "null"]}
_NAME: dict[str, Any] = {"type": "string"}
_LOCAL: dict[str, Any] = {"type": "string", "pattern": "^[^-0-9][^-\\[\\]]*$"}
_DECLARED: dict[str, Any] = {"type": "string", "pattern": "^[^-0-9\\[\\]][^\\[\\]]*(\\[.+\\])?$"}
_COUNT: dict[str, Any] = {
    "anyOf": [{"type": "integer", "minimum": 0}, {"type": ["string", "boolean", "null"]}]
}

_SHAPES: dict[Shape, dict[str, Any]] = {
    "object": _NAME,
    "objects": {"anyOf": [_NAME, {"type": "array", "items": _NAME}]},
    "expression": {"$ref": "#/$defs/expression"},
    "boolean": {"$ref": "#/$defs/constant"},
    "text": _SCALAR,
    "values": {"type": "array", "items": {"$ref": "#/$defs/expression"}},
    "assignments": {
        "type": "object",
        "propertyNames": _LOCAL,
        "additionalProperties": {"$ref": "#/$defs/expression"},
    },
    "local": _LOCAL,
    "steps": {"$ref": "#/$defs/steps"},
    "nothing": {"type": "null"},
    "procedure": _NAME,
    "process": _NAME,
    "word": _NAME,
    "mode": _NAME,
    "branches": {"$ref": "#/$defs/branches"},
    "handlers": {
        "type": ["object", "null"],
        "additionalProperties": {"$ref": "#/$defs/steps"},
    },
}


def schema() -> dict[str, Any]:
    """Give the schema as plain data."""
    sections = {name: _section(section) for name, section in SECTIONS.items()}
    return {
        "$schema": DRAFT,
        "title": "a deadsim scenario",
        "type": "object",
        "properties": {
            "version": {"const": 1, "description": "The language's version."},
            "name": {**_SCALAR, "description": "What the scenario is called."},
            "description": {**_SCALAR, "description": "What it shows."},
            "params": {
                "description": "Values that --param can replace.",
                "type": ["object", "null"],
                "additionalProperties": {"type": ["string", "integer", "boolean"]},
            },
            **sections,
            "threads": {
                "description": "Who runs: a name, or an array like worker[i < n], and its steps.",
                "type": ["object", "null"],
                "propertyNames": _DECLARED,
                "additionalProperties": {"$ref": "#/$defs/thread"},
            },
            "processes": {
                "description": "Processes with private memory; not carried out yet.",
                "type": ["object", "null"],
            },
            "procedures": {
                "description": "Steps that several threads share, with arguments.",
                "type": ["object", "null"],
                "additionalProperties": {"$ref": "#/$defs/procedure"},
            },
            "invariants": {
                "description": "Expressions that hold in every state.",
                "type": ["array", "null"],
                "items": {"$ref": "#/$defs/expression"},
            },
            "schedule": _schedule(),
            "expect": _expect(),
            "limits": {
                "description": "Budgets.",
                "type": ["object", "null"],
                "properties": {
                    **{name: {"type": "integer", "minimum": 1} for name in Limits._fields},
                    "recursion": {"type": "integer", "minimum": 1, "maximum": MOST_RECURSION},
                },
                "additionalProperties": False,
            },
            "timeouts": {
                "description": "When the time of a timed step may run out: at any point while it is blocked, "
                "only where no thread can take any other step, or never.",
                "enum": [*TIMEOUTS, None],
            },
        },
        "anyOf": [{"required": ["threads"]}, {"required": ["processes"]}],
        "additionalProperties": False,
        "$defs": {
            "expression": {
                "description": "An expression: a subset of Python's.",
                "anyOf": [
                    _SCALAR,
                    {"type": "array", "items": {"$ref": "#/$defs/expression"}},
                ],
            },
            "constant": {"description": "A value that is known from the start.", **_SCALAR},
            "steps": {"type": ["array", "null"], "items": {"$ref": "#/$defs/step"}},
            "branches": {
                "type": "array",
                "minItems": 1,
                "items": {"anyOf": [*map(_branch, IN_SELECT), *_others()]},
                "allOf": [
                    {"contains": {"anyOf": [{"required": [verb]} for verb in IN_SELECT]}},
                    {
                        "contains": {
                            "anyOf": [{"required": [key]} for key in ("timeout", "default")]
                        },
                        "minContains": 0,
                        "maxContains": 1,
                    },
                ],
            },
            "atomic steps": {
                "type": ["array", "null"],
                "items": {
                    "anyOf": [
                        {"const": "pass"},
                        *(_verb(VERBS[name], inside=True) for name in IN_ATOMIC),
                    ]
                },
            },
            "step": {
                "anyOf": [
                    {"enum": list(BARE)},
                    *(_verb(verb) for verb in VERBS.values()),
                ]
            },
            "thread": {
                "anyOf": [
                    {"$ref": "#/$defs/steps"},
                    {
                        "type": "object",
                        "properties": {
                            "daemon": {"$ref": "#/$defs/constant"},
                            "autostart": {"$ref": "#/$defs/constant"},
                            "locals": {
                                "type": ["object", "null"],
                                "additionalProperties": {"$ref": "#/$defs/expression"},
                            },
                            "do": {"$ref": "#/$defs/steps"},
                            "anywhere": {
                                "description": "A finalizer: it may begin before any of the thread's steps, and never has to.",
                                "anyOf": [
                                    {"$ref": "#/$defs/steps"},
                                    {
                                        "type": "object",
                                        "properties": {
                                            "times": {
                                                "anyOf": [{"enum": [1, 2]}, {"type": "string"}]
                                            },
                                            "do": {"$ref": "#/$defs/steps"},
                                        },
                                        "required": ["do"],
                                        "additionalProperties": False,
                                    },
                                ],
                            },
                        },
                        "additionalProperties": False,
                    },
                ]
            },
            "procedure": {
                "anyOf": [
                    {"$ref": "#/$defs/steps"},
                    {
                        "type": "object",
                        "properties": {
                            "args": {"type": ["array", "null"], "items": _NAME},
                            "locals": {
                                "type": ["object", "null"],
                                "additionalProperties": {"$ref": "#/$defs/expression"},
                            },
                            "do": {"$ref": "#/$defs/steps"},
                        },
                        "additionalProperties": False,
                    },
                ]
            },
        },
    }


def _verb(verb: Verb, inside: bool = False) -> dict[str, Any]:
    """Give a step; `inside` an atomic block it has only such steps."""
    steps = {"$ref": "#/$defs/atomic steps"} if inside or verb.name == "atomic" else None
    shape = steps if steps and verb.shape == "steps" else _SHAPES[verb.shape]
    if verb.name == "sleep":
        shape = _COUNT
    if verb.name == "choose":
        shape = {**shape, "minItems": 1}
    properties = {verb.name: {**shape, "description": _sentence(verb.about)}}
    for option in verb.options:
        found = steps if steps and option.shape == "steps" else _option(option)
        properties[option.name] = {**found, "description": _sentence(option.about)}
    step: dict[str, Any] = {
        "type": "object",
        "properties": properties,
        "required": [verb.name, *(option.name for option in verb.options if option.required)],
        "additionalProperties": False,
    }
    if "text" in properties and "value" in properties:
        step["oneOf"] = [{"required": ["value"]}, {"required": ["text"]}]
    if verb.name == "try":
        step["anyOf"] = [{"required": ["except"]}, {"required": ["finally"]}]
    if {"blocking", "timeout"} <= properties.keys():
        step["not"] = {
            "required": ["blocking", "timeout"],
            "properties": {"blocking": {"const": False}},
        }
    return step


def _branch(name: str) -> dict[str, Any]:
    """Give a branch of a `select`: a step that does not give up by itself, with steps to do then."""
    verb = VERBS[name]
    kept = tuple(option for option in verb.options if option.name not in NOT_IN_SELECT)
    step = _verb(verb._replace(options=kept))
    step["properties"]["do"] = {"$ref": "#/$defs/steps"}
    return step


def _others() -> list[dict[str, Any]]:
    """Give what is taken where no branch of a `select` can be."""
    steps = {"$ref": "#/$defs/steps"}
    timeout = {"timeout": _COUNT, "do": steps}
    return [
        {
            "type": "object",
            "properties": properties,
            "required": [next(iter(properties))],
            "additionalProperties": False,
        }
        for properties in (timeout, {"default": steps})
    ]


def _option(option: Option) -> dict[str, Any]:
    if option.shape == "word":
        return {"enum": list(option.words)}
    if option.name == "timeout":
        return _COUNT
    return _SHAPES[option.shape]


def _section(section: Section) -> dict[str, Any]:
    options = {option.name: _entry_option(option) for option in section.options}
    required = [option.name for option in section.options if option.required]
    entry: dict[str, Any]
    if section.name == "variables":
        value = {"$ref": "#/$defs/expression"}
        whole = {
            "type": "object",
            "properties": {"value": value},
            "required": ["value"],
            "additionalProperties": False,
        }
        entry = {"anyOf": [value, whole]}
    else:
        whole = {
            "type": "object",
            "properties": options,
            "required": required,
            "additionalProperties": False,
        }
        forms: list[dict[str, Any]] = [whole]
        if section.short is not None:
            forms.append(options[section.short])
        if not required:
            forms.append({"type": "null"})
        entry = {"anyOf": forms}
    forms = [
        {"type": ["object", "null"], "propertyNames": _DECLARED, "additionalProperties": entry}
    ]
    if not required and section.name != "variables":
        forms.append({"type": "array", "items": _DECLARED})
    return {"description": _sentence(section.about), "anyOf": forms}


def _entry_option(option: EntryOption) -> dict[str, Any]:
    about = _sentence(option.about)
    if option.shape == "word":
        return {"enum": list(option.words), "description": about}
    if option.shape == "modes":
        modes = {"type": ["array", "null"], "items": _SCALAR}
        table = {"type": "object", "minProperties": 1, "additionalProperties": modes}
        return {"anyOf": [{"enum": [*PRESETS, None]}, table], "description": about}
    if option.shape == "lock":
        return {**_NAME, "description": about}
    if option.shape == "integer" and option.least is not None:
        least = {"type": "integer", "minimum": option.least}
        return {"anyOf": [least, {"type": ["string", "boolean", "null"]}], "description": about}
    return {"$ref": "#/$defs/constant", "description": about}


def _schedule() -> dict[str, Any]:
    strategy = {"enum": list(NAMES)}
    return {
        "description": "Which schedule a run follows: a strategy, or a list of names.",
        "anyOf": [
            strategy,
            {"type": "null"},
            {"type": "array", "items": _NAME},
            {
                "type": "object",
                "properties": {
                    "strategy": strategy,
                    "seed": {"$ref": "#/$defs/constant"},
                    "depth": {"$ref": "#/$defs/constant"},
                },
                "additionalProperties": False,
            },
        ],
    }


def _expect() -> dict[str, Any]:
    level = {"enum": list(LEVELS)}
    names = {"anyOf": [_NAME, {"type": "array", "items": _NAME}]}
    lines = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}
    several = {
        "anyOf": [
            {"$ref": "#/$defs/expression"},
            {"type": "array", "items": {"$ref": "#/$defs/expression"}},
        ]
    }
    maps = {
        "deadlock": {
            "claim": level,
            "kind": {"enum": list(DEADLOCK_KINDS)},
            "threads": names,
            "objects": names,
        },
        "race": {"claim": level, "on": names},
        "livelock": {"claim": level, "fair": {"enum": list(FAIR)}},
        "starvation": {
            "claim": {"enum": list(FAIR_LEVELS)},
            "threads": {"anyOf": [_NAME, {"type": "array", "items": _NAME, "minItems": 1}]},
            "fair": {"enum": list(FAIR)},
        },
    }
    properties: dict[str, Any] = {}
    for type in (*DEFECT_TYPES, *NAMED_TYPES):
        forms: list[dict[str, Any]] = [{"type": "null"}]
        if type != "starvation":
            forms.insert(0, level)
        if type in maps:
            required = ["claim", "threads"] if type == "starvation" else ["claim"]
            form = {
                "type": "object",
                "properties": maps[type],
                "required": required,
                "additionalProperties": False,
            }
            if type == "livelock":
                form["if"] = {"required": ["fair"]}
                form["then"] = {"properties": {"claim": {"enum": list(FAIR_LEVELS)}}}
            forms.append(form)
        properties[type] = {
            "description": f"How often this can happen: {listed(LEVELS if level in forms else FAIR_LEVELS)}.",
            "anyOf": forms,
        }
    properties["final"] = {
        "description": "What holds when the program ends.",
        "anyOf": [
            _SCALAR,
            {
                "type": "object",
                "properties": {
                    "always": {"$ref": "#/$defs/expression"},
                    "possible": several,
                    "never": {"$ref": "#/$defs/expression"},
                },
                "additionalProperties": False,
            },
        ],
    }
    properties["output"] = {
        "description": "Lines that are printed.",
        "type": ["object", "null"],
        "properties": {"possible": lines, "always": lines, "exactly": lines},
        "additionalProperties": False,
    }
    return {
        "description": "What is claimed of the scenario.",
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": False,
    }


def _sentence(about: str) -> str:
    return about[:1].upper() + about[1:] + "."
