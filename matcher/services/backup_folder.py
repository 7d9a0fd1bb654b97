"""The folder of a home's backups: which there are, whether they are whole, how one comes in and old ones go.

    <utc>-<id>/     one backup: manifest.jsonl and the copy of the database
    pool/           files that backups share, each kept once
    .<name>.part/   one that is being made or taken away; what a killed process left of it goes with the next backup

A key backup is such a folder, too: without a pool, and with one set of keys only.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from matcher.crypto.signing import Signer
from matcher.errors import Conflict, Damaged, NotFound, StoreProblem
from matcher.services.backup_manifest import MANIFEST, Manifest, parse
from matcher.services.context import Progress
from matcher.store.files import UNFINISHED, FileMark, mark_of, overwrite_and_remove, sync_folder, write_whole
from matcher.store.pool import Pool

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{8}")


class BackupFolder:
    """All backups of one home in one place. Whoever changes something holds `store.files.exclusive(root)`."""

    def __init__(self, root: Path, *, overwrite: bool = False) -> None:
        """`overwrite`: what is taken away is keys, and zeros are written over it first."""
        self.root = root
        self._overwrite = overwrite
        self.pool = Pool(root / "pool")

    def names(self) -> list[str]:
        """The names of all complete backups, oldest first."""
        if not self.root.is_dir():
            return []
        return sorted(path.name for path in self.root.iterdir() if _NAME.fullmatch(path.name))

    def manifest(self, name: str) -> Manifest:
        """What a backup says of itself; `Damaged` if that was changed, `NotFound` if there is no such backup."""
        path = self.root / name / MANIFEST
        if not _NAME.fullmatch(name) or not path.parent.is_dir():
            raise NotFound(f"There is no backup '{name}' in '{self.root}': see `matcher backup list {self.root}`.")
        try:
            return parse(path.read_bytes())
        except OSError as error:
            raise Damaged(f"'{path}' cannot be read: {error.strerror}.") from error
        except Damaged as error:
            raise Damaged(f"'{path}' is damaged: {error}.") from error

    def newest_of(self, home: str) -> Manifest | None:
        """What the newest backup says of itself whose manifest is intact; `Conflict` if it is of another home, whose
        files would be taken for those of this one.
        """
        for name in reversed(self.names()):
            with suppress(Damaged):
                manifest = self.manifest(name)
                if manifest.home != home:
                    raise Conflict(f"'{self.root}' holds backups of another home: name a folder of its own.")
                return manifest
        return None

    def problems(self, name: str, checked: set[Path], progress: Progress | None = None) -> list[str]:
        """What is not as it was written, file by file. Files of the pool that are in `checked` are known to be whole;
        those that are found to be are added.
        """
        try:
            manifest = self.manifest(name)
        except Damaged as error:
            return [str(error)]
        own = [(self.root / name / path, mark) for path, mark in manifest.own.items()]
        pooled = [(self.pool.file(path, mark), mark) for path, mark in manifest.pooled.items()]
        found = []
        for number, (path, mark) in enumerate([*own, *(each for each in pooled if each[0] not in checked)]):
            problem = _problem(path, mark)
            if problem is None:
                checked.add(path)
            else:
                found.append(problem)
            if progress:
                progress(f"checking {name}", number + 1, len(own) + len(pooled))
        return found

    @contextmanager
    def new(self, moment: datetime) -> Iterator[Path]:
        """A folder to make a backup in; it gets its name by `publish`, or is gone when the block ends without."""
        part = self.root / f".{self._next_name(moment)}{UNFINISHED}"
        part.mkdir(mode=0o700)
        try:
            yield part
        finally:
            if part.exists():
                self._remove(part)

    def publish(self, part: Path, manifest: Manifest, signer: Signer) -> str:
        """Make a backup that is complete in `part` one of the backups."""
        write_whole(part / MANIFEST, manifest.signed(signer))
        name = part.name.removeprefix(".").removesuffix(UNFINISHED)
        part.rename(self.root / name)
        sync_folder(self.root)
        return name

    def prune(self, keep: int, erased: Collection[str], signer: Signer) -> tuple[tuple[str, ...], int]:
        """Take away all but the newest `keep` backups, the photos of erased cases and sightings out of those that stay,
        and out of the pool what none of them needs; names of those that went, and how many photos were taken out.

        Backups with gaps are counted apart, so that they never displace one that is whole. While a manifest is
        damaged nothing goes, since nobody knows what it needs: `Damaged`.
        """
        needed: dict[bool, list[tuple[str, list[str]]]] = {True: [], False: []}
        forgotten = 0
        for name in self.names():
            try:
                manifest = self.manifest(name)
            except Damaged as error:
                raise Damaged(f"{error} While it is there no older backup goes: move it away.") from error
            stays = {path: mark for path, mark in manifest.pooled.items() if _owner(path) not in erased}
            if len(stays) < len(manifest.pooled):
                forgotten += len(manifest.pooled) - len(stays)
                write_whole(self.root / name / MANIFEST, replace(manifest, pooled=stays).signed(signer))
            files = [self.pool.place(path, mark) for path, mark in stays.items()]
            needed[bool(manifest.gaps)].append((name, files))
        gone = sorted(name for found in needed.values() for name, _ in found[:-keep])
        for name in gone:
            self.remove(name)
        self.pool.sweep(place for found in needed.values() for _, files in found[-keep:] for place in files)
        return tuple(gone), forgotten

    def remove(self, name: str) -> None:
        """Take one backup away; a process that is killed meanwhile leaves none that is half there."""
        part = self.root / f".{name}{UNFINISHED}"
        (self.root / name).rename(part)
        self._remove(part)

    def clear_leftovers(self) -> None:
        """Remove what killed processes left."""
        for part in self.root.glob(f".*{UNFINISHED}"):
            self._remove(part)

    def _remove(self, folder: Path) -> None:
        try:
            for path in folder.iterdir() if self._overwrite else ():
                overwrite_and_remove(path)
            shutil.rmtree(folder)
        except OSError as error:
            raise StoreProblem(f"'{folder}' cannot be removed: {error.strerror}.") from error

    def _next_name(self, moment: datetime) -> str:
        """A name behind all others, also when the clock was put back."""
        stamp = moment.astimezone(timezone.utc)
        names = self.names()
        if names:
            last = datetime.strptime(names[-1].partition("-")[0], _STAMP).replace(tzinfo=timezone.utc)
            stamp = max(stamp, last + timedelta(seconds=1))
        return f"{stamp.strftime(_STAMP)}-{secrets.token_hex(4)}"


def _owner(path: str) -> str | None:
    """The case or sighting to which a file of the home belongs."""
    room, _, rest = path.partition("/")
    return rest.partition("/")[0] if room == "photos" else None


def _problem(path: Path, mark: FileMark) -> str | None:
    try:
        found = mark_of(path)
    except StoreProblem as error:
        return str(error)
    if (found.sha256, found.size) != (mark.sha256, mark.size):
        return f"'{path}' is not what was written."
    return None
