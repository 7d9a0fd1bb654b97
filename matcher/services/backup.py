"""Back up a home while it is in use: the database as of one moment, the photos it names, and the keys apart.

Only what is new is read and copied. Of the rest a thirtieth is read again each day, here and there, so that a disk that
forgets is noticed within a month.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from matcher.errors import Damaged, StoreProblem, WrongUse
from matcher.services import erasure_list, key_backup
from matcher.services.audit_trail import verify
from matcher.services.auditing import Trace, record
from matcher.services.backup_folder import BackupFolder
from matcher.services.backup_manifest import Manifest
from matcher.services.context import Context
from matcher.services.inputs import Who
from matcher.services.stopping import require_running
from matcher.store.database import Store
from matcher.store.files import FileMark, exclusive, mark_of

DATABASE = "matcher.db"
_REREAD_DAYS = 30


@dataclass(frozen=True, slots=True)
class BackupOptions:
    """`keys` and `kept` are the settings `key_backup_dir` and `backups_kept` where they are not given.

    `full` reads every file again.
    """

    keys: Path | None = None
    kept: int | None = None
    full: bool = False


@dataclass(frozen=True, slots=True)
class BackupView:
    """What a backup did: all files and their bytes, those that are new in the folder, and older backups that went.

    `forgotten` counts photos of erased cases and sightings that older backups held. `problems` say what is damaged or
    gone in the home, `gaps` counts those of which no copy was left for this backup.
    """

    name: str
    folder: Path
    files: int
    bytes: int
    new_files: int
    new_bytes: int
    read_again: int
    audit_entries: int
    forgotten: int
    pruned: tuple[str, ...]
    problems: tuple[str, ...]
    gaps: int
    seconds: float


def backup(context: Context, folder: Path, who: Who, options: BackupOptions | None = None) -> BackupView:
    """Make a backup in a folder of the home's own. Safe to kill and to repeat; earlier backups stay until it is whole.

    `Damaged` if the database cannot be read to its end: nothing is made, and nothing goes. `StoreProblem` if the
    folder cannot be written, `Busy` while another process backs up there, `Conflict` if it is another home's.
    """
    require_running(context)
    began, options = time.monotonic(), options or BackupOptions()
    keys = _places(context, folder, options.keys)
    with exclusive(folder, "Another process makes a backup"):
        archive, signer, moment = BackupFolder(folder), context.signer, context.clock()
        before = archive.newest_of(signer.public)
        archive.clear_leftovers()
        with archive.new(moment) as part:
            making = _Making(context, archive, moment, options.full, before.pooled if before else {})
            manifest = making.manifest(part)
            # After the copy, so that there is a key for everything in it, and before it counts as one.
            key_backup.write(context, keys, moment)
            name = archive.publish(part, manifest, signer)
        erased = {entry.id for entry in erasure_list.read(erasure_list.path_of(context))}
        kept = options.kept or context.settings.backups_kept
        pruned: tuple[str, ...] = ()
        forgotten = 0
        try:
            pruned, forgotten = archive.prune(kept, erased, signer)
        except Damaged as error:
            making.problems.append(str(error))
    with context.store.write() as transaction:
        trace = Trace(
            "home.backup", details={"backup": name, "new": making.new_files, "problems": len(making.problems)}
        )
        record(context, transaction, who, trace)
    return BackupView(
        name=name,
        folder=folder,
        files=len(manifest.own) + len(manifest.pooled),
        bytes=manifest.size,
        new_files=making.new_files,
        new_bytes=making.new_bytes,
        read_again=making.read_again,
        audit_entries=manifest.audit_entries,
        forgotten=forgotten,
        pruned=pruned,
        problems=tuple(making.problems),
        gaps=len(making.gaps),
        seconds=time.monotonic() - began,
    )


def _places(context: Context, folder: Path, given: Path | None) -> Path:
    """Where the keys go; `WrongUse` unless home, backups and keys lie apart from each other."""
    keys = given or context.settings.key_backup_dir
    if keys is None:
        raise WrongUse(
            "No backup can be read without the keys of its home: name a folder for them, on another disk, with --keys "
            "or as the setting key_backup_dir."
        )
    places = [("home", context.home.root), ("backups", folder), ("keys", keys)]
    real = [(what, path.resolve()) for what, path in places]
    for what, path in real:
        for other, around in real:
            if what != other and path.is_relative_to(around):
                raise WrongUse(f"The {what} in '{path}' would lie within the {other}: name a folder apart from it.")
    return keys


@dataclass
class _Making:
    """One backup while it is made. `known` are the files of the backup before it.

    `gaps` are what this backup lacks, `problems` these and what only the home lacks.
    """

    context: Context
    archive: BackupFolder
    moment: datetime
    full: bool
    known: Mapping[str, FileMark]
    gaps: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    new_files: int = 0
    new_bytes: int = 0
    read_again: int = 0

    def manifest(self, part: Path) -> Manifest:
        """Copy the database, check the copy, and bring into the pool what it names."""
        self.context.store.copy_to(part / DATABASE)
        with Store.open_copy(part / DATABASE) as copy:
            for problem in copy.check():
                self._tell(f"database: {problem}")
            with copy.read() as reading:
                chain, photos = verify(self.context, reading), [key for _, key in reading.photos.files()]
        if chain.problem is not None:
            self._tell(f"audit entry {chain.first_broken}: {chain.problem}")
        pooled = self._models() | self._photos(photos)
        return Manifest(
            home=self.context.signer.public,
            made_at=self.moment,
            own={DATABASE: mark_of(part / DATABASE)},
            pooled=pooled,
            audit_entries=chain.entries,
            gaps=tuple(self.gaps),
        )

    def _tell(self, gap: str) -> None:
        self.gaps.append(gap)
        self.problems.append(gap)

    def _models(self) -> dict[str, FileMark]:
        """Models that lie in the home: without them nothing could be searched. Others are kept where they come from."""
        root, folder = self.context.home.root, self.context.home.models
        if self.context.models != folder or not folder.is_dir():
            return {}
        every = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        paths = sorted(path.relative_to(root).as_posix() for path in every)
        return {path: self._unchanged(path) or self._pooled(path) for path in paths}

    def _photos(self, keys: list[str]) -> dict[str, FileMark]:
        found = {}
        for number, key in enumerate(keys):
            path = f"{self.context.home.photos.name}/{key}"
            mark = self._unchanged(path) or self._photo(path, key)
            if mark is not None:
                found[path] = mark
            if self.context.progress:
                self.context.progress("backing up photos", number + 1, len(keys))
        return found

    def _photo(self, path: str, key: str) -> FileMark | None:
        """Read a photo and bring it into the pool; `None` if there is none to bring, which is told unless it was erased
        while this backup is made.
        """
        try:
            self.context.blobs.get_verified(key, lambda data: self.context.key.digest(data, "photo"))
        except (Damaged, StoreProblem) as error:
            with self.context.store.read() as reading:
                erased = not reading.photos.with_blobs([key])
            return None if erased else self._spare(path, str(error))
        return self._pooled(path)

    def _spare(self, path: str, problem: str) -> FileMark | None:
        """What the backup before this one has of a photo that is damaged or gone in the home."""
        known, pool = self.known.get(path), self.archive.pool
        if known is None or not pool.intact(path, known):
            self._tell(f"{problem} No backup has it.")
            return None
        self.problems.append(f"{problem} The backup has it: copy '{pool.file(path, known)}' there.")
        return known

    def _pooled(self, path: str) -> FileMark:
        """Read a file of the home, and bring it into the pool unless it is there."""
        source, pool = self.context.home.root / path, self.archive.pool
        mark = mark_of(source)
        if pool.holds(path, mark) and pool.intact(path, mark):
            self.read_again += 1
        else:
            pool.put(path, source, mark)
            self.new_files += 1
            self.new_bytes += mark.size
        return mark

    def _unchanged(self, path: str) -> FileMark | None:
        """The mark of a file that can be taken as it was: here and in the pool it looks the same, and its turn to be
        read again has not come today.
        """
        known = self.known.get(path)
        if known is None or self.full or self._is_due(known):
            return None
        try:
            now = (self.context.home.root / path).stat()
        except OSError:
            return None
        same = (now.st_size, now.st_mtime_ns) == (known.size, known.changed)
        return known if same and self.archive.pool.holds(path, known) else None

    def _is_due(self, known: FileMark) -> bool:
        return int(known.sha256[:8], 16) % _REREAD_DAYS == self.moment.toordinal() % _REREAD_DAYS
