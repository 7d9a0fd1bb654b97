"""`matcher audit …`."""

from __future__ import annotations

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table
from matcher.errors import Damaged


@click.group()
def audit() -> None:
    """The audit log: who did what, when and why."""


@audit.command("show")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Entries with a higher number than this.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@json_option
@home_option
@click.pass_obj
def show(app: App, after: int, limit: int | None, as_json: bool) -> None:
    """List entries in their order."""
    with app.open() as matcher:
        found = matcher.audit(after=after, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            one.number,
            one.entry.at,
            one.entry.actor,
            one.entry.signed_in,
            one.entry.action,
            one.entry.reason_code,
            one.note,
        )
        for one in found
    ]
    print_table(
        ("NO.", "TIME", "ACTOR", "SIGNED IN BY", "ACTION", "REASON", "IN WORDS"),
        rows,
        f"No entry after number {after}.",
    )


@audit.command("verify")
@json_option
@home_option
@click.pass_obj
def verify(app: App, as_json: bool) -> None:
    """Recompute the chain of all entries; exit code 9 names the first that is not what was written."""
    with app.open() as matcher:
        found = matcher.verify_audit()
    if as_json:
        print_json(found)
    elif found.problem is None:
        click.echo(f"{found.entries} entries, chain whole.")
    if found.problem is not None:
        raise Damaged(f"Audit entry {found.first_broken}: {found.problem}")
