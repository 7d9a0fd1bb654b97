"""Imports on the command line: a bar while they run, a count at the end, and a file of what was refused."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from matcher.cli.app import App, home_option, json_option, print_json, private, say, who_options
from matcher.errors import SomeRefused

if TYPE_CHECKING:
    from matcher.engine import Matcher
    from matcher.interchange.tables import Refusal
    from matcher.services.imports import Imported


def import_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that all imports share."""
    dry_run = click.option("--dry-run", is_flag=True, help="Check rows and photo files; store nothing.")
    refusals = click.option(
        "--refusals",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Where refused rows are written; default: NAME.refusals.csv in the working folder.",
    )
    return dry_run(refusals(who_options(json_option(home_option(function)))))


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


def _write(path: Path, refusals: list[Refusal]) -> None:
    with private(path, newline="", encoding="utf-8-sig", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(["where", "column", "value", "problem"])
        for refusal in refusals:
            writer.writerow(map(_cell, (refusal.where, refusal.column, refusal.value, refusal.problem)))


def _cell(text: str | None) -> str | None:
    # A spreadsheet would run what begins like a formula.
    return f"'{text}" if text and text[0] in "=+-@\t\r" else text
