"""Imports on the command line: a bar while they run, a count at the end, and a file of what was refused; and the empty
tables that they can be filled into.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timezone, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from matcher.cli.app import App, home_option, json_option, new_private, print_json, private, say, who_options
from matcher.errors import SomeRefused

if TYPE_CHECKING:
    from matcher.engine import Matcher
    from matcher.interchange.tables import Refusal, Row
    from matcher.interchange.templates import Template
    from matcher.services.imports import Imported

# For whoever can take another photo of the child: what the notes about single photos come to.
_BETTER = (
    "They are kept for people to look at, but cannot be searched. Ask for better ones: the face from the front and "
    "from close up, sharp, in even light, without mask or cap, as the camera's own file and not as a smaller copy."
)

photos_option = click.option(
    "--photos",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the photo files that a table names; default: the table's.",
)
sheet_option = click.option("--sheet", help="Sheet of an Excel workbook; default: the first that is not hidden.")


def _zone(ctx: click.Context, param: click.Parameter, given: str) -> tzinfo:
    """A time zone by its name; UTC is known everywhere, others where the machine has a table of them."""
    try:
        return timezone.utc if given == "UTC" else ZoneInfo(given)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.BadParameter(f"'{given}' is no time zone such as Asia/Shanghai.", ctx, param) from error


zone_option = click.option(
    "--zone",
    metavar="ZONE",
    default="UTC",
    show_default=True,
    callback=_zone,
    help="Time zone of times without an offset, for example Asia/Shanghai.",
)
output_option = click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The new file; its name ends in .csv or .xlsx.",
)


def import_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that all imports share."""
    dry_run = click.option("--dry-run", is_flag=True, help="Check rows and photo files; store nothing.")
    refusals = click.option(
        "--refusals",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Where refused rows are written; default: NAME.refusals.csv in the working folder.",
    )
    return dry_run(refusals(who_options(json_option(home_option(function)))))


def opened(table: Path, sheet: str | None) -> Iterator[Row | Refusal]:
    """The rows of a table; says which sheets of a workbook are not read."""
    from matcher.interchange.tables import open_table

    found = open_table(table, sheet)
    if found.unread:
        others = ", ".join(f"'{title}'" for title in found.unread)
        say(f"Note: one sheet of {table.name} is read; with --sheet also {others}.", err=True)
    return found.rows


def write_template(kind: Template, output: Path) -> None:
    """Write an empty table to a new file."""
    from matcher.interchange.templates import template

    data = template(kind, output)
    with new_private(output, "wb") as file:
        file.write(data)
    click.echo(f"Written: {output}. Delete the example row, fill in the table and import it.")


def run_import(
    app: App,
    source: Path,
    given: dict[str, Any],
    total: int,
    run: Callable[[Matcher, dict[str, Any]], Iterator[Imported]],
) -> None:
    """Run an import, report it however it ends, and end with exit code 3 if something was refused."""
    who = {name: given[name] for name in ("actor", "reason", "dry_run")}
    done: list[Imported] = []
    path = given["refusals"] or Path(f"{source.resolve().name}.refusals.csv")
    with _refusals_of(done, path):
        try:
            with app.open() as matcher:
                for imported in run(matcher, who):
                    done.append(imported)
                    if matcher.context.progress:
                        matcher.context.progress("importing", len(done), total)
        finally:
            if given["as_json"]:
                print_json(done)
            else:
                _print_summary(done)


@contextmanager
def _refusals_of(done: list[Imported], path: Path) -> Iterator[None]:
    """Tries the file of refusals before hours of work, and writes it after them, even if they ended in an error."""
    new = not path.exists()
    with private(path, "a"):
        pass
    try:
        yield
    finally:
        refusals = [refusal for imported in done for refusal in imported.refusals]
        if refusals:
            _write(path, refusals)
        elif new:
            path.unlink()
        for refusal in refusals:
            say(refusal, err=True)
    if refusals:
        raise SomeRefused(
            f"Refusals: {len(refusals)}, written to {path}. Mend the table or the photos and run the import again."
        )


def _print_summary(done: list[Imported]) -> None:
    for imported in done:
        for warning in imported.warnings:
            say(f"Note: {warning}", err=True)
    counts = Counter(imported.outcome for imported in done)
    summary = ", ".join(f"{counts[outcome]} {outcome}" for outcome in sorted(counts)) or "nothing to import"
    click.echo(f"{len(done)} rows: {summary}; {sum(imported.photos for imported in done)} photos.")
    unusable = sum(imported.unusable for imported in done)
    if unusable:
        click.echo(f"Photos on which no face can be used, as noted above: {unusable}. {_BETTER}")


def _write(path: Path, refusals: list[Refusal]) -> None:
    with private(path, newline="", encoding="utf-8-sig", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(["where", "column", "value", "problem"])
        for refusal in refusals:
            writer.writerow(map(_cell, (refusal.where, refusal.column, refusal.value, refusal.problem)))


def _cell(text: str | None) -> str | None:
    # A spreadsheet would run what begins like a formula.
    return f"'{text}" if text and text[0] in "=+-@\t\r" else text
