"""Create and open a home."""

from __future__ import annotations

from pathlib import Path

from matcher.config import Home
from matcher.crypto.digests import DigestKey
from matcher.errors import Conflict, WrongUse
from matcher.store.database import Store


def create(root: Path, database_url: str | None = None) -> Home:
    """Create a home; `Conflict` if there is one, `WrongUse` if the folder holds something else.

    The key is written last: it marks a home as complete, so that a creation that was cut short can be run again.
    """
    home = Home(root)
    if home.digest_key.is_file():
        raise Conflict(f"There is a home in '{root}' already: use it, or name another folder with --home.")
    ours = {home.database.name, home.settings_file.name, home.photos.name, home.models.name, home.snapshots.name}
    try:
        strangers = sorted(
            entry.name for entry in root.iterdir() if entry.name.removesuffix("-wal").removesuffix("-shm") not in ours
        )
    except FileNotFoundError:
        strangers = []
    except OSError as error:
        raise WrongUse(f"'{root}' cannot be a home: {error.strerror}.") from error
    if strangers:
        raise WrongUse(f"'{root}' is not empty (it holds '{strangers[0]}'): name a new or an empty folder.")
    _make_folders(home)
    if database_url:
        # A TOML basic string: quote and backslash are escaped.
        quoted = database_url.replace("\\", "\\\\").replace('"', '\\"')
        home.settings_file.write_text(f'database_url = "{quoted}"\n', encoding="utf-8")
        home.settings_file.chmod(0o600)
    Store.create(home.database_url(home.settings())).close()
    DigestKey.create(home.digest_key)
    return home


def _make_folders(home: Home) -> None:
    try:
        for folder in (home.root, home.photos, home.models, home.snapshots):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUse(f"'{home.root}' cannot be made: {error.strerror}.") from error
