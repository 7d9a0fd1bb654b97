"""`matcher alert export`: alerts as CAP documents, GeoJSON and an Atom feed, as the public server gives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from matcher.cli.app import App, home_option, new_private, no_actor_option, require_new, say
from matcher.cli.session import signed_in
from matcher.cli.words import WEB_EXTRA, language_option, wanted_language
from matcher.errors import ExtraMissing

_file = click.Path(path_type=Path, dir_okay=False)


@click.command("export")
@click.option(
    "--cap", type=(_file, str), metavar="FILE ALERT", help="What was told last of ALERT, as a CAP document in FILE."
)
@click.option("--geojson", type=_file, metavar="FILE", help="The areas of all actual alerts that are heard now.")
@click.option("--atom", type=_file, metavar="FILE", help="All actual alerts that are heard now, as a feed.")
@language_option
@no_actor_option
@home_option
@click.pass_obj
def export(app: App, /, cap: tuple[Path, str] | None, language: str | None, **given: Path | None) -> None:
    """Write alerts as documents into new files, the same that `matcher serve --public` gives out.

    A CAP document says how its alert is meant, and holds both languages; it may be of a test or an exercise.
    """
    listings = {kind: path for kind, path in given.items() if path is not None}
    if cap is None and not listings:
        raise click.UsageError("Say what is to be written: --cap FILE ALERT, --geojson FILE or --atom FILE.")
    for path in [*listings.values(), *([] if cap is None else [cap[0]])]:
        require_new(path)
    try:
        from matcher.services.handing_out import active_alerts, told_of
        from matcher.web.public import documents
        from matcher.web.public import listings as made
    except ImportError as error:
        raise ExtraMissing(f"Alerts in words need {error.name}: {WEB_EXTRA}.") from error
    with app.open() as matcher:
        acting, context = signed_in(matcher), matcher.context
        spoken = wanted_language(language, acting)
        if cap is not None:
            _write(cap[0], documents.cap_of(context, told_of(context, acting, cap[1])))
        found = active_alerts(context, acting) if listings else []
        if "atom" in listings:
            _write(listings["atom"], made.feed_of(context, found, spoken))
        if "geojson" in listings:
            _write(listings["geojson"], _json(made.areas_of(context, found, spoken)))


def _json(document: dict[str, Any]) -> bytes:
    return f"{json.dumps(document, ensure_ascii=False, indent=2)}\n".encode()


def _write(path: Path, data: bytes) -> None:
    with new_private(path, "wb") as file:
        file.write(data)
    say(f"Written: {path}", err=True)
