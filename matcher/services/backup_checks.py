"""Which backups a folder holds, and whether they are whole: no home is needed for it, and nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from matcher.errors import Damaged, NotFound
from matcher.services.backup_folder import BackupFolder
from matcher.services.backup_manifest import Manifest
from matcher.services.context import Progress


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """One backup of a folder. `gaps` say what was damaged in the home when it was made.

    `problem` is what is wrong with its manifest: then nothing else is known of it.
    """

    name: str
    made_at: datetime | None = None
    files: int = 0
    bytes: int = 0
    audit_entries: int = 0
    gaps: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class BackupCheck:
    """What a check of all backups of a folder found: every file that is not as it was written, by name."""

    backups: int
    files: int
    problems: tuple[str, ...]


def listed(root: Path) -> list[BackupSummary]:
    """All complete backups, oldest first; `NotFound` if there is none."""
    return [_summary(BackupFolder(root), name) for name in _some_names(root)]


def newest(root: Path) -> Manifest | None:
    """What the newest backup says of itself, `None` if there is none; `Damaged` if that was changed."""
    folder = BackupFolder(root)
    names = folder.names()
    return folder.manifest(names[-1]) if names else None


def verified(root: Path, progress: Progress | None = None) -> BackupCheck:
    """Read every file of every backup; those that several share are read once. `NotFound` if there is no backup."""
    folder, whole, names = BackupFolder(root), set[Path](), _some_names(root)
    # One that is damaged may be shared, and is told once.
    problems = dict.fromkeys(problem for name in names for problem in folder.problems(name, whole, progress))
    return BackupCheck(len(names), len(whole), tuple(problems))


def _some_names(root: Path) -> list[str]:
    names = BackupFolder(root).names()
    if not names:
        raise NotFound(f"There is no backup in '{root}': make one with `matcher backup {root}`.")
    return names


def _summary(folder: BackupFolder, name: str) -> BackupSummary:
    try:
        found = folder.manifest(name)
    except Damaged as error:
        return BackupSummary(name, problem=str(error))
    files = len(found.own) + len(found.pooled)
    return BackupSummary(name, found.made_at, files, found.size, found.audit_entries, found.gaps)
