"""A restored home goes on with the erasure list of the home that it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher import Matcher
from matcher.domain.ids import id_text, new_id
from matcher.errors import Conflict
from matcher.services.erasure_list import ErasureEntry, adopt, append, path_of, read


def entries(path: Path, count: int) -> list[ErasureEntry]:
    return [append(path, ErasureEntry(id_text(new_id()), "case", "2026-01-01T00:00:00+00:00")) for _ in range(count)]


def test_the_longer_list_counts(matcher: Matcher, tmp_path: Path) -> None:
    given, own = tmp_path / "given", path_of(matcher.context)
    two = entries(given, 2)
    assert adopt(matcher.context, given) == two == read(own)
    three = [*two, *entries(own, 1)]
    assert adopt(matcher.context, given) == three == read(own)
    assert adopt(matcher.context, own) == three == read(own)


def test_another_list_is_refused(matcher: Matcher, tmp_path: Path) -> None:
    given, own = tmp_path / "given", path_of(matcher.context)
    entries(given, 2)
    kept = entries(own, 1)
    with pytest.raises(Conflict, match="is another than"):
        adopt(matcher.context, given)
    assert read(own) == kept
