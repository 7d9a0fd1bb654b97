"""`matcher case import | import-folders | template`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from matcher.cli.app import App
from matcher.cli.bulk import (
    import_options,
    opened,
    output_option,
    photos_option,
    run_import,
    sheet_option,
    write_template,
    zone_option,
)

on_several_option = click.option(
    "--on-several",
    type=click.Choice(["ask", "largest"]),
    default="ask",
    show_default=True,
    help="A photo with several faces: wait for `case choose-face`, or take the largest face.",
)


@click.command("import")
@click.argument("table", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@photos_option
@sheet_option
@zone_option
@on_several_option
@import_options
@click.pass_obj
def import_table(
    app: App, /, table: Path, photos: Path | None, sheet: str | None, on_several: str, **given: Any
) -> None:
    """Register or update a case per row of TABLE (.csv, .xlsx or .jsonl). Safe to run again."""
    from matcher.interchange.records import case_records

    records = list(case_records(opened(table, sheet), given["zone"]))
    run_import(
        app,
        table,
        given,
        len(records),
        lambda matcher, who: matcher.import_cases(records, photos or table.parent, on_several=on_several, **who),
    )


@click.command("import-folders")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@on_several_option
@import_options
@click.pass_obj
def import_folders(app: App, /, folder: Path, on_several: str, **given: Any) -> None:
    """Register a case per folder in FOLDER: its name is the case number, its files are the photos."""
    from matcher.services.imports import case_folders

    records = case_folders(folder)
    run_import(
        app,
        folder,
        given,
        len(records),
        lambda matcher, who: matcher.import_cases(records, folder, on_several=on_several, **who),
    )


@click.command("template")
@output_option
def case_template(output: Path) -> None:
    """Write an empty table of cases to be filled in, with one example row; in Excel with all columns explained."""
    from matcher.interchange.templates import Template

    write_template(Template.CASES, output)
