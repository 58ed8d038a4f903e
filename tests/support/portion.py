"""How much of a heavy property is looked at: a part in every run, the rest where slow tests run too."""

from collections.abc import Iterable
from typing import Any

import pytest


def few_and_all(few: object, all_: object) -> list[Any]:
    """Give the amounts of a test that is parametrised over how much it looks at."""
    return [pytest.param(few, id="few"), pytest.param(all_, id="all", marks=pytest.mark.slow)]


def one_in(often: int, cases: Iterable[object]) -> list[Any]:
    """Give the cases of a test that is parametrised over them; all but every so manyth are slow."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=() if number % often == 0 else pytest.mark.slow,
        )
        for number, case in enumerate(cases)
    ]
