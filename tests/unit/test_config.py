"""Settings: where they come from, and what is said about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from matcher.config import DEFAULT_BACKEND, Home, Settings
from matcher.errors import Conflict, StoreProblem, WrongUse


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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, 'backend = "a+b"\n'),
        ("", 'backend = "a+b"\n'),
        ("top = 7", 'top = 7\nbackend = "a+b"\n'),
        ("# c\n\nbackend='x'   # why\ntop = 7\n", '# c\n\nbackend = "a+b"   # why\ntop = 7\n'),
        ('# backend = "no"\n  backend = "x"\n', '# backend = "no"\nbackend = "a+b"\n'),
        ('backend = """x"""\n', 'backend = "a+b"\n'),
        ("backend = 'x'  # don't \"change\" # it\n", 'backend = "a+b"  # don\'t "change" # it\n'),
        ('backend = "x # y"\n# don\'t\n', 'backend = "a+b"\n# don\'t\n'),
        ("top = 7 # two\u2028lines\n", 'top = 7 # two\u2028lines\nbackend = "a+b"\n'),
        ("travel_kmh = nan\n", 'travel_kmh = nan\nbackend = "a+b"\n'),
    ],
)
def test_one_setting_is_written_and_the_other_lines_stay(tmp_path: Path, before: str | None, after: str) -> None:
    home = Home(tmp_path) if before is None else with_settings(tmp_path, before)
    home.write_setting("backend", "a+b")
    assert home.settings_file.read_text(encoding="utf-8") == after
    assert home.backend_in_file == "a+b"
    assert [path.name for path in tmp_path.iterdir()] == ["settings.toml"]


def test_a_setting_with_quotes_is_read_back(tmp_path: Path) -> None:
    Home(tmp_path).write_setting("database_url", 'sqlite:///a"b\\c')
    assert Home(tmp_path).settings().database_url == 'sqlite:///a"b\\c'


@pytest.mark.parametrize("text", ['backend = """\nx"""\n', '"backend" = "x"\n', 'x = """\nbackend = 1\n"""\n'])
def test_a_file_that_one_line_cannot_change_is_left_alone(tmp_path: Path, text: str) -> None:
    home = with_settings(tmp_path, text)
    with pytest.raises(Conflict, match=r"settings\.toml' cannot be changed: write backend = \"a\+b\" into it yourself"):
        home.write_setting("backend", "a+b")
    assert home.settings_file.read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == ["settings.toml"]


def test_a_settings_file_that_cannot_be_read_is_a_store_problem(tmp_path: Path) -> None:
    with pytest.raises(StoreProblem, match=r"settings\.toml' cannot be read.*line 1"):
        with_settings(tmp_path, "top = \n").write_setting("backend", "a+b")


def test_a_link_to_a_settings_file_stays_one(tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "ours.toml"
    kept.parent.mkdir()
    kept.write_text("top = 7\n", encoding="utf-8")
    home = Home(tmp_path)
    home.settings_file.symlink_to(kept)
    home.write_setting("backend", "a+b")
    assert home.settings_file.is_symlink()
    assert kept.read_text(encoding="utf-8") == 'top = 7\nbackend = "a+b"\n'
    assert [path.name for path in kept.parent.iterdir()] == ["ours.toml"]


def test_a_settings_file_that_names_no_backend_means_the_default(tmp_path: Path) -> None:
    assert Home(tmp_path).backend_in_file == DEFAULT_BACKEND
    assert with_settings(tmp_path, "backend = ").backend_in_file == DEFAULT_BACKEND
