"""Create and open a home."""

from __future__ import annotations

from pathlib import Path

from matcher.config import Home
from matcher.crypto.digests import DigestKey
from matcher.errors import Conflict, WrongUse
from matcher.services.masterkeys import KeyPlace, settle
from matcher.store.database import Store
from matcher.store.keystore import KeyRing


def create(root: Path, database_url: str | None = None, key: KeyPlace | None = KeyPlace()) -> Home:  # noqa: B008
    """Create a home, or upgrade the tables of an older one.

    A new home is encrypted with the key of a place, unless that is `None`; an older one stays as it is.
    `Conflict` if there is a home that is up to date, `WrongUse` if the folder holds something else.
    The digest key is written last: it marks a home as complete, so that a creation that was cut short can be run again.
    """
    home = Home(root)
    if home.exists:
        if key:
            raise Conflict(f"There is a home in '{root}' already: encrypt it with `matcher encryption on`.")
        _upgrade(home, database_url)
        return home
    try:
        strangers = sorted(entry.name for entry in root.iterdir() if not _is_ours(home, entry.name))
    except FileNotFoundError:
        strangers = []
    except OSError as error:
        raise WrongUse(f"'{root}' cannot be a home: {error.strerror}.") from error
    if strangers:
        raise WrongUse(f"'{root}' is not empty (it holds '{strangers[0]}'): name a new or an empty folder.")
    _make_folders(home)
    if database_url:
        home.write_setting("database_url", database_url)
    if key is not None:
        keys = KeyRing(home.keys, settle(home, key))
        keys.create()
        keys.mark_whole()
        home.write_setting("encryption", "on")
    Store.create(home.database_url(home.settings())).close()
    DigestKey.create(home.digest_key)
    return home


def _upgrade(home: Home, database_url: str | None) -> None:
    address = home.database_url(home.settings())
    if database_url or not Store.is_older(address):
        raise Conflict(f"There is a home in '{home.root}' already: use it, or name another folder with --home.")
    Store.create(address).close()


def _is_ours(home: Home, name: str) -> bool:
    """Whether a creation that was cut short may have left a file or folder of this name."""
    ours = {home.database, home.keys, home.settings_file, home.photos, home.models, home.snapshots}
    half_written = name.startswith((f".{home.digest_key.name}.", f".{home.settings_file.name}."))
    base = name.removesuffix("-wal").removesuffix("-shm").removesuffix("-journal")
    return half_written or base in {path.name for path in ours}


def _make_folders(home: Home) -> None:
    try:
        for folder in (home.root, home.photos, home.models, home.snapshots):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)  # one that was there may be open to others
    except OSError as error:
        raise WrongUse(f"'{home.root}' cannot be made: {error.strerror}.") from error
