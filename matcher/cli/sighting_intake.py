"""`matcher sighting import | import-folder | template`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from matcher.domain.positions import Datum
from matcher.interchange import cells

if TYPE_CHECKING:
    from matcher.interchange.records import TableRecord
    from matcher.interchange.tables import Refusal

_names_option = click.option(
    "--keep-names",
    is_flag=True,
    help="Of a folder: keep each photo's or folder's name as a note. It is left out otherwise: it may name a child.",
)


def _common_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What is said once for all sightings of an import."""
    options = (
        click.option(
            "--institution",
            help="Child home, hospital or shelter that hands in all reports that name no other source, seen there "
            "first hand.",
        ),
        click.option("--place", help="Where, in words, for all that say neither place nor position."),
        click.option("--lat", type=float, help="Latitude of that place, degrees."),
        click.option("--lon", type=float, help="Longitude of that place, degrees."),
        click.option(
            "--datum",
            type=click.Choice([datum.value for datum in Datum]),
            default="wgs84",
            show_default=True,
            help="gcj02 for positions of Chinese map apps.",
        ),
        zone_option,
        click.option("--seen-at", help="Date or time for all that name none, for example 2024-05-01T18:30+08:00."),
        click.option(
            "--photo-dates",
            is_flag=True,
            help="For all that name no time: the day that the camera wrote into the photo; of several the latest.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command("import")
@click.argument("source", metavar="TABLE|FOLDER", type=click.Path(path_type=Path, exists=True))
@photos_option
@sheet_option
@_names_option
@_common_options
@import_options
@click.pass_obj
def import_sightings(
    app: App, /, source: Path, photos: Path | None, sheet: str | None, keep_names: bool, **given: Any
) -> None:
    """Submit a sighting per row of TABLE (.csv, .xlsx or .jsonl), or per photo or folder of photos in FOLDER.

    Safe to run again with the same words: another place, time or institution makes other reports.
    """
    if source.is_dir():
        if photos is not None or sheet is not None:
            raise click.UsageError("--photos and --sheet belong to a table, and a folder was given.")
        _import_folder(app, source, keep_names, given)
        return
    if keep_names:
        raise click.UsageError("--keep-names belongs to a folder, and a table was given: it has the column note.")
    from matcher.interchange.records import sighting_records

    _import(app, source, list(sighting_records(opened(source, sheet), given["zone"])), photos or source.parent, given)


@click.command("import-folder")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@_names_option
@_common_options
@import_options
@click.pass_obj
def import_folder(app: App, /, folder: Path, keep_names: bool, **given: Any) -> None:
    """The same as `matcher sighting import FOLDER`."""
    _import_folder(app, folder, keep_names, given)


def _import_folder(app: App, folder: Path, keep_names: bool, given: dict[str, Any]) -> None:
    from matcher.services.intake import sighting_folder

    _import(app, folder, sighting_folder(folder, names=keep_names), folder, given)


def _import(app: App, source: Path, records: list[TableRecord | Refusal], photos: Path, given: dict[str, Any]) -> None:
    from matcher.services.intake import Common, dated

    if given["photo_dates"] and given["seen_at"] is not None:
        raise click.UsageError("--seen-at and --photo-dates both name the time: give one of them.")
    where = {name: given[name] for name in ("lat", "lon") if given[name] is not None}
    position = cells.position({**where, "datum": given["datum"]})
    words = {name: given[name] for name in ("institution", "place", "seen_at", "zone")}
    common = Common.given(**words, position=position)
    told = common.completed(dated(records, photos) if given["photo_dates"] else records)
    run_import(app, source, given, len(records), lambda matcher, who: matcher.import_sightings(told, photos, **who))


@click.command("template")
@output_option
def sighting_template(output: Path) -> None:
    """Write an empty table of sightings to be filled in, with one example row; in Excel with all columns explained."""
    from matcher.interchange.templates import Template

    write_template(Template.SIGHTINGS, output)
