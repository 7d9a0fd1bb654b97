"""`matcher audit …`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from matcher.cli.app import App, home_option, json_option, print_json, print_table, require_new, say, who_options
from matcher.cli.session import signed_in_or_none
from matcher.errors import Damaged

if TYPE_CHECKING:
    from matcher.services.audit_report import ReportView

_Function = TypeVar("_Function", bound=Callable[..., Any])


@click.group()
def audit() -> None:
    """The audit log: who did what, when and why."""


def _day(_ctx: click.Context, _parameter: click.Parameter, value: datetime | None) -> date | None:
    return None if value is None else value.date()


def _day_option(name: str, text: str) -> Callable[[_Function], _Function]:
    return click.option(name, type=click.DateTime(["%Y-%m-%d"]), callback=_day, metavar="YYYY-MM-DD", help=text)


def _days(function: _Function) -> _Function:
    first = _day_option("--since", "The first day, in UTC.")
    return first(_day_option("--until", "The last day, in UTC.")(function))


def _new_file(name: str, text: str) -> Callable[[_Function], _Function]:
    return click.option(name, type=click.Path(path_type=Path, dir_okay=False), help=text)


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
@click.option(
    "--head",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of `audit export --head`: is that entry still in the chain?",
)
@json_option
@home_option
@click.pass_obj
def verify(app: App, head: Path | None, as_json: bool) -> None:
    """Recompute the chain of all entries; exit code 9 names the first that is not what was written."""
    with app.open() as matcher:
        found = matcher.audit_log.verify(head)
    if as_json:
        print_json(found)
    elif found.problem is None:
        older = f" after a signed checkpoint for {found.removed} older ones" if found.removed else ""
        click.echo(f"{found.entries} entries{older}, chain whole.")
        if head is not None:
            say(f"It holds the head in {head}.")
    if found.problem is not None:
        raise Damaged(f"Audit entry {found.first_broken}: {found.problem}")


@audit.command("report")
@click.option(
    "--of",
    "acts",
    type=click.Choice(["searches", "looks", "all"]),
    default="searches",
    show_default=True,
    help="Searches, looks at cases, sightings and photos, or every entry.",
)
@click.option("--by", "actor", help="Only what this person or program did.")
@click.option("--case", metavar="ID", help="Only what names this case, or gave it out.")
@click.option("--sighting", metavar="ID", help="Only what names this sighting.")
@_days
@json_option
@home_option
@click.pass_obj
def report(app: App, /, acts: str, as_json: bool, **given: Any) -> None:
    """Who searched or looked at what, when and why. Reasons in words are for those who may read cases."""
    from matcher.accounts.rights import Right

    with app.open() as matcher:
        reader = signed_in_or_none(matcher)
        with_words = reader is None or Right.CASE_READ in reader.rights
        found = matcher.audit_log.report(acts, with_words=with_words, **given)
    if as_json:
        print_json(found)
    else:
        _print_report(found)


def _print_report(found: ReportView) -> None:
    rows = [
        (
            one.number,
            one.at,
            one.actor,
            one.signed_in,
            one.action,
            one.cases or None,
            one.sightings or one.others or None,
            one.reason,
            one.words,
        )
        for one in found.acts
    ]
    columns = ("NO.", "TIME", "ACTOR", "SIGNED IN BY", "ACTION", "CASES", "SIGHTINGS OR OTHERS", "REASON", "IN WORDS")
    print_table(columns, rows, "No entry of this kind.")
    for actor, counts in found.counts.items():
        say(f"{actor}: " + ", ".join(f"{count} {action}" for action, count in counts.items()))


@audit.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@_days
@_new_file("--head", "Write the last entry's number and hash, signed, to this new file, to be kept elsewhere.")
@json_option
@home_option
@click.pass_obj
def export(app: App, /, file: Path | None, head: Path | None, as_json: bool, **days: date | None) -> None:
    """Write entries to the new FILE as they stand in the chain, one line of JSON each, without their notes."""
    if file is None and head is None:
        raise click.UsageError("Where to? Name a FILE for the entries, --head for the end of the chain, or both.")
    for path in (file, head):
        if path is not None:
            require_new(path)  # both, before either is written
    with app.open() as matcher:
        written = None if file is None else matcher.audit_log.export(file, **days)
        deposited = None if head is None else matcher.audit_log.deposit_head(head)
    if as_json:
        print_json({"export": written, "head": deposited})
        return
    if written is not None:
        say(f"{written.entries} entries written to {written.file}.")
    if deposited is not None:
        say(f"Head: entry {deposited.number}, {deposited.hash}, written to {head}. Keep that file on another machine.")


@audit.command("shorten")
@_day_option("--before", "Remove entries of before this day, at least 180 days ago; default: audit_days ago.")
@_new_file("--export", "Write what is removed to this new file first.")
@who_options
@json_option
@home_option
@click.pass_obj
def shorten(app: App, /, before: date | None, export: Path | None, as_json: bool, **who: Any) -> None:
    """Remove old entries; a signed checkpoint stays in their place, which `audit verify` accepts."""
    with app.open() as matcher:
        done = matcher.audit_log.shorten(before=before, export_to=export, **who)
    if as_json:
        print_json(done)
    elif done.checkpoint is None:
        say(f"No entry is older than {done.before:%Y-%m-%d}: nothing was removed.")
    else:
        kept = "" if done.exported is None else f", kept in {done.exported}"
        say(f"Removed {done.removed} entries up to number {done.checkpoint.number}{kept}. A signed checkpoint stays.")
