"""Restore a home from a backup into an empty folder, without what was erased since the backup was made.

The home's digest key comes last: until everything is checked it lies in the folder `.restoring`, and nobody else can
open the home. A restoration that was cut short is begun anew by the next one.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from matcher.config import Home
from matcher.errors import Conflict, Damaged, NotFound, StoreProblem, WrongUse
from matcher.services import checks, key_backup
from matcher.services.auditing import Trace, record
from matcher.services.backup import DATABASE
from matcher.services.backup_folder import BackupFolder
from matcher.services.backup_manifest import Manifest
from matcher.services.context import Context, Progress
from matcher.services.inputs import Who
from matcher.services.reindex import reindex
from matcher.store.database import Store
from matcher.store.files import copy_whole, exclusive, private_folder, sync_folder

_MARK = ".restoring"
_SHOWN = 5  # problems that an error tells


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """`backup` is a name; by default the newest backup without gaps. `never_erased` stands for an erasure list where
    the home never erased anything. `database_url` is an empty PostgreSQL database to use instead of SQLite.
    """

    backup: str | None = None
    never_erased: bool = False
    database_url: str | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class RestoreView:
    """What was restored. `erased_again` counts what the erasure list named and the backup still held.

    `problems` say what is not whole, all of it known when the backup was made.
    """

    backup: str
    home: Path
    photos: int
    bytes: int
    faces: int
    audit_entries: int
    erased_again: int
    problems: tuple[str, ...]
    seconds: float


class _Unfinished(Home):
    """A home that is being restored: its key lies apart, so that it does not count as one for anybody else."""

    __slots__ = ()

    @property
    def digest_key(self) -> Path:
        return self.root / _MARK / "digest.key"


def restore(
    folder: Path,
    root: Path,
    who: Who,
    *,
    erasure_list: Path | None,
    key_backup_folder: Path,
    options: RestoreOptions | None = None,
) -> RestoreView:
    """Make a home of a backup, erase again what was erased, build a snapshot and check everything.

    `WrongUse` without an erasure list, `Conflict` if the folder or the database holds anything else, `Damaged` names
    what is not as it was written, before anything is made of it.
    """
    began, options = time.monotonic(), options or RestoreOptions()
    _require_list(erasure_list, options)
    archive = BackupFolder(folder)
    name = options.backup or _newest_whole(archive)
    _require_whole(archive, name, options.progress)
    manifest = archive.manifest(name)
    keys = key_backup.newest(key_backup_folder, manifest.home)
    claimed = _claim(root)
    with exclusive(root / _MARK, "Another process restores a home"):
        _clear(root)
        unfinished = _Unfinished(root)
        _bring_keys(keys, unfinished, options)
        _bring_files(archive, manifest, unfinished, options.progress)
        _bring_database(folder / name / DATABASE, unfinished, options, claimed)
        view = _finished(unfinished, name, manifest, erasure_list, who)
        unfinished.digest_key.rename(Home(root).digest_key)
        sync_folder(root)
    shutil.rmtree(root / _MARK, ignore_errors=True)
    return view
