"""`matcher backup …` and `matcher restore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, progress_bar, say, who_options
from matcher.errors import Damaged

if TYPE_CHECKING:
    from matcher.services.backup import BackupView
    from matcher.services.restore import RestoreView

_FOLDER = click.Path(path_type=Path, file_okay=False)


class _MakeByDefault(click.Group):
    """`matcher backup DIR` is short for `matcher backup make DIR`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, "--help"}:
            args = ["make", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_MakeByDefault)
def backup() -> None:
    """Back up a home while it is in use: `matcher backup DIR`."""


@backup.command("make")
@click.argument("folder", metavar="[DIR]", required=False, type=_FOLDER)
@click.option("--keys", type=_FOLDER, help="Where the keys go, on another disk; default: the setting key_backup_dir.")
@click.option("--keep", "kept", type=click.IntRange(min=1), help="Backups to keep; default: the setting backups_kept.")
@click.option("--full", is_flag=True, help="Read every photo again, not only new ones and a thirtieth of the others.")
@who_options
@json_option
@home_option
@click.pass_obj
def make(app: App, /, folder: Path | None, as_json: bool, **how: Any) -> None:
    """Copy what is new since the last backup into DIR, by default the setting backup_dir.

    Safe to kill and to repeat; earlier backups stay until the new one is whole.
    """
    with app.open() as matcher:
        done = matcher.backups.make(folder, **how)
    if as_json:
        print_json(done)
    else:
        _print_made(done)
    if done.problems:
        told = f"{done.gaps} of them are gaps in the backup" if done.gaps else "the backup itself is whole"
        raise Damaged(f"{len(done.problems)} things in the home are damaged, as listed; {told}.")


def _print_made(done: BackupView) -> None:
    for problem in done.problems:
        say(problem, err=True)
    say(f"Backup {done.name} in {done.folder}: {done.files} files, {_size(done.bytes)}, in {done.seconds:.1f} s.")
    click.echo(
        f"{done.new_files} files are new ({_size(done.new_bytes)}), {done.read_again} were read again; "
        f"{done.audit_entries} audit entries."
    )
    if done.forgotten:
        click.echo(f"Took {done.forgotten} files of erased cases and sightings out of older backups.")
    if done.pruned:
        click.echo(f"Removed {len(done.pruned)} old backups.")


@backup.command("list")
@click.argument("folder", metavar="[DIR]", required=False, type=_FOLDER)
@json_option
@home_option
@click.pass_obj
def listed(app: App, folder: Path | None, as_json: bool) -> None:
    """List the backups in DIR, by default the setting backup_dir, oldest first."""
    from matcher.services.backups import Backups

    found = Backups.all(_folder(app, folder))
    if as_json:
        print_json(found)
        return
    rows = [
        (one.name, one.made_at, one.files, _size(one.bytes), one.audit_entries, one.problem or len(one.gaps) or None)
        for one in found
    ]
    print_table(("BACKUP", "MADE AT", "FILES", "SIZE", "AUDIT ENTRIES", "GAPS"), rows, "")


@backup.command("verify")
@click.argument("folder", metavar="[DIR]", required=False, type=_FOLDER)
@json_option
@home_option
@click.pass_obj
def verify(app: App, folder: Path | None, as_json: bool) -> None:
    """Read every file of every backup in DIR, by default the setting backup_dir.

    Exit code 9 names those that are not as they were written.
    """
    from matcher.services.backups import Backups

    with progress_bar() as progress:
        found = Backups.verify(_folder(app, folder), progress=progress)
    if as_json:
        print_json(found)
    else:
        for problem in found.problems:
            say(problem, err=True)
        click.echo(f"Checked {found.backups} backups: {found.files} files are whole.")
    if found.problems:
        raise Damaged(f"{len(found.problems)} files are damaged, as listed; `matcher backup DIR --full` mends photos.")


def _folder(app: App, given: Path | None) -> Path:
    """The folder of the backups; one that is named needs no home."""
    if given is not None:
        return given
    with app.open() as matcher:
        folder = matcher.context.settings.backup_dir
    if folder is None:
        raise click.UsageError("Which folder? Name it, or set backup_dir.")
    return folder


@click.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--keys", type=_FOLDER, required=True, help="The folder of the key backup.")
@click.option("--erasure-list", type=click.Path(path_type=Path, dir_okay=False), help="What was erased since.")
@click.option("--no-erasure-list-exists", "never_erased", is_flag=True, help="This home never erased anything.")
@click.option("--backup", help="Which backup; default: the newest one without gaps.")
@click.option("--database-url", help="An empty PostgreSQL database to use instead of SQLite.")
@who_options
@json_option
@home_option
@click.pass_obj
def restore(app: App, /, folder: Path, as_json: bool, **how: Any) -> None:
    """Make a home (--home) of a backup in DIR, erase again what was erased since, and check everything."""
    from matcher.engine import Matcher

    with progress_bar() as progress:
        done = Matcher.restore(folder, app.home, progress=progress, **how)
    if as_json:
        print_json(done)
    else:
        _print_restored(done)


def _print_restored(done: RestoreView) -> None:
    for problem in done.problems:
        say(problem, err=True)
    say(
        f"Restored {done.backup} to {done.home}: {done.photos} photos, {done.faces} searchable faces, "
        f"{done.audit_entries} audit entries; of {done.listed} on the erasure list {done.erased_again} erased again; "
        f"{done.seconds:.1f} s."
    )
    if done.cards_withdrawn or done.alerts_cancelled:
        say(
            f"Taken back, since that may have happened after the backup, too: {done.cards_withdrawn} cards, "
            f"{done.alerts_cancelled} alerts. Officers look at each case, and approve anew what is still to be shown."
        )
    if done.key_file is not None:
        say(f"It has a master key of its own, in '{done.key_file}': keep a copy elsewhere.")
    click.echo("It sends nothing yet, to partners neither: set send_messages to true when it is the one in use.")
    click.echo("It makes no backups yet: set backup_dir and key_backup_dir, which are not taken over.")
    click.echo("Next: `matcher doctor`.")


def _size(count: int) -> str:
    """Bytes in words."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"
