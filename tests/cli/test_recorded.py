"""All that the commands say of the gallery is what was recorded, byte for byte."""

from pathlib import Path

import pytest

import recorder


@pytest.mark.slow
@pytest.mark.parametrize("file", [None, *recorder.GALLERY], ids=recorder.key)
def test_nothing_is_said_otherwise(file: Path | None) -> None:
    assert recorder.differences(file) == []


def test_every_scenario_is_recorded() -> None:
    assert recorder.recorded().keys() == {recorder.key(file) for file in (None, *recorder.GALLERY)}
