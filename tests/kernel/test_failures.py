"""Classes of failures: as what they count that nobody catches."""

import pytest

from deadsim.model.failures import type_of


@pytest.mark.parametrize(
    ("name", "type"), [("Misuse", "misuse"), ("Victim", "error"), (None, "error")]
)
def test_misuse_is_a_class_and_all_others_are_errors(name: str | None, type: str) -> None:
    assert type_of(name) == type
