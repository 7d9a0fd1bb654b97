"""`matcher subject …`."""

from __future__ import annotations

from pathlib import Path

import click

from matcher.cli.app import App, home_option, json_option, new_private, no_actor_option, print_json, reason_option, say
from matcher.cli.session import signed_in


@click.group()
def subject() -> None:
    """What is held about one person, for that person."""


@subject.command("export")
@click.argument("subject_id", metavar="ID")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@reason_option
@no_actor_option
@json_option
@home_option
@click.pass_obj
def export(app: App, subject_id: str, file: Path, reason: str | None, as_json: bool) -> None:
    """Write everything that is held about case or sighting ID to FILE, a ZIP with data.json and the photos."""
    with app.open() as matcher:
        acting = signed_in(matcher)
        with new_private(file, "wb") as opened:
            done = matcher.endings.export_subject(acting, subject_id, opened, note=reason)
    if as_json:
        print_json(done)
        return
    rows = sum(done.rows.values())
    say(
        f"Written: {file} ({done.kind.value} {done.id}: {rows} rows, {done.vectors} vectors, {done.files} files, "
        f"{done.audit_entries} entries of the audit log)."
    )
