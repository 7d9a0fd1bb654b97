"""A desk with work on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desks import Desk, fill

from matcher import Matcher


@pytest.fixture
def desk(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Three children and a sighting of the second, without control pairs."""
    monkeypatch.setenv("MATCHER_CONTROL_RATE", "0")
    with Matcher.open(home) as matcher:
        fill(matcher)
        yield Desk(matcher)
