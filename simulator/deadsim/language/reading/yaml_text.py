"""Plain Python data written as a scenario file, so that its parts have lines."""

from collections.abc import Mapping
from typing import Any

import yaml

from deadsim.errors import Problem, ScenarioError
from deadsim.language.reading.document import Scalar
from deadsim.language.reading.scalars import FLOAT, core_value
from deadsim.model.place import Place
from deadsim.model.values import UNSET


class _Dumper(yaml.SafeDumper):
    """Writes texts so that YAML 1.2 reads them as texts, too; and no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = Scalar(text, True, Place(1, 1), None)
    ambiguous = core_value(plain) is not UNSET or FLOAT.fullmatch(text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if ambiguous else None)


_Dumper.add_representer(str, _text)


def rendered(data: Mapping[str, Any], file: str) -> str:
    """Write a map as YAML; raises ScenarioError where it has what no YAML file has."""
    try:
        return yaml.dump(
            plainly(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000
        )
    except (yaml.YAMLError, RecursionError) as error:
        what = "it contains itself" if isinstance(error, RecursionError) else str(error.args[-1])
        message = f"only maps, lists, texts, integers, booleans and None can be written: {what}"
        raise ScenarioError(file, (Problem(Place(1, 1), message),)) from None


def plainly(value: Any) -> Any:
    """Take mappings for dicts, tuples for lists."""
    if isinstance(value, Mapping):
        return {key: plainly(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | range):
        return [plainly(inner) for inner in value]
    return value
