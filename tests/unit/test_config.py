"""Settings: where they come from, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.config import Home, Settings
from matcher.errors import WrongUse


def with_settings(folder: Path, text: str) -> Home:
    home = Home(folder)
    home.settings_file.write_text(text, encoding="utf-8")
    return home


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = with_settings(tmp_path, "top = 7\nthreads = 2\n")
    monkeypatch.setenv("MATCHER_TOP", "9")
    assert (home.settings().top, home.settings().threads) == (9, 2)


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"settings\.toml.*line 2"):
        with_settings(tmp_path, "top = 7\nthreads = \n").settings()
    home = Home(tmp_path)
    home.settings_file.write_bytes(b'backend = "\xff"\n')
    with pytest.raises(WrongUse, match=r"settings\.toml"):
        home.settings()


def test_an_unknown_key_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"Unknown setting 'tpo' in .*settings\.toml'.*") as caught:
        with_settings(tmp_path, "tpo = 7\n").settings()
    assert all(name in str(caught.value) for name in Settings.model_fields)


def test_unknown_variables_of_the_environment_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_COLOUR", "red")
    assert Home(tmp_path).settings().top == 30


def test_a_wrong_value_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="'top'.*less than or equal to 10000"):
        with_settings(tmp_path, "top = 10001\n").settings()
