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


MAIL = 'smtp_host = "mail.example.org"\nmail_from = "desk@example.org"\n'
HOOK = 'webhook_url = "https://hook.example.org/in"\nwebhook_secret = "sixteen letters!"\n'


def test_both_channels_can_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_SMTP_PASSWORD", "hush-hush")
    text = MAIL + HOOK + 'smtp_user = "desk"\ndesk_url = "https://desk.example.org"\n'
    found = with_settings(tmp_path, text).settings()
    assert found.smtp_password is not None
    assert found.smtp_password.get_secret_value() == "hush-hush"
    assert found.smtp_security == "starttls"
    assert not any(secret in repr(found) for secret in ("hush-hush", "sixteen letters!"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('smtp_host = "mail.example.org"\n', "'smtp_host' needs 'mail_from': set both or neither"),
        ('mail_from = "desk@example.org"\n', "'mail_from' needs 'smtp_host'"),
        ('webhook_secret = "sixteen letters!"\n', "'webhook_secret' needs 'webhook_url'"),
        (MAIL + 'smtp_password = "p"\n', "'smtp_password' needs 'smtp_user'"),
        ('smtp_user = "desk"\nsmtp_password = "p"\n', "'smtp_user' needs 'smtp_host'"),
        (MAIL + 'smtp_security = "none"\nsmtp_user = "desk"\nsmtp_password = "p"\n', "would travel in the open"),
        (MAIL + 'smtp_security = "ssl"\n', "'smtp_security'"),
        (MAIL + "smtp_port = 0\n", "'smtp_port'"),
        (MAIL.replace("desk@", "desk"), "'mail_from'"),
        (MAIL.replace("desk@", "desk\\r\\nBcc: x@"), "'mail_from'"),
        (MAIL.replace("example.org", "example.org\\n"), "'mail_from'"),
        (HOOK.replace("sixteen letters!", "fifteen letters"), "'webhook_secret'.*at least 16"),
        (HOOK.replace("https", "http"), "'webhook_url'.*must begin with https"),
        (HOOK.replace("https", "file"), "'webhook_url'.*must begin with https"),
        (HOOK.replace("https://hook", "http://127.0.0.1.hook"), "must begin with https"),
        (HOOK.replace("hook.example.org", "me:word@hook.example.org"), "without a name and a password"),
        (HOOK.replace("hook.example.org", ""), "https://HOST/PATH"),
        (HOOK.replace("/in", "/i n"), "in plain letters"),
        (HOOK.replace("/in", "/in\\r\\nX: y"), "in plain letters"),
        (HOOK.replace(".org/", ".org:99999/"), "'webhook_url'"),
        (HOOK.replace(".org/", ".org:0/"), "'webhook_url'"),
        ('desk_url = "javascript:alert(1)"\n', "'desk_url'"),
        ('desk_url = "https://desk.example.org\\nHello"\n', "'desk_url'"),
    ],
)
def test_half_or_wrong_channels_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(WrongUse, match=said) as caught:
        with_settings(tmp_path, text).settings()
    assert "settings.toml" in str(caught.value)
    assert "Value error" not in str(caught.value)
    assert "letters" not in str(caught.value) or "plain letters" in str(caught.value), "no secret is repeated"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]:8080"])
def test_a_webhook_on_this_machine_needs_no_tls(tmp_path: Path, host: str) -> None:
    found = with_settings(tmp_path, HOOK.replace("https://hook.example.org", f"http://{host}")).settings()
    assert found.webhook_url == f"http://{host}/in"
    mail = MAIL.replace("mail.example.org", "127.0.0.1") + 'smtp_security = "none"\nsmtp_user = "a"\n'
    assert with_settings(tmp_path, mail + 'smtp_password = "p"\n').settings().smtp_user == "a"


def test_a_setting_is_dropped_and_all_other_lines_stay(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.drop_setting("database_url")
    assert not home.settings_file.exists()
    home.settings_file.write_text('top = 5 # of them\ndatabase_url = "sqlite:///x"\n\n# end')
    home.drop_setting("database_url")
    assert home.settings_file.read_text() == "top = 5 # of them\n\n# end"
    home.settings_file.write_text('database_url = """\nsqlite:///x"""\n')
    with pytest.raises(Conflict, match="take database_url out"):
        home.drop_setting("database_url")
