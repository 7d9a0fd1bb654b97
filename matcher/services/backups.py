"""Backups of a home, for those who run it: make one, look at a folder of them, and restore."""

from __future__ import annotations

from pathlib import Path

from matcher.errors import WrongUse
from matcher.services import backup_checks
from matcher.services.backup import BackupOptions, BackupView, backup
from matcher.services.backup_checks import BackupCheck, BackupSummary
from matcher.services.context import Context, Progress
from matcher.services.inputs import ReasonCode, Who


class Backups:
    """`Matcher.backups`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def make(
        self,
        folder: str | Path | None = None,
        *,
        actor: str,
        reason: str | None = None,
        keys: str | Path | None = None,
        kept: int | None = None,
        full: bool = False,
    ) -> BackupView:
        """Back up the home while it is in use, by default as `backup_dir`, `key_backup_dir` and `backups_kept` say.

        `full` reads every photo again, not only new ones and a thirtieth of the others. Safe to kill and to repeat.
        """
        into = folder or self._context.settings.backup_dir
        if into is None:
            raise WrongUse("Where to? Name a folder for the backups, or set backup_dir.")
        who = Who(actor, ReasonCode.MAINTENANCE, reason)
        options = BackupOptions(Path(keys) if keys else None, kept, full)
        return backup(self._context, Path(into), who, options)

    @staticmethod
    def all(folder: str | Path) -> list[BackupSummary]:
        """The backups of a folder, oldest first."""
        return backup_checks.listed(Path(folder))

    @staticmethod
    def verify(folder: str | Path, *, progress: Progress | None = None) -> BackupCheck:
        """Read every file of every backup of a folder, and name those that are not as they were written."""
        return backup_checks.verified(Path(folder), progress)
